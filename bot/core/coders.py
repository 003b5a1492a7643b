"""Whose the work with Claude Code is: the people and programs of its report, and the teams they count for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from bot.core.coding import Actor, ActorKind, CodeRecord
from bot.core.directory import UNALLOCATED, ApiKey, Directory, Ownership, Team
from bot.core.usage import NO_ACTOR, NOT_BY_KEY

_WORKSPACE = "claude code"
"""What Anthropic calls the workspace it makes for whoever signs in to Claude Code, in lower case."""


class Coders:
    """Which team an actor of one organisation counts for. The report gives no ids, so they are looked up by name."""

    def __init__(self, directory: Directory, teams: Sequence[Team]) -> None:
        self._on = Ownership(directory, teams).by_day()
        self._members = {member.email.strip().lower(): member for member in directory.members.values()}
        self._keys: dict[str, list[ApiKey]] = defaultdict(list)
        for key in directory.api_keys.values():
            self._keys[key.name].append(key)
        spaces = (space for space in directory.workspaces.values() if space.name.lower() == _WORKSPACE)
        self._workspace = next((space.id for space in spaces), "")

    def person(self, actor: Actor) -> str | None:
        """The member id of a person; the e-mail of one who is no member any more."""
        if actor.kind is not ActorKind.PERSON:
            return None
        member = self._members.get(actor.name)
        return member.id if member else actor.name

    def names(self, actor: Actor) -> tuple[str, ...]:
        member = self._members.get(actor.name) if actor.kind is ActorKind.PERSON else None
        return (member.name,) if member else ()

    def team(self, record: CodeRecord) -> str:
        """The one team that owns all of it: nobody does where teams share a workspace, or keys share a name."""
        owners, actor = self._on(record.day), record.actor
        person = self.person(actor)
        if person is not None:
            claims = {owners(self._workspace, NOT_BY_KEY, person)}
        else:
            keys = self._keys.get(actor.name, ()) if actor.kind is ActorKind.KEY else ()
            claims = {owners(key.workspace_id, key.id, NO_ACTOR) for key in keys}
        teams = {owner.team_id for claim in claims for owner in claim}
        return teams.pop() if len(teams) == 1 else UNALLOCATED
