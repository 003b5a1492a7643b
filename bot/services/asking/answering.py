"""A question becomes an answer: what its subject needs is gathered from the ledger and handed to the subject's page.

A subject is a row of `_BY_SUBJECT`, a page under `answers/`, and what it gathers in a file here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial

from sqlalchemy import Connection

from bot.answers import advice as advice_answer
from bot.answers import alerts as alerts_answer
from bot.answers import budget as budget_answer
from bot.answers import compare as compare_answer
from bot.answers import export as export_answer
from bot.answers import forecast as forecast_answer
from bot.answers import help as help_answer
from bot.answers import plan as plan_answer
from bot.answers import ranking, spend
from bot.answers import settings as settings_answer
from bot.answers import status as status_answer
from bot.answers import trend as trend_answer
from bot.answers import why as why_answer
from bot.answers.answer import Answer
from bot.answers.calls.unreported import beside
from bot.answers.pieces import Plan
from bot.core.access import NOBODY, Asker
from bot.core.directory import family
from bot.core.periods import Unit
from bot.core.question import Question, Subject
from bot.services.asking import (
    advice,
    alerting,
    calls,
    change,
    charts,
    coding,
    compare,
    filing,
    limits,
    outlook,
    plans,
    trend,
)
from bot.services.asking.examples import examples
from bot.services.asking.status import status
from bot.services.configuring import overview
from bot.services.configuring.ground import Ground
from bot.services.figures.findings import gather
from bot.services.figures.list_range import ranged
from bot.services.figures.names import Found, Names
from bot.services.figures.people import Sight, any_named, topped
from bot.services.figures.unreported import unreported
from bot.services.figures.view import Coverage, View
from bot.store import calls as store

_PLANS: Mapping[Subject, Plan] = {**spend.PLANS, **ranking.PLANS}

_TOLD_BY_CALLS = frozenset(
    {Subject.SUMMARY, Subject.TEAM, Subject.TEAMS, Subject.MODEL, Subject.MODELS, Subject.KEY, Subject.KEYS}
)
"""What calls can answer where Anthropic's reports were never read, as of a log alone."""


@dataclass(frozen=True)
class _Inquiry:
    """A question, who asks it, and what it may be answered from; what is not needed is not read."""

    connection: Connection
    question: Question
    names: Names
    now: datetime
    zone: str
    asker: Asker
    shared: bool
    """Others read the answer."""

    @cached_property
    def here(self) -> str:
        """The zone people count their days in."""
        return self.names.zone(self.zone)

    @cached_property
    def coverage(self) -> Coverage:
        return Coverage.read(self.connection, self.now)

    @cached_property
    def sight(self) -> Sight:
        filed = self.question.subject is Subject.EXPORT  # the file goes to the asker alone, whoever reads about it
        shared = self.shared or (self.question.share and not filed)
        return Sight.of(self.connection, self.names, self.asker, shared=shared)

    @cached_property
    def found(self) -> Found:
        """What the question names. Raises NotFound, and Withheld where its figure is not for the asker."""
        found = self.sight.find(self.question, self.names)
        self.sight.allow(found, self.coverage.cut(self.question.period), self.coverage)
        return found

    @cached_property
    def view(self) -> View:
        return View(self.connection, self.found.selection, self.coverage)


def answer(
    connection: Connection,
    question: Question,
    now: datetime,
    zone: str,
    *,
    asker: Asker = NOBODY,
    shared: bool = False,
) -> Answer:
    """The answer as of `now`, from one consistent state of the database."""
    asked = _Inquiry(connection, question, Names.read(connection), now, zone, asker, shared)
    if own := _BY_SUBJECT.get(question.subject):
        return own(asked)
    return _of_calls(asked) if calls.is_about(question) or _known_by_calls(asked) else _spent(asked)


def _spent(asked: _Inquiry) -> Answer:
    """What the thing named cost; of a team also its budget and what fires."""
    connection, question, names, found = asked.connection, asked.question, asked.names, asked.found
    every = replace(question, top=None)  # rows that are shown as one are found before any are cut off
    findings = gather(connection, every, found, names, _PLANS[question.subject], asked.coverage, asked.zone)
    findings = ranged(connection, findings, found.selection, asked.coverage)
    findings = topped(asked.sight.shown(findings, found, asked.coverage), question)
    written = spend.answer if question.subject in spend.PLANS else ranking.answer
    said = written(findings, found.name)
    if newer := unreported(connection, question, found, names, asked.coverage, asked.sight.access):
        said = beside(said, newer)
    if question.subject is not Subject.TEAM or not question.period.running:
        return said
    if question.period.unit is Unit.MONTH:
        standing = outlook.standing(names, found, asked.view, question.period.zone)
        said = budget_answer.with_budget(said, standing) if standing else said
    if found.id:
        team = family(found.id, names.configuration.teams)
        fires = alerting.open_ones(connection, names, asked.coverage, asked.sight, asked.here, team)
        said = alerts_answer.beside(said, fires, asked.here)
    return said


