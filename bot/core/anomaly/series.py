"""The state of one series: all that a step knows of the past, frozen and serialisable.

Named tuples, since a step makes some twenty of them and one evaluation takes thousands of steps.
"""

from __future__ import annotations

import math
from typing import NamedTuple

HOUR_WINDOWS = (1, 2, 3, 6, 24)
"""In hours; the longest is also how long single hours are held."""
DAY_WINDOWS = (1, 2, 3, 5, 7)
"""In days; the longest is also how long the hours of closed days are held, for restatements to find."""
DAYS_KEPT = 90
"""Closed days remembered: a quarter of a year of records, of which the newest eight weeks tell what is normal."""

WEEK, OFF_DAYS = 7, (2, 3)
"""A day's number modulo 7 is its weekday: 0 is Thursday, with which 1970 began, 2 and 3 are Saturday and Sunday."""

Scores = tuple[tuple[float, ...], ...]
"""For each window, its scores on the clean days remembered, oldest first."""


class Day(NamedTuple):
    """A day that is over. Days are counted since 1970; `value` None: not reported, or too little of it.

    `level` and `smoothing` are what was normal as it began (log scale; None: not known), `job` the month-end job that
    was expected in it, `cap` the most that a flagged day counts for in the record of busiest days.
    """

    number: int
    value: float | None
    level: float | None
    smoothing: float
    job: float = 0.0
    flagged: bool = False
    cap: float | None = None
    hours: tuple[float | None, ...] = ()
    ordinary: float = 0.0
    scale: float = 0.0

    @classmethod
    def of(cls, value: float | None, past: Day) -> Day:
        """That day with this value: without the job it is `ordinary` (0 when unknown), and `scale` its logarithm."""
        ordinary = max(0.0, (value or 0.0) - past.job)
        return past._replace(value=value, ordinary=ordinary, scale=math.log(ordinary + past.smoothing))


class Shares(NamedTuple):
    """How a day's value lies on its 24 hours, averaged over `days` days."""

    days: int = 0
    parts: tuple[float, ...] = (1 / 24,) * 24


class Job(NamedTuple):
    """What came on top of normal, hour by hour, at a day counted from the month's beginning (1…) or end (-1…)."""

    position: int
    parts: tuple[float, ...]

    @property
    def total(self) -> float:
        return sum(self.parts)


class Incident(NamedTuple):
    """What was alerted and goes on: `pace` per hour and `score` of the window that was told, at hour `told`."""

    told: int
    pace: float
    score: float
    days: int = 0


class Normal(NamedTuple):
    """What is normal today, derived from the closed days.

    `effects` are those of the seven weekdays, from Thursday; `hours` are the values expected, a month-end job included;
    `ceiling` is the busiest 24 hours believed of a series that spends on few days only, and None for all others.
    """

    level: float | None
    effects: tuple[float, ...]
    smoothing: float
    typical: float
    hours: tuple[float, ...]
    job: Job | None
    record: float
    ceiling: float | None


class Today(NamedTuple):
    """The day that is running: its hours as far as they are known, or its one value where only days are reported.

    `peaks` are the largest scores of the hour windows so far; `fired`: an excess went on today.
    """

    number: int
    normal: Normal
    hours: tuple[float | None, ...] = (None,) * 24
    whole: float | None = None
    peaks: tuple[float, ...] = (0.0,) * len(HOUR_WINDOWS)
    fired: bool = False


class Hour(NamedTuple):
    """One of the last 24 hours, with what was expected of it; `weight` is what it counts for, less in busy hours."""

    number: int
    value: float
    expected: float
    weight: float


class Series(NamedTuple):
    """One series' state; `Series()` has seen nothing yet.

    `settled` is the first day of the newest normal: no older day counts for the level. The last three remember what was
    said once.
    """

    days: tuple[Day, ...] = ()
    hours: tuple[Hour, ...] = ()
    today: Today | None = None
    shares: tuple[Shares, Shares] = (Shares(), Shares())
    hour_scores: Scores = ((),) * len(HOUR_WINDOWS)
    day_scores: Scores = ((),) * len(DAY_WINDOWS)
    jobs: tuple[Job, ...] = ()
    incident: Incident | None = None
    settled: int = 0
    introduced: bool = False
    dropped: bool = False
    drift_told: int | None = None


def weekend(day: int) -> bool:
    return day % WEEK in OFF_DAYS
