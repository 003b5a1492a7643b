"""Where a sum is read from: the entries, or the smallest of the sums beside them that can tell it.

                 of days               of hours                   of months
    entries      ledger_entry          ledger_hour                ledger_month
    team, model  ledger_total          ledger_hour_total          ledger_month_total
    model        ledger_organization   ledger_hour_organization   (days are few enough)

`posting` writes all of them, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, FromClause, Table, case, select

from bot.core.entries import Attribution
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


class Cut(NamedTuple):
    """What a statement depends on, whatever the dates and names that it is run with: the columns that are chosen from,
    and what the sums are by."""

    columns: tuple[str, ...]
    by: tuple[Dimension, ...]
    apart: bool

    @classmethod
    def of(cls, selection: Selection, by: Sequence[Dimension]) -> Cut:
        return cls(tuple(selection.columns), tuple(by), selection.apart)

    @property
    def depth(self) -> int:
        """How deep its sums must look: of the entries, of teams, or of the organisation alone."""
        if not _KEPT.issuperset(self.by) or not {"team_id", "model"}.issuperset(self.columns):
            return _ENTRY
        return _TOTAL if Dimension.TEAM in self.by or "team_id" in self.columns else _ORGANIZATION


def of_days(cut: Cut) -> FromClause:
    """One row per UTC `day` and charge, at least."""
    return _level(_DAYS[cut.depth], apart=cut.apart)


def of_hours(cut: Cut) -> FromClause:
    """One row per UTC `day`, `hour` and charge, of those that are known by the hour."""
    return _level(_HOURS[cut.depth], apart=cut.apart)


def of_months(cut: Cut) -> FromClause:
    """One row per `month`, of as many `days`, of what has months at all."""
    return _level(_MONTHS[cut.depth], apart=cut.apart)


def depth(selection: Selection, by: Sequence[Dimension]) -> int:
    """How deep a sum must look."""
    return Cut.of(selection, by).depth


@cache
def _level(source: Table, *, apart: bool) -> FromClause:
    """The sums as they stand, and entries beside what they belong to."""
    if "series_id" not in source.c:
        return source
    unlisted = () if "unlisted" in source.c else (case((source.c.list_cost.is_(None), 1), else_=0).label("unlisted"),)
    return (
        select(source, *(column(name, apart=apart) for name in ATTRIBUTION), *unlisted)
        .join(_series, _series.c.id == source.c.series_id)
        .subquery("entry")
    )


def column(name: str, *, apart: bool) -> ColumnElement[str]:
    """A column of the series, in which an id that every organisation has carries its organisation's."""
    plain: ColumnElement[str] = _series.c[name]
    if not apart or name not in ("workspace_id", "api_key_id"):
        return plain
    return case((plain.in_(sorted(RECURRING)), _series.c.organization_id + "/" + plain), else_=plain).label(name)


class Pieces(NamedTuple):
    """What adds up to some days: months that are read as one, days that come to them, and days that are taken away from
    them again. Each is a row of days from a first to a last.

    Months too, although they could be named: SQLite looks for the team within a range, and reads all teams of a month.
    """

    months: Sequence[tuple[date, date]]
    plus: Sequence[tuple[date, date]]
    minus: Sequence[tuple[date, date]]


def pieces(cut: Cut, since: date, until: date) -> Pieces:
    """The days `since` (inclusive) to `until` (exclusive) in as few rows as can be.

    A month is read as one where more than half of it is asked for, and its other days are taken away again: of a month
    that runs, those that are to come cost nothing. Not where days are to be told apart, or are few enough.
    """
    in_months = Dimension.DAY not in cut.by and cut.depth != _ORGANIZATION
    plus: list[tuple[date, date]] = []
    minus: list[tuple[date, date]] = []
    whole: list[tuple[date, date]] = []
    for first, start, stop in _months(since, until):
        end = month_after(first)
        if not in_months or (stop - start) <= (end - first) / 2:
            plus.append((start, stop))
        else:
            whole.append((first, end))
            minus += [(one, other) for one, other in ((first, start), (stop, end)) if one < other]
    return Pieces(_in_a_row(whole), _in_a_row(plus), _in_a_row(minus))


def _months(since: date, until: date) -> Iterator[tuple[date, date, date]]:
    """Each month that the days lie in, by its first day, and which of its days they are."""
    first = since.replace(day=1)
    while first < until:
        yield first, max(first, since), min(month_after(first), until)
        first = month_after(first)


def _in_a_row(stretches: Sequence[tuple[date, date]]) -> list[tuple[date, date]]:
    """Stretches that follow each other are one, for the sake of the index; each with its last day."""
    joined: list[tuple[date, date]] = []
    for start, stop in stretches:
        begin = joined.pop()[0] if joined and joined[-1][1] == start else start
        joined.append((begin, stop))
    return [(start, stop - timedelta(days=1)) for start, stop in joined]
