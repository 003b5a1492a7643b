"""A large model that is asked for a few words: a smaller one may do."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from bot.core.advice.finding import Finding, found
from bot.core.advice.models import BELOW, NEWEST, Replaced, family, saved
from bot.core.advice.use import Course, Window, uncached
from bot.core.usage import OUTPUT

MOVABLE = Fraction(1, 4)
"""Of the calls, at least; at most all of them. Only a trial can tell."""
_SHORT = 200
"""Output tokens of a call."""
_SHORT_BESIDE_INPUT = 20
"""Where nobody counts requests: times as many uncached input tokens as output."""
_FEWEST_DAYS = 7
_CODING = "claude_code"
"""An agent answers in few words and still thinks."""


@dataclass(frozen=True, slots=True)
class Short(Replaced):
    """`each`: output tokens of a call, None where calls are not counted; `share`: output beside uncached input."""

    of_model: ClassVar[bool] = False
    each: int | None
    share: float


def short_answers(course: Course, window: Window) -> Finding | None:
    """What the newest model of the next cheaper family would save on a quarter, or on all, of the calls."""
    instead = NEWEST.get(BELOW.get(family(course.use.model), ""), "")
    output, new = course.counts.get(OUTPUT, 0), uncached(course.counts)
    if not instead or not output or not new or course.active < _FEWEST_DAYS or course.use.product == _CODING:
        return None
    short = output <= _SHORT * course.requests if course.requests else output * _SHORT_BESIDE_INPUT <= new
    savings = saved(course, window, instead) if short else None
    if savings is None:
        return None
    each = output // course.requests if course.requests else None
    low, high = savings
    return found(course, window, Short(instead, each, output / new), int(low * MOVABLE), high)
