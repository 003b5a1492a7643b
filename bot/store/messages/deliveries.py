"""What must be said once, what was said, and what could not be. The row is the truth, not the process."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, delete, exists, func, or_, select, update

from bot.store.tables import DeliveryRow, table
from bot.store.upsert import insert_new

_delivery = table(DeliveryRow)

KINDS = ("alert", "csv", "digest", "reconcile", "share", "undelivered", "unowned")
"""What keys of messages begin with."""
ABANDONED_AFTER = timedelta(minutes=5)
"""A delivery still in `sending` after this belongs to a process that died; another one takes it up."""
TOLD_ALREADY = "Told already, under another name."
_OPEN = ("waiting", "sending")


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


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send, until it is abandoned and taken up by somebody else: `attempt` tells us apart."""

    key: str
    attempt: int
    place: str
    owed_at: datetime
    asked_at: datetime | None
    """Since when Slack may have it; None where it can't."""


@dataclass(frozen=True, slots=True)
class Owed:
    key: str
    place: str


def owe(connection: Connection, key: str, now: datetime, place: str = "", *, behind: datetime | None = None) -> None:
    """Note that this message must go out; whoever finds it due first sends it. Owing it twice changes nothing.

    What is owed to one `place` goes out one after the other, in the order of owing; "" stands in no line. `behind` puts
    it where something that was owed then stood.
    """
    row = {"key": key, "state": State.WAITING, "place": place, "attempts": 0, "owed_at": behind or now}
    insert_new(connection, _delivery, [row | dict.fromkeys(("claimed_at", "not_before"), now)])


def try_again(connection: Connection, key: str, now: datetime) -> None:
    """A person asks for a message that did not go out: what stopped it, for ever or until now, may be mended."""
    update_ = update(_delivery).where(_delivery.c.key == key, _in_vain())
    connection.execute(update_.values(state=State.WAITING, not_before=now))


def due(connection: Connection, now: datetime) -> list[str]:
    """The keys of what may be claimed now, the longest owed first."""
    query = select(_delivery.c.key).where(_claimable(now)).order_by(_delivery.c.owed_at, _delivery.c.key)
    return list(connection.execute(query).scalars())


def line(connection: Connection, now: datetime, prefix: str) -> list[Owed]:
    """What is to go out of a kind, with what has to wait for others of its place; the longest owed first."""
    query = select(_delivery.c.key, _delivery.c.place).where(
        _delivery.c.key.startswith(prefix, autoescape=True), _delivery.c.state.in_(_OPEN), _ready(now), _of_its_own()
    )
    return [
        Owed(row.key, row.place) for row in connection.execute(query.order_by(_delivery.c.owed_at, _delivery.c.key))
    ]


def claim(connection: Connection, key: str, now: datetime) -> bool:
    """Whether this message is ours to send: nobody is sending it, or whoever was died."""
    return take(connection, key, now) is not None


def take(connection: Connection, key: str, now: datetime) -> Claim | None:
    """The message as ours to send; None where somebody else sends it, or it has to wait."""
    claimed = connection.execute(
        update(_delivery)
        .where(_delivery.c.key == key, _claimable(now))
        .values(state=State.SENDING, claimed_at=now, attempts=_delivery.c.attempts + 1)
        .returning(_delivery.c.attempts, _delivery.c.place, _delivery.c.owed_at, _delivery.c.asked_at)
    ).first()
    if claimed is None:
        return None
    under_way = {"state": State.SENDING, "claimed_at": now}
    connection.execute(
        update(_delivery).where(_delivery.c.carried_by == key, _delivery.c.state.in_(_OPEN)).values(**under_way)
    )
    return Claim(key, *claimed)


def asking(connection: Connection, claim: Claim, now: datetime) -> bool:
    """Note that Slack is asked now; whether the message is still ours.

    A process that was suspended for longer than ABANDONED_AFTER finds here that another one took it up.
    """
    asked = func.coalesce(_delivery.c.asked_at, now)
    return _finish(connection, claim.key, claim.attempt, asked_at=asked, claimed_at=now)


