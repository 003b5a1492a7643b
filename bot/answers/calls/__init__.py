"""`calls`, `features`, `endpoints`: what programs report of their own calls, seconds after they make them."""

from bot.answers.calls.found import Calls, leading
from bot.answers.calls.page import answer
from bot.answers.calls.pictures import picture
from bot.answers.calls.samples import EXAMPLES

__all__ = ["EXAMPLES", "Calls", "answer", "leading", "picture"]
