"""The words of a question, read in the zone and with the names that are in force."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.core.errors import UnreadWords
from bot.core.question import Question, recalled
from bot.services.configuration import zone_in_force
from bot.services.figures.names import Names


def asked(connection: Connection, text: str, *, said: datetime, now: datetime, zone: str) -> Question:
    """What the words asked when they were said; raises WordsError.

    Names are looked up only where the words alone make no sense, so that no name can change what a sentence means.
    """
    here = zone_in_force(connection, zone)
    try:
        return recalled(text, said=said, now=now, zone=here)
    except UnreadWords:
        called = Names.read(connection).kinds(connection)
        return recalled(text, said=said, now=now, zone=here, called=called)
