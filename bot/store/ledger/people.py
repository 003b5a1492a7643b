"""Who is behind the figures: which people, and whether anything else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from bot.core.hours import Stretch
from bot.core.question import Dimension
from bot.core.usage import NO_ACTOR, SERVICE_ACCOUNT
from bot.store.ledger.levels import COLUMN, column
from bot.store.ledger.selection import Selection
from bot.store.tables import LedgerEntry, LedgerHour, LedgerSeries, table

_entry = table(LedgerEntry)
_hour = table(LedgerHour)
_series = table(LedgerSeries)
_person = and_(_series.c.actor_id > NO_ACTOR, ~_series.c.actor_id.startswith(SERVICE_ACCOUNT, autoescape=True))
"""As `directory.is_person` says it."""
_nobody = or_(_series.c.actor_id == NO_ACTOR, _series.c.actor_id.startswith(SERVICE_ACCOUNT, autoescape=True))


@dataclass(frozen=True, slots=True)
class Presence:
    """A person who used something within a team; `ids` are of the dimensions that were asked for."""

    ids: tuple[str, ...]
    team_id: str
    actor_id: str


def any_named(connection: Connection) -> bool:
    """Whether the ledger has ever seen a person: the classic reports name none."""
    return connection.execute(select(_series.c.id).where(_person).limit(1)).first() is not None


def present(
    connection: Connection, when: Stretch | None, selection: Selection, by: Sequence[Dimension] = ()
) -> list[Presence]:
    """Everybody who is behind the figures of this time; None: of all there ever was."""
    columns = [column(COLUMN[one], apart=selection.apart).label(f"by_{one.name}") for one in by]
    query = (
        select(*columns, _series.c.team_id.label("team"), _series.c.actor_id.label("actor"))
        .distinct()
        .where(_person, *_used(when, selection))
    )
    return [Presence(tuple(row[: len(columns)]), row.team, row.actor) for row in connection.execute(query)]


def others(
    connection: Connection,
    when: Stretch,
    selection: Selection,
    by: Dimension | None = None,
    ids: Collection[str] | None = None,
) -> set[str]:
    """Which of the rows hold anything that is no person's; "" stands for the whole where `by` is None."""
    used = _used(when, selection)
    if by is None:
        return {""} if connection.execute(select(_series.c.id).where(_nobody, *used).limit(1)).first() else set()
    row = column(COLUMN[by], apart=selection.apart)
    wanted = [] if ids is None else [row.in_(sorted(ids))]
    return set(connection.execute(select(row).distinct().where(_nobody, *wanted, *used)).scalars())


def others_together(
    connection: Connection, when: Stretch, selection: Selection, by: Sequence[Dimension]
) -> set[tuple[str, ...]]:
    """The same of rows that stand for one id of each dimension."""
    columns = [column(COLUMN[one], apart=selection.apart).label(f"by_{one.name}") for one in by]
    query = select(*columns).distinct().where(_nobody, *_used(when, selection))
    return {tuple(row) for row in connection.execute(query)}


def _used(when: Stretch | None, selection: Selection) -> list[ColumnElement[bool]]:
    """Series by their index, and a look for each whether it has an entry on these days, or a part in these hours."""
    chosen: list[ColumnElement[bool]] = [
        column(name, apart=selection.apart).in_(sorted(values)) for name, values in selection.columns.items()
    ]
    if when is None:
        return chosen
    since, until = when.days
    of_series = select(_entry.c.series_id).where(_entry.c.series_id == _series.c.id)
    looks = [of_series.where(_entry.c.day >= since, _entry.c.day < until).exists()]
    for part in when.parts:
        of_hours = select(_hour.c.series_id).where(_hour.c.series_id == _series.c.id, _hour.c.day == part.day)
        looks.append(of_hours.where(_hour.c.hour >= part.since, _hour.c.hour < part.until).exists())
    return [*chosen, or_(*looks)]
