"""What would cost less, in dollars a month, with the figures that show it: one file per idea."""

from bot.core.advice.cache_leak import Leak
from bot.core.advice.dearer import Fast, InTheUS
from bot.core.advice.finding import Evidence, Finding
from bot.core.advice.idle_keys import FOR_SO_LONG, idle
from bot.core.advice.newer import Newer
from bot.core.advice.night import Nightly
from bot.core.advice.pieces import FEWEST_DAYS, MOST, Piece, least, pieces
from bot.core.advice.retiring import Retiring
from bot.core.advice.short_answers import Short
from bot.core.advice.uncached import Uncached
from bot.core.advice.unread_cache import Unread
from bot.core.advice.use import Course, Use, Window

__all__ = [
    "FEWEST_DAYS",
    "FOR_SO_LONG",
    "MOST",
    "Course",
    "Evidence",
    "Fast",
    "Finding",
    "InTheUS",
    "Leak",
    "Newer",
    "Nightly",
    "Piece",
    "Retiring",
    "Short",
    "Uncached",
    "Unread",
    "Use",
    "Window",
    "idle",
    "least",
    "pieces",
]
