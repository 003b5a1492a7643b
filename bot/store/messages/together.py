"""Messages that go out in one: each keeps its row, and its fate is that of the message that carries it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from bot.store.messages import deliveries
from bot.store.messages.deliveries import State
from bot.store.tables import DeliveryRow, table

_delivery = table(DeliveryRow)


@dataclass(frozen=True, slots=True)
class Untried:
    """A message that is due and that nobody has begun to send."""

    key: str
    place: str
    owed_at: datetime


def untried(connection: Connection, now: datetime, prefix: str) -> list[Untried]:
    """Those of a kind that are due, in the order in which they were owed."""
    query = select(_delivery.c.key, _delivery.c.place, _delivery.c.owed_at).where(
        _delivery.c.key.startswith(prefix, autoescape=True),
        *_untouched(),
        _delivery.c.not_before <= now,
    )
    return [Untried(*row) for row in connection.execute(query.order_by(_delivery.c.owed_at, _delivery.c.key))]


def carry(connection: Connection, key: str, parts: Collection[Untried], place: str) -> None:
    """Let these go out as one message under `key`, unless somebody has begun to send them."""
    mine = (_delivery.c.key.in_([one.key for one in parts]), *_untouched())
    if connection.execute(update(_delivery).where(*mine).values(carried_by=key, place=place)).rowcount:
        deliveries.owe(connection, key, min(one.owed_at for one in parts), place)


def carried(connection: Connection, key: str, *states: State) -> list[str]:
    """The keys of what a message carries, the longest owed first; with `states`, of those that are in one of them."""
    query = select(_delivery.c.key).where(_delivery.c.carried_by == key)
    if states:
        query = query.where(_delivery.c.state.in_(states))
    return list(connection.execute(query.order_by(_delivery.c.owed_at, _delivery.c.key)).scalars())


def carrier(connection: Connection, channel: str, ts: str) -> str | None:
    """The message in this place of Slack, if it carries others."""
    query = select(_delivery.c.carried_by).where(
        _delivery.c.channel == channel, _delivery.c.ts == ts, _delivery.c.carried_by.is_not(None)
    )
    key: str | None = connection.execute(query.limit(1)).scalar()
    return key


def move(connection: Connection, one: Untried, place: str) -> None:
    """Let a message wait in this line."""
    if one.place != place:
        connection.execute(update(_delivery).where(_delivery.c.key == one.key, *_untouched()).values(place=place))


def _untouched() -> tuple[ColumnElement[bool], ...]:
    return (_delivery.c.state == State.WAITING, _delivery.c.attempts == 0, _delivery.c.carried_by.is_(None))
