"""Snapshots, directory and configuration become the ledger, a day at a time, within the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from bot.core.allocation import allocate
from bot.core.books.adjustments import adjustments, summed
from bot.core.directory import Directory, Ownership
from bot.core.entries import Basis, Entry
from bot.core.errors import StoreError
from bot.core.hours import spread
from bot.core.money import Money
from bot.core.usage import CostRecord, Source, UsageRecord
from bot.core.utc import month_after
from bot.services.configuration import in_force
from bot.store import directory as directories
from bot.store.alerts import anomaly_series
from bot.store.books import closes
from bot.store.ledger import entries as held_entries
from bot.store.ledger.posting import Ledger
from bot.store.readings import snapshots
from bot.store.upsert import lock

_DAY = timedelta(days=1)

Fresh = Mapping[Source, Mapping[date, Sequence[Any]]]
"""Records by source and UTC day that were stored a moment ago: they need not be read back."""
NOTHING: Fresh = MappingProxyType({})


def rebuild(
    connection: Connection,
    organization_id: str,
    days: Iterable[date],
    *,
    noticed: date | None = None,
    fresh: Fresh = NOTHING,
) -> int:
    """Make the ledger of these UTC days anew from what the store holds; returns how many days that was.

    A day of a closed month stays as it was closed. `noticed` is the day on which the days were read again: what that
    changed of a closed one is booked there, or on the first day that is still open. Raises StoreError, and so undoes
    the whole transaction, if a day's sum is not what Anthropic reported.
    """
    lock(connection, organization_id)  # a close must not see half of what changes meanwhile
    wanted, closed = set(days), closes.months(connection)
    reports = _Reports(connection, organization_id, fresh)
    fixed = {day for day in wanted if day.replace(day=1) in closed}
    with Ledger(connection, organization_id) as ledger:
        if fixed and noticed:
            booked_on = max(noticed, month_after(max(closed)))
            if _book(reports, ledger, fixed, booked_on):
                wanted.add(booked_on)
        booked = _booked(connection, organization_id, wanted - fixed)
        hourly = _Hourly(reports, wanted - fixed)
        for day, entries, reported in _allocated(reports, wanted - fixed):
            _prove(day, entries, reported)
            whole = [*entries, *booked.get(day, ())]
            ledger.replace_day(day, whole, hourly.spread(day, whole))
    return len(wanted - fixed)


def rebuild_hours(connection: Connection, organization_id: str, days: Collection[date], fresh: Fresh = NOTHING) -> None:
    """Spread the entries that the ledger holds of these days over their hours anew; no day's sum changes."""
    if not days:
        return
    lock(connection, organization_id)
    hourly = _Hourly(_Reports(connection, organization_id, fresh), days)
    held = held_entries(connection, organization_id, min(days), max(days) + _DAY)
    with Ledger(connection, organization_id) as ledger:
        for day in sorted(days):
            ledger.replace_hours(day, hourly.spread(day, held.get(day, ())))


def rebuild_everything(connection: Connection) -> int:
    """Make the whole ledger anew, as after a change of teams; returns how many days that was."""
    anomaly_series.forget(connection)
    return sum(
        rebuild(connection, organization_id, snapshots.days_held(connection, organization_id))
        for organization_id in sorted(one.organization_id for one in directories.read_all(connection))
    )


@dataclass(frozen=True, slots=True)
class _Reports:
    """What an organisation's reports say, a day at a time: a year of records would fill the memory."""

    connection: Connection
    organization_id: str
    fresh: Fresh

    def usage(self, day: date, source: Source = Source.USAGE) -> Sequence[UsageRecord]:
        found = self.fresh.get(source, {}).get(day)
        if found is None:
            held = snapshots.usage(self.connection, self.organization_id, day, day + _DAY, source=source)
            found = held.get(day, ())
        return found

    def costs(self, day: date) -> Sequence[CostRecord]:
        found = self.fresh.get(Source.COST, {}).get(day)
        if found is None:
            found = snapshots.costs(self.connection, self.organization_id, day, day + _DAY).get(day, ())
        return found

    def fetched(self, source: Source, days: Collection[date]) -> dict[date, datetime]:
        """When each of the days was last read."""
        if not days:
            return {}
        return snapshots.fetched(self.connection, self.organization_id, source, min(days), max(days) + _DAY)


class _Hourly:
    """What is known of some days by the hour."""

    def __init__(self, reports: _Reports, days: Collection[date]) -> None:
        self._reports = reports
        self._fetched = reports.fetched(Source.HOURS, days)

    def spread(self, day: date, entries: Sequence[Entry]) -> list[tuple[int, Entry]]:
        """The entries with their hours; nothing for a day that was not read by the hour."""
        fetched_at = self._fetched.get(day)
        if fetched_at is None:
            return []
        return spread(entries, self._reports.usage(day, Source.HOURS), over=snapshots.whole(day, fetched_at))


_Allocated = tuple[date, list[Entry], Sequence[CostRecord] | None]
"""A day, what its ledger would be, and what the cost report said; None where that has not been read."""


def _allocated(reports: _Reports, days: Collection[date]) -> Iterator[_Allocated]:
    if not days:
        return
    owners = _ownership(reports.connection, reports.organization_id).by_day()
    cost_fetched = reports.fetched(Source.COST, days)
    for day in sorted(days):
        fetched_at = cost_fetched.get(day)
        reported = reports.costs(day) if fetched_at else None
        entries = allocate(
            day,
            reports.usage(day),
            reported,
            owners(day),
            complete=fetched_at is not None and snapshots.whole(day, fetched_at),
        )
        yield day, entries, reported


def _book(reports: _Reports, ledger: Ledger, days: Collection[date], booked_on: date) -> bool:
    """Book what closed days would be by now, as far as it is not booked already; returns whether anything was."""
    connection, organization_id = reports.connection, reports.organization_id
    held = held_entries(connection, organization_id, min(days), max(days) + _DAY)
    found = False
    for day, now, reported in _allocated(reports, days):
        if any(entry.basis is Basis.UNKNOWN for entry in now):
            continue  # what is not in yet is no zero to adjust to
        booked = closes.booked(connection, organization_id, day)
        new = adjustments(held.get(day, ()), booked, now)
        _prove(day, [*held.get(day, ()), *booked, *new], reported)
        closes.book(connection, organization_id, day, booked_on, ledger, new)
        found |= bool(new)
    return found


def _booked(connection: Connection, organization_id: str, days: Collection[date]) -> dict[date, list[Entry]]:
    """The adjustments that stand on these days."""
    if not days:
        return {}
    found: dict[date, list[Entry]] = defaultdict(list)
    for one in closes.adjustments(connection, min(days), max(days) + _DAY):
        if one.organization_id == organization_id:
            found[one.day].append(one.entry)
    return {day: summed(some) for day, some in found.items()}


def _ownership(connection: Connection, organization_id: str) -> Ownership:
    directory = directories.read(connection, organization_id) or Directory(organization_id, organization_id)
    configuration = in_force(connection)
    return Ownership(directory, configuration.teams)


def _prove(day: date, entries: Iterable[Entry], reported: Iterable[CostRecord] | None) -> None:
    held = sum(entry.billed_cost or 0 for entry in entries)
    said = sum(cost.amount.units for cost in reported or ())
    if held != said:
        raise StoreError(
            f"The ledger of {day} would hold ${Money(held)} where Anthropic reported ${Money(said)}; nothing was "
            "changed. This is a mistake in the bot: please report it with the output of `claude-usage status`."
        )
