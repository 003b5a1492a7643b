"""Rows of the ledger as they stand: a day's entries, a day's hours, every name it has seen."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Select, func, select

from bot.core.entries import Attribution, Basis, Entry
from bot.core.question import Dimension
from bot.store.ledger.levels import ATTRIBUTION, COLUMN, column
from bot.store.tables import LedgerEntry, LedgerHour, LedgerOrganization, LedgerSeries, table

_entry, _hour, _series, _organization = (
    table(row) for row in (LedgerEntry, LedgerHour, LedgerSeries, LedgerOrganization)
)

_AT_ONCE = 1000
"""Rows: fetched one by one they take twice as long."""
_AFTER = len(ATTRIBUTION)
_BASES = {basis.value: basis for basis in Basis}


def entries(connection: Connection, organization_id: str, since: date, until: date) -> dict[date, list[Entry]]:
    """The entries of one organisation by UTC day, `since` inclusive, `until` exclusive."""
    query: Select[Any] = (
        select(
            *(_series.c[name] for name in ATTRIBUTION),
            *(_entry.c[name] for name in ("charge", "quantity", "list_cost", "billed_cost", "basis", "day")),
        )
        .join(_series, _series.c.id == _entry.c.series_id)
        .where(_series.c.organization_id == organization_id, _entry.c.day >= since, _entry.c.day < until)
    )
    days: dict[date, list[Entry]] = defaultdict(list)
    for row in chain.from_iterable(connection.execute(query).partitions(_AT_ONCE)):
        charge, quantity, listed, billed, basis, day = row[_AFTER:]
        days[day].append(Entry(Attribution._make(row[:_AFTER]), charge, quantity, listed, billed, _BASES[basis]))
    return days


def summed(connection: Connection, organization_id: str, day: date) -> list[Entry]:
    """The entries of one organisation's UTC day, summed over keys, people, products and teams, which stay empty; those
    without a list price apart. Adjustments are about other days and left out."""
    places = [_series.c[name] for name in ("workspace_id", "model", "service_tier", "inference_geo")]
    kinds = [_entry.c.charge, _entry.c.basis, _entry.c.list_cost.is_(None)]
    amounts = [func.sum(_entry.c[name]) for name in ("quantity", "list_cost", "billed_cost")]
    query = (
        select(*places, *kinds[:2], *amounts)
        .join(_series, _series.c.id == _entry.c.series_id)
        .where(_series.c.organization_id == organization_id, _entry.c.day == day, _entry.c.basis != Basis.ADJUSTMENT)
        .group_by(*places, *kinds)
    )
    return [
        Entry(
            Attribution("", workspace, "", model, tier, geo),
            charge,
            int(quantity),
            None if listed is None else int(listed),
            None if billed is None else int(billed),
            _BASES[basis],
        )
        for workspace, model, tier, geo, charge, basis, quantity, listed, billed in connection.execute(query).all()
    ]


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
