"""Who may change what from Slack: admins everything, owners what is their team's, everybody a digest of their own."""

from __future__ import annotations

from enum import Enum

from bot.core.access import Asker
from bot.core.configuration import Configuration
from bot.core.configuration.merged import Entry, What
from bot.core.directory import family


class Authority(Enum):
    """Why somebody may change a thing; the falsy ones say why not."""

    OPERATOR = "runs the bot"
    ADMIN = "is an admin"
    OWNER = "owns the team"
    SELF = "it is their own"
    NOT_THEIRS = "Only admins and the owners of its team may change this."
    NOT_AN_ADMIN = "Only admins may change what is about more than one team."
    NOT_THEIR_OWN = "Only you can have a digest of your own figures: leave “To me” and “My own use” as they are."

    def __bool__(self) -> bool:
        return self in (Authority.OPERATOR, Authority.ADMIN, Authority.OWNER, Authority.SELF)


def authority(configuration: Configuration, asker: Asker, what: What, id_: str, entry: Entry) -> Authority:
    """Whether the asker, by every name they have, may make, change or remove this entry."""
    if what is What.DIGEST and is_own(entry):
        return Authority.SELF if asker.is_one_of([str(entry.get("to", ""))]) else Authority.NOT_THEIR_OWN
    if asker.operator:
        return Authority.OPERATOR
    if asker.is_one_of(configuration.admins):
        return Authority.ADMIN
    team = id_ if what is What.OWNERS else team_of(entry)
    if team is None:
        return Authority.NOT_AN_ADMIN
    return Authority.OWNER if owns(configuration, asker, team) else Authority.NOT_THEIRS


def is_admin(configuration: Configuration, asker: Asker) -> bool:
    return asker.operator or asker.is_one_of(configuration.admins)


def owns(configuration: Configuration, asker: Asker, team_id: str) -> bool:
    """Whether the asker owns the team, or one above it."""
    return any(
        asker.is_one_of(team.owners) and team_id in family(team.id, configuration.teams) for team in configuration.teams
    )


def is_own(entry: Entry) -> bool:
    """A digest for one person about what that person uses."""
    return entry.get("scope") == "own"


def team_of(entry: Entry) -> str | None:
    """The one team that an entry is about; None: about more, or about something that is no team."""
    team, scope = entry.get("team"), entry.get("scope")
    if isinstance(scope, dict):
        team = scope.get("team")
    return team if isinstance(team, str) else None
