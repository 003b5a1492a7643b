"""Budgets: how much may be spent in which periods, where spending stands, and what is worth saying about it.

Every decision takes what was said already and returns a reason. Amounts are exact; parts of them are compared as
integers, so that a mark is crossed at its cent and not a float's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from bot.core.money import UNITS_PER_CENT, Money
from bot.core.outlook.forecast import Forecast, Unsaid

WITHDRAWN_BELOW = 95
"""Per cent of the amount under which a forecast that warned is taken back: one that wavers around it is not news."""
BURN_DAYS = 7
SUGGESTION_PERIODS = 6
LEAST_SUGGESTION_PERIODS = 3
_DAY = timedelta(days=1)


class Every(StrEnum):
    """How long a budget's period is; the value is the word in the configuration file."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    DATES = "dates"
    """Once, from a date to another."""


_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a budget is for; `kind` None is the whole organisation, else the word of a subject: team, model, user, …"""

    kind: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Uplift:
    """An amount granted on top, in every period that has one of its days; after the last of them it is gone."""

    amount: Money
    until: date
    """The last day it is granted for."""
    since: date = date.min


@dataclass(frozen=True, slots=True)
class Span:
    """One period of a budget, local days: `start` to before `end`."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True)
class Budget:
    """An amount for each period of a scope; `fiscal_start` is the month that years, and so quarters, begin with."""

    id: str
    scope: Scope
    amount: Money
    every: Every = Every.MONTH
    marks: tuple[int, ...] = (50, 80, 100)
    """Per cent of the amount at which people are told, each once per period."""
    forecast: bool = False
    uplifts: tuple[Uplift, ...] = ()
    fiscal_start: int = 1
    dates: Span | None = field(default=None)
    """Where `every` is dates: which."""

    def span(self, day: date) -> Span | None:
        """The period a day lies in; None outside of a budget's dates."""
        match self.every:
            case Every.DATES:
                return self.dates if self.dates and self.dates.start <= day < self.dates.end else None
            case Every.DAY:
                return Span(day, day + _DAY)
            case Every.WEEK:
                monday = day - day.weekday() * _DAY
                return Span(monday, monday + 7 * _DAY)
        months = _MONTHS[self.every]
        into = (day.month - self.fiscal_start) % months
        first = _months_on(day.replace(day=1), -into)
        return Span(first, _months_on(first, months))

    def before(self, span: Span, count: int) -> tuple[Span, ...]:
        """Up to `count` periods before one, the newest first; none where a budget has its dates once."""
        found: list[Span] = []
        while len(found) < count and self.every is not Every.DATES:
            earlier = self.span((found[-1] if found else span).start - _DAY)
            assert earlier is not None
            found.append(earlier)
        return tuple(found)

    def limit(self, span: Span) -> Money:
        """The amount of one period with what is granted on top."""
        granted = [one.amount for one in self.uplifts if one.since < span.end and span.start <= one.until]
        return sum(granted, self.amount)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where spending stands in one period of a budget, `elapsed` whole days into it."""

    budget: Budget
    span: Span
    spent: Money | None
    """None: not in yet."""
    elapsed: int
    lately: Money | None
    """Spent a day over the last week; None where that is not known."""
    forecast: Forecast | Unsaid
    days: tuple[Money | None, ...] = ()
    """What was spent on each of the elapsed days; None is a day that is not in yet."""

    @property
    def limit(self) -> Money:
        return self.budget.limit(self.span)

    @property
    def left(self) -> Money | None:
        """Below zero where more was spent than there is."""
        return None if self.spent is None else self.limit - self.spent

    @property
    def used(self) -> float | None:
        """The part of the limit that is spent; 1 is all of it."""
        return None if self.spent is None else self.spent.units / self.limit.units

    @property
    def pace(self) -> float | None:
        """What is used beside the part of the period that is over: 1 is even, more runs out early."""
        return None if self.used is None or not self.elapsed else self.used * self.span.days / self.elapsed

    @property
    def to_spend(self) -> Money | None:
        """What may be spent a day for the rest of the period; None when it is over or nothing is left."""
        days = self.span.days - self.elapsed
        if self.left is None or self.left.units <= 0 or days <= 0:
            return None
        return Money(self.left.units // days)

    @property
    def runs_out(self) -> date | None:
        """The day on which the forecast passes the limit, if it does before the period ends."""
        return self.forecast.runs_out(self.limit) if isinstance(self.forecast, Forecast) else None

    @property
    def heading_over(self) -> bool:
        return isinstance(self.forecast, Forecast) and self.forecast.total > self.limit


class Reason(StrEnum):
    """Why something is said of a budget, or not; shown in logs, tests and `budget`."""

    NO_DATA = "no_data"
    BELOW_MARKS = "below_every_mark"
    CROSSED = "crossed_a_mark"
    SAID_BEFORE = "said_before"
    NOT_ASKED = "forecast_not_asked_for"
    NO_FORECAST = "no_forecast"
    HEADING_WITHIN = "heading_within"
    HEADING_OVER = "heading_over"
    BACK_WITHIN = "back_within"
    OVER_ALREADY = "over_already"


@dataclass(frozen=True, slots=True)
class Said:
    """A mark that people were told of in a period, and what was spent then."""

    mark: int
    spent: Money


@dataclass(frozen=True, slots=True)
class Notice:
    """What one look decided about the marks. `mark` is the one to tell, None where there is nothing to say."""

    reason: Reason
    mark: int | None = None


def look(budget: Budget, span: Span, spent: Money | None, said: Collection[Said]) -> Notice:
    """Hold what is spent in a period against the marks; only the highest one crossed is ever told.

    A mark was said when it, or a higher one, was told at an amount that crosses it today. So within one period nothing
    is told twice, whatever is restated or granted, taken back and granted again; and a mark that a larger amount has
    put out of reach is told once more when spending comes up to it.
    """
    if spent is None:
        return Notice(Reason.NO_DATA)
    limit = budget.limit(span)
    crossed = [mark for mark in budget.marks if _crosses(spent, mark, limit)]
    if not crossed:
        return Notice(Reason.BELOW_MARKS)
    highest = max(crossed)
    if any(one.mark >= highest and _crosses(one.spent, highest, limit) for one in said):
        return Notice(Reason.SAID_BEFORE)
    return Notice(Reason.CROSSED, highest)


def look_ahead(standing: Standing, *, warned: bool) -> Reason:
    """Hold the forecast against the limit; `warned`: people were told in this period and it was not taken back.

    HEADING_OVER and BACK_WITHIN are to be told. What is over already is the marks' to tell, and takes nothing back; nor
    does a forecast that is missing.
    """
    if not standing.budget.forecast:
        return Reason.NOT_ASKED
    if standing.spent is None:
        return Reason.NO_DATA
    if standing.spent > standing.limit:
        return Reason.OVER_ALREADY
    if not isinstance(standing.forecast, Forecast):
        return Reason.NO_FORECAST
    if standing.heading_over:
        return Reason.SAID_BEFORE if warned else Reason.HEADING_OVER
    if warned and not _crosses(standing.forecast.total, WITHDRAWN_BELOW, standing.limit):
        return Reason.BACK_WITHIN
    return Reason.SAID_BEFORE if warned else Reason.HEADING_WITHIN


def suggestion(costs: Sequence[Money]) -> Money | None:
    """An amount that would have held in most of the last whole periods, `costs` the newest first.

    The second highest of the last six (of three or four: the highest) and a tenth on top, rounded up to two figures.
    None with fewer than three, or where nothing was spent.
    """
    lately = sorted(costs[:SUGGESTION_PERIODS], reverse=True)
    if len(lately) < LEAST_SUGGESTION_PERIODS:
        return None
    usual = lately[1] if len(lately) > LEAST_SUGGESTION_PERIODS + 1 else lately[0]
    if usual.units <= 0:
        return None
    return _rounded_up(Money(-(-usual.units * 11 // 10)))


def _rounded_up(amount: Money) -> Money:
    """To two figures, and to the cent where that is more."""
    step = max(UNITS_PER_CENT, 10 ** max(0, len(str(amount.units)) - 2))
    return Money(-(-amount.units // step) * step)


def _crosses(spent: Money, mark: int, limit: Money) -> bool:
    return spent.units * 100 >= mark * limit.units


def _months_on(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)
