"""The two tiers: windows of hours and windows of days, each held against what the series' own clean days reached."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from bot.core.anomaly.finding import Limits
from bot.core.anomaly.normal import day_expected
from bot.core.anomaly.series import DAY_WINDOWS, HOUR_WINDOWS, Day, Hour, Normal, Series, Today
from bot.core.anomaly.yardstick import DAY_FACTOR, HOUR_FACTOR, day_prior, lasting_score, limit, score

QUIET = 0.02
"""Of the smoothing of a day, added to what an hour is expected to hold: in an idle night a few cents are no tenfold."""
FLOOR = 0.3
"""The same of 24 hours, added to both sides of their ratio."""
RELATIVE = 1.3
"""A window must exceed what was expected by three tenths, however steady the series is."""
HOUR_IMPACT, DAY_IMPACT = 0.12, 0.4
"""And by this share of a typical day: less is not worth a message, and days can wait for more than hours."""
CEILING_PARTS = (0.9, 1.0)
"""Of the ceiling of a series that spends on few days: its last six hours must nearly reach it, or the last 24."""
NEARLY_ALL = 0.9
"""Of the excess of the window that holds most: a shorter one that has as much says better since when."""
NEW_RECORD = 1.5
"""A new team grows every day, so at first something must beat its busiest day by half:"""
SETTLING_DAYS, YOUNG_DAYS = 10, 28
"""the last 24 hours before the windows of hours may speak in its first ten days, a day's own sum in its first four."""
GROWN_DAYS, GROWN_LONG = 42, 35
"""Before, windows of several days say nothing: a team that takes Claude up is a ramp. For long ones, which no single
day makes, it is enough that four whole weeks lie before the week that they judge."""
LONG = 5
"""Days from which a window is long: one busy day then makes no busy week, neither as it is judged nor in the yardstick,
where it would stand for as many weeks as it lies in."""
FIRST_HOURS, FIRST_DAYS = 3, 5
"""Days a series is only watched, by either tier."""
HOUR_BOLDNESS, DAY_BOLDNESS = 0.1, 0.25
"""The part by which a limit is lower (or higher) where ten times more (or less) than usual is at stake."""
HOURS_AT_STAKE, DAYS_AT_STAKE = 7.5, 60
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


def weighed(number: int, value: float, normal: Normal) -> Hour:
    """The hour with what is expected of it, and the less weight the more that is: a loop that spends the same in every
    hour stands out where little is usual, and is a ripple in the busiest.
    """
    expected = normal.hours[number % 24]
    return Hour(number, value, expected, 1 / (expected + QUIET * normal.smoothing))


def hour_windows(hours: tuple[Hour, ...], normal: Normal) -> Iterator[Window]:
    """The windows that end with the newest hour; what was not reported counts on neither side.

    The score of a few hours is that of how many times what was expected each was, on the weighed mean; that of 24 is
    that of their sum, which holds the busy hours too. Less than expected is 0 in the former.
    """
    value = expected = above = weight = 0.0
    place, first = len(hours) - 1, hours[-1].number + 1
    for length in HOUR_WINDOWS:
        while place >= 0 and hours[place].number >= first - length:
            hour = hours[place]
            value += hour.value
            expected += hour.expected
            above += (hour.value - hour.expected) * hour.weight * hour.weight
            weight += hour.weight
            place -= 1
        if length == HOUR_WINDOWS[-1]:
            far = score(value, expected, FLOOR * normal.smoothing)
        else:
            far = math.log1p(max(0.0, above / weight))
        yield Window(length, value, expected, far)


def hour_excess(windows: list[Window], series: Series, today: Today, limits: Limits) -> Window | None:
    """The shortest window that fires and holds nearly all of what any of them holds, if one fires."""
    normal, age = today.normal, len(series.days)
    if normal.level is None or age < FIRST_HOURS:
        return None
    least = max(limits.min_impact, HOUR_IMPACT * normal.typical)
    if normal.ceiling is not None:
        for window, part in zip(windows[-2:], CEILING_PARTS, strict=True):
            usual = normal.typical * window.hours / 24
            if window.value > part * normal.ceiling and window.value - usual >= least:
                return Window(window.hours, window.value, usual, math.inf)
        return None
    if age < SETTLING_DAYS and windows[-1].value <= NEW_RECORD * normal.record:
        return None
    usual = HOURS_AT_STAKE * limits.min_impact
    firing = [
        window
        for window, scores in zip(windows, series.hour_scores, strict=True)
        if window.score is not None
        and window.excess >= least
        and window.value > RELATIVE * window.expected
        and window.score > _bold(limit(scores, HOUR_FACTOR), HOUR_BOLDNESS, window.excess / usual)
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
        usual = [day_expected(level, normal.effects, smoothing, day.number) + day.job for day in days]
        expected = sum(usual)
        if series.incident is None and True in [day.flagged for day in days]:
            far = None
        elif length < LONG:
            far = score(total, expected, smoothing * length)
        else:
            far = lasting_score(values, usual, smoothing)
        yield Window(24 * length, total, expected, far)


def day_excess(windows: list[Window], series: Series, today: Today, limits: Limits) -> Window | None:
    """The shortest window that fires, if any."""
    normal, age = today.normal, len(series.days)
    if normal.ceiling is not None or age < FIRST_DAYS:
        return None
    least, usual = max(limits.min_impact, DAY_IMPACT * normal.typical), DAYS_AT_STAKE * limits.min_impact
    for window, scores in zip(windows, series.day_scores, strict=True):
        if window.hours > 24 and age < (GROWN_LONG if window.hours >= 24 * LONG else GROWN_DAYS):
            continue
        if window.score is None or window.excess < least or window.value <= RELATIVE * window.expected:
            continue
        if age < YOUNG_DAYS and window.value <= NEW_RECORD * normal.record:
            continue
        to_pass = limit(scores, DAY_FACTOR, day_prior(window.hours // 24))
        if window.score > _bold(to_pass, DAY_BOLDNESS, window.excess / usual):
            return window
    return None


def _bold(limit: float, boldness: float, stake: float) -> float:
    """The limit where so many times the usual is at stake: ten times and more count alike, and a tenth and less."""
    return limit * (1 - boldness * max(-1.0, min(1.0, math.log10(stake))))
