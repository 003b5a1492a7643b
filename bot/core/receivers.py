"""Who is told of an alert, in which order, and who may act on it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.access import Asker
from bot.core.alerts.rule import ADMINS, CHANNEL, OWNERS
from bot.core.configuration import Configuration

_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,20}", re.ASCII)
_USER_ID = re.compile(r"[UW][A-Z0-9]{2,20}", re.ASCII)


def is_channel(receiver: str) -> bool:
    return _CHANNEL_ID.fullmatch(receiver) is not None


def is_slack_id(receiver: str) -> bool:
    """Of a channel or a user, which Slack shows by a name where it is told that it is one."""
    return is_channel(receiver) or _USER_ID.fullmatch(receiver) is not None


def levels(configuration: Configuration, notify: Sequence[str], teams: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Those told first, then those told when nobody of them can be reached or answers: the owners of the teams above,
    then the admins. Nobody stands in it twice. `teams`: whom the scope belongs to, the nearest first."""
    owners = [some for team in teams if (some := _owners(configuration, team))]
    first: list[str] = []
    for word in notify:
        match word:
            case "owners":
                first += owners[0] if owners else ()
            case "admins":
                first += configuration.admins
            case "channel":
                channel = next((team.channel for id_ in teams[:1] if (team := configuration.team(id_))), None)
                first += [channel] if channel else owners[0] if owners else ()
            case _:
                first.append(word)
    found = list[tuple[str, ...]]()
    seen = set[str]()
    for level in (first, *owners, configuration.admins):
        new = list[str]()
        for one in level:
            if one.casefold() not in seen:
                seen.add(one.casefold())
                new.append(one)
        if new:
            found.append(tuple(new))
    return tuple(found)


def may_act(configuration: Configuration, asker: Asker, notify: Sequence[str], teams: Sequence[str]) -> bool:
    """Whether somebody may acknowledge, silence and judge: admins, owners of the team or of one above it, and whoever
    the rule names."""
    if asker.operator or asker.is_one_of(configuration.admins):
        return True
    named = [one for one in notify if one not in (OWNERS, ADMINS, CHANNEL)]
    return asker.is_one_of([*named, *(owner for team in teams for owner in _owners(configuration, team))])


def line(configuration: Configuration, team_id: str) -> tuple[str, ...]:
    """A team and the teams above it, the nearest first."""
    found: list[str] = []
    team = configuration.team(team_id)
    while team is not None and team.id not in found:
        found.append(team.id)
        team = configuration.team(team.parent) if team.parent else None
    return tuple(found)


def _owners(configuration: Configuration, team_id: str) -> tuple[str, ...]:
    team = configuration.team(team_id)
    return team.owners if team else ()
