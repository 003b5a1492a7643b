"""`advice`: what would cost less, in dollars a month, with the figures that show it and what to do."""

from bot.answers.advice.page import Advised, Given, answer
from bot.answers.advice.samples import EXAMPLES

__all__ = ["EXAMPLES", "Advised", "Given", "answer"]
