"""What came of syncs: how far each source of each organisation goes by now, and how its last one went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from bot.core.usage import Source
from bot.core.utc import midnight
from bot.store.memory import renew
from bot.store.readings import snapshots
from bot.store.tables import BucketRow, SourceState, table
from bot.store.upsert import upsert

_DAY = timedelta(days=1)
_bucket = table(BucketRow)
_state = table(SourceState)


@dataclass(frozen=True, slots=True)
class Status:
    """How far one source of one organisation goes, and how its last sync went."""

    organization_id: str
    source: Source
    first: datetime | None
    through: datetime | None
    """End of the last day that was read after it was over."""
    held_until: datetime | None
    """End of the last day of which anything was read, the running one included."""
    succeeded_at: datetime | None
    error: str | None


def statuses(connection: Connection) -> list[Status]:
    """One status per organisation and source that was ever tried or read, in a stable order."""
    held = {
        (row.organization_id, row.source): row
        for row in connection.execute(
            select(
                _bucket.c.organization_id,
                _bucket.c.source,
                func.min(_bucket.c.start).label("first"),
                func.max(_bucket.c.start).label("newest"),
            ).group_by(_bucket.c.organization_id, _bucket.c.source)
        )
    }
    tried = {(state.organization_id, state.source): state for state in connection.execute(select(_state))}
    found = []
    for organization_id, source in sorted(held.keys() | tried.keys()):  # a first sync holds days before it ends
        row, state = held.get((organization_id, source)), tried.get((organization_id, source))
        found.append(
            Status(
                organization_id,
                Source(source),
                row.first if row else None,
                _through(connection, organization_id, source),
                row.newest + _DAY if row else None,
                state.succeeded_at if state else None,
                state.error if state else None,
            )
        )
    return found


def attempted(
    connection: Connection, organization_id: str, source: Source, at: datetime, error: str | None = None
) -> None:
    """Remember that a sync of this source ended at `at`, and how."""
    before = connection.execute(
        select(_state.c.succeeded_at).where(_state.c.organization_id == organization_id, _state.c.source == source)
    ).first()
    row = {
        "organization_id": organization_id,
        "source": source,
        "attempted_at": at,
        "succeeded_at": (before and before.succeeded_at) if error else at,
        "error": error,
    }
    upsert(connection, _state, [row])
    if before is None:  # that a source is there at all says how far all of them go
        renew(connection, f"readings/{organization_id}")


def last_attempt(connection: Connection) -> datetime | None:
    """When any source was last tried; None before the first sync."""
    return connection.execute(select(func.max(_state.c.attempted_at))).scalar()


def _through(connection: Connection, organization_id: str, source: str) -> datetime | None:
    """A day counts as complete when it was read after its end; newest first, the first such day ends the data."""
    query = (
        select(_bucket.c.start, _bucket.c.fetched_at)
        .where(_bucket.c.organization_id == organization_id, _bucket.c.source == source)
        .order_by(_bucket.c.start.desc())
        .limit(400)
    )
    for start, fetched_at in connection.execute(query):
        if snapshots.whole(start.date(), fetched_at):
            return midnight(start.date() + _DAY)
    return None
