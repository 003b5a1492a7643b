"""How long after its end each day of a source was read whole for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from bot.core.usage import Source
from bot.store.tables import BucketRow, table

_bucket = table(BucketRow)
_DAY = timedelta(days=1)


def note(
    connection: Connection, organization_id: str, source: Source, starts: Sequence[datetime], read_at: datetime
) -> None:
    """Those of these days that are over and were not whole before are whole since this reading."""
    mine = (_bucket.c.organization_id == organization_id, _bucket.c.source == source, _bucket.c.whole_at.is_(None))
    between = (_bucket.c.start >= min(starts), _bucket.c.start <= min(max(starts), read_at - _DAY))
    connection.execute(update(_bucket).where(*mine, *between).values(whole_at=read_at))


def lags(connection: Connection, organization_id: str, source: Source, since: datetime) -> list[timedelta]:
    """Of the days that began since then, the oldest first; what was over before anything was read tells nothing."""
    mine = (_bucket.c.organization_id == organization_id, _bucket.c.source == source, _bucket.c.whole_at.is_not(None))
    first: datetime | None = connection.execute(select(func.min(_bucket.c.whole_at)).where(*mine)).scalar()
    query = select(_bucket.c.start, _bucket.c.whole_at).where(*mine, _bucket.c.start >= since).order_by(_bucket.c.start)
    return [
        whole_at - start - _DAY
        for start, whole_at in connection.execute(query)
        if first is not None and start + _DAY >= first
    ]
