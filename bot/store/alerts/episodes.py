"""Episodes: the stretches of time in which a rule fires for a scope, and what happened to them."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, select, update

from bot.core.alerts.episode import Episode, Event, Happened
from bot.core.alerts.rule import Kind
from bot.store.tables import EpisodeEventRow, EpisodeRow, table

_episode = table(EpisodeRow)
_event = table(EpisodeEventRow)
_FIRING = select(_episode).where(_episode.c.resolved_at.is_(None)).order_by(_episode.c.since.desc(), _episode.c.id)
"""Made once: it is asked for with every team."""


def newest_of_all(connection: Connection) -> list[Episode]:
    """The latest episode of every rule and scope that ever had one, and of every period of a budget."""
    of_a_period = case((_episode.c.kind.in_((Kind.BUDGET.value, Kind.FORECAST.value)), _episode.c.since), else_=None)
    latest = select(func.max(_episode.c.id)).group_by(_episode.c.rule_id, _episode.c.scope, of_a_period)
    return [_value(row) for row in connection.execute(select(_episode).where(_episode.c.id.in_(latest)))]


def read(connection: Connection, episode_id: int) -> Episode | None:
    row = connection.execute(select(_episode).where(_episode.c.id == episode_id)).first()
    return _value(row) if row is not None else None


def firing(connection: Connection) -> list[Episode]:
    """Every open episode, the newest first."""
    return [_value(row) for row in connection.execute(_FIRING)]


def lately_resolved(connection: Connection, since: datetime) -> list[Episode]:
    """What resolved since then, the newest first."""
    query = select(_episode).where(_episode.c.resolved_at >= since).order_by(_episode.c.resolved_at.desc())
    return [_value(row) for row in connection.execute(query)]


def store(connection: Connection, episode: Episode) -> Episode:
    """Write an episode down; a new one comes back with its id."""
    values = {name: value for name, value in asdict(episode).items() if name != "id"}
    values["limit_value"] = values.pop("limit")
    if episode.id:
        connection.execute(update(_episode).where(_episode.c.id == episode.id).values(**values))
        return episode
    key = connection.execute(insert(_episode).values(**values)).inserted_primary_key
    assert key is not None
    return replace(episode, id=int(key[0]))


def note(connection: Connection, episode_id: int, event: Event) -> Event:
    """Write down what happened to an episode; what tells people waits to be owed."""
    values = {name: value for name, value in asdict(event).items() if name != "id"}
    values["limit_value"] = values.pop("limit")
    settled = None if event.what.tells else event.at
    row = {"episode_id": episode_id, "settled_at": settled, "settled_as": "", **values}
    key = connection.execute(insert(_event).values(**row)).inserted_primary_key
    assert key is not None
    return replace(event, id=int(key[0]))


def events(connection: Connection, episode_id: int) -> list[Event]:
    """What happened to an episode, in its order."""
    query = select(_event).where(_event.c.episode_id == episode_id).order_by(_event.c.id)
    return [_happened(row) for row in connection.execute(query)]


def event(connection: Connection, event_id: int) -> tuple[int, Event] | None:
    """An event with its episode's id."""
    row = connection.execute(select(_event).where(_event.c.id == event_id)).first()
    return (row.episode_id, _happened(row)) if row is not None else None


def unsettled(connection: Connection) -> list[tuple[Episode, Event]]:
    """What has happened and is not yet owed to anybody, the oldest first."""
    query = (
        select(_episode, *(_event.c[name].label(f"e_{name}") for name in _event.c.keys()))  # noqa: SIM118
        .join(_event, _event.c.episode_id == _episode.c.id)
        .where(_event.c.settled_at.is_(None))
        .order_by(_event.c.id)
    )
    return [(_value(row), _happened(row, "e_")) for row in connection.execute(query)]


def settle(connection: Connection, event_id: int, now: datetime, why_not: str) -> None:
    """The event is owed to its receivers, or nobody's news for this reason."""
    connection.execute(update(_event).where(_event.c.id == event_id).values(settled_at=now, settled_as=why_not))


def settled_as(connection: Connection, episode_id: int) -> dict[int, str]:
    """Why nobody was told of an event, by its id; those that somebody was told of are not in it."""
    query = select(_event.c.id, _event.c.settled_as).where(_event.c.episode_id == episode_id, _event.c.settled_as != "")
    return {row.id: row.settled_as for row in connection.execute(query)}


def said_marks(connection: Connection) -> list[tuple[str, datetime, int, int]]:
    """The marks that were told of each budget's period, with what was spent then: rule, beginning, mark, value."""
    query = (
        select(_episode.c.rule_id, _episode.c.since, _event.c.mark, _event.c.value)
        .join(_episode, _episode.c.id == _event.c.episode_id)
        .where(_event.c.mark.is_not(None), _event.c.what.in_((Happened.FIRED.value, Happened.WORSENED.value)))
        .order_by(_event.c.id)
    )
    return [(row.rule_id, row.since, row.mark, row.value) for row in connection.execute(query)]


def _value(row: Row[Any]) -> Episode:
    return Episode(
        rule_id=row.rule_id,
        scope=row.scope,
        kind=Kind(row.kind),
        since=row.since,
        last_window=row.last_window,
        fired_at=row.fired_at,
        value=row.value,
        limit=row.limit_value,
        expected=row.expected,
        mark=row.mark,
        resolved_at=row.resolved_at,
        resolved_because=row.resolved_because,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        id=row.id,
    )


def _happened(row: Row[Any], before: str = "") -> Event:
    def of(name: str) -> Any:
        return getattr(row, before + name)

    return Event(
        what=Happened(of("what")),
        at=of("at"),
        value=of("value"),
        limit=of("limit_value"),
        mark=of("mark"),
        by=of("by"),
        until=of("until"),
        reason=of("reason"),
        last_window=of("last_window"),
        id=of("id"),
    )
