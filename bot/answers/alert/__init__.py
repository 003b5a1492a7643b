"""The message of an alert: what happened, against what, what drives it, who does what about it, and where to look."""

from bot.answers.alert.gathered import gathered
from bot.answers.alert.notice import Drivers, Notice
from bot.answers.alert.page import END_SILENCE, answer
from bot.answers.alert.samples import EXAMPLES

__all__ = ["END_SILENCE", "EXAMPLES", "Drivers", "Notice", "answer", "gathered"]
