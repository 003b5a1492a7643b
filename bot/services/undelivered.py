"""Places that messages can't reach: the admins are told of each once, until a message arrives there again."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, unquote

from sqlalchemy import Connection

from bot.answers import undelivered
from bot.answers.answer import Answer
from bot.core.errors import NotFound
from bot.services import outbox
from bot.services.configuration import in_force
from bot.store.messages import deliveries
from bot.store.messages.deliveries import Claim

KIND = "undelivered/"
_TOLD_ELSEWHERE = (KIND, "alert/")
"""Alerts fall through to the next receiver, and note by themselves whom they could not reach."""


def noticed(connection: Connection, claim: Claim, now: datetime) -> None:
    """A message for this place was refused for ever: owe it to every admin to know, but for the place itself."""
    if not claim.place or claim.key.startswith(_TOLD_ELSEWHERE):
        return
    for key, admin in keys(connection, claim.place).items():
        if admin.casefold() != claim.place.casefold():
            deliveries.owe(connection, key, now, place=admin)


def mended(connection: Connection, place: str) -> None:
    """A message arrived there: the next one that does not is news again."""
    if place:
        deliveries.drop(connection, keys(connection, place))


def notice(connection: Connection, key: str) -> tuple[Answer, str]:
    """What an admin is told, and which one. Raises NotFound where messages arrive again by now."""
    _, place, admin = key.split("/", 2)
    failure = deliveries.newest_failure(connection, unquote(place))
    if failure is None:
        raise NotFound("Messages arrive there again.")
    what = outbox.said(connection, failure.key, receiver=False)
    return undelivered.answer(unquote(place), what, failure.error or ""), admin


def keys(connection: Connection, place: str) -> dict[str, str]:
    """What the message about a place is called, for each admin."""
    admins = in_force(connection).admins
    return {f"{KIND}{quote(place, safe='@')}/{admin}": admin for admin in admins}
