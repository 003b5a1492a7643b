"""What became of the messages about one thing, whose keys begin alike."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, update

from bot.store.messages.deliveries import State
from bot.store.tables import DeliveryRow, table

_delivery = table(DeliveryRow)


def states(connection: Connection, prefix: str) -> dict[str, State]:
    """What became of each message, by its key."""
    query = select(_delivery.c.key, _delivery.c.state).where(_about(prefix))
    return {row.key: State(row.state) for row in connection.execute(query)}


def last_sent(connection: Connection, prefix: str) -> datetime | None:
    """When the newest of them went out."""
    query = select(func.max(_delivery.c.finished_at)).where(_about(prefix), _delivery.c.state == State.SENT)
    at: datetime | None = connection.execute(query).scalar()
    return at


def places(connection: Connection, prefix: str) -> list[tuple[str, str]]:
    """Channel and ts of every message that is there."""
    query = select(_delivery.c.channel, _delivery.c.ts).where(_about(prefix), _delivery.c.state == State.SENT)
    return [(row.channel, row.ts) for row in connection.execute(query.order_by(_delivery.c.key)) if row.channel]


def line_of(connection: Connection, prefix: str) -> str | None:
    """The line in which something of this waits to go out."""
    waiting = _delivery.c.state.in_((State.WAITING, State.SENDING))
    query = select(_delivery.c.place).where(_about(f"{prefix}/"), waiting, _delivery.c.place != "")
    place: str | None = connection.execute(query.limit(1)).scalar()
    return place


def lines(connection: Connection, prefix: str) -> list[tuple[str, State, datetime | None, str]]:
    """Key, state, when it ended and why not, of each message, in the order of their keys."""
    query = select(_delivery).where(_about(prefix)).order_by(_delivery.c.owed_at, _delivery.c.key)
    return [(row.key, State(row.state), row.finished_at, row.error or "") for row in connection.execute(query)]


def failed(connection: Connection, prefix: str) -> list[str]:
    """The keys of those that were given up and still stand in the line of what they are about."""
    query = select(_delivery.c.key).where(
        _about(prefix), _delivery.c.state == State.FAILED, _delivery.c.place.startswith(prefix, autoescape=True)
    )
    return list(connection.execute(query).scalars())


def file_under(connection: Connection, key: str, place: str) -> None:
    """Let a message count as one for this place."""
    connection.execute(update(_delivery).where(_delivery.c.key == key).values(place=place))


def put_off(connection: Connection, key: str, until: datetime) -> None:
    """A message that nobody is sending yet waits until then; what is owed to its place after it need not."""
    waiting = (_delivery.c.key == key, _delivery.c.state == State.WAITING)
    connection.execute(update(_delivery).where(*waiting).values(not_before=until, place=""))


def _about(prefix: str) -> ColumnElement[bool]:
    return _delivery.c.key.startswith(prefix, autoescape=True)
