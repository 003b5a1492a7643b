"""What lies ahead: budgets and forecasts from the ledger's whole days, and how such forecasts turned out before."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from bot.answers.budget import Budgeted
from bot.answers.forecast import Outlook
from bot.core.errors import NotFound, Withheld
from bot.core.hours import Stretch
from bot.core.money import ZERO, Money
from bot.core.outlook.budget import BURN_DAYS, SUGGESTION_PERIODS, Budget, Every, Scope, Span, Standing, suggestion
from bot.core.outlook.forecast import Forecast, Past, Unsaid, forecast, track_record
from bot.core.periods import Period, Unit, local_date, midnight
from bot.core.question import Dimension, Question, Subject
from bot.core.usage import Source
from bot.core.utc import dates
from bot.services.figures.names import Found, Names
from bot.services.figures.people import Sight
from bot.services.figures.view import Coverage, View

HISTORY_DAYS = 760
"""Two years and what comes before them: what a year's season is read from."""
RECORD_PERIODS = 6
_DAY = timedelta(days=1)
_EVERY = {
    Unit.DAY: Every.DAY,
    Unit.WEEK: Every.WEEK,
    Unit.MONTH: Every.MONTH,
    Unit.QUARTER: Every.QUARTER,
    Unit.YEAR: Every.YEAR,
}


@dataclass(frozen=True, slots=True)
class History:
    """Billed cost of whole local days, `first` and after; None is a day that is not in yet."""

    first: date
    days: tuple[Money | None, ...]

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
    period = _period(Span(first, stop), zone, running=False)
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


def ahead(question: Question, found: Found, view: View) -> Outlook:
    """The forecast of the question's period, and of the same kind of period before it."""
    zone = question.period.zone
    known = history(view, zone)
    span = Span(local_date(question.period.start, zone), local_date(question.period.end, zone))
    every = _EVERY.get(question.period.unit)
    earlier = Budget("", Scope(), ZERO, every).before(span, RECORD_PERIODS) if every else ()
    elapsed = _elapsed(known, span)
    spent, said = _forecast(known, span, view, zone)
    record = _record(known, earlier, elapsed) if elapsed else ()
    return Outlook(question, found.name, span, spent, known.lately, said, record, elapsed, view.coverage.data_through)


def budgeted(
    connection: Connection, question: Question, found: Found, names: Names, coverage: Coverage, sight: Sight
) -> Budgeted:
    """Where the budgets of what was asked about stand at the end of its period, of everything where it has no name."""
    zone = question.period.zone
    day = local_date(min(coverage.now, question.period.end - timedelta.resolution), zone)
    lines, withheld = [], 0
    for budget in names.configuration.budgets:
        asked = _asked(budget.scope, question.period)
        try:
            about = sight.find(asked, names)
        except NotFound:
            continue  # what a budget is for may have been renamed: `config check` can't know Anthropic's names
        except Withheld:
            withheld += 1
            continue
        span = budget.span(day)
        if span is None or (question.name and about.selection != found.selection):
            continue
        view = View(connection, about.selection, coverage)
        period = coverage.cut(_period(span, zone, running=True))
        try:
            sight.allow(about, period, coverage)
        except Withheld:
            withheld += 1
            continue
        lines.append((about.name, _standing(budget, span, view, zone)))
    suggested = _suggested(View(connection, found.selection, coverage), zone, day) if not lines else None
    return Budgeted(question, found.name, tuple(lines), suggested, withheld, coverage.data_through)


def standing(names: Names, found: Found, view: View, zone: str) -> Standing | None:
    """Where a team's budget for the month stands, if it has one; the first, where there are several."""
    monthly = (one for one in _of_team(names, found) if one.every is Every.MONTH)
    return next(_standings(itertools.islice(monthly, 1), view, zone), None)


def standings(names: Names, found: Found, view: View, zone: str, sight: Sight) -> tuple[Standing, ...]:
    """Where each budget of a team stands today, as far as its figures may be shown."""
    seen = []
    for standing in _standings(_of_team(names, found), view, zone):
        period = view.coverage.cut(_period(standing.span, zone, running=True))
        with suppress(Withheld):
            sight.allow(found, period, view.coverage)
            seen.append(standing)
    return tuple(seen)


def _of_team(names: Names, found: Found) -> Iterator[Budget]:
    return (one for one in names.configuration.budgets if one.scope == Scope("team", found.id or ""))


def _standings(budgets: Iterable[Budget], view: View, zone: str) -> Iterator[Standing]:
    day = local_date(view.coverage.now, zone)
    for budget in budgets:
        span = budget.span(day)
        if span:
            yield _standing(budget, span, view, zone)


def _standing(budget: Budget, span: Span, view: View, zone: str) -> Standing:
    known = history(view, zone)
    spent, said = _forecast(known, span, view, zone)
    return Standing(budget, span, spent, _elapsed(known, span), known.lately, said, known.within(span))


def _forecast(known: History, span: Span, view: View, zone: str) -> tuple[Money | None, Forecast | Unsaid]:
    """What is spent by now, today's part included, and what the period is heading for."""
    spent = view.total(view.coverage.cut(_period(span, zone, running=True))).billed_cost
    said = forecast(known.days, known.first, span.start, span.end)
    if isinstance(said, Forecast) and spent is not None:
        said = said.seen(spent, local_date(view.coverage.now, zone))
    return spent, said


def _record(known: History, earlier: Sequence[Span], elapsed: int) -> tuple[Past, ...]:
    return track_record(known.days, known.first, ((span.start, span.end) for span in earlier), elapsed)


def _suggested(view: View, zone: str, day: date) -> Money | None:
    """A month's budget for something that has none."""
    known = history(view, zone)
    month = Budget("", Scope(), ZERO)
    costs = (known.cost(span) for span in month.before(Span(day.replace(day=1), day), SUGGESTION_PERIODS))
    return suggestion([cost for cost in costs if cost is not None])


def _asked(scope: Scope, period: Period) -> Question:
    """The question that finds what a budget is for."""
    subject = Subject(scope.kind) if scope.kind else Subject.SUMMARY
    return Question(subject, scope.name or None, period, None, None, None, share=False, text="")


def _elapsed(known: History, span: Span) -> int:
    """Whole days of the period that are over and known."""
    return max(0, min((known.stop - span.start).days, span.days))


def _period(span: Span, zone: str, *, running: bool) -> Period:
    return Period(midnight(span.start, zone), midnight(span.end, zone), zone, "", Unit.RANGE, running)
