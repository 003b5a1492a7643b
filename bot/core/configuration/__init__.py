"""What people configure: the values of a configuration file, once they hold together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from functools import cached_property

from bot.core.alerts.rule import Rule
from bot.core.directory import Team
from bot.core.outlook.budget import Budget
from bot.core.schedule import Digest


class PeopleData(StrEnum):
    """Who sees rows per person."""

    ADMINS = "admins"
    OWNERS = "owners"
    EVERYONE = "everyone"


@dataclass(frozen=True)
class Configuration:
    """Everything in force. `timezone` None: the TIMEZONE setting."""

    timezone: str | None = None
    admins: tuple[str, ...] = ()
    people_data: PeopleData = PeopleData.OWNERS
    teams: tuple[Team, ...] = ()
    digests: tuple[Digest, ...] = ()
    rules: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()
    quiet_hours: tuple[time, time] | None = None
    """On each receiver's own clock: when nobody is told of what is not critical. None: never."""

    def team(self, team_id: str) -> Team | None:
        return self._by_id.get(team_id)

    def owned(self, names: Iterable[str]) -> list[str]:
        """The ids of the teams that whoever has these names, in lower case, owns; in their order."""
        found = {id_ for name in names for id_ in self._by_owner.get(name, ())}
        return [id_ for id_ in self._by_id if id_ in found]

    @cached_property
    def _by_owner(self) -> Mapping[str, Sequence[str]]:
        owned: dict[str, list[str]] = defaultdict(list)
        for team in self.teams:
            for owner in team.owners:
                owned[owner.casefold()].append(team.id)
        return owned

    @cached_property
    def _by_id(self) -> Mapping[str, Team]:
        return {team.id: team for team in self.teams}
