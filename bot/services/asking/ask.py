"""A sentence becomes an answer: parse, gather from the ledger, hand to the subject's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

import bot
from bot.answers import advice as advice_answer
from bot.answers import alerts as alerts_answer
from bot.answers import budget as budget_answer
from bot.answers import compare as compare_answer
from bot.answers import export as export_answer
from bot.answers import forecast as forecast_answer
from bot.answers import help as help_answer
from bot.answers import plan as plan_answer
from bot.answers import ranking, spend
from bot.answers import reconcile as reconcile_answer
from bot.answers import settings as settings_answer
from bot.answers import status as status_answer
from bot.answers import trend as trend_answer
from bot.answers import why as why_answer
from bot.answers.answer import Amount, Answer, Tokens
from bot.answers.calls.unreported import beside
from bot.answers.pieces import Plan
from bot.core import wording
from bot.core.access import NOBODY, Asker
from bot.core.directory import UNALLOCATED, family
from bot.core.errors import NotFound, UnreadWords, WordsError
from bot.core.money import ZERO, Money
from bot.core.periods import Unit
from bot.core.question import Dimension, Question, Subject, recalled
from bot.core.report import Figures
from bot.core.usage import CONSOLE, NOT_BY_KEY, Source
from bot.core.words import mentions
from bot.services import outbox, tracing
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
from bot.services.asking.understanding import Understanding
from bot.services.books import reconcile
from bot.services.configuration import zone_in_force
from bot.services.configuring import overview
from bot.services.configuring.ground import Ground
from bot.services.figures.findings import gather
from bot.services.figures.list_range import ranged
from bot.services.figures.names import Names
from bot.services.figures.people import Recognition, Sight, any_named, topped
from bot.services.figures.unreported import disagreement, unreported
from bot.services.figures.view import Coverage, View
from bot.services.syncing import sources
from bot.store import call_series, call_sums, ledger, memory, restatements
from bot.store.database import Database

T = TypeVar("T")

_WEEK = timedelta(days=7)
AT_ONCE = 2
"""Questions that are worked on at once: with more, they take the interpreter from the loop that acks the next ones."""
RESTATEMENTS_SHOWN = 5
LOST_SHOWN = 5

_OF_RIGHTS = (Subject.SETTINGS, Subject.SUBSCRIBE)
"""These say what the asker may change, wherever they are asked."""
_SUBJECTS: Mapping[Subject, Plan] = {**spend.PLANS, **ranking.PLANS}


class Ask:
    """Answers questions. `zone` is where people count their days unless the configuration says another.

    With an `understanding`, what the grammar can't read is put into its words and asked again.
    """

    def __init__(
        self,
        database: Database,
        zone: str,
        recognition: Recognition | None = None,
        understanding: Understanding | None = None,
    ) -> None:
        self._database = database
        self._zone = zone
        self._recognition = recognition or Recognition()
        self._understanding = understanding
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def answer(
        self, text: str, now: datetime, asker: Asker = NOBODY, *, shared: bool = False, said: datetime | None = None
    ) -> Answer:
        """The answer for this asker, or with `shared` for a channel; `said`: when the words were, if not now.

        Raises WordsError for words it can't read, NotFound for a name it doesn't know, Withheld for figures of people
        whom the asker may not see.
        """
        try:
            return await self._read(text, now, asker, shared=shared, said=said or now)
        except UnreadWords:
            understood = await self._understood(text, now, asker, shared=shared)
            if understood is None:
                raise
            return understood

    async def _read(self, text: str, now: datetime, asker: Asker, *, shared: bool, said: datetime) -> Answer:
        def answered(connection: Connection, known: Asker) -> Answer:
            return _answered(connection, text, now, self._zone, known, shared=shared, said=said)

        return await self._recognition.read(self._in_turn, answered, asker, always=mentions(text, _OF_RIGHTS))

    async def _in_turn(self, function: Callable[[Connection], T], /) -> T:
        async with self._turns:
            return await self._database.read(function)

    async def _understood(self, text: str, now: datetime, asker: Asker, *, shared: bool) -> Answer | None:
        """The answer to what Claude takes the words for, and which words those are; None where that helps nobody."""
        words = await self._understanding.words(text, now) if self._understanding else None
        if words is None:
            return None
        try:
            answer = await self._read(words, now, asker, shared=shared, said=now)
        except (WordsError, NotFound):
            return None
        return _noted(answer, f"Understood as: /claude-usage {words}")


def _answered(
    connection: Connection, text: str, now: datetime, zone: str, asker: Asker, *, shared: bool, said: datetime
) -> Answer:
    question = recalled(text, said=said, now=now, zone=zone_in_force(connection, zone))
    with tracing.span("question", subject=question.subject.value):
        return answer(connection, question, now, zone, asker=asker, shared=shared)


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
    names = Names.read(connection)
    if question.subject is Subject.STATUS:
        return status_answer.answer(_status(connection, names, now))
    if question.subject is Subject.HELP:
        return help_answer.answer(
            Subject(question.name) if question.name else None, _examples(connection, names, now.date())
        )
    if question.subject in (Subject.SETTINGS, Subject.SUBSCRIBE):
        return _settings(Ground(connection, names, names.zone(zone), asker, "", now), question, shared)
    if question.subject is Subject.LIMITS:
        return limits.answer(connection, question, names, now)
    filed = question.subject is Subject.EXPORT  # the file goes to the asker alone, whoever reads the words about it
    sight = Sight.of(connection, names, asker, shared=shared or (question.share and not filed))
    if question.subject is Subject.CODE:
        return coding.answer(connection, question, names, sight.access, now)
    if calls.is_about(question) or _known_by_calls(connection, question):
        return calls.answer(connection, question, names, sight.access, asker, now)
    coverage = Coverage.read(connection, now)
    if question.subject is Subject.ALERTS:
        here = names.zone(zone)
        return alerts_answer.answer(alerting.asked(connection, question, names, coverage, sight, here))
    if question.subject is Subject.COMPARE:
        return compare_answer.answer(compare.compare(connection, question, names, coverage, sight, zone))
    found = sight.find(question, names)
    sight.allow(found, coverage.cut(question.period), coverage)
    if question.subject is Subject.WHY:
        shown = partial(sight.shown, found=found, coverage=coverage)
        plan = why_answer.PLANS[question.thing]
        explained = change.explain(connection, question, found, names, plan, coverage, zone, shown)
        return why_answer.answer(explained, found.name)
    if question.subject is Subject.PLAN:
        return plan_answer.answer(plans.compare(connection, question, found, names, coverage, sight))
    if question.subject is Subject.ADVICE:
        return advice_answer.answer(advice.advise(connection, question, found, names, coverage, sight))
    if question.subject is Subject.CHART:
        return charts.answer(connection, question, found, names, coverage, sight, zone)
    if question.subject is Subject.EXPORT:
        return export_answer.answer(filing.filed(connection, question, found, names, coverage, sight))
    if question.subject is Subject.TREND:
        return trend_answer.answer(trend.course(connection, question, found, names, coverage, sight, zone), found.name)
    if question.subject is Subject.FORECAST:
        return forecast_answer.answer(outlook.ahead(question, found, View(connection, found.selection, coverage)))
    if question.subject is Subject.BUDGET:
        return budget_answer.answer(outlook.budgeted(connection, question, found, names, coverage, sight))
    every = replace(question, top=None)  # rows that are shown as one are found before any are cut off
    findings = gather(connection, every, found, names, _SUBJECTS[question.subject], coverage, zone)
    findings = ranged(connection, findings, found.selection, coverage)
    findings = topped(sight.shown(findings, found, coverage), question)
    written = spend.answer if question.subject in spend.PLANS else ranking.answer
    said = written(findings, found.name)
    if newer := unreported(connection, question, found, names, coverage, sight.access):
        said = beside(said, newer)
    if question.subject is Subject.TEAM and question.period.running and question.period.unit is Unit.MONTH:
        standing = outlook.standing(names, found, View(connection, found.selection, coverage), question.period.zone)
        said = budget_answer.with_budget(said, standing) if standing else said
    if question.subject is Subject.TEAM and question.period.running and found.id:
        here, team = names.zone(zone), family(found.id, names.configuration.teams)
        said = alerts_answer.beside(said, alerting.open_ones(connection, names, coverage, sight, here, team), here)
    return said


def _settings(ground: Ground, question: Question, shared: bool) -> Answer:
    """What is in force; a channel sees no more of it than anybody."""
    ground = replace(ground, asker=NOBODY) if shared or question.share else ground
    found = overview.read(ground)
    if question.subject is Subject.SETTINGS:
        return settings_answer.answer(found)
    return settings_answer.subscribed(found, question.text)


def _known_by_calls(connection: Connection, question: Question) -> bool:
    """People are asked about whom no report names, and programs do."""
    people_asked = question.subject in (Subject.USER, Subject.USERS)
    return people_asked and not any_named(connection) and call_sums.any_named(connection)


def _noted(answer: Answer, note: str) -> Answer:
    """The answer with this as its first note, for programs too."""
    report = answer.report and replace(answer.report, notes=(note, *answer.report.notes))
    return replace(answer, notes=(note, *answer.notes), report=report)


def _status(connection: Connection, names: Names, now: datetime) -> status_answer.Status:
    called = {directory.organization_id: directory.organization_name for directory in names.organizations}
    reconciled = reconcile.recent(connection, now)
    return status_answer.Status(
        bot.__version__,
        sources.lines(connection, called),
        len(names.configuration.teams),
        names.ties,
        [_restated(one) for one in restatements.latest(connection, RESTATEMENTS_SHOWN)],
        reconcile_answer.verdict(reconciled) if reconciled else "",
        all(held.found.explained for held in reconciled),
        outbox.lost_lately(connection, now, LOST_SHOWN),
        disagreement(connection, names, Coverage.read(connection, now)),
        call_series.calls_together(connection, now - _WEEK),
    )


def _restated(one: restatements.Restatement) -> status_answer.RestatedLine:
    """Cost is money, usage is tokens."""
    money, change = one.source is Source.COST, one.after - one.before
    before = Amount(Money(one.before)) if money else Tokens(one.before)
    size = wording.to_the_cent(Money(abs(change))) if money else wording.count(abs(change))
    sign = "+" if change > 0 else "−"
    return status_answer.RestatedLine(one.day, one.source.value, before, f"{sign}{size}", one.noticed_at)


def _examples(connection: Connection, names: Names, today: date) -> dict[str, str]:
    """A real name of each kind, the one that costs most lately, so that the examples can be pasted."""
    examples = {}
    team = next((team for team in names.team_ids() if team != UNALLOCATED), None)
    if team:
        examples["team"] = team
    since, until = today - timedelta(days=30), today + timedelta(days=1)
    selection = names.selection()

    def read(dimension: Dimension) -> Mapping[str, Figures]:
        return ledger.figures(connection, since, until, selection=selection, by=dimension)

    for kind, dimension in (("model", Dimension.MODEL), ("workspace", Dimension.WORKSPACE), ("key", Dimension.KEY)):
        lately = memory.remembered(connection, ("lately", since, selection, dimension), partial(read, dimension))
        named = {
            id_: figures.billed_cost or ZERO
            for id_, figures in lately.items()
            if id_.rpartition("/")[2] not in (NOT_BY_KEY, CONSOLE)
        }
        if named:
            examples[kind] = names.of(dimension, max(named, key=named.__getitem__))
    return examples
