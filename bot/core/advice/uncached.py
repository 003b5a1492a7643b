"""Large prompts of one size, call after call, and no cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.core.advice.finding import Evidence, Finding, found
from bot.core.advice.use import Course, Window, ranked, read, uncached, written
from bot.core.usage import CACHE_READ, CACHE_WRITE_5M, OUTPUT, REQUESTS, UNCACHED_INPUT

REPEATED = (Fraction(1, 4), Fraction(3, 4))
"""How much of a prompt may be the same each time: no report says it."""
WRITES = Fraction(1, 10)
"""Calls that find nothing in the cache and write it."""
_LARGE = 2000
"""Tokens of a prompt; below about a thousand nothing can be cached."""
_LARGE_BESIDE_OUTPUT = 10
_FEWEST_REQUESTS = 200
"""A day: fewer, and a cache of five minutes is mostly gone before the next call."""
_FEWEST_TOKENS = 5_000_000
"""A day, where nobody counts requests."""
_FEWEST_DAYS = 14
_STEADY = Fraction(1, 4)
_NOTHING = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Uncached(Evidence):
    """`each`: tokens of a prompt; None where requests are not counted."""

    tokens: int
    each: int | None


def without_cache(course: Course, window: Window) -> Finding | None:
    """What a cache would save if between a quarter and three quarters of each prompt repeat."""
    counts, tokens = course.counts, uncached(course.counts)
    if course.use.service_tier != "standard" or course.active < _FEWEST_DAYS:
        return None
    if written(counts) + read(counts) > _NOTHING * tokens or not _large(course) or not _steady(course, window):
        return None
    each = tokens // course.requests if course.requests else None
    savings = []
    for part in REPEATED:
        same = int(tokens * part)
        new = int(same * WRITES)
        plain = course.cost({UNCACHED_INPUT: same}, window.last)
        cached = course.cost({CACHE_WRITE_5M: new, CACHE_READ: same - new}, window.last)
        if plain is None or cached is None:
            return None
        savings.append(plain - cached)
    return found(course, window, Uncached(tokens, each), *savings)


def _large(course: Course) -> bool:
    """A question about a long text, asked often; not a text that is worked through once."""
    tokens = uncached(course.counts)
    if tokens < _LARGE_BESIDE_OUTPUT * course.counts.get(OUTPUT, 0):
        return False
    if course.requests:
        return tokens >= _LARGE * course.requests and course.requests >= _FEWEST_REQUESTS * course.active
    return tokens >= _FEWEST_TOKENS * course.active


def _steady(course: Course, window: Window) -> bool:
    """Whether a call's prompt, or its prompt beside its answer, is much the same on nearly every day."""
    beside = REQUESTS if course.requests else OUTPUT
    days = [counts for day, counts in course.days.items() if day >= window.since and counts.get(beside)]
    sizes: Sequence[Fraction] = sorted(Fraction(uncached(counts), counts[beside]) for counts in days)
    if len(sizes) < _FEWEST_DAYS:
        return False
    low, middle, high = (ranked(sizes, Fraction(n, 10)) for n in (1, 5, 9))
    return high - low <= _STEADY * middle
