"""Writes the ledger: a day at a time, its entries and hours and their sums together, in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from bot.core.allocation import Attribution, Entry
from bot.store.bulk import insert_rows
from bot.store.tables import LedgerEntry, LedgerHour, LedgerHourTotal, LedgerSeries, LedgerTotal, table
from bot.store.upsert import insert_new

_entry = table(LedgerEntry)
_series = table(LedgerSeries)
_total = table(LedgerTotal)
_hour = table(LedgerHour)
_hour_total = table(LedgerHourTotal)

_ENTRY = ("day", "series_id", "charge", "basis", "quantity", "list_cost", "billed_cost")
_TOTAL = (
    *("day", "organization_id", "team_id", "model", "charge", "basis"),
    *("quantity", "list_cost", "billed_cost", "unlisted"),
)
_DIMENSIONS = Attribution._fields


class Ledger:
    """Writes the ledger days of one organisation within one transaction."""

    def __init__(self, connection: Connection, organization_id: str) -> None:
        self._connection = connection
        self._organization_id = organization_id
        self._ids = self._known_series()

    def replace_day(self, day: date, entries: Sequence[Entry], hours: Sequence[tuple[int, Entry]] = ()) -> None:
        """Put `entries` in the place of everything the ledger held of this organisation's day, and their `hours`."""
        self._add_series({entry.attribution for entry in entries} - self._ids.keys())
        self._clear(day, _entry, _total)
        rows = ((day, self._ids[entry.attribution], *_amounts(entry)) for entry in entries)
        insert_rows(self._connection, _entry, _ENTRY, rows)
        totals = ((day, self._organization_id, *key, *amounts) for key, amounts in _totals(entries).items())
        insert_rows(self._connection, _total, _TOTAL, totals)
        self.replace_hours(day, hours)

    def replace_hours(self, day: date, hours: Sequence[tuple[int, Entry]]) -> None:
        """Put the entries' parts by the hour in the place of those that the ledger held of the day."""
        self._clear(day, _hour, _hour_total)
        rows = ((day, hour, self._ids[entry.attribution], *_amounts(entry)) for hour, entry in hours)
        insert_rows(self._connection, _hour, ("day", "hour", *_ENTRY[1:]), rows)
        by_hour: dict[int, list[Entry]] = defaultdict(list)
        for hour, entry in hours:
            by_hour[hour].append(entry)
        totals = (
            (day, hour, self._organization_id, *key, *amounts)
            for hour, entries in by_hour.items()
            for key, amounts in _totals(entries).items()
        )
        insert_rows(self._connection, _hour_total, ("day", "hour", *_TOTAL[1:]), totals)

    def _clear(self, day: date, entries: Table, totals: Table) -> None:
        of_organization = select(_series.c.id).where(_series.c.organization_id == self._organization_id)
        self._connection.execute(delete(entries).where(entries.c.day == day, entries.c.series_id.in_(of_organization)))
        self._connection.execute(
            delete(totals).where(totals.c.day == day, totals.c.organization_id == self._organization_id)
        )

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


def _totals(entries: Iterable[Entry]) -> dict[tuple[str, str, str, str], list[int]]:
    """What is unknown is counted beside the sum of what is known: it neither swallows nor flatters it."""
    sums: dict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for entry in entries:
        known = sums[entry.attribution.team_id, entry.attribution.model, entry.charge, entry.basis.value]
        known[0] += entry.quantity
        known[1] += entry.list_cost or 0
        known[2] += entry.billed_cost or 0
        known[3] += entry.list_cost is None
    return sums
