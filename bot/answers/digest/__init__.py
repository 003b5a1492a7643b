"""The scheduled digest: what goes to the channel, what stands in its thread, and samples of both."""

from bot.answers.digest.page import Digested, OpenAlert, answer, details
from bot.answers.digest.samples import EXAMPLES

__all__ = ["EXAMPLES", "Digested", "OpenAlert", "answer", "details"]
