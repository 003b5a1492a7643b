"""The two tiers: windows of hours and windows of days, each held against what the series' own clean days reached."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from bot.core.anomaly.finding import Limits
from bot.core.anomaly.normal import day_expected
from bot.core.anomaly.series import DAY_WINDOWS, HOUR_WINDOWS, Day, Hour, Normal, Series, Today
from bot.core.anomaly.yardstick import DAY_FACTOR, HOUR_FACTOR, day_prior, limit, score

FLOOR = 0.03
"""Of a typical day, added to both sides of an hour window's ratio: at night a few cents are no tenfold."""
RELATIVE = 1.3
"""A window must exceed what was expected by three tenths, however steady the series is."""
HOUR_IMPACT, DAY_IMPACT = 0.15, 0.4
"""And by this share of a typical day: less is not worth a message, and days can wait for more than hours."""
NEARLY_ALL = 0.9
"""Of the excess of the window that holds most: a shorter one that has as much says better since when."""
NEW_RECORD = 1.5
"""A new team grows every day, so at first something must beat its busiest day by half:"""
SETTLING_DAYS, YOUNG_DAYS = 14, 28
"""the last 24 hours before the windows of hours may speak in its first two weeks, a day's own sum in its first four."""
GROWN_DAYS = 42
"""Before, windows of several days say nothing: a team that takes Claude up is a ramp."""
FIRST_HOURS, FIRST_DAYS = 3, 5
"""Days a series is only watched, by either tier."""
HOUR_BOLDNESS, DAY_BOLDNESS = 0.1, 0.15
"""The part by which a limit is lower (or higher) where ten times more (or less) than usual is at stake."""
HOURS_AT_STAKE, DAYS_AT_STAKE = 5, 20
"""Times the minimum impact: the usual stake of a window, by tier."""


class Window(NamedTuple):
    """The newest `hours`; `score` None: some of it is unknown, or belongs to an incident that is over."""

    hours: int
    value: float
    expected: float
    score: float | None

    @property
    def excess(self) -> float:
        return self.value - self.expected

    @property
    def pace(self) -> float:
        """Excess an hour."""
        return self.excess / self.hours


def hour_windows(hours: tuple[Hour, ...], normal: Normal) -> Iterator[Window]:
    """The windows that end with the newest hour; what was not reported counts on neither side."""
    floor = max(FLOOR * normal.typical, normal.smoothing / 10)
    value = expected = 0.0
    place, first = len(hours) - 1, hours[-1].number + 1
    for length in HOUR_WINDOWS:
        while place >= 0 and hours[place].number >= first - length:
            value += hours[place].value
            expected += hours[place].expected
            place -= 1
        yield Window(length, value, expected, score(value, expected, floor))


def hour_excess(windows: list[Window], series: Series, today: Today, limits: Limits) -> Window | None:
    """The shortest window that fires and holds nearly all of what any of them holds, if one fires."""
    normal, age = today.normal, len(series.days)
    if normal.level is None or age < FIRST_HOURS:
        return None
    least = max(limits.min_impact, HOUR_IMPACT * normal.typical)
    if normal.ceiling is not None:
        day = windows[-1]
        excess = day.value - normal.typical
        over = day.value > normal.ceiling and excess >= least
        return Window(day.hours, day.value, normal.typical, math.inf) if over else None
    if age < SETTLING_DAYS and windows[-1].value <= NEW_RECORD * normal.record:
        return None
    usual = HOURS_AT_STAKE * limits.min_impact
    firing = [
        window
        for window, scores in zip(windows, series.hour_scores, strict=True)
        if window.score is not None
        and window.excess >= least
        and window.value > RELATIVE * window.expected
        and window.score > _bold(limit(scores, HOUR_FACTOR, limits.scatter), HOUR_BOLDNESS, window.excess / usual)
    ]
    most = max((window.excess for window in firing), default=0.0)
    return next((window for window in firing if window.excess >= NEARLY_ALL * most), None)


def day_windows(series: Series, number: int, value: float | None, normal: Normal) -> Iterator[Window]:
    """The windows that end with this day, against the level before each of them."""
    newest = Day(number, value, normal.level, normal.smoothing, normal.job.total if normal.job else 0.0)
    for length in DAY_WINDOWS:
        days = (*series.days[len(series.days) - length + 1 :], newest) if length > 1 else (newest,)
        level = days[0].level
        values = [day.value for day in days if day.value is not None]
        if len(values) < length or level is None:
            yield Window(24 * length, 0.0, 0.0, None)
            continue
        smoothing, total = days[0].smoothing, sum(values)
        expected = sum([day_expected(level, normal.effects, smoothing, day.number) + day.job for day in days])
        over = series.incident is None and True in [day.flagged for day in days]
        yield Window(24 * length, total, expected, None if over else score(total, expected, smoothing * length))


def day_excess(windows: list[Window], series: Series, today: Today, limits: Limits) -> Window | None:
    """The shortest window that fires, if any."""
    normal, age = today.normal, len(series.days)
    if normal.ceiling is not None or age < FIRST_DAYS:
        return None
    least, usual = max(limits.min_impact, DAY_IMPACT * normal.typical), DAYS_AT_STAKE * limits.min_impact
    for window, scores in zip(windows, series.day_scores, strict=True):
        if window.hours > 24 and age < GROWN_DAYS:
            break
        if window.score is None or window.excess < least or window.value <= RELATIVE * window.expected:
            continue
        if age < YOUNG_DAYS and window.value <= NEW_RECORD * normal.record:
            continue
        to_pass = limit(scores, DAY_FACTOR, day_prior(window.hours // 24, limits.scatter))
        if window.score > _bold(to_pass, DAY_BOLDNESS, window.excess / usual):
            return window
    return None


def _bold(limit: float, boldness: float, stake: float) -> float:
    """The limit where so many times the usual is at stake: ten times and more count alike, and a tenth and less."""
    return limit * (1 - boldness * max(-1.0, min(1.0, math.log10(stake))))