def sent(connection: Connection, key: str, now: datetime, channel: str, ts: str, *, attempt: int | None = None) -> bool:
    """Slack has it, and said where. With `attempt`: whether it was still ours."""
    values = {"state": State.SENT, "finished_at": now, "channel": channel, "ts": ts, "error": None, "asked_at": None}
    return _finish(connection, key, attempt, **values)


def failed(
    connection: Connection,
    key: str,
    now: datetime,
    error: str,
    retry_at: datetime | None,
    *,
    claim: Claim | None = None,
    taken: bool = False,
    in_line: bool = True,
) -> bool:
    """It did not go out: due again at `retry_at`, or never.

    `taken`: Slack may have it all the same. Not `in_line`: what is owed to its place after it need not wait for it.
    """
    state = State.WAITING if retry_at else State.FAILED
    values = {"state": state, "finished_at": None if retry_at else now, "not_before": retry_at, "error": error}
    if not taken:
        values["asked_at"] = claim.asked_at if claim else None
    if not in_line:
        values["place"] = ""
    return _finish(connection, key, claim.attempt if claim else None, **values)


def skipped(connection: Connection, key: str, now: datetime, why: str, *, attempt: int | None = None) -> None:
    """It need not go out. One that another process is sending goes its way."""
    mine = ~_under_way(now) if attempt is None else _delivery.c.attempts == attempt
    update_ = update(_delivery).where(_delivery.c.key == key, mine)
    connection.execute(update_.values(state=State.SKIPPED, finished_at=now, error=why))


def told_already(connection: Connection, key: str, now: datetime) -> None:
    """A message that is carried by another one need not be in it: its receiver knows it under another name."""
    carried = (_delivery.c.key == key, _delivery.c.carried_by.is_not(None))
    values = {"state": State.SKIPPED, "finished_at": now, "error": TOLD_ALREADY}
    connection.execute(update(_delivery).where(*carried).values(**values))


def find(connection: Connection, key: str) -> Delivery | None:
    row = connection.execute(select(_delivery).where(_delivery.c.key == key)).first()
    return _value(row) if row is not None else None


def forget(connection: Connection, prefix: str, before: str) -> None:
    """Drop what lies before a key, of those that begin with `prefix`."""
    of_kind = _delivery.c.key.startswith(prefix, autoescape=True)
    connection.execute(delete(_delivery).where(of_kind, _delivery.c.key < before))


def drop(connection: Connection, keys: Collection[str]) -> None:
    """Forget these, whatever became of them: they may be owed again."""
    connection.execute(delete(_delivery).where(_delivery.c.key.in_(keys)))


def newest_failure(connection: Connection, place: str) -> Delivery | None:
    """The last message for a place that was refused for ever; None where one has arrived there since."""
    query = select(_delivery).where(_delivery.c.place == place, _delivery.c.state.in_((State.FAILED, State.SENT)))
    row = connection.execute(
        query.order_by(_delivery.c.finished_at.desc(), _delivery.c.owed_at.desc(), _delivery.c.key).limit(1)
    ).first()
    return _value(row) if row is not None and row.state == State.FAILED else None


