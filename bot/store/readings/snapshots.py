"""What Anthropic said, verbatim, bucket by bucket; and how well we know it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, select, update

from bot.core.hours import IN_A_DAY
from bot.core.money import Money
from bot.core.usage import LEDGER_SOURCES, CostRecord, Source, UsageRecord
from bot.core.utc import midnight
from bot.store.bulk import insert_rows
from bot.store.memory import renew
from bot.store.readings import lags, restatements
from bot.store.tables import BucketRow, CostSnapshot, HourSnapshot, UsageSnapshot, table
from bot.store.upsert import upsert

Record = UsageRecord | CostRecord
R = TypeVar("R", bound=Record)
_DAY = timedelta(days=1)

_bucket = table(BucketRow)
_usage = table(UsageSnapshot)
_cost = table(CostSnapshot)
_SNAPSHOT = {Source.USAGE: _usage, Source.COST: _cost, Source.HOURS: table(HourSnapshot)}
_NAMES = {
    Source.USAGE: UsageRecord._fields,
    Source.HOURS: UsageRecord._fields,
    Source.COST: tuple(name for name in CostRecord._fields if name != "amount"),
}
"""The columns of a snapshot; an amount is kept as `amount_cents`, the text it came from."""
_VALUES = {
    source: itemgetter(*((CostRecord if source is Source.COST else UsageRecord)._fields.index(name) for name in names))
    for source, names in _NAMES.items()
}


def replace(
    connection: Connection,
    organization_id: str,
    source: Source,
    starts: Sequence[datetime],
    records: Sequence[UsageRecord] | Sequence[CostRecord],
    fetched_at: datetime,
    read_at: datetime | None = None,
) -> list[date]:
    """Put what was just read in the place of what stood in exactly these daily buckets; note what it restates.

    Hours are kept by the day as well: `starts` are midnights. `read_at` is later than `fetched_at` where a report is
    known to end before it was read.
    Returns the days that are different for it: other rows, or over by now. Where nothing is, no row is touched.
    """
    if not starts:
        return []
    since, until = min(starts).date(), max(starts).date() + _DAY
    before = fetched(connection, organization_id, source, since, until)
    held = _records(connection, organization_id, source, since, until) if before else {}
    said: Sequence[Record] = records
    found = by_day(said)
    changed = [start for start in starts if _changed(start.date(), before, fetched_at, held, found)]
    days = [start.date() for start in changed]
    if source in LEDGER_SOURCES:
        once = {day: _sum(held.get(day, ())) for day in days if day in before and whole(day, before[day])}
        again = {day: _sum(found[day]) for day in once}
        restatements.notice(connection, organization_id, source, once, again, fetched_at)
    if changed:
        _rewrite(connection, organization_id, source, changed, [record for day in days for record in found[day]])
    uncounted = {
        record.start.date() for record in records if isinstance(record, UsageRecord) and record.requests is None
    }
    buckets = [
        {
            "organization_id": organization_id,
            "source": source,
            "start": start,
            "fetched_at": fetched_at,
            "counted": source is Source.USAGE and start.date() not in uncounted,
        }
        for start in starts
    ]
    upsert(connection, _bucket, buckets)
    if changed:
        mine = (_bucket.c.organization_id == organization_id, _bucket.c.source == source, _bucket.c.start.in_(changed))
        connection.execute(update(_bucket).where(*mine).values(changed_at=read_at or fetched_at))
    renew(connection, f"readings/{organization_id}")
    lags.note(connection, organization_id, source, starts, fetched_at)
    return days


def usage(
    connection: Connection, organization_id: str, since: date, until: date, *, source: Source = Source.USAGE
) -> dict[date, list[UsageRecord]]:
    """Usage records by UTC day; of the source HOURS, a record for each hour of it."""
    return by_day(UsageRecord._make(row) for row in _rows(connection, source, organization_id, since, until))


def costs(connection: Connection, organization_id: str, since: date, until: date) -> dict[date, list[CostRecord]]:
    """Cost records by UTC day."""
    at = CostRecord._fields.index("amount")
    text = _NAMES[Source.COST].index("amount_cents")
    return by_day(
        CostRecord._make((*row[:at], Money.from_cents(row[text]), *row[at:]))
        for row in _rows(connection, Source.COST, organization_id, since, until)
    )


def fetched(
    connection: Connection, organization_id: str, source: Source, since: date, until: date
) -> dict[date, datetime]:
    """When each day of a source was last read; a day that is missing here is not known."""
    query = select(_bucket.c.start, _bucket.c.fetched_at).where(
        _bucket.c.organization_id == organization_id,
        _bucket.c.source == source,
        _bucket.c.start >= midnight(since),
        _bucket.c.start < midnight(until),
    )
    return {start.date(): fetched_at for start, fetched_at in connection.execute(query)}


def changed(connection: Connection, since: date, until: date, after: datetime) -> set[date]:
    """The UTC days of which any report was read as another one at `after` or later."""
    query = select(_bucket.c.start).where(
        _bucket.c.start >= midnight(since), _bucket.c.start < midnight(until), _bucket.c.changed_at >= after
    )
    return {start.date() for start in connection.execute(query).scalars()}


def uncounted(connection: Connection, since: date, until: date) -> set[date]:
    """The UTC days whose usage some organisation's report gave without requests, and so without people."""
    query = select(_bucket.c.start).where(
        _bucket.c.source == Source.USAGE,
        _bucket.c.start >= midnight(since),
        _bucket.c.start < midnight(until),
        _bucket.c.counted.is_(False),
    )
    return {start.date() for start in connection.execute(query).scalars()}


