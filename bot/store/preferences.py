"""What people configured, with its history, and the instants the bot must remember."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from bot.store.tables import ConfigurationRow, Milestone, table
from bot.store.upsert import insert_new

_configuration = table(ConfigurationRow)
_milestone = table(Milestone)

FIRST_START = "first_start"


@dataclass(frozen=True, slots=True)
class Applied:
    """A configuration as it was applied: `body` is the file's own text."""

    id: int
    applied_at: datetime
    name: str
    body: str


def newest(connection: Connection) -> Applied | None:
    """The configuration in force; None before the first."""
    row = connection.execute(select(_configuration).order_by(_configuration.c.id.desc()).limit(1)).first()
    return Applied(row.id, row.applied_at, row.name, row.body) if row is not None else None


def applied(connection: Connection, id_: int) -> Applied | None:
    """A configuration of the history by its number."""
    row = connection.execute(select(_configuration).where(_configuration.c.id == id_)).first()
    return Applied(row.id, row.applied_at, row.name, row.body) if row is not None else None


def apply(connection: Connection, name: str, body: str, now: datetime) -> None:
    connection.execute(insert(_configuration).values(applied_at=now, name=name, body=body))


def first_time(connection: Connection, name: str, now: datetime) -> datetime:
    """When something first happened: now, unless it is remembered from before."""
    insert_new(connection, _milestone, [{"name": name, "at": now}])
    at: datetime = connection.execute(select(_milestone.c.at).where(_milestone.c.name == name)).scalar_one()
    return at
