"""The ledger: every number that anybody is told comes from here.

Entries hold everything; `ledger_total` holds their sums per team and model, so that the common questions read a
fraction of the rows. Both are written by `replace_day` alone, in one transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, FromClause, Row, Select, case, delete, func, insert, select

from bot.core.allocation import Attribution, Basis, Entry
from bot.core.money import Money
from bot.core.question import Dimension
from bot.core.report import Figures
from bot.core.usage import TOKEN_TYPES
from bot.store.tables import LedgerEntry, LedgerSeries, LedgerTotal, table
from bot.store.upsert import insert_new

_entry = table(LedgerEntry)
_series = table(LedgerSeries)
_total = table(LedgerTotal)

_DIMENSIONS = tuple(field.name for field in fields(Attribution))
_COLUMN = {
    Dimension.TEAM: "team_id",
    Dimension.MODEL: "model",
    Dimension.WORKSPACE: "workspace_id",
    Dimension.KEY: "api_key_id",
    Dimension.TIER: "service_tier",
    Dimension.GEO: "inference_geo",
    Dimension.PRODUCT: "product",
    Dimension.TOKEN_TYPE: "charge",
    Dimension.DAY: "day",
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of the ledger is asked about; None: all of it."""

    teams: frozenset[str] | None = None
    models: frozenset[str] | None = None
    workspaces: frozenset[str] | None = None
    keys: frozenset[str] | None = None

    def holds(self, attribution: Attribution) -> bool:
        """Whether what belongs there is part of what is asked about."""
        chosen = (
            (self.teams, attribution.team_id),
            (self.models, attribution.model),
            (self.workspaces, attribution.workspace_id),
            (self.keys, attribution.api_key_id),
        )
        return all(wanted is None or value in wanted for wanted, value in chosen)


EVERYTHING = Selection()

_SUMMED = frozenset({Dimension.WORKSPACE, Dimension.KEY, Dimension.TIER, Dimension.GEO, Dimension.PRODUCT})
"""The dimensions that `ledger_total` sums over: only the entries know them."""

_unlisted = case((_entry.c.list_cost.is_(None), 1), else_=0)


