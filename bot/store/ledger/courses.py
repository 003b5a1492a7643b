"""The course of many series at once, an amount for each of their days or hours: what anomalies are found in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, FromClause, case, func, literal, select

from bot.core.entries import Basis
from bot.core.question import Dimension
from bot.core.usage import TOKEN_TYPES
from bot.store.ledger.levels import COLUMN, column
from bot.store.tables import BucketRow, LedgerEntry, LedgerHour, LedgerHourTotal, LedgerSeries, LedgerTotal, table

_entry, _total = table(LedgerEntry), table(LedgerTotal)
_hour, _hour_total = table(LedgerHour), table(LedgerHourTotal)
_series = table(LedgerSeries)
_bucket = table(BucketRow)
_IN_TOTALS = (None, Dimension.TEAM, Dimension.MODEL)


class Point(NamedTuple):
    """What one of them came to on a UTC day, or in one of its hours; money in units."""

    id: str
    day: date
    hour: int
    billed: int
    unbilled: int
    """List cost of what is not billed yet."""
    tokens: int


def days(
    connection: Connection, by: Dimension | None, since: date, until: date, *, apart: bool = False
) -> Sequence[Point]:
    """A point for each day that has entries; `by` None: one series of everything."""
    return _points(connection, _total if by in _IN_TOTALS else _entry, by, since, until, hourly=False, apart=apart)


def hours(connection: Connection, by: Dimension | None, day: date, *, apart: bool = False) -> Sequence[Point]:
    """A point for each hour of a day that has entries."""
    source = _hour_total if by in _IN_TOTALS else _hour
    return _points(connection, source, by, day, day + timedelta(days=1), hourly=True, apart=apart)


def newest_reading(connection: Connection) -> datetime | None:
    """When any day was read last."""
    at: datetime | None = connection.execute(select(func.max(_bucket.c.fetched_at))).scalar()
    return at


def _points(
    connection: Connection,
    source: Any,
    by: Dimension | None,
    since: date,
    until: date,
    *,
    hourly: bool,
    apart: bool,
) -> Sequence[Point]:
    held: FromClause = source
    id_: Any = literal("")
    if source in (_entry, _hour) and by is not None:
        held = source.join(_series, _series.c.id == source.c.series_id)
        id_ = column(COLUMN[by], apart=apart)
    elif by is not None:
        id_ = source.c[COLUMN[by]]
    columns = source.c
    at = columns.hour if hourly else literal(-1)
    unbilled = case((columns.basis == Basis.UNKNOWN.value, columns.list_cost), else_=0)
    tokens = case((columns.charge.in_(TOKEN_TYPES), columns.quantity), else_=0)
    sums = (func.coalesce(func.sum(one), 0) for one in (columns.billed_cost, unbilled, tokens))
    query = select(id_, columns.day, at, *sums).select_from(held).where(columns.basis != Basis.ADJUSTMENT.value)
    query = query.where(columns.day >= since, columns.day < until)
    groups = [columns.day, *([id_] if by is not None else []), *([columns.hour] if hourly else [])]
    rows = connection.execute(query.group_by(*groups))
    return [Point(row[0], row[1], row[2], int(row[3]), int(row[4]), int(row[5])) for row in rows]
