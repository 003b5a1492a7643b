"""How full a rate limit was, and when it will be reached: never said from too little, or against a trend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from bot.core.calls.call import RateLimit
from bot.core.headroom import WHOLE, Why, reach, used

TODAY = date(2026, 11, 22)


def full(course: Callable[[int], int], days: int = 28) -> dict[date, int]:
    """A course by how many days ago; what it says is in per cent."""
    return {TODAY - timedelta(days=ago): course(ago) * WHOLE // 100 for ago in range(days)}


@pytest.mark.parametrize(
    ("course", "days", "why", "ahead"),
    [
        (lambda ago: 70 - ago, 28, Why.RISING, 30),
        (lambda ago: 70 - ago + (25 if ago == 9 else 0), 28, Why.RISING, 30),
        (lambda ago: 70 - ago, 7, Why.RISING, 30),
        (lambda ago: 99 if ago < 7 else 70 - ago, 6, Why.TOO_FEW_DAYS, None),
        (lambda _: 50, 28, Why.NOT_RISING, None),
        (lambda ago: 20 + ago, 28, Why.NOT_RISING, None),
        (lambda ago: 60 if ago % 2 else 30, 28, Why.NOT_RISING, None),
        (lambda ago: 30 - ago // 2, 28, Why.TOO_FAR, None),
        (lambda ago: 100 if ago == 1 else 10, 28, Why.REACHED, 0),
        (lambda ago: 100 if ago == 9 else 10, 28, Why.NOT_RISING, None),
    ],
)
def test_a_day_is_named_only_where_most_days_lead_to_it(
    course: Callable[[int], int], days: int, why: Why, ahead: int | None
) -> None:
    found = reach(full(course, days), TODAY)
    assert found.why is why
    assert found.day == (None if ahead is None else TODAY + timedelta(days=ahead))


@pytest.mark.parametrize(
    ("limit", "parts"),
    [
        (RateLimit(50, 41, 40_000, 22_000), (180_000, 450_000)),
        (RateLimit(50, None, None, 10), (None, None)),
        (RateLimit(0, 0, 10, 12), (None, 0)),
        (RateLimit(50, 0, 10, 10), (WHOLE, 0)),
    ],
)
def test_of_a_limit_that_is_not_told_no_part_is_used(limit: RateLimit, parts: tuple[int | None, int | None]) -> None:
    assert used(limit) == parts
