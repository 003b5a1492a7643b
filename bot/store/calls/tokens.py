"""Intake tokens: made, listed, revoked, and found by what programs send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from bot.store.tables import IntakeTokenRow, table

_token = table(IntakeTokenRow)


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token: everything but itself."""

    name: str
    team: str | None
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


def create(connection: Connection, name: str, sha256: str, team: str | None, now: datetime) -> bool:
    """Keep a new token; False where the name is taken, also by a revoked one: its calls bear that name."""
    if connection.execute(select(_token.c.name).where(_token.c.name == name)).first():
        return False
    connection.execute(insert(_token).values(name=name, sha256=sha256, team=team, created_at=now))
    return True


def revoke(connection: Connection, name: str, now: datetime) -> bool:
    """False where no token of that name is in force."""
    in_force = _token.c.name == name, _token.c.revoked_at.is_(None)
    return connection.execute(update(_token).where(*in_force).values(revoked_at=now)).rowcount > 0


def read(connection: Connection) -> Sequence[Token]:
    """All of them, the revoked ones too, in order of their names."""
    rows = connection.execute(select(_token).order_by(_token.c.name))
    return [Token(row.name, row.team, row.created_at, row.revoked_at, row.last_used_at) for row in rows]


def find(connection: Connection, sha256: str) -> Token | None:
    """The token in force with this hash."""
    row = connection.execute(select(_token).where(_token.c.sha256 == sha256, _token.c.revoked_at.is_(None))).first()
    return Token(row.name, row.team, row.created_at, row.revoked_at, row.last_used_at) if row else None


def used(connection: Connection, name: str, now: datetime) -> None:
    """Note that a token was used."""
    connection.execute(update(_token).where(_token.c.name == name).values(last_used_at=now))
