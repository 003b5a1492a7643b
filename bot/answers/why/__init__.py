"""`why`: a change in billed cost by cause, by who and by day; each of them adds up to the change."""

from bot.answers.why.page import MOST_DRIVERS, PLANS, Explained, answer, drivers, mostly
from bot.answers.why.samples import EXAMPLES

__all__ = ["EXAMPLES", "MOST_DRIVERS", "PLANS", "Explained", "answer", "drivers", "mostly"]
