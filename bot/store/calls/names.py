"""The names that calls were ever made under, and how often which of them call."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, func, literal_column, select, type_coerce

from bot.core.calls.call import Origin
from bot.core.utc import instant
from bot.store.calls.series import Series
from bot.store.tables import CallHour, CallRow, CallSeries, table

_call = table(CallRow)
_hour = table(CallHour)
_series = table(CallSeries)
_MINUTE = 60_000_000
_COLUMN = {"key": "api_key", "model": "model", "feature": "feature"}


class Begun(NamedTuple):
    """What a series is called, and when its first call was made."""

    series: Series
    since: datetime


def series(connection: Connection) -> dict[int, Begun]:
    """All there are, but those of logs that somebody imported: nobody makes those calls now."""
    query = select(_series.c.id, *(_series.c[name] for name in Series._fields), _series.c.since)
    rows = connection.execute(query.where(_series.c.origin != Origin.IMPORT))
    return {row[0]: Begun(Series._make(row[1:-1]), row[-1]) for row in rows}


def first_calls(connection: Connection, kind: str, until: datetime) -> dict[str, datetime]:
    """When each key, model or feature called first, in a log too, of those who had by then."""
    column = _series.c[_COLUMN[kind]]
    first = func.min(_series.c.since)
    query = select(column, first).where(column != "").group_by(column).having(first <= until)
    return {row[0]: row[1] for row in connection.execute(query)}


def name(series: Series, kind: str) -> str:
    """What a series calls its key, model or feature."""
    return str(getattr(series, _COLUMN[kind]))


def by_minute(connection: Connection, since: datetime, until: datetime) -> dict[int, Counter[datetime]]:
    """Each series' single calls, by the minute."""
    found: dict[int, Counter[datetime]] = defaultdict(Counter)
    minute = type_coerce(_call.c.at, BigInteger) // literal_column(str(_MINUTE))
    query = select(_call.c.series_id, minute, func.count()).where(_call.c.at >= since, _call.c.at < until)
    for series_id, number, calls in connection.execute(query.group_by(_call.c.series_id, minute)):
        found[series_id][instant(number * _MINUTE)] += calls
    return found


def in_hours(connection: Connection, hours: Sequence[datetime], ids: Collection[int]) -> dict[datetime, Counter[int]]:
    """The calls of these series in each of some hours."""
    found: dict[datetime, Counter[int]] = {hour: Counter() for hour in hours}
    query = select(_hour.c.hour, _hour.c.series_id, _hour.c.calls).where(_hour.c.hour.in_(list(hours)))
    for hour, series_id, calls in connection.execute(query):
        if series_id in ids:
            found[hour][series_id] += calls
    return found


def calls_since(connection: Connection, since: datetime, until: datetime, ids: Collection[int]) -> int:
    """How many calls of these series the hours from that of `since` on hold."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    when = _hour.c.hour >= hour, _hour.c.hour <= until, _hour.c.series_id.in_(list(ids))
    return int(connection.execute(select(func.coalesce(func.sum(_hour.c.calls), 0)).where(*when)).scalar_one())