def listed(connection: Connection, since: date, until: date) -> set[date]:
    """The UTC days of which every organisation's cost report said the list price too: there list cost is exact."""
    first = (
        select(_cost.c.attributed)
        .where(_cost.c.organization_id == _bucket.c.organization_id, _cost.c.start == _bucket.c.start)
        .limit(1)
        .scalar_subquery()
    )
    query = select(_bucket.c.start, first).where(
        _bucket.c.source == Source.COST, _bucket.c.start >= midnight(since), _bucket.c.start < midnight(until)
    )
    said: dict[date, list[bool]] = defaultdict(list)
    for start, attributed in connection.execute(query):
        if attributed is not None:  # a day without any cost
            said[start.date()].append(attributed)
    return {day for day, organizations in said.items() if all(organizations)}


def whole(day: date, fetched_at: datetime) -> bool:
    """Whether a UTC day was over when it was read."""
    return fetched_at >= midnight(day + timedelta(days=1))


def days_held(connection: Connection, organization_id: str) -> list[date]:
    """Every day of which the usage or the cost report holds anything, oldest first."""
    query = (
        select(_bucket.c.start)
        .where(_bucket.c.organization_id == organization_id, _bucket.c.source.in_(LEDGER_SOURCES))
        .distinct()
    )
    return sorted(start.date() for (start,) in connection.execute(query))


def _rows(connection: Connection, source: Source, organization_id: str, since: date, until: date) -> Sequence[Row[Any]]:
    snapshot = _SNAPSHOT[source]
    query = select(*(snapshot.c[name] for name in _NAMES[source])).where(
        snapshot.c.organization_id == organization_id,
        snapshot.c.start >= midnight(since),
        snapshot.c.start < midnight(until),
    )
    return connection.execute(query).all()


def _records(
    connection: Connection, organization_id: str, source: Source, since: date, until: date
) -> Mapping[date, Sequence[Record]]:
    if source is Source.COST:
        return costs(connection, organization_id, since, until)
    return usage(connection, organization_id, since, until, source=source)


def _changed(
    day: date,
    before: Mapping[date, datetime],
    fetched_at: datetime,
    held: Mapping[date, Sequence[Record]],
    found: Mapping[date, Sequence[Record]],
) -> bool:
    """Whether a day says something else than when it was last read, or is whole only now."""
    if day not in before or whole(day, before[day]) != whole(day, fetched_at):
        return True
    return Counter(held.get(day, ())) != Counter(found.get(day, ()))


def _rewrite(
    connection: Connection,
    organization_id: str,
    source: Source,
    starts: Sequence[datetime],
    records: Iterable[Record],
) -> None:
    snapshot, names = _SNAPSHOT[source], _NAMES[source]
    each = IN_A_DAY if source is Source.HOURS else 1
    instants = [start + timedelta(hours=hour) for start in starts for hour in range(each)]
    connection.execute(
        delete(snapshot).where(snapshot.c.organization_id == organization_id, snapshot.c.start.in_(instants))
    )
    values = _VALUES[source]
    rows = ((organization_id, *values(record)) for record in records)
    insert_rows(connection, snapshot, ("organization_id", *names), rows)


def by_day(records: Iterable[R]) -> dict[date, list[R]]:
    """Records by the UTC day on which they start."""
    days: dict[date, list[R]] = defaultdict(list)
    for record in records:
        days[record.start.date()].append(record)
    return days


def _sum(records: Iterable[Record]) -> int:
    """What makes a day's size: its tokens, or its amount."""
    return sum(
        record.amount.units
        if isinstance(record, CostRecord)
        else record.uncached_input + record.cache_write_5m + record.cache_write_1h + record.cache_read + record.output
        for record in records
    )
