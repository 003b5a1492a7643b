"""How far this machine's clock is from the database's, which all replicas share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, text


def ahead(connection: Connection, clock: Callable[[], datetime]) -> timedelta | None:
    """How far `clock` is ahead of the database's, negative where it is behind; None on SQLite, which has no own."""
    if connection.dialect.name != "postgresql":
        return None
    theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return clock() - theirs
