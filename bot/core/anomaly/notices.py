"""What is said once and wakes nobody: a new spender, a drop, a drift, a new normal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime

from bot.core.anomaly.closing import day_value
from bot.core.anomaly.finding import Finding, Kind, Limits, instant
from bot.core.anomaly.normal import day_expected
from bot.core.anomaly.series import Day, Series, Today
from bot.core.anomaly.tiers import DAY_IMPACT, GROWN_DAYS, YOUNG_DAYS, Window
from bot.core.anomaly.yardstick import limit

INTRODUCED_WITHIN = 14
"""Days after which a series is not new any more, whatever it has spent."""
DROP, DROP_FACTOR = 0.5, 4.0
"""Two whole days must stay below half of what was expected, and four scatters below what such days come to."""
RECOVERED = 0.7
"""Of what was expected: from here on, another drop is another piece of news."""
DRIFT, DRIFT_DAYS = 1.5, 56
"""Half more than eight weeks ago, by steps too small for any window of days."""


def notices(
    series: Series, today: Today, windows: list[Window], at: datetime, limits: Limits
) -> tuple[Series, tuple[Finding, ...]]:
    """What the day that ends gives to say, and the series that remembers it was said."""
    end, found = 24 * (today.number + 1), list[Finding]()
    if not series.introduced:
        days = len(series.days) + 1
        spent = sum(day.value or 0.0 for day in series.days) + (day_value(today, series.shares) or 0.0)
        if days > INTRODUCED_WITHIN or spent >= limits.min_impact:
            series = series._replace(introduced=True)
        if days <= INTRODUCED_WITHIN and spent >= limits.min_impact:
            found.append(Finding(Kind.NEW_SPENDER, at, instant(end - 24 * days), 24 * days, spent, 0.0))
    one, two = windows[0], windows[1]
    if series.dropped and one.score is not None and one.value >= RECOVERED * one.expected:
        series = series._replace(dropped=False)
    elif not series.dropped and _dropped(series, today, two, limits):
        found.append(Finding(Kind.DROP, at, instant(end - two.hours), two.hours, two.value, two.expected))
        series = series._replace(dropped=True)
    for drift in _drift(series, today, at, limits):
        found.append(drift)
        series = series._replace(drift_told=today.number)
    return series, tuple(found)


def new_normal(days: tuple[Day, ...], today: Today, at: datetime) -> Finding:
    """That what was alerted has gone on for these days and is expected from now on; values of one day."""
    normal, known = today.normal, [day for day in days if day.value is not None]
    value = sum(day.value or 0.0 for day in known) / max(1, len(known))
    expected = 0.0
    if normal.level is not None:
        usual = [day_expected(normal.level, normal.effects, normal.smoothing, day.number) + day.job for day in days]
        expected = sum(usual) / len(days)
    hours = 24 * len(days)
    return Finding(Kind.NEW_NORMAL, at, instant(24 * (today.number + 1) - hours), hours, value, expected)


def _dropped(series: Series, today: Today, window: Window, limits: Limits) -> bool:
    normal = today.normal
    if window.score is None or series.incident or normal.ceiling is not None or len(series.days) < GROWN_DAYS:
        return False
    if today.whole is None and (None in today.hours or None in series.days[-1].hours):
        return False  # a day that was completed from a part of it proves no drop
    least = max(limits.min_impact, DAY_IMPACT * normal.typical)
    if window.value >= DROP * window.expected or -window.excess < least:
        return False
    return -window.score > limit([-score for score in series.day_scores[1]], DROP_FACTOR)


def _drift(series: Series, today: Today, at: datetime, limits: Limits) -> Iterator[Finding]:
    normal = today.normal
    if (
        len(series.days) < DRIFT_DAYS + YOUNG_DAYS
        or normal.level is None
        or normal.ceiling is not None
        or series.incident
    ):
        return
    if series.drift_told is not None and today.number - series.drift_told < DRIFT_DAYS:
        return
    then = series.days[-DRIFT_DAYS]
    if then.level is None or then.flagged:
        return
    was, now = math.exp(then.level) - then.smoothing, math.exp(normal.level) - normal.smoothing
    if now >= DRIFT * was and 7 * (now - was) >= limits.min_impact:
        hours = 24 * DRIFT_DAYS
        yield Finding(Kind.DRIFT, at, instant(24 * (today.number + 1) - hours), hours, now, was)
