"""What the anomaly engine knows of its series, so that a new process need not read the past once more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, delete, exists, func, select, update

from bot.core.utc import midnight
from bot.store.tables import AnomalySeriesRow, BucketRow, table
from bot.store.upsert import upsert

_series = table(AnomalySeriesRow)
_bucket = table(BucketRow)


def kept(connection: Connection, rule_id: str, grounds: str) -> tuple[dict[str, bytes], datetime | None]:
    """The states of a rule's series by scope, and the newest reading that all of them know."""
    mine = (_series.c.rule_id == rule_id, _series.c.grounds == grounds)
    states = {row.scope: row.state for row in connection.execute(select(_series.c.scope, _series.c.state).where(*mine))}
    read_at: datetime | None = connection.execute(select(func.min(_series.c.read_at)).where(*mine)).scalar()
    return states, read_at


def keep(
    connection: Connection, rule_id: str, grounds: str, states: Mapping[str, bytes], read_at: datetime | None
) -> None:
    """Put these in the place of what was kept of them; all of the rule's know this reading."""
    if read_at is None:
        return
    connection.execute(delete(_series).where(_series.c.rule_id == rule_id, _series.c.grounds != grounds))
    row = {"rule_id": rule_id, "grounds": grounds, "read_at": read_at}
    upsert(connection, _series, [{**row, "scope": scope, "state": state} for scope, state in states.items()])
    connection.execute(update(_series).where(_series.c.rule_id == rule_id).values(read_at=read_at))


def forget(connection: Connection) -> None:
    """The ledger under them is another one."""
    connection.execute(delete(_series))


def read_since(connection: Connection, read_at: datetime, before: date) -> bool:
    """Whether a day before this one was read after that: its figures may be others by now."""
    older = (_bucket.c.fetched_at > read_at, _bucket.c.start < midnight(before))
    return bool(connection.execute(select(exists().where(*older))).scalar())
