"""A sentence becomes an answer, one reader at a time; what the grammar can't read Claude may put into its words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from bot.answers.answer import Answer
from bot.core.access import NOBODY, Asker
from bot.core.errors import NotFound, UnreadWords, WordsError
from bot.core.question import Subject
from bot.core.words import mentions
from bot.services import tracing
from bot.services.asking.answering import answer
from bot.services.asking.asked import asked
from bot.services.asking.understanding import Understanding
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.recognition import Recognition
from bot.store.database import Database

T = TypeVar("T")

AT_ONCE = 2
"""Questions that are worked on at once: with more, they take the interpreter from the loop that acks the next ones."""
_OF_RIGHTS = (Subject.SETTINGS, Subject.SUBSCRIBE)
"""These say what the asker may change, wherever they are asked."""


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
            understood = await self._read(words, now, asker, shared=shared, said=now)
        except (WordsError, NotFound):
            return None
        return _noted(understood, f"Understood as: /claude-usage {words}")


def _answered(
    connection: Connection, text: str, now: datetime, zone: str, asker: Asker, *, shared: bool, said: datetime
) -> Answer:
    question = asked(connection, text, said=said, now=now, zone=zone)
    with tracing.span("question", subject=question.subject.value):
        return answer(Inquiry(connection, question, now, zone, asker, shared))


def _noted(said: Answer, note: str) -> Answer:
    """The answer with this as its first note, for programs too."""
    report = said.report and replace(said.report, notes=(note, *said.report.notes))
    return replace(said, notes=(note, *said.notes), report=report)
