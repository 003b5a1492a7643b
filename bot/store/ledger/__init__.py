"""The ledger: every number that anybody is told comes from here.

Entries hold everything; their sums beside them (levels) let the common questions read a fraction of the rows. All of
it is written by `posting` alone, in one transaction. Days whose usage is known by the hour stand here by the hour too.
"""

from bot.store.ledger.levels import depth
from bot.store.ledger.listing import days_with, entries, hours, names, summed
from bot.store.ledger.selection import EVERYTHING, Selection
from bot.store.ledger.sums import Listed, Sums, compared, course, figures, hourly, sums, unpriced_models

__all__ = [
    "EVERYTHING",
    "Listed",
    "Selection",
    "Sums",
    "compared",
    "course",
    "days_with",
    "depth",
    "entries",
    "figures",
    "hourly",
    "hours",
    "names",
    "summed",
    "sums",
    "unpriced_models",
]
