"""What one replica at a time should do: who is at it, until when nobody else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from bot.store.tables import TurnRow, table
from bot.store.upsert import insert_new

_turn = table(TurnRow)
ABANDONED_AFTER = timedelta(minutes=2)
"""More than the minute by which the clocks of two replicas may differ."""


def take(
    connection: Connection, what: str, holder: str, now: datetime, gone: Callable[[str], bool] = lambda _: False
) -> bool:
    """Whether it is this holder's turn from `now` on: nobody else said lately that it is theirs, or they are `gone`.

    Nobody holds it from a time to come: that was said by a clock that has been set right since.
    """
    before: str | None = connection.execute(select(_turn.c.holder).where(_turn.c.what == what)).scalar()
    over = [before] if before is not None and gone(before) else []
    free = or_(
        _turn.c.holder.in_([holder, *over]),
        ~_turn.c.held_at.between(now - ABANDONED_AFTER, now + ABANDONED_AFTER),
    )
    connection.execute(delete(_turn).where(_turn.c.what == what, free))
    insert_new(connection, _turn, [{"what": what, "holder": holder, "held_at": now}])
    has: str | None = connection.execute(select(_turn.c.holder).where(_turn.c.what == what)).scalar()
    return has == holder


def hold(connection: Connection, what: str, holder: str, now: datetime) -> None:
    """Say that it is still theirs. Who has left it, or lost it, gets it back by `take` alone."""
    # Never an insert: one that is under way while its holder leaves would keep the others waiting for nobody.
    mine = (_turn.c.what == what, _turn.c.holder == holder)
    connection.execute(update(_turn).where(*mine).values(held_at=now))


def unfinished(connection: Connection, what: str) -> bool:
    """Whether it was begun and not brought to its end, by whoever is at it or by somebody who was cut off."""
    return connection.execute(select(_turn.c.what).where(_turn.c.what == _begun(what))).first() is not None


def begin(connection: Connection, what: str, holder: str, now: datetime) -> None:
    """Remember that whoever has the turn begins; stays until somebody has brought it to its end."""
    insert_new(connection, _turn, [{"what": _begun(what), "holder": holder, "held_at": now}])


def end(connection: Connection, what: str) -> None:
    connection.execute(delete(_turn).where(_turn.c.what == _begun(what)))


def leave(connection: Connection, what: str, holder: str) -> None:
    """Let the next one have it."""
    connection.execute(delete(_turn).where(_turn.c.what == what, _turn.c.holder == holder))


def _begun(what: str) -> str:
    return f"{what}/begun"
