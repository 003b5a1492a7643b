"""What programs tell: their calls and what those add up to, rate limits on the way, and Claude Code's own counts.

Whoever tells has a token. All that calls come to is written by `posting` alone, in one transaction.
"""

from bot.store.calls.posting import TAKEN, Posted, Sent, any_stored, forget, horizon, imported, note_imported, post
from bot.store.calls.series import REST, KnownSeries, Series
from bot.store.calls.sums import (
    Held,
    any_held,
    any_named,
    by_day,
    by_series,
    largest,
    newest,
    of_singles,
    singly,
    timed_by_day,
    timed_by_hour,
)

__all__ = [
    "REST",
    "TAKEN",
    "Held",
    "KnownSeries",
    "Posted",
    "Sent",
    "Series",
    "any_held",
    "any_named",
    "any_stored",
    "by_day",
    "by_series",
    "forget",
    "horizon",
    "imported",
    "largest",
    "newest",
    "note_imported",
    "of_singles",
    "post",
    "singly",
    "timed_by_day",
    "timed_by_hour",
]
