"""What is normal for a series as a day begins: level, weekdays, hours, month-end jobs, and the busiest day so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from bot.core.anomaly.finding import Limits
from bot.core.anomaly.series import (
    OFF_DAYS,
    WEEK,
    Day,
    Normal,
    Series,
    Shares,
    weekend,
)
from bot.core.anomaly.yardstick import median

LEVEL_DAYS = 28
"""Clean days whose median is the level: four whole weeks, so that one odd week can't move it."""
SMOOTHING = 0.1
"""Of a typical day, added before logarithms: below it, differences mean nothing."""
WEEKEND, WEEKEND_DAYS = -0.5, 2
"""What a weekend is taken for before one was seen (log scale: three fifths of a working day), as if on two days."""
EFFECT_WEEKS = 8
"""Weeks a weekday's habit is taken from, shrunk towards the other days of its kind by a weight of four weeks."""
EFFECT_SHRINK = 4
FEW_DAYS = 0.92
"""A series that spends on fewer of its working days is judged against its record: its spread says nothing."""
IDLE = 0.02
"""Of a typical day: less is a day without spend."""
RECORD = 1.5
"""Such a series must beat its busiest day by half."""
RECORD_SCATTER = 2.6
"""And lie this many scatters above the logarithm of its usual busy day: a short past has no worthy record yet."""
RECORD_PRIOR, RECORD_PRIOR_DAYS = 1.0, 10


def normal(series: Series, day: int, limits: Limits) -> Normal:
    """What is normal on this day, from the closed days alone."""
    clean = [past for past in series.days if past.value is not None and not past.flagged]
    current = [past for past in clean[-LEVEL_DAYS:] if past.number >= series.settled]
    typical = _typical([past.ordinary for past in current])
    smoothing = max(SMOOTHING * typical, limits.min_impact / 1000)
    effects = _effects(clean)
    level = _level(current[-_level_days(len(series.days)) :], effects)
    job = next((job for job in series.jobs if job.position == position(day)), None)
    expected = 0.0 if level is None else day_expected(level, effects, smoothing, day)
    hours = tuple([expected * part for part in _parts(series.shares, day)])
    if job:
        hours = tuple(hour + more for hour, more in zip(hours, job.parts, strict=True))
    # No property of a day: ninety calls would be a twentieth of what a day's beginning costs.
    standings = [past.ordinary if past.cap is None else min(past.ordinary, past.cap) for past in series.days]
    record = max(standings, default=0.0)
    return Normal(
        level=level,
        effects=effects,
        smoothing=smoothing,
        typical=typical,
        hours=hours,
        job=job,
        record=record,
        ceiling=_ceiling(series.days, standings, typical, record),
    )


def day_expected(level: float, effects: Sequence[float], smoothing: float, day: int) -> float:
    """What a day of this weekday is worth at this level, without its month-end job."""
    return max(0.0, math.exp(level + effects[day % WEEK]) - smoothing)


def position(day: int) -> int:
    """Where a day stands in its month: 1, 2, … from its beginning in the first half, …, -2, -1 from its end after."""
    at = date.fromordinal(date(1970, 1, 1).toordinal() + day)
    if at.day <= 15:
        return at.day
    beyond = date.fromordinal(at.toordinal() + 32 - at.day).replace(day=1)
    return (at - beyond).days


def _typical(values: list[float]) -> float:
    """The mean day without the busiest tenth."""
    kept = sorted(values)[: max(1, len(values) - len(values) // 10)]
    return sum(kept) / len(kept) if kept else 0.0


def _level_days(age: int) -> int:
    """A young series is still finding its level: only the younger half of its life tells it."""
    return max(3, min(LEVEL_DAYS, age // 2))


def _level(clean: Sequence[Day], effects: Sequence[float]) -> float | None:
    if not clean:
        return None
    return median([past.scale - effects[past.number % WEEK] for past in clean])


def _effects(clean: Sequence[Day]) -> tuple[float, ...]:
    """How each weekday differs from the level, log scale: its own median drawn to that of all weekends (or to none)."""
    own: list[list[float]] = [[] for _ in range(WEEK)]
    for past in clean[-WEEK * EFFECT_WEEKS :]:
        if past.level is not None:
            own[past.number % WEEK].append(past.scale - past.level)
    ends = [effect for day in OFF_DAYS for effect in own[day]]
    end = ((median(ends) * len(ends) if ends else 0.0) + WEEKEND * WEEKEND_DAYS) / (len(ends) + WEEKEND_DAYS)
    kinds = [end if day in OFF_DAYS else 0.0 for day in range(WEEK)]
    return tuple(
        [
            kind + (median(values) - kind) * len(values) / (len(values) + EFFECT_SHRINK) if values else kind
            for kind, values in zip(kinds, own, strict=True)
        ]
    )


def _parts(shares: tuple[Shares, Shares], day: int) -> tuple[float, ...]:
    """The hours of such a day; a kind of day not seen yet is like the other."""
    mine, other = shares[weekend(day)], shares[not weekend(day)]
    return mine.parts if mine.days else other.parts


def _ceiling(days: Sequence[Day], standings: Sequence[float], typical: float, record: float) -> float | None:
    least = IDLE * typical
    working = [
        past.ordinary > least for past in days[-42:] if past.value is not None and past.number % WEEK not in OFF_DAYS
    ]
    if len(working) < 5 or sum(working) >= FEW_DAYS * len(working):
        return None
    busy = [math.log(standing) for standing in standings if standing > least]
    if not busy:
        return RECORD * record
    middle = sum(busy) / len(busy)
    squares = sum([(one - middle) ** 2 for one in busy]) + RECORD_PRIOR_DAYS * RECORD_PRIOR**2
    scatter = math.sqrt(squares / (len(busy) + RECORD_PRIOR_DAYS))
    return max(RECORD * record, math.exp(middle + RECORD_SCATTER * scatter))
