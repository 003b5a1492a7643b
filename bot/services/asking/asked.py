"""The words of a question, read in the zone and with the names that are in force."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.core.errors import UnreadWords
from bot.core.question import Question, Subject, instead, recalled
from bot.core.words import mentions
from bot.services.configuration import zone_in_force
from bot.services.figures.names import Names

_TEAMS = (Subject.TEAM, Subject.TEAMS)


def asked(connection: Connection, text: str, *, said: datetime, now: datetime, zone: str) -> Question:
    """What the words asked when they were said; raises WordsError.

    Names are looked up only where the words alone make no sense, or take a name for a team's that nobody said is one,
    so that no name can change what a sentence means.
    """
    here, names = zone_in_force(connection, zone), Names.read(connection)
    try:
        question = recalled(text, said=said, now=now, zone=here)
    except UnreadWords:
        return recalled(text, said=said, now=now, zone=here, called=names.kinds(connection))
    if question.name and question.about is Subject.TEAM and not mentions(text, _TEAMS):
        kind = names.kinds(connection).get(question.name.casefold(), Subject.TEAM)
        if kind is not Subject.TEAM:  # `forecast opus-5-5`
            return instead(question, kind, question.name)
    return question
