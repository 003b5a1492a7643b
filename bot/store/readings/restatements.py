"""Days that came out differently when they were read again: what changed, when, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select

from bot.core.usage import Source
from bot.store.tables import RestatementRow, table

_restatement = table(RestatementRow)


@dataclass(frozen=True, slots=True)
class Restatement:
    """`before` and `after` are a day's sum: tokens, or 10⁻¹⁰ dollars for the cost source."""

    organization_id: str
    source: Source
    day: date
    noticed_at: datetime
    before: int
    after: int


def notice(
    connection: Connection,
    organization_id: str,
    source: Source,
    before: Mapping[date, int],
    after: Mapping[date, int],
    now: datetime,
) -> None:
    """Write down every day of `before`, all of them whole when they were read, that is not the same any more."""
    rows = [
        {
            "organization_id": organization_id,
            "source": source,
            "day": day,
            "noticed_at": now,
            "before": was,
            "after": after.get(day, 0),
        }
        for day, was in before.items()
        if after.get(day, 0) != was
    ]
    if rows:
        connection.execute(insert(_restatement), rows)


def latest(connection: Connection, most: int) -> list[Restatement]:
    """The newest restatements, newest first."""
    query = select(_restatement).order_by(_restatement.c.noticed_at.desc(), _restatement.c.day.desc()).limit(most)
    return [
        Restatement(row.organization_id, Source(row.source), row.day, row.noticed_at, row.before, row.after)
        for row in connection.execute(query)
    ]


def counted(connection: Connection) -> dict[Source, int]:
    """How many were ever noticed, by source."""
    rows = connection.execute(select(_restatement.c.source, func.count()).group_by(_restatement.c.source))
    return {Source(source): count for source, count in rows}
