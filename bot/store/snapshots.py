"""What Anthropic said, verbatim, bucket by bucket; and how well we know it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, Row, delete, func, insert, select

from bot.core.money import Money
from bot.core.usage import LEDGER_SOURCES, CostRecord, Source, UsageRecord
from bot.store import restatements
from bot.store.tables import BucketRow, CostSnapshot, SourceState, UsageSnapshot, table
from bot.store.upsert import upsert

_bucket = table(BucketRow)
_usage = table(UsageSnapshot)
_cost = table(CostSnapshot)
_state = table(SourceState)
_SNAPSHOT = {Source.USAGE: _usage, Source.COST: _cost}


def replace(
    connection: Connection,
    organization_id: str,
    source: Source,
    starts: Sequence[datetime],
    records: Sequence[UsageRecord] | Sequence[CostRecord],
    fetched_at: datetime,
) -> None:
    """Put what was just read in the place of what stood in exactly these daily buckets; note what it restates."""
    snapshot = _SNAPSHOT[source]
    if starts:
        before = _whole_sums(connection, organization_id, source, min(starts), max(starts))
        restatements.notice(connection, organization_id, source, before, _sums(records), fetched_at)
    connection.execute(
        delete(snapshot).where(snapshot.c.organization_id == organization_id, snapshot.c.start.in_(starts))
    )
    if records:
        rows = [{"organization_id": organization_id, **_columns(record)} for record in records]
        connection.execute(insert(snapshot), rows)
    buckets = [
        {"organization_id": organization_id, "source": source, "start": start, "fetched_at": fetched_at}
        for start in starts
    ]
    upsert(connection, _bucket, buckets)


def usage(connection: Connection, organization_id: str, since: date, until: date) -> dict[date, list[UsageRecord]]:
    """Usage records by UTC day."""
    days: dict[date, list[UsageRecord]] = defaultdict(list)
    for row in _rows(connection, Source.USAGE, organization_id, since, until):
        values = row._asdict()
        del values["id"], values["organization_id"]
        days[row.start.date()].append(UsageRecord(**values))
    return days


def costs(connection: Connection, organization_id: str, since: date, until: date) -> dict[date, list[CostRecord]]:
    """Cost records by UTC day."""
    days: dict[date, list[CostRecord]] = defaultdict(list)
    for row in _rows(connection, Source.COST, organization_id, since, until):
        values = row._asdict()
        del values["id"], values["organization_id"]
        days[row.start.date()].append(CostRecord(**values, amount=Money.from_cents(row.amount_cents)))
    return days


def fetched(
    connection: Connection, organization_id: str, source: Source, since: date, until: date
) -> dict[date, datetime]:
    """When each day of a source was last read; a day that is missing here is not known."""
    query = select(_bucket.c.start, _bucket.c.fetched_at).where(
        _bucket.c.organization_id == organization_id,
        _bucket.c.source == source,
        _bucket.c.start >= _midnight(since),
        _bucket.c.start < _midnight(until),
    )
    return {start.date(): fetched_at for start, fetched_at in connection.execute(query)}


def whole(day: date, fetched_at: datetime) -> bool:
    """Whether a UTC day was over when it was read."""
    return fetched_at >= _midnight(day + timedelta(days=1))


def days_held(connection: Connection, organization_id: str) -> list[date]:
    """Every day of which the usage or the cost report holds anything, oldest first."""
    query = (
        select(_bucket.c.start)
        .where(_bucket.c.organization_id == organization_id, _bucket.c.source.in_(LEDGER_SOURCES))
        .distinct()
    )
    return sorted(start.date() for (start,) in connection.execute(query))


@dataclass(frozen=True, slots=True)
class SourceStatus:
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


def statuses(connection: Connection) -> list[SourceStatus]:
    """One status per organisation and source that was ever tried or read, in a stable order."""
    day = timedelta(days=1)
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
            SourceStatus(
                organization_id,
                Source(source),
                row.first if row else None,
                _through(connection, organization_id, source),
                row.newest + day if row else None,
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
    ).scalar()
    row = {
        "organization_id": organization_id,
        "source": source,
        "attempted_at": at,
        "succeeded_at": before if error else at,
        "error": error,
    }
    upsert(connection, _state, [row])


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
        end: datetime = start + timedelta(days=1)
        if fetched_at >= end:
            return end
    return None


def _rows(
    connection: Connection, source: Source, organization_id: str, since: date, until: date
) -> Sequence[Row[tuple[object, ...]]]:
    snapshot = _SNAPSHOT[source]
    query = select(snapshot).where(
        snapshot.c.organization_id == organization_id,
        snapshot.c.start >= _midnight(since),
        snapshot.c.start < _midnight(until),
    )
    return connection.execute(query).all()


def _whole_sums(
    connection: Connection, organization_id: str, source: Source, first: datetime, last: datetime
) -> dict[date, int]:
    """The sum of each day that was read after it was over: only such a day can be restated."""
    since, until = first.date(), last.date() + timedelta(days=1)
    whole = {
        day: 0
        for day, fetched_at in fetched(connection, organization_id, source, since, until).items()
        if fetched_at >= _midnight(day + timedelta(days=1))
    }
    read = usage if source is Source.USAGE else costs
    held = read(connection, organization_id, since, until) if whole else {}
    return {day: sum(map(_size, held.get(day, ()))) for day in whole}


def _sums(records: Sequence[UsageRecord] | Sequence[CostRecord]) -> dict[date, int]:
    sums: dict[date, int] = defaultdict(int)
    for record in records:
        sums[record.start.date()] += _size(record)
    return sums


def _size(record: UsageRecord | CostRecord) -> int:
    """What a record adds to its day: its tokens, or its amount."""
    if isinstance(record, CostRecord):
        return record.amount.units
    return record.uncached_input + record.cache_write_5m + record.cache_write_1h + record.cache_read + record.output


def _columns(record: UsageRecord | CostRecord) -> dict[str, object]:
    values = asdict(record)
    values.pop("amount", None)  # `amount_cents` is the text it came from
    return values


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
