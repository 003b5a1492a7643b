"""How far off the forecast of a month's end is, beside what people use instead, after 5, 10, 15 and 20 of its days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

from bot.core.money import UNITS_PER_DOLLAR, Money
from bot.core.outlook.forecast import Forecast, forecast
from bot.core.utc import month_after
from tests.alert_quality.public import DAY, Measured
from tests.alert_quality.team import Team

AFTER = (5, 10, 15, 20)
LEAST_BEFORE = 28
"""Days of history before a month that is judged."""


@dataclass(frozen=True, slots=True)
class Daily:
    first: date
    days: list[float]


@dataclass(frozen=True, slots=True)
class Said:
    total: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Errors:
    """Mean absolute error after each of AFTER, a part of the month; of ours, how often the range held the month."""

    after: tuple[float, ...]
    held: float | None


Forecaster = Callable[[Daily, date, date], Said]
"""What is said of a month, by its first day and that of the next, from the days so far."""


def of_teams(teams: list[Team]) -> list[Daily]:
    return [Daily(team.date(team.begins // 24), team.days[team.begins // 24 :]) for team in teams]


def of_series(series: list[Measured]) -> list[Daily]:
    return [Daily(one.start.date(), list(one.amounts)) for one in series if one.every == DAY]


def _ours(past: Daily, start: date, end: date) -> Said:
    """The forecast itself."""
    said = forecast([Money(round(day * UNITS_PER_DOLLAR)) for day in past.days], past.first, start, end)
    if not isinstance(said, Forecast):  # weeks of history lie behind every month that is judged
        raise AssertionError(said.value)
    total, low, high = (one.units / UNITS_PER_DOLLAR for one in (said.total, said.low, said.high))
    return Said(total, low, high)


def _run_rate(past: Daily, start: date, end: date) -> Said:
    inside = past.days[(start - past.first).days :]
    return Said(fmean(inside) * (end - start).days)


def _last_week_again(past: Daily, start: date, end: date) -> Said:
    inside = past.days[(start - past.first).days :]
    left, week = (end - start).days - len(inside), past.days[-7:]
    return Said(sum(inside) + sum(week[day % 7] for day in range(left)))


FORECASTERS: dict[str, Forecaster] = {
    "seasonal naive": _last_week_again,
    "run rate": _run_rate,
    "claude-usage": _ours,
}


def months(series: list[Daily]) -> list[tuple[Daily, date, date]]:
    """Every whole month with some spend in it, and some in the four weeks before it, not in the last of them alone."""
    return [(one, start, end) for one in series for start, end in _months(one)]


def _months(one: Daily) -> Iterator[tuple[date, date]]:
    last = one.first + timedelta(days=len(one.days))
    start = month_after(one.first)
    while (end := month_after(start)) <= last:
        begin = (start - one.first).days
        before, inside = one.days[max(0, begin - LEAST_BEFORE) : begin], one.days[begin : (end - one.first).days]
        # A first spend in the last week would be too little to say anything from.
        if len(before) == LEAST_BEFORE and sum(before[:-7]) > 0 and sum(inside) > 0:
            yield start, end
        start = end


def errors(forecaster: Forecaster, cases: list[tuple[Daily, date, date]]) -> Errors:
    off: dict[int, list[float]] = {after: [] for after in AFTER}
    held: list[bool] = []
    for one, start, end in cases:
        begin = (start - one.first).days
        total = sum(one.days[begin : (end - one.first).days])
        for after in AFTER:
            said = forecaster(Daily(one.first, one.days[: begin + after]), start, end)
            off[after].append(abs(said.total - total) / total)
            if said.low is not None and said.high is not None:
                held.append(said.low <= total <= said.high)
    return Errors(tuple(fmean(off[after]) for after in AFTER), fmean(held) if held else None)
