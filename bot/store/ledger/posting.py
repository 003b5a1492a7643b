"""Writes the ledger: a day at a time, its entries and hours and all their sums, in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, Table, case, delete, func, insert, literal, select

from bot.core.entries import Attribution, Entry
from bot.core.utc import month_after
from bot.store.bulk import insert_rows
from bot.store.memory import renew
from bot.store.tables import (
    LedgerEntry,
    LedgerHour,
    LedgerHourOrganization,
    LedgerHourTotal,
    LedgerMonth,
    LedgerMonthTotal,
    LedgerOrganization,
    LedgerSeries,
    LedgerTotal,
    table,
)
from bot.store.upsert import insert_new

_series = table(LedgerSeries)
_entry, _total, _organization = table(LedgerEntry), table(LedgerTotal), table(LedgerOrganization)
_hour, _hour_total, _hour_organization = (table(row) for row in (LedgerHour, LedgerHourTotal, LedgerHourOrganization))
_month, _month_total = table(LedgerMonth), table(LedgerMonthTotal)

_ENTRY = ("series_id", "charge", "basis", "quantity", "list_cost", "billed_cost")
_SUM = ("charge", "basis", "quantity", "list_cost", "billed_cost", "unlisted")
_TOTAL = ("organization_id", "team_id", "model", *_SUM)
_ORGANIZATION = ("organization_id", "model", *_SUM)
_DIMENSIONS = Attribution._fields

_Sums = dict[tuple[str, ...], list[int]]
"""Quantity, list and billed cost, and how many entries have no list price."""


class Ledger:
    """Writes ledger days of one organisation within one transaction: `with Ledger(…) as ledger`.

    The months of the days are summed at the end of the block: once, however many of their days were written.
    """

    def __init__(self, connection: Connection, organization_id: str) -> None:
        self._connection = connection
        self._organization_id = organization_id
        self._ids = self._known_series()
        self._months: set[date] = set()
        renew(connection, f"ledger/{organization_id}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:  # else the transaction is undone, and perhaps broken
            for month in sorted(self._months):
                self._sum_month(month)

    def replace_day(self, day: date, entries: Sequence[Entry], hours: Sequence[tuple[int, Entry]] = ()) -> None:
        """Put `entries` in the place of everything the ledger held of this organisation's day, and their `hours`."""
        ids = self._ids_of(entries)
        self._clear(day, _entry, _total, _organization)
        rows = ((day, id_, *_amounts(entry)) for id_, entry in zip(ids, entries, strict=True))
        insert_rows(self._connection, _entry, ("day", *_ENTRY), rows)
        totals, overall = _sums(entries)
        self._write_sums(_total, ("day", *_TOTAL), (day,), totals)
        self._write_sums(_organization, ("day", *_ORGANIZATION), (day,), overall)
        self._months.add(day.replace(day=1))
        self.replace_hours(day, hours)

    def replace_hours(self, day: date, hours: Sequence[tuple[int, Entry]]) -> None:
        """Put the entries' parts by the hour in the place of those that the ledger held of the day."""
        self._clear(day, _hour, _hour_total, _hour_organization)
        rows = ((day, hour, self._ids[entry.attribution], *_amounts(entry)) for hour, entry in hours)
        insert_rows(self._connection, _hour, ("day", "hour", *_ENTRY), rows)
        by_hour: dict[int, list[Entry]] = defaultdict(list)
        for hour, entry in hours:
            by_hour[hour].append(entry)
        for hour, entries in by_hour.items():
            totals, overall = _sums(entries)
            self._write_sums(_hour_total, ("day", "hour", *_TOTAL), (day, hour), totals)
            self._write_sums(_hour_organization, ("day", "hour", *_ORGANIZATION), (day, hour), overall)

    def _ids_of(self, entries: Sequence[Entry]) -> list[int | None]:
        """The number of each entry's series; those that have none yet get it."""
        ids = [self._ids.get(entry.attribution) for entry in entries]
        if None not in ids:
            return ids
        self._add_series({entry.attribution for entry in entries} - self._ids.keys())
        return [self._ids[entry.attribution] for entry in entries]

    def _write_sums(self, sums: Table, columns: Sequence[str], when: tuple[Any, ...], rows: _Sums) -> None:
        insert_rows(
            self._connection,
            sums,
            columns,
            ((*when, self._organization_id, *key, *amounts) for key, amounts in rows.items()),
        )

    def _clear(self, day: date, *tables: Table) -> None:
        for one in tables:
            self._connection.execute(delete(one).where(one.c.day == day, self._ours(one)))

    def _ours(self, table: Table, *, by_day: bool = False) -> ColumnElement[bool]:
        """What is the organisation's; `by_day`: of many days in a row, which are not to be looked up series by series:
        that takes seven times as long."""
        if "organization_id" in table.c:
            return table.c.organization_id == self._organization_id
        series = select(_series.c.id).where(_series.c.organization_id == self._organization_id)
        return (table.c.series_id + 0 if by_day else table.c.series_id).in_(series)

    def _sum_month(self, month: date) -> None:
        """Sum the days of a month anew from what the ledger holds of them by now."""
        unlisted = func.sum(case((_entry.c.list_cost.is_(None), 1), else_=0))
        self._sum(month, _entry, _month, ("series_id",), unlisted)
        self._sum(month, _total, _month_total, ("organization_id", "team_id", "model"), func.sum(_total.c.unlisted))

    def _sum(
        self, month: date, days: Table, months: Table, places: Sequence[str], unlisted: ColumnElement[int]
    ) -> None:
        groups = [days.c[name] for name in (*places, "charge", "basis")]
        amounts = {name: func.coalesce(func.sum(days.c[name]), 0) for name in ("quantity", "list_cost", "billed_cost")}
        summed = (
            select(literal(month), *groups, *amounts.values(), unlisted, func.count())
            .where(days.c.day >= month, days.c.day < month_after(month), self._ours(days, by_day=True))
            .group_by(*groups)
        )
        columns = ("month", *places, "charge", "basis", *amounts, "unlisted", "days")
        self._connection.execute(delete(months).where(months.c.month == month, self._ours(months)))
        self._connection.execute(insert(months).from_select(columns, summed))

    def series_of(self, attributions: Iterable[Attribution]) -> dict[Attribution, int]:
        """The number of each series; one that has none yet gets it."""
        wanted = set(attributions)
        self._add_series(wanted - self._ids.keys())
        return {attribution: self._ids[attribution] for attribution in wanted}

    def _known_series(self) -> dict[Attribution, int]:
        query = select(_series.c.id, *(_series.c[name] for name in _DIMENSIONS)).where(
            _series.c.organization_id == self._organization_id
        )
        return {Attribution(*dimensions): id_ for id_, *dimensions in self._connection.execute(query)}

    def _add_series(self, missing: Iterable[Attribution]) -> None:
        rows = [
            {"organization_id": self._organization_id, **{name: getattr(attribution, name) for name in _DIMENSIONS}}
            for attribution in sorted(missing, key=lambda a: tuple(getattr(a, name) for name in _DIMENSIONS))
        ]
        if rows:
            insert_new(self._connection, _series, rows)
            self._ids = self._known_series()


def _amounts(entry: Entry) -> tuple[Any, ...]:
    return entry.charge, entry.basis.value, entry.quantity, entry.list_cost, entry.billed_cost


def _sums(entries: Iterable[Entry]) -> tuple[_Sums, _Sums]:
    """By team and model, and by model alone.

    What is unknown is counted beside the sum of what is known: it neither swallows nor flatters it.
    """
    totals: _Sums = defaultdict(_nothing)
    overall: _Sums = defaultdict(_nothing)
    for entry in entries:
        place = entry.attribution
        known = totals[place.team_id, place.model, entry.charge, entry.basis.value]
        known[0] += entry.quantity
        known[1] += entry.list_cost or 0
        known[2] += entry.billed_cost or 0
        known[3] += entry.list_cost is None
    for (_team, *key), amounts in totals.items():
        known = overall[tuple(key)]
        for at, amount in enumerate(amounts):
            known[at] += amount
    return totals, overall


def _nothing() -> list[int]:
    return [0, 0, 0, 0]