def went_to(connection: Connection, prefix: str, channel: str) -> bool:
    """Whether a message whose key begins with `prefix` was already sent to this channel."""
    query = select(_delivery.c.key).where(
        _delivery.c.key.startswith(prefix, autoescape=True),
        _delivery.c.channel == channel,
        _delivery.c.state == State.SENT,
    )
    return connection.execute(query.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery as the books have it; `at` is when it ended, or when it is due (again)."""

    key: str
    state: State
    attempts: int
    at: datetime
    place: str
    channel: str | None
    ts: str | None
    error: str | None


def newest(connection: Connection, most: int, *, unsent: bool = False, since: datetime | None = None) -> list[Entry]:
    """The newest messages first; `unsent`: only those given up, or tried in vain so far."""
    at = func.coalesce(_delivery.c.finished_at, _delivery.c.not_before, _delivery.c.claimed_at)
    query = select(_delivery, at.label("at")).where(~_delivery.c.key.startswith("event/"), _of_its_own())
    if unsent:
        query = query.where(_in_vain())
    if since:
        query = query.where(at >= since)
    rows = connection.execute(query.order_by(at.desc(), _delivery.c.key).limit(most))
    return [
        Entry(row.key, State(row.state), row.attempts, row.at, row.place, row.channel, row.ts, row.error)
        for row in rows
    ]


def counted(connection: Connection) -> dict[tuple[str, State], int]:
    """How many there are by kind (the first word of the key) and state; looks at homes and the like are no messages."""
    kind = case(*((_delivery.c.key.startswith(f"{kind}/"), kind) for kind in KINDS), else_="other")
    query = select(kind, _delivery.c.state, func.count()).group_by(kind, _delivery.c.state)
    rows = connection.execute(query.where(~_delivery.c.key.startswith("event/"), _of_its_own()))
    return {(kind, State(state)): count for kind, state, count in rows}


def owed_since(connection: Connection, now: datetime) -> datetime | None:
    """Since when the oldest message that has not gone out yet is owed, tried or not; None where there is none."""
    query = select(func.min(_delivery.c.owed_at)).where(_delivery.c.state.in_(_OPEN), _delivery.c.owed_at <= now)
    since: datetime | None = connection.execute(query).scalar()
    return since


def _value(row: Row[Any]) -> Delivery:
    return Delivery(row.key, State(row.state), row.attempts, row.channel, row.ts, row.error)


def _claimable(now: datetime) -> ColumnElement[bool]:
    """Ready, and nothing that was owed to its place before it is still to come."""
    before = _delivery.alias()
    earlier = or_(
        before.c.owed_at < _delivery.c.owed_at,
        and_(before.c.owed_at == _delivery.c.owed_at, before.c.key < _delivery.c.key),
    )
    ahead = exists().where(
        before.c.place == _delivery.c.place, before.c.state.in_(_OPEN), before.c.carried_by.is_(None), earlier
    )
    return and_(_ready(now), _of_its_own(), or_(_delivery.c.place == "", ~ahead))


def _in_vain() -> ColumnElement[bool]:
    """Given up, or tried and not out yet."""
    tried = and_(_delivery.c.state == State.WAITING, _delivery.c.error.is_not(None))
    return or_(_delivery.c.state == State.FAILED, tried)


def _of_its_own() -> ColumnElement[bool]:
    """It is a message, and not carried by one."""
    return _delivery.c.carried_by.is_(None)


def _under_way(now: datetime) -> ColumnElement[bool]:
    """Claimed lately; a claim of a time to come was made by a clock that has been set right since."""
    lately = _delivery.c.claimed_at.between(now - ABANDONED_AFTER, now + ABANDONED_AFTER)
    return and_(_delivery.c.state == State.SENDING, lately)


def _ready(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(_delivery.c.state == State.WAITING, _delivery.c.not_before <= now),
        and_(_delivery.c.state == State.SENDING, ~_under_way(now)),
    )


def _finish(connection: Connection, key: str, attempt: int | None = None, **values: object) -> bool:
    """Whether there was such a row, still of this attempt where one is given; what it carries shares its fate."""
    mine = () if attempt is None else (_delivery.c.state == State.SENDING, _delivery.c.attempts == attempt)
    if connection.execute(update(_delivery).where(_delivery.c.key == key, *mine).values(**values)).rowcount != 1:
        return False
    carried = (_delivery.c.carried_by == key, _delivery.c.state == State.SENDING)
    connection.execute(update(_delivery).where(*carried).values(**values))
    return True
