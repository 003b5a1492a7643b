"""A sentence becomes an answer: parse, gather from the ledger, hand to the subject's answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

import bot
from bot.answers import help as help_answer
from bot.answers import ranking, spend
from bot.answers import status as status_answer
from bot.answers.answer import Answer
from bot.answers.pieces import Plan
from bot.core.directory import UNALLOCATED
from bot.core.question import Dimension, Question, Subject, parse
from bot.services.findings import Coverage, gather
from bot.services.names import Names
from bot.store import ledger, snapshots
from bot.store.database import Database

ZONE = "UTC"
"""Daily reports know UTC days only; local days need hourly ones."""

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
        return status_answer.answer(_status(connection, names))
    if question.subject is Subject.HELP:
        return help_answer.answer(Subject(question.name) if question.name else None, _examples(connection, names))
    found = names.find(connection, question)
    findings = gather(
        connection, question, found, names, _SUBJECTS[question.subject], Coverage.read(connection, now), zone
    )
    written = spend.answer if question.subject in spend.PLANS else ranking.answer
    return written(findings, found.name)


def _status(connection: Connection, names: Names) -> status_answer.Status:
    called = {directory.organization_id: directory.organization_name for directory in names.organizations}
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
    )


def _examples(connection: Connection, names: Names) -> dict[str, str]:
    """A real name of each kind, so that the examples can be pasted."""
    examples = {}
    team = next((team for team in names.team_ids() if team != UNALLOCATED), None)
    if team:
        examples["team"] = team
    for kind, dimension in (("model", Dimension.MODEL), ("workspace", Dimension.WORKSPACE), ("key", Dimension.KEY)):
        known = [names.of(dimension, id_) for id_ in ledger.names(connection, dimension)]
        if known:
            examples[kind] = known[0]
    return examples
