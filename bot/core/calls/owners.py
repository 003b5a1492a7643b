"""Whose a live call is: what its token says, what it says itself, else its key's or its user's team.

A program that names its team is believed before a key or a person is looked at: it knows what it is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.core.directory import UNALLOCATED, Directory, Match, Precision, Team, named


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of a call about its owner; "" where nothing is."""

    bound_team: str
    team: str
    api_key: str
    user: str


@dataclass(frozen=True, slots=True)
class CallOwners:
    """The configured teams, and the names that keys and people have in Anthropic's organisations."""

    teams: Sequence[Team]
    organizations: Sequence[Directory] = ()

    def team(self, said: Said, on: date) -> str:
        """The team's id. A team that nobody configured goes by the name that the program gives it."""
        ids = {team.id for team in self.teams}
        if said.bound_team in ids:
            return said.bound_team
        if said.team:
            return self._only([team.id for team in self.teams if _calls_itself(team, said.team)]) or said.team
        for precision, names in (
            (Precision.API_KEY, self._names_of_key(said.api_key)),
            (Precision.USER, self._names_of_user(said.user)),
        ):
            claims = [
                team.id
                for team in self.teams
                if names and any(_claims(match, precision, names, on) for match in team.matches)
            ]
            if claims:
                return self._only(claims) or UNALLOCATED
        return said.bound_team or UNALLOCATED

    def turns(self) -> list[date]:
        """The days on which some match begins or ends to count."""
        dates = (day for team in self.teams for match in team.matches for day in (match.since, match.until))
        return sorted({day for day in dates if day is not None})

    def person(self, user: str) -> str:
        """The member id of a user who is one of Anthropic's members; else what the program calls them."""
        wanted = user.casefold()
        for directory in self.organizations:
            for member in directory.members.values():
                if wanted in (member.email.casefold(), member.id.casefold()):
                    return member.id
        return user

    @staticmethod
    def _only(claims: Sequence[str]) -> str | None:
        """A tie belongs to nobody."""
        return claims[0] if len(set(claims)) == 1 else None

    def _names_of_key(self, api_key: str) -> tuple[str, ...]:
        if not api_key:
            return ()
        return (api_key, *(directory.key_name(api_key) for directory in self.organizations))

    def _names_of_user(self, user: str) -> tuple[str, ...]:
        if not user:
            return ()
        return (user, *(name for directory in self.organizations for name in directory.actor_names(self.person(user))))


def _calls_itself(team: Team, said: str) -> bool:
    return said.casefold() in (team.id.casefold(), team.name.casefold()) or any(
        named(pattern, said) for pattern in team.call_teams
    )


def _claims(match: Match, precision: Precision, names: tuple[str, ...], on: date) -> bool:
    return match.precision is precision and match.counts_on(on) and named(match.pattern, *names)
