"""What nobody owns, from the directory, the configuration and the last thirty days of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.answers.unowned import KEY, TEAM, WORKSPACE, Unowned, Week
from bot.core.directory import UNALLOCATED, Directory, Ownership
from bot.core.money import ZERO, Money
from bot.core.periods import Period
from bot.core.question import Dimension
from bot.core.report import Figures
from bot.core.said_periods import parse_period
from bot.core.usage import CONSOLE
from bot.services.figures.names import Names
from bot.services.figures.view import Coverage, View

_LATELY = "last 30 days"


def read(connection: Connection, names: Names, now: datetime, zone: str) -> Week:
    """The things that nobody owns, the dearest first, and what they cost together."""
    coverage = Coverage.read(connection, now)
    found = parse_period(_LATELY, now=now, zone=zone)
    assert found is not None
    period = coverage.cut(found)
    nobodys = View(connection, names.selection(teams=frozenset({UNALLOCATED})), coverage)
    things = [
        *_places(names, nobodys, period),
        *_teams(connection, names, coverage, period),
    ]
    whole = View(connection, names.selection(), coverage).total(period).billed_cost
    return Week(
        tuple(sorted(things, key=lambda one: (one.spent is None, -(one.spent or ZERO).units, one.kind, one.name))),
        nobodys.total(period).billed_cost,
        whole,
    )


def is_nobodys(names: Names, kind: str, id_: str) -> bool:
    """Whether no team claims this key or workspace, as far as its name or id says whose it is."""
    return any(_unclaimed(names, one, kind, id_) for one in names.organizations)


def _places(names: Names, nobodys: View, period: Period) -> Iterator[Unowned]:
    """A workspace that is nobody's stands for its keys; a key stands for itself where its workspace is somebody's."""
    by_space, by_key = nobodys.by(Dimension.WORKSPACE, period), nobodys.by(Dimension.KEY, period)
    for one in names.organizations:
        ownership = Ownership(one, names.configuration.teams)
        alone = set()
        for space in one.workspaces.values():
            if space.archived or not _is_nobodys(ownership, space.id, CONSOLE):
                continue
            alone.add(space.id)
            thing = _thing(WORKSPACE, space.id, space.name, by_space)
            keys = [key for key in one.api_keys.values() if key.workspace_id == space.id and key.status == "active"]
            claimed = [not _is_nobodys(ownership, space.id, key.id) for key in keys]
            if thing.spent != ZERO or not keys or not all(claimed):
                yield thing
        for key in one.api_keys.values():
            if key.workspace_id in alone or key.status != "active":
                continue
            if _is_nobodys(ownership, key.workspace_id, key.id):
                yield _thing(KEY, key.id, key.name, by_key)


def _teams(connection: Connection, names: Names, coverage: Coverage, period: Period) -> Iterator[Unowned]:
    """Teams that have nobody to tell, nor has any team above them."""
    by_team = View(connection, names.selection(), coverage).by(Dimension.TEAM, period)
    owned = {team.id for team in names.configuration.teams if team.owners}
    for team in names.configuration.teams:
        if team.id not in owned and team.parent not in owned:
            figures = by_team.get(team.id)
            yield Unowned(TEAM, team.id, team.name, figures.billed_cost if figures else ZERO)


def _unclaimed(names: Names, directory: Directory, kind: str, id_: str) -> bool:
    ownership = Ownership(directory, names.configuration.teams)
    if kind == WORKSPACE:
        return id_ in directory.workspaces and _is_nobodys(ownership, id_, CONSOLE)
    key = directory.api_keys.get(id_)
    return key is not None and _is_nobodys(ownership, key.workspace_id, key.id)


def _is_nobodys(ownership: Ownership, workspace_id: str, key_id: str) -> bool:
    """No team claims all of it or a part; where people's own claims take some of its use, it still has no team."""
    return [owner.team_id for owner in ownership.owners(workspace_id, key_id)] == [UNALLOCATED]


def _thing(kind: str, id_: str, name: str, costs: Mapping[str, Figures]) -> Unowned:
    figures = costs.get(id_)
    return Unowned(kind, id_, name, figures.billed_cost if figures else Money(0))
