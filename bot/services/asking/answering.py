"""A question becomes an answer: what its subject needs is gathered from the ledger and handed to the subject's page.

A subject is a row of `_BY_SUBJECT`, a page under `answers/`, and what it gathers in a file here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.answers import alerts as alerts_answer
from bot.answers import budget as budget_answer
from bot.answers import help as help_answer
from bot.answers import ranking, spend
from bot.answers import settings as settings_answer
from bot.answers.answer import Answer
from bot.answers.calls.unreported import beside
from bot.answers.pieces import Plan
from bot.core.access import NOBODY
from bot.core.directory import family
from bot.core.periods import Unit
from bot.core.question import Subject
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
    status,
    trend,
)
from bot.services.asking.examples import examples
from bot.services.configuring import overview
from bot.services.configuring.ground import Ground
from bot.services.figures.findings import topped
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.sight import any_named
from bot.services.figures.unreported import unreported
from bot.store import calls as store

_PLANS: Mapping[Subject, Plan] = {**spend.PLANS, **ranking.PLANS}

_TOLD_BY_CALLS = frozenset(
    {Subject.SUMMARY, Subject.TEAM, Subject.TEAMS, Subject.MODEL, Subject.MODELS, Subject.KEY, Subject.KEYS}
)
"""What calls can answer where Anthropic's reports were never read, as of a log alone."""


def answer(asked: Inquiry) -> Answer:
    """The answer as of its moment, from one consistent state of the database."""
    if own := _BY_SUBJECT.get(asked.question.subject):
        return own(asked)
    return calls.answer(asked) if calls.is_about(asked.question) or _known_by_calls(asked) else _spent(asked)


def _spent(asked: Inquiry) -> Answer:
    """What the thing named cost; of a team also its budget and what fires."""
    question, found = asked.question, asked.found
    every = replace(question, top=None)  # rows that are shown as one are found before any are cut off
    findings = topped(asked.findings(every, _PLANS[question.subject]), question)
    written = spend.answer if question.subject in spend.PLANS else ranking.answer
    said = written(findings, found.name)
    if newer := unreported(asked):
        said = beside(said, newer)
    if question.subject is not Subject.TEAM or not question.period.running:
        return said
    if question.period.unit is Unit.MONTH:
        standing = outlook.standing(asked.names, found, asked.view, question.period.zone)
        said = budget_answer.with_budget(said, standing) if standing else said
    if found.id:
        team = family(found.id, asked.names.configuration.teams)
        said = alerts_answer.beside(said, alerting.open_ones(asked, team), asked.here)
    return said


def _known_by_calls(asked: Inquiry) -> bool:
    """People are asked about whom no report names, and programs do; or nothing is reported at all."""
    if asked.question.subject in (Subject.USER, Subject.USERS):
        return not any_named(asked.connection) and store.any_named(asked.connection)
    unreported = not asked.coverage.organizations and asked.question.subject in _TOLD_BY_CALLS
    return unreported and store.any_held(asked.connection)


def _chart(asked: Inquiry) -> Answer:
    return calls.answer(asked) if calls.is_about(asked.question) else charts.answer(asked)


def _help(asked: Inquiry) -> Answer:
    about = Subject(asked.question.name) if asked.question.name else None
    return help_answer.answer(about, examples(asked.connection, asked.names, asked.now.date()))


def _settings(asked: Inquiry) -> Answer:
    """What is in force; a channel sees no more of it than anybody."""
    asker = NOBODY if asked.shared or asked.question.share else asked.asker
    found = overview.read(Ground(asked.connection, asked.names, asked.here, asker, "", asked.now))
    if asked.question.subject is Subject.SETTINGS:
        return settings_answer.answer(found)
    return settings_answer.subscribed(found, asked.question.text)


_BY_SUBJECT: Mapping[Subject, Callable[[Inquiry], Answer]] = {
    Subject.STATUS: status.answer,
    Subject.HELP: _help,
    Subject.SETTINGS: _settings,
    Subject.SUBSCRIBE: _settings,
    Subject.LIMITS: limits.answer,
    Subject.CODE: coding.answer,
    Subject.CALLS: calls.answer,
    Subject.ALERTS: alerting.answer,
    Subject.COMPARE: compare.answer,
    Subject.WHY: change.answer,
    Subject.PLAN: plans.answer,
    Subject.ADVICE: advice.answer,
    Subject.CHART: _chart,
    Subject.EXPORT: filing.answer,
    Subject.TREND: trend.answer,
    Subject.FORECAST: outlook.forecast,
    Subject.BUDGET: outlook.budget,
}
"""Every other subject is what something cost, or what programs told of it."""
