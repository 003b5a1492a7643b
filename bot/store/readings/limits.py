"""Rate limits and spend limits as they were last read: all of a kind replaced at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select

from bot.core.entries import Basis
from bot.core.limits import Limits, RateLimit, SpendLimit
from bot.core.money import Money
from bot.store.tables import LedgerEntry, LedgerSeries, RateLimitRow, SpendLimitRow, table
from bot.store.upsert import upsert

_rate = table(RateLimitRow)
_spend = table(SpendLimitRow)
_entry = table(LedgerEntry)
_series = table(LedgerSeries)


def replace(connection: Connection, organization_id: str, limits: Limits) -> None:
    """Put what was just read in the place of what stood; what the key may no longer read is forgotten."""
    rates = [
        {
            "organization_id": organization_id,
            "workspace_id": limit.workspace_id,
            "group_id": limit.group_id,
            "limiter": limit.limiter,
            "group_type": limit.group_type,
            "group_name": limit.group,
            "models": json.dumps(limit.models),
            "value": limit.value,
        }
        for limit in limits.rates
    ]
    spends = [
        {
            "organization_id": organization_id,
            "id": limit.id,
            "scope": limit.scope,
            "scope_id": limit.scope_id,
            "amount": limit.amount.units if limit.amount is not None else None,
            "period": limit.period,
        }
        for limit in limits.spends
    ]
    _replace(connection, _rate, organization_id, rates)
    _replace(connection, _spend, organization_id, spends)


def read(connection: Connection, organization_id: str) -> Limits:
    """What is known of one organisation; nothing before it was read."""
    rates = connection.execute(
        select(_rate)
        .where(_rate.c.organization_id == organization_id)
        .order_by(_rate.c.workspace_id, _rate.c.group_type, _rate.c.group_name, _rate.c.group_id, _rate.c.limiter)
    )
    spends = connection.execute(
        select(_spend).where(_spend.c.organization_id == organization_id).order_by(_spend.c.scope, _spend.c.id)
    )
    return Limits(
        [
            RateLimit(
                row.workspace_id,
                row.group_id,
                row.group_type,
                row.group_name,
                tuple(json.loads(row.models)),
                row.limiter,
                row.value,
            )
            for row in rates
        ],
        [
            SpendLimit(row.id, row.scope, row.scope_id, None if row.amount is None else Money(row.amount), row.period)
            for row in spends
        ],
    )


def billed(connection: Connection, organization_id: str, since: date, until: date) -> dict[str, Money]:
    """Billed cost of an organisation's UTC days (`until` exclusive) by workspace, as the ledger holds it.

    Adjustments are left out: they are about months that were closed before.
    """
    query = (
        select(_series.c.workspace_id, func.sum(_entry.c.billed_cost))
        .join(_series, _series.c.id == _entry.c.series_id)
        .where(
            _series.c.organization_id == organization_id,
            _entry.c.day >= since,
            _entry.c.day < until,
            _entry.c.basis != Basis.ADJUSTMENT,
            _entry.c.billed_cost.is_not(None),
        )
        .group_by(_series.c.workspace_id)
    )
    return {workspace_id: Money(int(units)) for workspace_id, units in connection.execute(query)}


def _replace(connection: Connection, of: Table, organization_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    connection.execute(delete(of).where(of.c.organization_id == organization_id))
    upsert(connection, of, rows)  # and not insert: a limit that Anthropic gives twice is one limit