class Ledger:
    """Writes the ledger days of one organisation within one transaction."""

    def __init__(self, connection: Connection, organization_id: str) -> None:
        self._connection = connection
        self._organization_id = organization_id
        self._ids = self._known_series()

    def replace_day(self, day: date, entries: Sequence[Entry]) -> None:
        """Put `entries` in the place of everything the ledger held of this organisation's day."""
        self._add_series({entry.attribution for entry in entries} - self._ids.keys())
        of_organization = select(_series.c.id).where(_series.c.organization_id == self._organization_id)
        self._connection.execute(delete(_entry).where(_entry.c.day == day, _entry.c.series_id.in_(of_organization)))
        self._connection.execute(
            delete(_total).where(_total.c.day == day, _total.c.organization_id == self._organization_id)
        )
        if not entries:
            return
        self._connection.execute(
            insert(_entry),
            [
                {
                    "day": day,
                    "series_id": self._ids[entry.attribution],
                    "charge": entry.charge,
                    "basis": entry.basis,
                    "quantity": entry.quantity,
                    "list_cost": entry.list_cost,
                    "billed_cost": entry.billed_cost,
                }
                for entry in entries
            ],
        )
        self._connection.execute(insert(_total), self._totals(day, entries))

    def series_of(self, attributions: Iterable[Attribution]) -> dict[Attribution, int]:
        """The number of each series; one that has none yet gets it."""
        wanted = set(attributions)
        self._add_series(wanted - self._ids.keys())
        return {attribution: self._ids[attribution] for attribution in wanted}

    def _totals(self, day: date, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        """What is unknown is counted beside the sum of what is known: it neither swallows nor flatters it."""
        sums: dict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for entry in entries:
            known = sums[entry.attribution.team_id, entry.attribution.model, entry.charge, entry.basis]
            known[0] += entry.quantity
            known[1] += entry.list_cost or 0
            known[2] += entry.billed_cost or 0
            known[3] += entry.list_cost is None
        return [
            {
                "day": day,
                "organization_id": self._organization_id,
                "team_id": team_id,
                "model": model,
                "charge": charge,
                "basis": basis,
                "quantity": quantity,
                "list_cost": listed,
                "billed_cost": billed,
                "unlisted": unlisted,
            }
            for (team_id, model, charge, basis), (quantity, listed, billed, unlisted) in sums.items()
        ]

    def _known_series(self) -> dict[Attribution, int]:
        query = select(_series.c.id, *(_series.c[name] for name in _DIMENSIONS)).where(
            _series.c.organization_id == self._organization_id
        )
        return {Attribution(*dimensions): id_ for id_, *dimensions in self._connection.execute(query)}

    def _add_series(self, missing: Iterable[Attribution]) -> None:
        rows = [
            {"organization_id": self._organization_id, **{name: getattr(attribution, name) for name in _DIMENSIONS}}
            for attribution in sorted(missing, key=lambda a: tuple(getattr(a, name) for name in _DIMENSIONS))
        ]
        if rows:
            insert_new(self._connection, _series, rows)
            self._ids = self._known_series()


@dataclass(frozen=True, slots=True)
class Sums:
    """One reading of the ledger, summed by several dimensions at once; each of them, and the whole, without another."""

    by: tuple[Dimension, ...]
    selection: Selection
    rows: Sequence[Row[Any]]

    def figures(self, dimension: Dimension | None = None) -> dict[str, Figures]:
        """The sums by one of the dimensions that were read; None: one sum under "", none where nothing was read."""
        at = self.by.index(dimension) if dimension else None
        shared = _shared_at(self.selection, dimension)
        sums: dict[str, _Sum] = defaultdict(_Sum)
        for row in self.rows:
            sums["" if at is None else _key(row[at])].add(row, shared)
        return {name: sum_.figures() for name, sum_ in sums.items()}

    def tokens(self, basis: Basis) -> int:
        """How many tokens stand in entries of one basis, such as those of the priority tier."""
        return sum(int(row.quantity) for row in self.rows if row.basis == basis and row.charge in TOKEN_TYPES)

    @property
    def unlisted(self) -> bool:
        """Something in here has no list price."""
        return any(row.unlisted for row in self.rows)


def sums(
    connection: Connection, since: date, until: date, *, selection: Selection = EVERYTHING, by: Sequence[Dimension] = ()
) -> Sums:
    """Sums over the UTC days `since` (inclusive) to `until` (exclusive), by every combination of the dimensions."""
    source = _source(selection, by)
    groups = [source.c[_COLUMN[dimension]].label(f"by_{dimension.name}") for dimension in by]
    query = _where(
        select(
            *groups,
            source.c.charge.label("charge"),
            source.c.basis.label("basis"),
            func.sum(source.c.quantity).label("quantity"),
            func.sum(source.c.list_cost).label("listed"),
            func.sum(source.c.billed_cost).label("billed"),
            func.sum(source.c.unlisted).label("unlisted"),
        ),
        source,
        since,
        until,
        selection,
    ).group_by(*(source.c[_COLUMN[dimension]] for dimension in by), source.c.charge, source.c.basis)
    return Sums(tuple(by), selection, connection.execute(query).all())


def figures(
    connection: Connection, since: date, until: date, *, selection: Selection = EVERYTHING, by: Dimension | None = None
) -> dict[str, Figures]:
    """The sums by one dimension. Days come as ISO text; weeks and months are for the caller to add up."""
    return sums(connection, since, until, selection=selection, by=(by,) if by else ()).figures(by)


def entries(connection: Connection, organization_id: str, since: date, until: date) -> dict[date, list[Entry]]:
    """The entries of one organisation by UTC day, `since` inclusive, `until` exclusive."""
    query = (
        select(
            _entry.c.day,
            *(_series.c[name] for name in _DIMENSIONS),
            *(_entry.c[name] for name in ("charge", "quantity", "list_cost", "billed_cost", "basis")),
        )
        .join(_series, _series.c.id == _entry.c.series_id)
        .where(_series.c.organization_id == organization_id, _entry.c.day >= since, _entry.c.day < until)
    )
    days: dict[date, list[Entry]] = defaultdict(list)
    for day, *attribution, charge, quantity, listed, billed, basis in connection.execute(query):
        days[day].append(Entry(Attribution(*attribution), charge, quantity, listed, billed, Basis(basis)))
    return days


def unpriced_models(connection: Connection, since: date, until: date, *, selection: Selection) -> list[str]:
    """Models of which tokens were used that have no public price."""
    source = _source(selection, (Dimension.MODEL,))
    query = _where(select(source.c.model).distinct(), source, since, until, selection)
    query = query.where(source.c.unlisted > 0, source.c.quantity > 0)
    return sorted(connection.execute(query).scalars())


def days_with(connection: Connection, since: date, until: date, *, basis: Basis) -> list[date]:
    """The UTC days that have an entry of this basis, oldest first."""
    query = select(_total.c.day).distinct().where(_total.c.day >= since, _total.c.day < until, _total.c.basis == basis)
    return sorted(connection.execute(query).scalars())


def names(connection: Connection, dimension: Dimension) -> list[str]:
    """Every team, workspace, key or model the ledger has ever seen."""
    column = _series.c[_COLUMN[dimension]]
    return sorted(name for name in connection.execute(select(column).distinct()).scalars() if name)


@dataclass(slots=True)
class _Sum:
    """Figures in the making."""

    quantities: dict[str, int] = field(default_factory=dict)
    listed: int = 0
    billed: int = 0
    shared: int = 0
    listed_known: bool = False
    billed_known: bool = False
    unlisted: bool = False
    unbilled: bool = False

    def add(self, row: Any, shared: frozenset[Basis]) -> None:
        basis, listed, billed = Basis(row.basis), int(row.listed or 0), int(row.billed or 0)
        self.quantities[row.charge] = self.quantities.get(row.charge, 0) + int(row.quantity)
        self.listed += listed
        self.listed_known |= listed > 0
        self.unlisted |= bool(row.unlisted)
        self.billed += billed
        self.billed_known |= basis not in (Basis.UNKNOWN, Basis.NOT_BILLED)
        self.unbilled |= basis is Basis.UNKNOWN
        if basis in shared:
            self.shared += billed

    def figures(self) -> Figures:
        return Figures(
            billed_cost=Money(self.billed) if self.billed_known or not self.unbilled else None,
            list_cost=Money(self.listed) if self.listed_known or not self.unlisted else None,
            quantities=self.quantities,
            shared_out=Money(self.shared),
        )


def _shared_at(selection: Selection, by: Dimension | None) -> frozenset[Basis]:
    """Which entries are shared out at the depth of the question: keys deepest, then teams; above, all is reported."""
    if by is Dimension.KEY or selection.keys is not None:
        return frozenset({Basis.BY_KEY, Basis.BY_TEAM})
    if by is Dimension.TEAM or selection.teams is not None:
        return frozenset({Basis.BY_TEAM})
    return frozenset()


def _source(selection: Selection, by: Sequence[Dimension]) -> FromClause:
    """The small sums where they can answer, else the entries with what they belong to."""
    if not _SUMMED.isdisjoint(by) or selection.workspaces is not None or selection.keys is not None:
        return (
            select(_entry, *(_series.c[name] for name in _DIMENSIONS), _unlisted.label("unlisted"))
            .join(_series, _series.c.id == _entry.c.series_id)
            .subquery("entry")
        )
    return _total


def _where(query: Select[Any], source: FromClause, since: date, until: date, selection: Selection) -> Select[Any]:
    query = query.where(source.c.day >= since, source.c.day < until)
    chosen: Mapping[str, frozenset[str] | None] = {
        "team_id": selection.teams,
        "model": selection.models,
        "workspace_id": selection.workspaces,
        "api_key_id": selection.keys,
    }
    for name, values in chosen.items():
        if values is not None:
            query = query.where(source.c[name].in_(sorted(values)))
    return query


def _key(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
