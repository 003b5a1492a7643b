"""What must be said once, what was said, and what could not be. The row is the truth, not the process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from bot.store.tables import DeliveryRow, table
from bot.store.upsert import insert_new

_delivery = table(DeliveryRow)

ABANDONED_AFTER = timedelta(minutes=5)
"""A delivery still in `sending` after this belongs to a process that died; another one takes it up."""


class State(StrEnum):
    SENDING = "sending"
    WAITING = "waiting"
    """Owed, or failed in a way that may pass; due at `not_before`."""
    SENT = "sent"
    SKIPPED = "skipped"
    """Not needed after all."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    key: str
    state: State
    attempts: int
    channel: str | None
    ts: str | None
    error: str | None


def owe(connection: Connection, key: str, now: datetime) -> None:
    """Note that this message must go out; whoever finds it due first sends it. Owing it twice changes nothing."""
    row = {"key": key, "state": State.WAITING, "attempts": 0, "claimed_at": now, "not_before": now}
    insert_new(connection, _delivery, [row])


def try_again(connection: Connection, key: str, now: datetime) -> None:
    """A person asks for a message that had failed for ever: what refused it may be mended."""
    connection.execute(
        update(_delivery)
        .where(_delivery.c.key == key, _delivery.c.state == State.FAILED)
        .values(state=State.WAITING, not_before=now)
    )


def due(connection: Connection, now: datetime) -> list[str]:
    """The keys of what may be claimed now, the longest owed first."""
    query = select(_delivery.c.key).where(_claimable(now)).order_by(_delivery.c.claimed_at, _delivery.c.key)
    return list(connection.execute(query).scalars())


def claim(connection: Connection, key: str, now: datetime) -> bool:
    """Whether this message is ours to send: nobody is sending it, or whoever was died."""
    claimed = connection.execute(
        update(_delivery)
        .where(_delivery.c.key == key, _claimable(now))
        .values(state=State.SENDING, claimed_at=now, attempts=_delivery.c.attempts + 1)
    )
    return claimed.rowcount == 1


def sent(connection: Connection, key: str, now: datetime, channel: str, ts: str) -> None:
    """Slack has it, and said where."""
    _finish(connection, key, state=State.SENT, finished_at=now, channel=channel, ts=ts, error=None)


def failed(connection: Connection, key: str, now: datetime, error: str, retry_at: datetime | None) -> None:
    """It did not go out: due again at `retry_at`, or never."""
    state = State.WAITING if retry_at else State.FAILED
    _finish(connection, key, state=state, finished_at=None if retry_at else now, not_before=retry_at, error=error)


def skipped(connection: Connection, key: str, now: datetime, why: str) -> None:
    """It need not go out."""
    _finish(connection, key, state=State.SKIPPED, finished_at=now, error=why)


def find(connection: Connection, key: str) -> Delivery | None:
    row = connection.execute(select(_delivery).where(_delivery.c.key == key)).first()
    return (
        Delivery(row.key, State(row.state), row.attempts, row.channel, row.ts, row.error) if row is not None else None
    )


def forget(connection: Connection, prefix: str, before: str) -> None:
    """Drop what lies before a key, of those that begin with `prefix`."""
    of_kind = _delivery.c.key.startswith(prefix, autoescape=True)
    connection.execute(delete(_delivery).where(of_kind, _delivery.c.key < before))


def went_to(connection: Connection, prefix: str, channel: str) -> bool:
    """Whether a message whose key begins with `prefix` was already sent to this channel."""
    query = select(_delivery.c.key).where(
        _delivery.c.key.startswith(prefix, autoescape=True),
        _delivery.c.channel == channel,
        _delivery.c.state == State.SENT,
    )
    return connection.execute(query.limit(1)).first() is not None


def _claimable(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(_delivery.c.state == State.WAITING, _delivery.c.not_before <= now),
        and_(_delivery.c.state == State.SENDING, _delivery.c.claimed_at < now - ABANDONED_AFTER),
    )


def _finish(connection: Connection, key: str, **values: object) -> None:
    connection.execute(update(_delivery).where(_delivery.c.key == key).values(**values))
