"""Sums over stretches of the ledger, by whatever tells them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row

from bot.core.entries import Basis
from bot.core.hours import Part
from bot.core.money import Money
from bot.core.question import Dimension
from bot.core.report import Figures
from bot.core.usage import REQUESTS, TOKEN_TYPES
from bot.core.utc import dates
from bot.store.ledger import statements
from bot.store.ledger.levels import Cut, pieces
from bot.store.ledger.selection import EVERYTHING, Selection

_NOON = 12


@dataclass(frozen=True, slots=True)
class Listed:
    """List cost of one model in units, and what it was billed; None where that is not known or nothing is billed."""

    name: str
    model: str
    listed: int
    billed: int | None


@dataclass(frozen=True, slots=True)
class Sums:
    """One reading of the ledger, summed by several dimensions at once; each of them, and the whole, without another."""

    by: tuple[Dimension, ...]
    selection: Selection
    rows: Sequence[Row[Any]]
    _figures: dict[Dimension | None, Mapping[str, Figures]] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def figures(self, dimension: Dimension | None = None) -> Mapping[str, Figures]:
        """The sums by one of the dimensions that were read; None: one sum under "", none where nothing was read."""
        if dimension not in self._figures:
            self._figures[dimension] = self._added_up(dimension)
        return self._figures[dimension]

    def _added_up(self, dimension: Dimension | None) -> Mapping[str, Figures]:
        at = self.by.index(dimension) if dimension else None
        shared = _shared_at(self.selection, dimension)
        sums: dict[str, _Sum] = defaultdict(_Sum)
        for row in self.rows:
            if dimension is not Dimension.TOKEN_TYPE or row.charge != REQUESTS:
                sums["" if at is None else _key(row[at])].add(row, shared)
        return {name: sum_.figures() for name, sum_ in sums.items()}

    def tokens(self, basis: Basis) -> int:
        """How many tokens stand in entries of one basis, such as those of the priority tier."""
        return sum(int(row.quantity) for row in self.rows if row.basis == basis and row.charge in TOKEN_TYPES)

    def listed(self, dimension: Dimension | None = None) -> Iterator[Listed]:
        """The list cost of tokens by model, which must have been read, and by one more dimension."""
        at, model = self.by.index(dimension) if dimension else None, self.by.index(Dimension.MODEL)
        for row in self.rows:
            if row.charge in TOKEN_TYPES:
                billed = None if row.basis in (Basis.UNKNOWN, Basis.NOT_BILLED) else int(row.billed or 0)
                yield Listed("" if at is None else _key(row[at]), row[model], int(row.listed or 0), billed)

    @property
    def unlisted(self) -> bool:
        """Something in here has no list price."""
        return any(row.unlisted for row in self.rows)


def sums(
    connection: Connection,
    since: date,
    until: date,
    *,
    parts: Sequence[Part] = (),
    selection: Selection = EVERYTHING,
    by: Sequence[Dimension] = (),
) -> Sums:
    """Sums over the UTC days `since` (inclusive) to `until` (exclusive) and `parts` of others, by every combination
    of the dimensions. A part of a day that is not held by the hour has nothing in it."""
    cut, chosen = Cut.of(selection, by), statements.chosen(selection)
    days = pieces(cut, since, until)
    query = statements.in_pieces(cut, *map(len, days))
    rows = [] if query is None else list(connection.execute(query, chosen | statements.dated(days)))
    for part in parts:
        when = {"day": part.day, "since": part.since, "until": part.until}
        rows += connection.execute(statements.of_part(cut), chosen | when).all()
    return Sums(tuple(by), selection, rows)


def figures(
    connection: Connection,
    since: date,
    until: date,
    *,
    selection: Selection = EVERYTHING,
    by: Dimension | None = None,
) -> Mapping[str, Figures]:
    """The sums by one dimension. Days come as ISO text; weeks and months are for the caller to add up."""
    return sums(connection, since, until, selection=selection, by=(by,) if by else ()).figures(by)


def course(
    connection: Connection, cuts: Sequence[datetime], *, selection: Selection = EVERYTHING
) -> list[Figures | None]:
    """The figures between each cut and the next; cuts are whole UTC hours in order, None is a stretch without entries.

    No day has more than one cut within it. What lies on the larger side of that is the day less its smaller side, so
    that a day in Berlin reads one or two hours and not all of them.
    """
    if len(cuts) < 2:
        return []
    cut, chosen = Cut.of(selection, (Dimension.DAY,)), statements.chosen(selection)
    shared = _shared_at(selection, None)
    held: dict[date, list[Row[Any]]] = defaultdict(list)
    last = (cuts[-1] - timedelta.resolution).date() + timedelta(days=1)
    stretch = {"since": cuts[0].date(), "until": last}
    for row in connection.execute(statements.of_stretch(cut), chosen | stretch):
        held[row.by_DAY].append(row)
    beside: dict[date, list[Row[Any]]] = defaultdict(list)
    for hour in sorted({cut.hour for cut in cuts} - {0}):
        sides = {"days": [one.date() for one in cuts if one.hour == hour], "hour": hour}
        for row in connection.execute(statements.of_sides(cut, hour <= _NOON), chosen | sides):
            beside[row.by_DAY].append(row)

    def half(at: datetime, sum_: _Sum, *, before: bool) -> None:
        """Add what the day of a cut holds before it, or from it on."""
        small_is_before = at.hour <= _NOON
        if before != small_is_before:
            for row in held[at.date()]:
                sum_.add(row, shared)
        for row in beside[at.date()]:
            sum_.add(row, shared, 1 if before == small_is_before else -1)

    found: list[Figures | None] = []
    for start, end in pairwise(cuts):
        sum_ = _Sum()
        if start.hour:
            half(start, sum_, before=False)
        first = start.date() + timedelta(days=1 if start.hour else 0)
        for day in dates(first, end.date()):
            for row in held[day]:
                sum_.add(row, shared)
        if end.hour:
            half(end, sum_, before=True)
        found.append(sum_.figures() if sum_.quantities else None)
    return found


def hourly(
    connection: Connection, days: Collection[date], *, selection: Selection = EVERYTHING, by: Sequence[Dimension] = ()
) -> dict[datetime, Sums]:
    """The sums of each hour that has any, by its beginning; `days` are UTC days that are known by the hour."""
    by = (Dimension.DAY, Dimension.HOUR, *by)
    values = statements.chosen(selection) | {"days": sorted(days)}
    rows: dict[datetime, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(statements.of_hours_of(Cut.of(selection, by)), values):
        rows[datetime.combine(row.by_DAY, time(row.by_HOUR), UTC)].append(row)
    return {start: Sums(by, selection, rows[start]) for start in sorted(rows)}


def compared(connection: Connection, since: date, until: date, *, selection: Selection) -> tuple[int, int]:
    """Billed and list cost, in units, of what has both: no priority tier, nothing unpriced, nothing not in yet."""
    values = statements.chosen(selection) | {"since": since, "until": until}
    billed, listed = connection.execute(statements.compared(Cut.of(selection, ())), values).one()
    return int(billed or 0), int(listed or 0)


def unpriced_models(connection: Connection, since: date, until: date, *, selection: Selection) -> list[str]:
    """Models of which tokens were used that have no public price."""
    values = statements.chosen(selection) | {"since": since, "until": until}
    return sorted(connection.execute(statements.unpriced(Cut.of(selection, (Dimension.MODEL,))), values).scalars())


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

    def add(self, row: Any, shared: frozenset[Basis], sign: int = 1) -> None:
        """Add a row, or take it away: `sign` -1."""
        basis, listed, billed = Basis(row.basis), sign * int(row.listed or 0), sign * int(row.billed or 0)
        self.quantities[row.charge] = self.quantities.get(row.charge, 0) + sign * int(row.quantity)
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
            quantities={charge: count for charge, count in self.quantities.items() if charge != REQUESTS},
            shared_out=Money(self.shared),
            requests=self.quantities.get(REQUESTS),
        )


def _shared_at(selection: Selection, by: Dimension | None) -> frozenset[Basis]:
    """Which entries are shared out at the depth of the question: keys deepest, then teams; above, all is reported."""
    if by in (Dimension.KEY, Dimension.USER) or selection.keys is not None or selection.actors is not None:
        return frozenset({Basis.BY_KEY, Basis.BY_TEAM})
    if by is Dimension.TEAM or selection.teams is not None:
        return frozenset({Basis.BY_TEAM})
    return frozenset()


def _key(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
