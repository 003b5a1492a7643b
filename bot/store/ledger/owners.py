"""Which team a key or workspace belongs to, as the ledger has it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import Connection, func, select

from bot.core.question import Dimension
from bot.store.ledger.levels import COLUMN
from bot.store.tables import LedgerEntry, LedgerSeries, table

_entry = table(LedgerEntry)
_series = table(LedgerSeries)
_COLUMNS = {"key": COLUMN[Dimension.KEY], "workspace": COLUMN[Dimension.WORKSPACE]}
LATELY = timedelta(days=30)


def largest(connection: Connection, kind: str, of: Collection[str]) -> str | None:
    """The team that most of what some keys or workspaces lately cost belongs to; None where they cost nothing."""
    of_it = _series.c[_COLUMNS[kind]].in_(id_.rpartition("/")[2] for id_ in of)
    ids = select(_series.c.id).where(of_it)
    newest = connection.execute(select(func.max(_entry.c.day)).where(_entry.c.series_id.in_(ids))).scalar()
    if newest is None:
        return None
    spent = func.sum(func.coalesce(_entry.c.billed_cost, _entry.c.list_cost, 0))
    query = (
        select(_series.c.team_id)
        .join(_entry, _entry.c.series_id == _series.c.id)
        .where(of_it, _entry.c.day > newest - LATELY)
        .group_by(_series.c.team_id)
        .order_by(spent.desc(), _series.c.team_id)
    )
    found: str | None = connection.execute(query.limit(1)).scalar()
    return found
