"""Work that is done at night, every night, by programs that nobody waits for: a batch costs half.

What people wait for has days and weekends, in whatever zone they live: it is neither mostly at night nor as steady.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from bot.core.advice.finding import Evidence, Finding, found
from bot.core.advice.use import Course, Window, read
from bot.core.usage import CACHE_READ, TOKEN_TYPES, UNCACHED_INPUT

BEGINS, ENDS = 21, 7
"""The night's local hours: from the first to before the second."""
_MOSTLY = Fraction(9, 10)
_FEWEST_NIGHTS = 14
_STEADY = Fraction(17, 20)
"""Of all nights, those with at least half of the usual work."""


@dataclass(frozen=True, slots=True)
class Nightly(Evidence):
    """`share`: the part of the cost that falls into the night; `nights`: how many of them were looked at."""

    share: float
    nights: int


def at_night(course: Course, window: Window) -> Finding | None:
    """Half of the bill; less where its cache hits may be lost, since a batch keeps them only as far as it can."""
    if course.use.service_tier != "standard":
        return None
    zone, nights, whole, rates = ZoneInfo(window.zone), defaultdict[date, int](int), 0, _rates(course, window)
    for at, counts in course.hours.items():
        cost = sum(rate * counts.get(charge, 0) for charge, rate in rates.items())
        whole += cost
        local = at.astimezone(zone)
        if local.hour >= BEGINS or local.hour < ENDS:
            nights[(local - timedelta(hours=ENDS)).date()] += cost
    count = sum(window.since <= day < window.until for day in window.hourly) - 1
    if count < _FEWEST_NIGHTS or not whole or sum(nights.values()) < _MOSTLY * whole:
        return None
    usual = sorted(nights.values())[len(nights) // 2]
    if sum(2 * cost >= usual for cost in nights.values()) < _STEADY * count:
        return None
    counts = course.counts
    without_hits = {**counts, UNCACHED_INPUT: counts.get(UNCACHED_INPUT, 0) + read(counts), CACHE_READ: 0}
    dearest, now = course.cost(without_hits, window.last), course.cost(counts, window.last)
    if dearest is None or not now:
        return None
    low = course.billed - course.billed * dearest // (2 * now)
    evidence = Nightly(sum(nights.values()) / whole, count)
    return found(course, window, evidence, low, course.billed // 2)


def _rates(course: Course, window: Window) -> dict[str, int]:
    """Units for a million tokens of each type; empty where there is no public price."""
    rates = {charge: course.cost({charge: 10**6}, window.last) for charge in TOKEN_TYPES}
    return {charge: rate for charge, rate in rates.items() if rate is not None}
