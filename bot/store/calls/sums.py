"""Live calls read: their sums by series or by day, and one by one as long as they are kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Result,
    Row,
    Select,
    Subquery,
    Table,
    func,
    literal,
    or_,
    select,
    union_all,
)

from bot.core.calls import sketch
from bot.core.calls.sums import ADDED, Sums
from bot.core.periods import local_date
from bot.core.periods import midnight as local_midnight
from bot.core.utc import dates, microseconds, midnight
from bot.store import each
from bot.store.calls.series import Series
from bot.store.memory import remembered
from bot.store.tables import CallDay, CallHour, CallRow, CallSeries, table

_call = table(CallRow)
_hour = table(CallHour)
_series = table(CallSeries)
_day = table(CallDay)
_COLUMNS = (*ADDED, "longest_ms", "durations", "first_tokens", "first_at", "last_at")
_Time = TypeVar("_Time", date, datetime)
_HOUR, _NOON = timedelta(hours=1), timedelta(hours=12)
TOKENS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "untyped")


class Held(NamedTuple):
    """The calls of one series in a stretch of time."""

    series_id: int
    series: Series
    sums: Sums


def by_series(connection: Connection, since: datetime, until: datetime) -> list[Held]:
    """What the whole hours from `since` to before `until` hold of each series, with its latencies."""
    kept = _kept(since, until)
    query = select(
        kept.c.series_id,
        *(func.sum(kept.c[name]).label(name) for name in ADDED),
        func.max(kept.c.longest_ms).label("longest_ms"),
        func.min(kept.c.first_at).label("first_at"),
        func.max(kept.c.last_at).label("last_at"),
    )
    rows = connection.execute(query.group_by(kept.c.series_id)).all()
    known = _read_series(connection)
    found = {row.series_id: Held(row.series_id, known[row.series_id], _sums(row)) for row in rows}
    for held in found.values():
        held.sums.errors = {held.series.error_type: held.sums.calls} if held.series.error_type else {}
    parts: dict[int, tuple[list[bytes], list[bytes]]] = {}
    sketches = select(kept.c.series_id, kept.c.durations, kept.c.first_tokens)
    some = or_(kept.c.timed > 0, kept.c.first_tokens != b"")
    for series_id, *written in connection.execute(sketches.where(some)):
        for part, one in zip(parts.setdefault(series_id, ([], [])), written, strict=True):
            part.append(one)
    for series_id, (durations, first_tokens) in parts.items():
        sums = found[series_id].sums
        sums.durations, sums.first_tokens = sketch.decode(b"".join(durations)), sketch.decode(b"".join(first_tokens))
    return list(found.values())


def _kept(since: datetime, until: datetime) -> Subquery:
    """Rows that hold these hours: days where they are whole, and the hours before and after them."""
    first, last = _whole_days(since, until)
    if first >= last:
        return _between(_hour, since, until).subquery()
    parts = _between(_hour, since, first), _between(_day, first, last), _between(_hour, last, until)
    return union_all(*parts).subquery()


def _whole_days(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """From the first UTC midnight to the last; the second is before the first where there is no whole day."""
    first, last = midnight(since.astimezone(UTC).date()), midnight(until.astimezone(UTC).date())
    return (first if first >= since else first + timedelta(days=1)), last


def _between(kept: Table, since: datetime, until: datetime) -> Select[Any]:
    start = kept.c.hour if kept is _hour else kept.c.day
    whole = literal(kept is _day).label("whole")
    return select(start.label("start"), whole, kept.c.series_id, *(kept.c[name] for name in _COLUMNS)).where(
        start >= since, start < until
    )


def _read_series(connection: Connection) -> dict[int, Series]:
    """All there are: joined to a hundred thousand sums, their names would be read a hundred times each."""
    columns = [_series.c[name] for name in Series._fields]
    return {row[0]: Series._make(row[1:]) for row in connection.execute(select(_series.c.id, *columns))}


def by_day(
    connection: Connection, since: datetime, until: datetime, zone: str, series_ids: Collection[int]
) -> dict[date, Sums]:
    """The sums of these series together by the local days of a zone, without latencies.

    A UTC day counts for the local day of its noon, less its hours that belong to another.
    """
    found: dict[date, Sums] = {}
    for start, whole, sums in _summed(connection, _kept(since, until), series_ids):
        day = local_date(start + _NOON if whole else start, zone)
        found.setdefault(day, Sums()).merge(sums)
    moved = _strays(*_whole_days(since, until), zone)
    strays = _between(_hour, since, until).where(_hour.c.hour.in_(each.numbers(connection, map(microseconds, moved))))
    for start, _, sums in _summed(connection, strays.subquery(), series_ids):
        found[local_date(midnight(start.date()) + _NOON, zone)].merge(sums.less())
        found.setdefault(local_date(start, zone), Sums()).merge(sums)
    for sums in found.values():
        sums.errors = {error: many for error, many in sums.errors.items() if many}
    return {day: sums for day, sums in found.items() if sums.calls}


def timed_by_day(
    connection: Connection, since: datetime, until: datetime, zone: str, series_ids: Collection[int]
) -> dict[date, Sums]:
    """The same with latencies. Where local days are not UTC days those come from the hours, because the longest call of
    an hour can't be taken out of a day's."""
    found = by_day(connection, since, until, zone, series_ids)
    utc = not _strays(*_whole_days(since, until), zone)
    kept = _kept(since, until) if utc else _between(_hour, since, until).subquery()
    _take_times(connection, found, kept, series_ids, lambda start: local_date(start, zone))
    return found


def timed_by_hour(
    connection: Connection, since: datetime, until: datetime, series_ids: Collection[int]
) -> dict[datetime, Sums]:
    """The sums of these series together by the hour, with latencies."""
    found: dict[datetime, Sums] = {}
    kept = _between(_hour, since, until).subquery()
    for start, _, sums in _summed(connection, kept, series_ids):
        found.setdefault(start, Sums()).merge(sums)
    _take_times(connection, found, kept, series_ids, lambda start: start)
    return found


def _take_times(
    connection: Connection,
    found: Mapping[_Time, Sums],
    kept: Subquery,
    series_ids: Collection[int],
    of: Callable[[datetime], _Time],
) -> None:
    """Add the latencies of these rows to the sums of the times they are of."""
    query = select(kept.c.start, kept.c.longest_ms, kept.c.durations, kept.c.first_tokens).where(
        kept.c.series_id.in_(each.numbers(connection, series_ids)), or_(kept.c.timed > 0, kept.c.first_tokens != b"")
    )
    parts: dict[_Time, tuple[list[bytes], list[bytes]]] = {}
    for start, longest, *written in connection.execute(query):
        time = of(start)
        found[time].longest_ms = max(found[time].longest_ms, longest)
        for part, one in zip(parts.setdefault(time, ([], [])), written, strict=True):
            part.append(one)
    for time, (durations, first_tokens) in parts.items():
        found[time].durations = sketch.decode(b"".join(durations))
        found[time].first_tokens = sketch.decode(b"".join(first_tokens))


def _summed(
    connection: Connection, kept: Subquery, series_ids: Collection[int]
) -> Iterator[tuple[datetime, bool, Sums]]:
    """A sum for each hour or whole day and each way in which calls failed."""
    by = kept.c.start, kept.c.whole, _series.c.error_type
    query = (
        select(*by, *(func.sum(kept.c[name]).label(name) for name in ADDED))
        .join(_series, _series.c.id == kept.c.series_id)
        .where(kept.c.series_id.in_(each.numbers(connection, series_ids)))
        .group_by(*by)
        .order_by(kept.c.start)
    )
    for row in connection.execute(query):
        sums = _counted(row)
        sums.errors = {row.error_type: sums.calls} if row.error_type else {}
        yield row.start, row.whole, sums


def _strays(first: datetime, last: datetime, zone: str) -> list[datetime]:
    """The hours of these UTC days that belong to another local day than their noon."""
    found: list[datetime] = []
    for day in dates(first.date(), last.date() + timedelta(days=2)):
        edge = local_midnight(day, zone)
        start = midnight(edge.date())
        hours = [start + n * _HOUR for n in range(24)]
        early = edge <= start + _NOON
        found += [hour for hour in hours if first <= hour < last and (hour < edge if early else hour >= edge)]
    return found


def of_singles(connection: Connection, since: datetime, until: datetime) -> list[Held]:
    """The sums of each series in any stretch of time, however short, from single calls: as long as those are kept."""
    when = _call.c.at >= since, _call.c.at < until
    counted = (*TOKENS, "web_search", "list_cost", "duration_ms")
    query = select(
        _call.c.series_id,
        func.count().label("calls"),
        *(func.coalesce(func.sum(_call.c[name]), 0).label(name) for name in counted),
        func.count(_call.c.list_cost).label("listed"),
        func.count(_call.c.duration_ms).label("timed"),
        func.coalesce(func.max(_call.c.duration_ms), 0).label("longest_ms"),
        func.min(_call.c.at).label("first_at"),
        func.max(_call.c.at).label("last_at"),
    )
    rows = connection.execute(query.where(*when).group_by(_call.c.series_id)).all()
    known = _read_series(connection) if rows else {}
    found: dict[int, Held] = {}
    for row in rows:
        figures: dict[str, Any] = {name: int(getattr(row, name)) for name in (*counted, "calls", "timed", "longest_ms")}
        sums = Sums(**figures, unlisted=row.calls - row.listed, first_at=row.first_at, last_at=row.last_at)
        series = known[row.series_id]
        sums.errors = {series.error_type: sums.calls} if series.error_type else {}
        found[row.series_id] = Held(row.series_id, series, sums)
    timed = select(_call.c.series_id, _call.c.duration_ms, func.count()).where(*when, _call.c.duration_ms.is_not(None))
    for series_id, duration, many in connection.execute(timed.group_by(_call.c.series_id, _call.c.duration_ms)):
        sketch.merge(found[series_id].sums.durations, {sketch.bucket(duration): many})
    return list(found.values())


def largest(connection: Connection, since: datetime, until: datetime, *, by: str) -> list[Held]:
    """The largest single call of each series, by one of its columns or by all its `tokens`."""
    tokens = sum((_call.c[name] for name in TOKENS), start=literal(0))
    size = tokens if by == "tokens" else func.coalesce(_call.c[by], 0)
    when = _call.c.at >= since, _call.c.at < until
    place = func.row_number().over(partition_by=_call.c.series_id, order_by=(size.desc(), _call.c.id))
    ranked = select(_call.c.id, place.label("place")).where(*when).subquery()
    first = select(ranked.c.id).where(ranked.c.place == 1)
    rows = _singles(connection, since, until, _call.c.id.in_(first))
    return [Held(row.series_id, Series._make(row[-len(Series._fields) :]), _single(row)) for row in rows]


def any_held(connection: Connection) -> bool:
    """Whether any program ever reported a call."""

    def held() -> bool:
        return connection.execute(select(_series.c.id).limit(1)).first() is not None

    return remembered(connection, "calls held", held)


def newest(connection: Connection) -> datetime | None:
    """When the newest call was made that any program reported."""
    last = select(func.max(_hour.c.hour)).scalar_subquery()
    at: datetime | None = connection.execute(select(func.max(_hour.c.last_at)).where(_hour.c.hour == last)).scalar_one()
    return at


def any_named(connection: Connection) -> bool:
    """Whether any program ever named a user."""
    return connection.execute(select(_series.c.id).where(_series.c.caller != "").limit(1)).first() is not None


def singly(connection: Connection, since: datetime, until: datetime) -> Iterator[Row[Any]]:
    """Single calls in order of time with what their series says, as long as they are kept."""
    yield from _singles(connection.execution_options(yield_per=10_000), since, until)


def _singles(connection: Connection, since: datetime, until: datetime, *which: ColumnElement[bool]) -> Result[Any]:
    query = (
        select(_call, *(_series.c[name] for name in Series._fields))
        .join(_series, _series.c.id == _call.c.series_id)
        .where(_call.c.at >= since, _call.c.at < until, *which)
        .order_by(_call.c.at, _call.c.id)
    )
    return connection.execute(query)


def _single(row: Any) -> Sums:
    """One call as sums."""
    counts = {name: getattr(row, name) for name in (*TOKENS, "web_search")}
    sums = Sums(calls=1, list_cost=row.list_cost or 0, unlisted=int(row.list_cost is None), **counts)
    if row.duration_ms is not None:
        sums.timed, sums.duration_ms, sums.longest_ms = 1, row.duration_ms, row.duration_ms
        sums.durations = {sketch.bucket(row.duration_ms): 1}
    if row.error_type:
        sums.errors = {row.error_type: 1}
    sums.first_at = sums.last_at = row.at
    return sums


def _sums(row: Any) -> Sums:
    sums = _counted(row)
    sums.longest_ms, sums.first_at, sums.last_at = row.longest_ms, row.first_at, row.last_at
    return sums


def _counted(row: Any) -> Sums:
    """PostgreSQL sums 64-bit integers to decimals."""
    added: dict[str, Any] = {name: int(getattr(row, name)) for name in ADDED}
    return Sums(**added)
