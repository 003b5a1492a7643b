"""Months that are closed: their files, byte for byte, and what restatements since have come to.

The ledger's days of a closed month are its record: they are not made anew from snapshots any more.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from bot.core.books.adjustments import plus
from bot.core.entries import Attribution, Basis, Entry, Posted
from bot.core.errors import StoreError
from bot.store.ledger.posting import Ledger
from bot.store.memory import renew
from bot.store.tables import AdjustmentRow, ClosedFileRow, ClosedMonthRow, LedgerSeries, table
from bot.store.upsert import insert_new, upsert

_month = table(ClosedMonthRow)
_file = table(ClosedFileRow)
_adjustment = table(AdjustmentRow)
_series = table(LedgerSeries)

_DIMENSIONS = Attribution._fields


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """`month` is its first day, `files` the sha256 of each file by name."""

    month: date
    closed_at: datetime
    files: Mapping[str, str]


def months(connection: Connection) -> dict[date, ClosedMonth]:
    """Every closed month by its first day."""
    query = select(_month).order_by(_month.c.month)
    return {
        row.month: ClosedMonth(row.month, row.closed_at, json.loads(row.files)) for row in connection.execute(query)
    }


def close(connection: Connection, month: date, at: datetime, files: Mapping[str, tuple[str, bytes]]) -> ClosedMonth:
    """Close a month for good; `files` holds the sha256 and the zlib-compressed bytes of each file by name."""
    insert_new(connection, _file, [{"sha256": sha256, "body": body} for sha256, body in files.values()])
    hashes = {name: sha256 for name, (sha256, _) in files.items()}
    connection.execute(insert(_month).values(month=month, closed_at=at, files=json.dumps(hashes, sort_keys=True)))
    renew(connection, "closed months")
    return ClosedMonth(month, at, hashes)


def file(connection: Connection, sha256: str) -> bytes:
    """The bytes of a closed month's file. Raises StoreError if they are not the ones that were closed."""
    kept = connection.execute(select(_file.c.body).where(_file.c.sha256 == sha256)).scalar()
    body = zlib.decompress(kept) if kept else b""
    if hashlib.sha256(body).hexdigest() != sha256:
        raise StoreError(f"The file of a closed month is damaged: its sha256 is not {sha256}. Restore a backup.")
    return body


def book(
    connection: Connection, organization_id: str, day: date, booked_on: date, ledger: Ledger, entries: Iterable[Entry]
) -> None:
    """Add these adjustments of a closed day to what was booked for it on `booked_on` already."""
    sums = {(entry.attribution, entry.charge): entry for entry in booked(connection, organization_id, day, booked_on)}
    changed = {}
    for entry in entries:
        key = entry.attribution, entry.charge
        changed[key] = plus(sums[key], entry) if key in sums else entry
    ids = ledger.series_of(attribution for attribution, _ in changed)
    rows = [
        {
            "organization_id": organization_id,
            "day": day,
            "booked_on": booked_on,
            "series_id": ids[attribution],
            "charge": charge,
            "quantity": entry.quantity,
            "list_cost": entry.list_cost,
            "billed_cost": entry.billed_cost or 0,
        }
        for (attribution, charge), entry in changed.items()
    ]
    upsert(connection, _adjustment, rows)


def booked(connection: Connection, organization_id: str, day: date, booked_on: date | None = None) -> list[Entry]:
    """The adjustments to a closed day, on one day of booking or on all."""
    query = _adjustments().where(_adjustment.c.organization_id == organization_id, _adjustment.c.day == day)
    if booked_on is not None:
        query = query.where(_adjustment.c.booked_on == booked_on)
    return [_entry(row) for row in connection.execute(query)]


def adjustments(connection: Connection, since: date, until: date) -> list[Posted]:
    """What was booked on these UTC days, `until` exclusive, with the closed day each is about."""
    query = _adjustments().where(_adjustment.c.booked_on >= since, _adjustment.c.booked_on < until)
    return [Posted(row.organization_id, row.booked_on, _entry(row), row.day) for row in connection.execute(query)]


def adjustments_to(connection: Connection, since: date, until: date) -> list[Posted]:
    """What was booked, whenever, about these closed days, `until` exclusive."""
    query = _adjustments().where(_adjustment.c.day >= since, _adjustment.c.day < until)
    return [Posted(row.organization_id, row.booked_on, _entry(row), row.day) for row in connection.execute(query)]


def newest_booking(connection: Connection) -> date | None:
    """The last day on which adjustments were booked; None before the first."""
    return connection.execute(select(func.max(_adjustment.c.booked_on))).scalar()


def _adjustments() -> Select[Any]:
    return select(_adjustment, *(_series.c[name] for name in _DIMENSIONS)).join(
        _series, _series.c.id == _adjustment.c.series_id
    )


def _entry(row: Row[Any]) -> Entry:
    attribution = Attribution(*(getattr(row, name) for name in _DIMENSIONS))
    return Entry(attribution, row.charge, row.quantity, row.list_cost, row.billed_cost, Basis.ADJUSTMENT)
