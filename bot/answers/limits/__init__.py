"""`limits`: how much may be used a minute and spent a month, how much of it is gone, and when it will be reached."""

from bot.answers.limits.page import Held, Spend, answer
from bot.answers.limits.rates import Live, Rate
from bot.answers.limits.samples import EXAMPLES

__all__ = ["EXAMPLES", "Held", "Live", "Rate", "Spend", "answer"]