def _known_by_calls(asked: _Inquiry) -> bool:
    """People are asked about whom no report names, and programs do; or nothing is reported at all."""
    if asked.question.subject in (Subject.USER, Subject.USERS):
        return not any_named(asked.connection) and store.any_named(asked.connection)
    unreported = not asked.coverage.organizations and asked.question.subject in _TOLD_BY_CALLS
    return unreported and store.any_held(asked.connection)


def _of_calls(asked: _Inquiry) -> Answer:
    access = asked.sight.access
    return calls.answer(asked.connection, asked.question, asked.names, access, asked.asker, asked.now)


def _chart(asked: _Inquiry) -> Answer:
    if calls.is_about(asked.question):
        return _of_calls(asked)
    coverage, sight = asked.coverage, asked.sight
    return charts.answer(asked.connection, asked.question, asked.found, asked.names, coverage, sight, asked.zone)


def _status(asked: _Inquiry) -> Answer:
    return status_answer.answer(status(asked.connection, asked.names, asked.now))


def _help(asked: _Inquiry) -> Answer:
    about = Subject(asked.question.name) if asked.question.name else None
    return help_answer.answer(about, examples(asked.connection, asked.names, asked.now.date()))


def _settings(asked: _Inquiry) -> Answer:
    """What is in force; a channel sees no more of it than anybody."""
    asker = NOBODY if asked.shared or asked.question.share else asked.asker
    found = overview.read(Ground(asked.connection, asked.names, asked.here, asker, "", asked.now))
    if asked.question.subject is Subject.SETTINGS:
        return settings_answer.answer(found)
    return settings_answer.subscribed(found, asked.question.text)


def _limits(asked: _Inquiry) -> Answer:
    return limits.answer(asked.connection, asked.question, asked.names, asked.now)


def _code(asked: _Inquiry) -> Answer:
    return coding.answer(asked.connection, asked.question, asked.names, asked.sight.access, asked.now)


def _alerts(asked: _Inquiry) -> Answer:
    found = alerting.asked(asked.connection, asked.question, asked.names, asked.coverage, asked.sight, asked.here)
    return alerts_answer.answer(found)


def _compare(asked: _Inquiry) -> Answer:
    coverage, sight = asked.coverage, asked.sight
    found = compare.compare(asked.connection, asked.question, asked.names, coverage, sight, asked.zone)
    return compare_answer.answer(found)


def _why(asked: _Inquiry) -> Answer:
    found, coverage, plan = asked.found, asked.coverage, why_answer.PLANS[asked.question.thing]
    shown = partial(asked.sight.shown, found=found, coverage=coverage)
    explained = change.explain(asked.connection, asked.question, found, asked.names, plan, coverage, asked.zone, shown)
    return why_answer.answer(explained, found.name)


def _plan(asked: _Inquiry) -> Answer:
    coverage, sight = asked.coverage, asked.sight
    return plan_answer.answer(
        plans.compare(asked.connection, asked.question, asked.found, asked.names, coverage, sight)
    )


def _advice(asked: _Inquiry) -> Answer:
    coverage, sight = asked.coverage, asked.sight
    return advice_answer.answer(
        advice.advise(asked.connection, asked.question, asked.found, asked.names, coverage, sight)
    )


def _export(asked: _Inquiry) -> Answer:
    coverage, sight = asked.coverage, asked.sight
    return export_answer.answer(
        filing.filed(asked.connection, asked.question, asked.found, asked.names, coverage, sight)
    )


def _trend(asked: _Inquiry) -> Answer:
    coverage, sight = asked.coverage, asked.sight
    course = trend.course(asked.connection, asked.question, asked.found, asked.names, coverage, sight, asked.zone)
    return trend_answer.answer(course, asked.found.name)


def _forecast(asked: _Inquiry) -> Answer:
    return forecast_answer.answer(outlook.ahead(asked.question, asked.found, asked.view))


def _budget(asked: _Inquiry) -> Answer:
    coverage, sight = asked.coverage, asked.sight
    return budget_answer.answer(
        outlook.budgeted(asked.connection, asked.question, asked.found, asked.names, coverage, sight)
    )


_BY_SUBJECT: Mapping[Subject, Callable[[_Inquiry], Answer]] = {
    Subject.STATUS: _status,
    Subject.HELP: _help,
    Subject.SETTINGS: _settings,
    Subject.SUBSCRIBE: _settings,
    Subject.LIMITS: _limits,
    Subject.CODE: _code,
    Subject.CALLS: _of_calls,
    Subject.ALERTS: _alerts,
    Subject.COMPARE: _compare,
    Subject.WHY: _why,
    Subject.PLAN: _plan,
    Subject.ADVICE: _advice,
    Subject.CHART: _chart,
    Subject.EXPORT: _export,
    Subject.TREND: _trend,
    Subject.FORECAST: _forecast,
    Subject.BUDGET: _budget,
}
"""Every other subject is what something cost, or what programs told of it."""
