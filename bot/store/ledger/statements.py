"""The statements that sum the ledger: each is made once, and run with other dates and names from then on.

Making one takes ten times as long as running it, for a team's month.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, FromClause, Select, bindparam, func, literal, or_, select
from sqlalchemy import union_all as together

from bot.core.entries import Basis
from bot.store.ledger.levels import COLUMN, Cut, Pieces, of_days, of_hours, of_months
from bot.store.ledger.selection import Selection

_APART = (Basis.UNKNOWN.value, Basis.NOT_BILLED.value, Basis.ADJUSTMENT.value)
_MOST = 500
"""Statements that are kept: far more than questions have shapes."""
_made_once = lru_cache(maxsize=_MOST)
Values = dict[str, Any]


def chosen(selection: Selection) -> Values:
    """What a statement takes for the names that are chosen."""
    return {f"chosen_{name}": sorted(values) for name, values in selection.columns.items()}


def dated(pieces: Pieces) -> Values:
    """What `in_pieces` takes for the days."""
    values: Values = {}
    for name, stretches in pieces._asdict().items():
        for at, (first, last) in enumerate(stretches):
            values |= {f"{name}_first_{at}": first, f"{name}_last_{at}": last}
    return values


@_made_once
def in_pieces(cut: Cut, months: int, plus: int, minus: int) -> Select[Any] | None:
    """Sums of so many pieces, each from the level that has it in the fewest rows; None of nothing."""
    arms: list[Select[Any]] = []
    if months:
        source = of_months(cut)
        arms.append(_summed(cut, source, _within(source.c.month, "months", months), source.c.days))
    for name, count, times in (("plus", plus, 1), ("minus", minus, -1)):
        if count:
            source = of_days(cut)
            arms.append(_summed(cut, source, _within(source.c.day, name, count), literal(1), times))
    if len(arms) < 2:
        return arms[0] if arms else None
    every = together(*arms).subquery("every")
    groups = [every.c[f"by_{dimension.name}"] for dimension in cut.by]
    numbers = ("quantity", "listed", "billed", "unlisted")
    query: Select[Any] = select(
        *groups, every.c.charge, every.c.basis, *(func.sum(every.c[name]).label(name) for name in numbers)
    ).group_by(*groups, every.c.charge, every.c.basis)
    # What stands only on days that are taken away again was never asked for: it is no zero.
    return query.having(func.sum(every.c.days) > 0)


@_made_once
def of_stretch(cut: Cut) -> Select[Any]:
    """Sums of the days from `since` to before `until`."""
    source = of_days(cut)
    return _summed(cut, source, _between(source))


@_made_once
def of_part(cut: Cut) -> Select[Any]:
    """Sums of the hours of a `day` from `since` to before `until`."""
    source = of_hours(cut)
    hours = (source.c.hour >= bindparam("since")) & (source.c.hour < bindparam("until"))
    return _summed(cut, source, (source.c.day == bindparam("day")) & hours)


@_made_once
def of_sides(cut: Cut, before: bool) -> Select[Any]:
    """Sums of the hours before an `hour` of some `days`, or from it on."""
    source = of_hours(cut)
    hour: BindParameter[int] = bindparam("hour")
    side = source.c.hour < hour if before else source.c.hour >= hour
    return _summed(cut, source, source.c.day.in_(_several("days")) & side)


@_made_once
def of_hours_of(cut: Cut) -> Select[Any]:
    """Sums of all hours of some `days`."""
    source = of_hours(cut)
    return _summed(cut, source, source.c.day.in_(_several("days")))


@_made_once
def compared(cut: Cut) -> Select[Any]:
    """Billed and list cost, from `since` to before `until`, of what has both."""
    source = of_days(cut)
    return select(func.sum(source.c.billed_cost), func.sum(source.c.list_cost)).where(
        _between(source), *_chosen(cut, source), source.c.unlisted == 0, source.c.basis.notin_(_APART)
    )


@_made_once
def unpriced(cut: Cut) -> Select[Any]:
    """The models of which tokens without a list price were used from `since` to before `until`."""
    source = of_days(cut)
    query = select(source.c.model).distinct().where(_between(source), *_chosen(cut, source))
    return query.where(source.c.unlisted > 0, source.c.quantity > 0)


def _summed(
    cut: Cut,
    source: FromClause,
    within: ColumnElement[bool],
    days: ColumnElement[int] | None = None,
    times: int = 1,
) -> Select[Any]:
    """Sums of the rows that are `within`, which stand for so many `days`; `times` -1 takes them away."""
    groups = [source.c[COLUMN[dimension]] for dimension in cut.by]

    def total(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.sum(column) if times > 0 else -func.sum(column)

    return (
        select(
            *(group.label(f"by_{dimension.name}") for dimension, group in zip(cut.by, groups, strict=True)),
            source.c.charge.label("charge"),
            source.c.basis.label("basis"),
            total(source.c.quantity).label("quantity"),
            total(source.c.list_cost).label("listed"),
            total(source.c.billed_cost).label("billed"),
            total(source.c.unlisted).label("unlisted"),
            *([] if days is None else [total(days).label("days")]),
        )
        .where(within, *_chosen(cut, source))
        .group_by(*groups, source.c.charge, source.c.basis)
    )


def _within(column: ColumnElement[date], name: str, count: int) -> ColumnElement[bool]:
    def day(end: str, at: int) -> BindParameter[date]:
        return bindparam(f"{name}_{end}_{at}", type_=Date())

    return or_(*(column.between(day("first", at), day("last", at)) for at in range(count)))


def _between(source: FromClause) -> ColumnElement[bool]:
    return (source.c.day >= bindparam("since")) & (source.c.day < bindparam("until"))


def _chosen(cut: Cut, source: FromClause) -> Sequence[ColumnElement[bool]]:
    return [source.c[name].in_(_several(f"chosen_{name}")) for name in cut.columns]


def _several(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)
