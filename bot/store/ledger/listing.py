"""Rows of the ledger as they stand: a day's entries, a day's hours, every name it has seen."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, select

from bot.core.allocation import Attribution, Basis, Entry
from bot.core.question import Dimension
from bot.store.ledger.levels import ATTRIBUTION, COLUMN, column
from bot.store.tables import LedgerEntry, LedgerHour, LedgerOrganization, LedgerSeries, table

_entry, _hour, _series, _organization = (
    table(row) for row in (LedgerEntry, LedgerHour, LedgerSeries, LedgerOrganization)
)


def entries(connection: Connection, organization_id: str, since: date, until: date) -> dict[date, list[Entry]]:
    """The entries of one organisation by UTC day, `since` inclusive, `until` exclusive."""
    query: Select[Any] = (
        select(
            _entry.c.day,
            *(_series.c[name] for name in ATTRIBUTION),
            *(_entry.c[name] for name in ("charge", "quantity", "list_cost", "billed_cost", "basis")),
        )
        .join(_series, _series.c.id == _entry.c.series_id)
        .where(_series.c.organization_id == organization_id, _entry.c.day >= since, _entry.c.day < until)
    )
    days: dict[date, list[Entry]] = defaultdict(list)
    for day, *attribution, charge, quantity, listed, billed, basis in connection.execute(query):
        days[day].append(Entry(Attribution(*attribution), charge, quantity, listed, billed, Basis(basis)))
    return days


def hours(connection: Connection, organization_id: str, day: date) -> list[tuple[int, Entry]]:
    """The entries of one organisation's UTC day by the hour; none where the day is not known so."""
    query = (
        select(
            _hour.c.hour,
            *(_series.c[name] for name in ATTRIBUTION),
            *(_hour.c[name] for name in ("charge", "quantity", "list_cost", "billed_cost", "basis")),
        )
        .join(_series, _series.c.id == _hour.c.series_id)
        .where(_series.c.organization_id == organization_id, _hour.c.day == day)
    )
    return [
        (hour, Entry(Attribution(*attribution), charge, quantity, listed, billed, Basis(basis)))
        for hour, *attribution, charge, quantity, listed, billed, basis in connection.execute(query)
    ]


def days_with(connection: Connection, since: date, until: date, *, basis: Basis) -> list[date]:
    """The UTC days that have an entry of this basis, oldest first."""
    query = (
        select(_organization.c.day)
        .distinct()
        .where(_organization.c.day >= since, _organization.c.day < until, _organization.c.basis == basis)
    )
    return sorted(connection.execute(query).scalars())


def names(connection: Connection, dimension: Dimension, *, apart: bool = False) -> list[str]:
    """Every team, workspace, key, person or model the ledger has ever seen."""
    seen = select(column(COLUMN[dimension], apart=apart)).distinct()
    return sorted(name for name in connection.execute(seen).scalars() if name)
