"""What people configure: the values of a configuration file (INTERFACE.md §4), once they hold together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.alert_rule import Rule
from bot.core.directory import Team
from bot.core.outlook.budget import Budget
from bot.core.schedule import Digest


class PeopleData(StrEnum):
    """Who sees rows per person."""

    ADMINS = "admins"
    OWNERS = "owners"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything in force. `timezone` None: the TIMEZONE setting."""

    timezone: str | None = None
    admins: tuple[str, ...] = ()
    people_data: PeopleData = PeopleData.OWNERS
    teams: tuple[Team, ...] = ()
    digests: tuple[Digest, ...] = ()
    rules: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()
    deferred: tuple[str, ...] = ()
    """What the file holds that this version accepts but does not act on, one sentence each."""

    def team(self, team_id: str) -> Team | None:
        return next((team for team in self.teams if team.id == team_id), None)
