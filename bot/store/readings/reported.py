"""What Anthropic adds up itself: one sum a day, kept beside the rows that the ledger is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from bot.core.money import Money
from bot.core.usage import DayTotal, Source
from bot.store.tables import AdjustmentRow, BucketRow, ReportedTotalRow, table
from bot.store.upsert import upsert

_reported = table(ReportedTotalRow)
_bucket = table(BucketRow)
_adjustment = table(AdjustmentRow)


@dataclass(frozen=True, slots=True)
class Reported:
    amount: Money
    fetched_at: datetime


def replace(connection: Connection, organization_id: str, totals: Sequence[DayTotal], fetched_at: datetime) -> None:
    """Put what was just read in the place of what stood for these days."""
    rows = [
        {
            "organization_id": organization_id,
            "day": total.start.date(),
            "amount_cents": total.amount_cents,
            "fetched_at": fetched_at,
        }
        for total in totals
    ]
    upsert(connection, _reported, rows)


def read(connection: Connection, organization_id: str, since: date, until: date) -> dict[date, Reported]:
    """By UTC day, `since` inclusive, `until` exclusive; a day that is missing here has not been read."""
    query = select(_reported).where(
        _reported.c.organization_id == organization_id, _reported.c.day >= since, _reported.c.day < until
    )
    return {row.day: Reported(Money.from_cents(row.amount_cents), row.fetched_at) for row in connection.execute(query)}


def behind(connection: Connection, organization_id: str) -> list[date]:
    """The days whose cost rows are newer than Anthropic's own sum of them, or have none, oldest first."""
    held = select(_bucket.c.start, _bucket.c.fetched_at).where(
        _bucket.c.organization_id == organization_id, _bucket.c.source == Source.COST
    )
    rows: dict[date, datetime] = {start.date(): fetched_at for start, fetched_at in connection.execute(held)}
    if not rows:
        return []
    sums = read(connection, organization_id, min(rows), date.max)
    return sorted(day for day, at in rows.items() if day not in sums or sums[day].fetched_at < at)


def adjusted(connection: Connection, organization_id: str, since: date, until: date) -> dict[date, Money]:
    """What restatements of closed days were booked elsewhere, by the day they are about."""
    query = (
        select(_adjustment.c.day, func.sum(_adjustment.c.billed_cost))
        .where(_adjustment.c.organization_id == organization_id, _adjustment.c.day >= since, _adjustment.c.day < until)
        .group_by(_adjustment.c.day)
    )
    return {day: Money(int(units)) for day, units in connection.execute(query)}
