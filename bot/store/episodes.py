"""Episodes: the stretches of time in which a rule fires for a scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from bot.store.tables import EpisodeRow, table

_episode = table(EpisodeRow)


@dataclass(frozen=True, slots=True)
class Episode:
    """`since` is the start of its first window above the limit, `last_window` of its newest."""

    id: int
    rule_id: str
    scope: str
    since: datetime
    last_window: datetime
    fired_at: datetime
    resolved_at: datetime | None
    value: int
    limit: int


def newest(connection: Connection, rule_id: str, scope: str) -> Episode | None:
    """The latest episode of a rule for a scope, open or resolved."""
    query = (
        select(_episode)
        .where(_episode.c.rule_id == rule_id, _episode.c.scope == scope)
        .order_by(_episode.c.since.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return _value(row) if row is not None else None


def read(connection: Connection, episode_id: int) -> Episode | None:
    row = connection.execute(select(_episode).where(_episode.c.id == episode_id)).first()
    return _value(row) if row is not None else None


def firing(connection: Connection) -> list[Episode]:
    """Every open episode, the newest first."""
    query = select(_episode).where(_episode.c.resolved_at.is_(None)).order_by(_episode.c.since.desc(), _episode.c.id)
    return [_value(row) for row in connection.execute(query)]


def fire(
    connection: Connection, rule_id: str, scope: str, *, window: datetime, now: datetime, value: int, limit: int
) -> int:
    """Open an episode with its first window; returns its id."""
    row = {"rule_id": rule_id, "scope": scope, "since": window, "last_window": window, "fired_at": now}
    inserted = connection.execute(insert(_episode).values(**row, value=value, limit_value=limit))
    key = inserted.inserted_primary_key
    assert key is not None
    return int(key[0])


def still_firing(connection: Connection, episode_id: int, *, window: datetime, value: int) -> None:
    """The open episode goes on, into this window."""
    _change(connection, episode_id, last_window=window, value=value)


def resolve(connection: Connection, episode_id: int, now: datetime) -> None:
    _change(connection, episode_id, resolved_at=now)


def _change(connection: Connection, episode_id: int, **values: object) -> None:
    connection.execute(update(_episode).where(_episode.c.id == episode_id).values(**values))


def _value(row: Row[Any]) -> Episode:
    return Episode(
        row.id,
        row.rule_id,
        row.scope,
        row.since,
        row.last_window,
        row.fired_at,
        row.resolved_at,
        row.value,
        row.limit_value,
    )
