"""A model that Anthropic will switch off, and who still uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from bot.core.advice.finding import Finding, found
from bot.core.advice.models import NEWEST, RETIREMENTS, Replaced, family, saved
from bot.core.advice.use import Course, Window
from bot.core.plans import Between
from bot.core.prices import without_date

_AHEAD = timedelta(days=120)
_LATELY = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Retiring(Replaced):
    on: date
    source: str
    last: date
    """The last day of use."""


def retiring(course: Course, window: Window) -> Finding | None:
    """Whoever used it in the last two weeks, whatever that cost: after the day, their calls fail."""
    known = RETIREMENTS.get(without_date(course.use.model))
    if known is None or known.on > window.until + _AHEAD or course.last < window.until - _LATELY:
        return None
    evidence = Retiring(NEWEST[family(course.use.model)], known.on, known.source, course.last)
    savings = saved(course, window, evidence.instead)
    finding = found(course, window, evidence, *savings) if savings else None
    return finding or Finding(course, evidence, Between(), Fraction(0))
