"""A sentence becomes an answer: parse, gather from the ledger, hand to the subject's answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

import bot
from bot.answers import help as help_answer
from bot.answers import ranking, spend
from bot.answers import reconcile as reconcile_answer
from bot.answers import status as status_answer
from bot.answers.answer import Amount, Answer, Tokens
from bot.answers.pieces import Plan
from bot.core import wording
from bot.core.directory import UNALLOCATED
from bot.core.money import ZERO, Money
from bot.core.question import Dimension, Question, Subject, parse
from bot.core.usage import CONSOLE, NOT_BY_KEY, Source
from bot.services import reconcile
from bot.services.findings import Coverage, gather
from bot.services.names import Names
from bot.store import ledger, restatements, snapshots
from bot.store.database import Database

ZONE = "UTC"
"""Daily reports know UTC days only; local days need hourly ones."""

RESTATEMENTS_SHOWN = 5

_SUBJECTS: Mapping[Subject, Plan] = {**spend.PLANS, **ranking.PLANS}


class Ask:
    """Answers questions. `zone` is the people's own time zone, for the note that days are not local ones."""

    def __init__(self, database: Database, zone: str) -> None:
        self._database = database
        self._zone = zone

    async def answer(self, text: str, now: datetime) -> Answer:
        """Raises WordsError for words it can't read, NotFound for a name it doesn't know."""
        question = parse(text, now=now, zone=ZONE)
        return await self._database.read(answer, question, now, self._zone)


def answer(connection: Connection, question: Question, now: datetime, zone: str) -> Answer:
    """The answer as of `now`, from one consistent state of the database."""
    names = Names.read(connection)
    if question.subject is Subject.STATUS:
        return status_answer.answer(_status(connection, names, now))
    if question.subject is Subject.HELP:
        return help_answer.answer(
            Subject(question.name) if question.name else None, _examples(connection, names, now.date())
        )
    found = names.find(connection, question)
    findings = gather(
        connection, question, found, names, _SUBJECTS[question.subject], Coverage.read(connection, now), zone
    )
    written = spend.answer if question.subject in spend.PLANS else ranking.answer
    return written(findings, found.name)


def _status(connection: Connection, names: Names, now: datetime) -> status_answer.Status:
    called = {directory.organization_id: directory.organization_name for directory in names.organizations}
    reconciled = reconcile.recent(connection, now)
    return status_answer.Status(
        bot.__version__,
        [
            status_answer.SourceLine(
                called.get(line.organization_id, line.organization_id),
                line.source.value,
                line.first,
                line.through,
                line.succeeded_at,
                line.error,
            )
            for line in snapshots.statuses(connection)
        ],
        len(names.configuration.teams),
        names.ties(),
        names.configuration.deferred,
        [_restated(one) for one in restatements.latest(connection, RESTATEMENTS_SHOWN)],
        reconcile_answer.verdict(reconciled) if reconciled else "",
        all(held.found.explained for held in reconciled),
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
    for kind, dimension in (("model", Dimension.MODEL), ("workspace", Dimension.WORKSPACE), ("key", Dimension.KEY)):
        lately = ledger.figures(connection, today - timedelta(days=30), today + timedelta(days=1), by=dimension)
        named = {
            id_: figures.billed_cost or ZERO for id_, figures in lately.items() if id_ not in (NOT_BY_KEY, CONSOLE)
        }
        if named:
            examples[kind] = names.of(dimension, max(named, key=named.__getitem__))
    return examples
