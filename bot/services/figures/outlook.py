"""Budgets and forecasts from the ledger's whole days: what they were, and where each budget stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from bot.core.hours import Stretch
from bot.core.money import ZERO, Money
from bot.core.outlook.budget import BURN_DAYS, Budget, Span, Standing
from bot.core.outlook.forecast import Forecast, Unsaid, forecast
from bot.core.periods import Period, Unit, local_date, midnight
from bot.core.question import Dimension
from bot.core.usage import Source
from bot.core.utc import dates
from bot.services.figures.view import View
from bot.store import memory

HISTORY_DAYS = 760
"""Two years and what comes before them: what a year's season is read from."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class History:
    """Billed cost of whole local days, `first` and after; None is a day that is not in yet."""

    first: date
    days: tuple[Money | None, ...]

    def __len__(self) -> int:
        return len(self.days)

    @property
    def stop(self) -> date:
        """The first day that is not whole yet."""
        return self.first + timedelta(days=len(self.days))

    def cost(self, span: Span) -> Money | None:
        """What a period came to; None unless every day of it is known."""
        begin, stop = (span.start - self.first).days, (span.end - self.first).days
        known = [day for day in self.days[max(0, begin) : stop] if day is not None]
        return sum(known, ZERO) if begin >= 0 and len(known) == span.days else None

    def within(self, span: Span) -> tuple[Money | None, ...]:
        """The whole days of a period so far; none where the days do not go back to its first."""
        begin, stop = (span.start - self.first).days, (span.end - self.first).days
        return self.days[begin:stop] if begin >= 0 else ()

    @property
    def lately(self) -> Money | None:
        """What was spent a day in the last week."""
        week = [day for day in self.days[-BURN_DAYS:] if day is not None]
        return Money(sum(day.units for day in week) // BURN_DAYS) if len(week) == BURN_DAYS else None


def history(view: View, zone: str) -> History:
    """Every whole day that is known, at most HISTORY_DAYS."""
    through = view.coverage.data_through
    stop = local_date(min(through or view.coverage.now, view.coverage.now), zone)
    first = stop - timedelta(days=HISTORY_DAYS)
    if through is None:
        return History(stop, ())
    key = ("history", view.selection, zone, first)
    return memory.remembered(view.connection, key, partial(_read, view, zone, first, stop))


def _read(view: View, zone: str, first: date, stop: date) -> History:
    """The days from `first` to before `stop`, by local midnights."""
    period = period_of(Span(first, stop), zone, running=False)
    missing = set(view.missing(Source.COST, period))
    course = view.by(Dimension.DAY, period)
    days: list[Money | None] = []
    for n in range(HISTORY_DAYS):
        day = first + n * _DAY
        since, until = Stretch(midnight(day, zone), midnight(day + _DAY, zone)).touched
        figures = course.get(day.isoformat())
        unread = not missing.isdisjoint(dates(since, until))
        days.append(None if unread else figures.billed_cost if figures else ZERO)
    return History(first, tuple(days))


def standings(budgets: Iterable[Budget], view: View, zone: str) -> Iterator[Standing]:
    """Where budgets of one thing stand today; one that has no period today is left out."""
    day = local_date(view.coverage.now, zone)
    for budget in budgets:
        span = budget.span(day)
        if span:
            yield standing(budget, span, view, zone)


def standing(budget: Budget, span: Span, view: View, zone: str) -> Standing:
    """Where a budget stands in one of its periods."""
    known = history(view, zone)
    spent, said = heading(known, span, view, zone)
    return Standing(budget, span, spent, elapsed(known, span), known.lately, said, known.within(span))


def heading(known: History, span: Span, view: View, zone: str) -> tuple[Money | None, Forecast | Unsaid]:
    """What is spent by now, today's part included, and what the period is heading for."""
    spent = view.total(view.coverage.cut(period_of(span, zone, running=True))).billed_cost
    said = forecast(known.days, known.first, span.start, span.end)
    if isinstance(said, Forecast) and spent is not None:
        said = said.seen(spent, local_date(view.coverage.now, zone))
    return spent, said


def elapsed(known: History, span: Span) -> int:
    """Whole days of the period that are over and known."""
    return max(0, min((known.stop - span.start).days, span.days))


def period_of(span: Span, zone: str, *, running: bool) -> Period:
    """A budget's period as figures are asked for."""
    return Period(midnight(span.start, zone), midnight(span.end, zone), zone, "", Unit.RANGE, running)
