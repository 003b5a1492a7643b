"""What lies ahead: budgets and forecasts from the ledger's whole days, and how such forecasts turned out before."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta

from bot.answers import budget as budget_answer
from bot.answers import forecast as forecast_answer
from bot.answers.answer import Answer
from bot.answers.budget import Budgeted
from bot.answers.forecast import TEN_DAYS, Outlook
from bot.core.errors import NotFound, Withheld
from bot.core.money import ZERO, Money
from bot.core.outlook.budget import SUGGESTION_PERIODS, Budget, Every, Scope, Span, Standing, suggestion
from bot.core.outlook.forecast import Past, track_record
from bot.core.periods import Period, Unit, local_date
from bot.core.question import Question, Subject
from bot.services.figures import outlook as figures
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Found, Names
from bot.services.figures.sight import Sight
from bot.services.figures.view import View

RECORD_PERIODS = 6
_EVERY = {
    Unit.DAY: Every.DAY,
    Unit.WEEK: Every.WEEK,
    Unit.MONTH: Every.MONTH,
    Unit.QUARTER: Every.QUARTER,
    Unit.YEAR: Every.YEAR,
}


def ahead(question: Question, found: Found, view: View) -> Outlook:
    """The forecast of the question's period, and of the same kind of period before it."""
    zone = question.period.zone
    known = figures.history(view, zone)
    span = Span(local_date(question.period.start, zone), local_date(question.period.end, zone))
    every = _EVERY.get(question.period.unit)
    earlier = Budget("", Scope(), ZERO, every).before(span, RECORD_PERIODS) if every else ()
    elapsed = figures.elapsed(known, span)
    spent, said = figures.heading(known, span, view, zone)
    record = _record(known, earlier, elapsed or TEN_DAYS)
    return Outlook(question, found.name, span, spent, known.lately, said, record, elapsed, view.coverage.data_through)


def budget(asked: Inquiry) -> Answer:
    return budget_answer.answer(budgeted(asked))


def forecast(asked: Inquiry) -> Answer:
    return forecast_answer.answer(ahead(asked.question, asked.found, asked.view))


def budgeted(asked: Inquiry) -> Budgeted:
    """Where the budgets of what was asked about stand at the end of its period, of everything where it has no name."""
    question, names, coverage, sight = asked.question, asked.names, asked.coverage, asked.sight
    zone = question.period.zone
    day = local_date(min(coverage.now, question.period.end - timedelta.resolution), zone)
    lines, withheld = [], 0
    for budget in names.configuration.budgets:
        try:
            about = sight.find(_asked(budget.scope, question.period), names)
        except NotFound:
            continue  # what a budget is for may have been renamed: `config check` can't know Anthropic's names
        except Withheld:
            withheld += 1
            continue
        span = budget.span(day)
        if span is None or (question.name and about.selection != asked.found.selection):
            continue
        period = coverage.cut(figures.period_of(span, zone, running=True))
        try:
            sight.allow(about, period, coverage)
        except Withheld:
            withheld += 1
            continue
        lines.append((about.name, figures.standing(budget, span, asked.view_of(about), zone)))
    suggested = _suggested(asked.view, zone, day) if not lines else None
    return Budgeted(question, asked.found.name, tuple(lines), suggested, withheld, coverage.data_through)


def standing(names: Names, found: Found, view: View, zone: str) -> Standing | None:
    """Where a team's budget for the month stands, if it has one; the first, where there are several."""
    monthly = (one for one in _of_team(names, found) if one.every is Every.MONTH)
    return next(figures.standings(itertools.islice(monthly, 1), view, zone), None)


def standings(names: Names, found: Found, view: View, zone: str, sight: Sight) -> tuple[Standing, ...]:
    """Where each budget of a team stands today, as far as its figures may be shown."""
    seen = []
    for standing in figures.standings(_of_team(names, found), view, zone):
        period = view.coverage.cut(figures.period_of(standing.span, zone, running=True))
        with suppress(Withheld):
            sight.allow(found, period, view.coverage)
            seen.append(standing)
    return tuple(seen)


def _of_team(names: Names, found: Found) -> Iterator[Budget]:
    return (one for one in names.configuration.budgets if one.scope == Scope("team", found.id or ""))


def _record(known: figures.History, earlier: Sequence[Span], elapsed: int) -> tuple[Past, ...]:
    return track_record(known.days, known.first, ((span.start, span.end) for span in earlier), elapsed)


def _suggested(view: View, zone: str, day: date) -> Money | None:
    """A month's budget for something that has none."""
    known = figures.history(view, zone)
    month = Budget("", Scope(), ZERO)
    costs = (known.cost(span) for span in month.before(Span(day.replace(day=1), day), SUGGESTION_PERIODS))
    return suggestion([cost for cost in costs if cost is not None])


def _asked(scope: Scope, period: Period) -> Question:
    """The question that finds what a budget is for."""
    subject = Subject(scope.kind) if scope.kind else Subject.SUMMARY
    return Question(subject, scope.name or None, period, None, None, None, share=False, text="")
