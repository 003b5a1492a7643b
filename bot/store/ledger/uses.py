"""Who used which model when: what advice is found in. A series is looked at closely only where it is dear enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select

from bot.core.entries import Basis
from bot.core.usage import CONSOLE, NOT_BY_KEY, REQUESTS, TOKEN_TYPES
from bot.store.ledger.levels import column
from bot.store.ledger.selection import Selection
from bot.store.tables import LedgerEntry, LedgerHour, LedgerSeries, table

_entry = table(LedgerEntry)
_hour = table(LedgerHour)
_series = table(LedgerSeries)
_CHARGES = (*TOKEN_TYPES, REQUESTS)
_APART = (Basis.NOT_BILLED.value, Basis.ADJUSTMENT.value)
_DAY = ("day", "series_id", "charge", "quantity")
_AT_ONCE = 500
"""Ids in one query: a database takes a limited number of them."""


class Series(NamedTuple):
    """What ledger entries belong to, under one number."""

    id: int
    team_id: str
    workspace_id: str
    api_key_id: str
    actor_id: str
    model: str
    service_tier: str
    inference_geo: str
    product: str


def series(connection: Connection, selection: Selection) -> list[Series]:
    """Every series of a selection."""
    names = Series._fields[1:]
    query = select(_series.c.id, *(column(name, apart=selection.apart) for name in names)).where(*_chosen(selection))
    return [Series(*row) for row in connection.execute(query)]


def sums(connection: Connection, since: date, until: date, selection: Selection) -> Sequence[Row[Any]]:
    """By series and charge: `quantity`, `listed` and `billed` in units, `active` days, the `last` day, and whether some
    of it has no list price (`unlisted`)."""
    query = (
        select(
            _entry.c.series_id,
            _entry.c.charge,
            func.sum(_entry.c.quantity).label("quantity"),
            func.sum(_entry.c.list_cost).label("listed"),
            func.sum(_entry.c.billed_cost).label("billed"),
            func.max(case((_entry.c.list_cost.is_(None), 1), else_=0)).label("unlisted"),
            func.count(_entry.c.day.distinct()).label("active"),
            func.max(_entry.c.day).label("last"),
        )
        .join(_series, _series.c.id == _entry.c.series_id)
        .where(_entry.c.day >= since, _entry.c.day < until, *_counted(_entry.c), *_chosen(selection))
        .group_by(_entry.c.series_id, _entry.c.charge)
    )
    return connection.execute(query).all()


def days(connection: Connection, since: date, until: date, ids: Sequence[int]) -> Iterator[Row[Any]]:
    """(day, series_id, charge, quantity) of some series."""
    for some in _parts(ids):
        query: Select[Any] = select(*(_entry.c[name] for name in _DAY)).where(
            _entry.c.series_id.in_(some), _entry.c.day >= since, _entry.c.day < until
        )
        yield from connection.execute(query.where(*_counted(_entry.c)))


def hours(connection: Connection, since: date, until: date, ids: Sequence[int]) -> Iterator[Row[Any]]:
    """(day, hour, series_id, and the tokens of each type) of some series, as far as known by the hour."""
    place = (_hour.c.day, _hour.c.hour, _hour.c.series_id)
    tokens = (func.sum(case((_hour.c.charge == one, _hour.c.quantity), else_=0)).label(one) for one in TOKEN_TYPES)
    columns = (*place, *tokens)
    for some in _parts(ids):
        query: Select[Any] = select(*columns).where(_hour.c.series_id.in_(some), *_counted(_hour.c))
        yield from connection.execute(query.where(_hour.c.day >= since, _hour.c.day < until).group_by(*place))


def last_used(connection: Connection, selection: Selection) -> dict[str, date]:
    """Each key that was ever used, with the last day on which it was.

    One step into the index for each series: the greatest day of all entries would read the whole ledger.
    """
    last = (
        select(_entry.c.day)
        .where(_entry.c.series_id == _series.c.id, _entry.c.quantity > 0, _entry.c.basis != Basis.ADJUSTMENT.value)
        .order_by(_entry.c.day.desc())
        .limit(1)
        .scalar_subquery()
    )
    of_keys = _series.c.api_key_id.notin_([CONSOLE, NOT_BY_KEY])
    query = select(column("api_key_id", apart=selection.apart), last).where(of_keys, *_chosen(selection))
    found: dict[str, date] = {}
    for key, day in connection.execute(query):
        if day is not None:
            found[key] = max(day, found.get(key, day))
    return found


def _counted(columns: Any) -> list[ColumnElement[bool]]:
    """What advice counts: tokens that are paid for, and how many calls there were."""
    paid = columns.basis.notin_(_APART) | ((columns.charge == REQUESTS) & (columns.basis != Basis.ADJUSTMENT.value))
    return [columns.charge.in_(_CHARGES), paid]


def _chosen(selection: Selection) -> list[ColumnElement[bool]]:
    return [column(name, apart=selection.apart).in_(sorted(values)) for name, values in selection.columns.items()]


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))
