"""How full rate limits were, day by day, and when they will be reached if that goes on.

What is left is said by the answer to each call. It is refilled all the time, so one answer says how it was at that
instant, and the fullest of a day says how near that day came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from bot.core.calls.call import RateLimit

WHOLE = 1_000_000
"""All of a limit, in millionths."""
WARN_FROM = WHOLE * 8 // 10
FEWEST_DAYS = 7
LOOKED_AT = 28
"""Days that a trend is taken from."""
FURTHEST = 90
"""Days ahead; further nobody can see from four weeks."""
_MOSTLY = 0.75
"""The part of all pairs of days that must rise for it to be a trend and not a bad day."""


class Kind(StrEnum):
    """What is limited a minute."""

    REQUESTS = "requests"
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True)
class HeadRoom:
    """One limit of one team and model. `full` is how full it was at its fullest, by day, in millionths."""

    model: str
    kind: Kind
    limit: int
    left: int
    full: Mapping[date, int]

    def lately(self, today: date) -> int:
        """The fullest of today and yesterday; by what was said last where there is neither."""
        days = (today, today - timedelta(days=1))
        return max((self.full[day] for day in days if day in self.full), default=0)


class Why(StrEnum):
    """Why a day is named, or none."""

    REACHED = "reached"
    RISING = "rising"
    TOO_FAR = "not in 90 days"
    NOT_RISING = "not rising"
    TOO_FEW_DAYS = "too few days"


class Reach(NamedTuple):
    """When a limit will be reached; None where that can't be said, or will not be."""

    day: date | None
    why: Why


def used(limit: RateLimit) -> tuple[int | None, int | None]:
    """The used parts of the requests and of the tokens of a minute, in millionths."""
    return (
        _used(limit.requests_limit, limit.requests_remaining),
        _used(limit.tokens_limit, limit.tokens_remaining),
    )


def reach(full: Mapping[date, int], today: date) -> Reach:
    """By the median slope between all pairs of days, which neither one busy day nor one quiet week moves."""
    days = sorted(day for day in full if today - timedelta(days=LOOKED_AT) < day <= today)
    if any(full[day] >= WHOLE for day in days[-2:]):
        return Reach(today, Why.REACHED)
    if len(days) < FEWEST_DAYS:
        return Reach(None, Why.TOO_FEW_DAYS)
    slopes = _slopes(days, full)
    slope = median(slopes)
    if slope <= 0 or sum(one > 0 for one in slopes) < _MOSTLY * len(slopes):
        return Reach(None, Why.NOT_RISING)
    now = median(full[day] + slope * (today - day).days for day in days)
    ahead = max(1, -int((now - WHOLE) // slope))
    return Reach(None, Why.TOO_FAR) if ahead > FURTHEST else Reach(today + timedelta(days=ahead), Why.RISING)


def _slopes(days: Sequence[date], full: Mapping[date, int]) -> list[float]:
    """Millionths a day."""
    return [
        (full[later] - full[earlier]) / (later - earlier).days
        for position, earlier in enumerate(days)
        for later in days[position + 1 :]
    ]


def _used(limit: int | None, left: int | None) -> int | None:
    if not limit or left is None:
        return None
    return max(0, min(WHOLE, (limit - left) * WHOLE // limit))
