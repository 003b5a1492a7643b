"""Cache writes that live for an hour, cost twice the input, and are never read again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from bot.core.advice.finding import Evidence, Finding, found
from bot.core.advice.use import Course, Window, read, written
from bot.core.usage import CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M, UNCACHED_INPUT

_NEVER = Fraction(1, 20)
"""Reads that are fewer than so large a part of the writes are none."""
_FEWEST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Unread(Evidence):
    written_1h: int
    read: int


def unread(course: Course, window: Window) -> Finding | None:
    """At least what an hour costs more than five minutes; at most what the writes cost more than plain input."""
    counts = course.counts
    for_an_hour, back = counts.get(CACHE_WRITE_1H, 0), read(counts)
    if 2 * for_an_hour < written(counts) or back > _NEVER * written(counts) or course.active < _FEWEST_DAYS:
        return None
    long = course.cost({CACHE_WRITE_1H: for_an_hour}, window.last)
    short = course.cost({CACHE_WRITE_5M: for_an_hour}, window.last)
    cached = {charge: counts.get(charge, 0) for charge in (CACHE_WRITE_5M, CACHE_WRITE_1H, CACHE_READ)}
    with_cache = course.cost(cached, window.last)
    without = course.cost({UNCACHED_INPUT: sum(cached.values())}, window.last)
    if long is None or short is None or with_cache is None or without is None:
        return None
    return found(course, window, Unread(for_an_hour, back), long - short, with_cache - without)
