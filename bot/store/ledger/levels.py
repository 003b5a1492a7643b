"""Where a sum is read from: the entries, or the smallest of the sums beside them that can tell it.

                 of days               of hours                   of months
    entries      ledger_entry          ledger_hour                ledger_month
    team, model  ledger_total          ledger_hour_total          ledger_month_total
    model        ledger_organization   ledger_hour_organization   (days are few enough)

`posting` writes all of them, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, FromClause, Table, case, literal, or_, select

from bot.core.allocation import Attribution
from bot.core.question import Dimension
from bot.core.usage import RECURRING
from bot.core.utc import month_after
from bot.store.ledger.selection import Selection
from bot.store.tables import (
    LedgerEntry,
    LedgerHour,
    LedgerHourOrganization,
    LedgerHourTotal,
    LedgerMonth,
    LedgerMonthTotal,
    LedgerOrganization,
    LedgerSeries,
    LedgerTotal,
    table,
)

COLUMN = {
    Dimension.TEAM: "team_id",
    Dimension.MODEL: "model",
    Dimension.WORKSPACE: "workspace_id",
    Dimension.KEY: "api_key_id",
    Dimension.USER: "actor_id",
    Dimension.TIER: "service_tier",
    Dimension.GEO: "inference_geo",
    Dimension.PRODUCT: "product",
    Dimension.TOKEN_TYPE: "charge",
    Dimension.DAY: "day",
    Dimension.HOUR: "hour",
}

ATTRIBUTION = Attribution._fields
_KEPT = frozenset({Dimension.TEAM, Dimension.MODEL, Dimension.TOKEN_TYPE, Dimension.DAY, Dimension.HOUR})
"""What the sums keep apart; all else only the entries know."""
_ENTRY, _TOTAL, _ORGANIZATION = range(3)
_series = table(LedgerSeries)
_DAYS = table(LedgerEntry), table(LedgerTotal), table(LedgerOrganization)
_HOURS = table(LedgerHour), table(LedgerHourTotal), table(LedgerHourOrganization)
_MONTHS = table(LedgerMonth), table(LedgerMonthTotal)


def of_days(selection: Selection, by: Sequence[Dimension]) -> FromClause:
    """One row per UTC `day` and charge, at least."""
    entry, total, organization = _DAYS
    return _level(selection, by, entry, total, organization)


def of_hours(selection: Selection, by: Sequence[Dimension]) -> FromClause:
    """One row per UTC `day`, `hour` and charge, of those that are known by the hour."""
    entry, total, organization = _HOURS
    return _level(selection, by, entry, total, organization)


def of_months(selection: Selection, by: Sequence[Dimension]) -> FromClause | None:
    """One row per `month`, of as many `days`; None where days are to be told apart, or few enough."""
    entry, total = _MONTHS
    if Dimension.DAY in by or depth(selection, by) == _ORGANIZATION:
        return None
    return _level(selection, by, entry, total, total)


def depth(selection: Selection, by: Sequence[Dimension]) -> int:
    """How deep a sum must look: of the entries, of teams, or of the organisation alone."""
    if not _KEPT.issuperset(by) or not selection.columns.keys() <= {"team_id", "model"}:
        return _ENTRY
    return _TOTAL if Dimension.TEAM in by or selection.teams is not None else _ORGANIZATION


def _level(
    selection: Selection, by: Sequence[Dimension], entry: Table, total: Table, organization: Table
) -> FromClause:
    deep = depth(selection, by)
    if deep != _ENTRY:
        return total if deep == _TOTAL else organization
    unlisted = () if "unlisted" in entry.c else (case((entry.c.list_cost.is_(None), 1), else_=0).label("unlisted"),)
    return (
        select(entry, *(column(name, apart=selection.apart) for name in ATTRIBUTION), *unlisted)
        .join(_series, _series.c.id == entry.c.series_id)
        .subquery("entry")
    )


def column(name: str, *, apart: bool) -> ColumnElement[str]:
    """A column of the series, in which an id that every organisation has carries its organisation's."""
    plain: ColumnElement[str] = _series.c[name]
    if not apart or name not in ("workspace_id", "api_key_id"):
        return plain
    return case((plain.in_(sorted(RECURRING)), _series.c.organization_id + "/" + plain), else_=plain).label(name)


@dataclass(frozen=True, slots=True)
class Arm:
    """Rows of a sum: those of `source` that are `within`, which bring their `days`; `sign` -1 takes them away."""

    source: FromClause
    within: ColumnElement[bool]
    days: ColumnElement[int]
    sign: int = 1


def arms(selection: Selection, by: Sequence[Dimension], since: date, until: date) -> Iterator[Arm]:
    """What adds up to the days `since` (inclusive) to `until` (exclusive), in as few rows as can be.

    A month is read as one where more than half of it is asked for, and its other days are taken away again: of a month
    that runs, those that are to come cost nothing.
    """
    days, months = of_days(selection, by), of_months(selection, by)
    plus: list[tuple[date, date]] = []
    minus: list[tuple[date, date]] = []
    whole: list[date] = []
    for first, start, stop in _months(since, until):
        end = month_after(first)
        if months is None or (stop - start) <= (end - first) / 2:
            plus.append((start, stop))
        else:
            whole.append(first)
            minus += [(one, other) for one, other in ((first, start), (stop, end)) if one < other]
    if months is not None and whole:
        yield Arm(months, months.c.month.in_(whole), months.c.days)
    if plus:
        yield Arm(days, _within(days, plus), literal(1))
    if minus:
        yield Arm(days, _within(days, minus), literal(1), -1)


def _months(since: date, until: date) -> Iterator[tuple[date, date, date]]:
    """Each month that the days lie in, by its first day, and which of its days they are."""
    first = since.replace(day=1)
    while first < until:
        yield first, max(first, since), min(month_after(first), until)
        first = month_after(first)


def _within(source: FromClause, stretches: Sequence[tuple[date, date]]) -> ColumnElement[bool]:
    """Stretches that follow each other are one, for the sake of the index."""
    joined: list[tuple[date, date]] = []
    for start, stop in stretches:
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], stop
        else:
            joined.append((start, stop))
    return or_(*(source.c.day.between(start, stop - timedelta(days=1)) for start, stop in joined))
