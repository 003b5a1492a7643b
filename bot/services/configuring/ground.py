"""What a form stands on: the configuration, the names in force, and who fills it in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.answers.form import Field, Kind, Values, text
from bot.core.access import Asker
from bot.core.authority import is_admin
from bot.core.configuration import Configuration
from bot.core.configuration.splice import Value
from bot.core.errors import FormRefused
from bot.core.question import Dimension
from bot.services.alerts.judging.looking import Calls
from bot.services.figures.names import Names

ALL, EACH, OWN = "all", "each_team", "own"
WHOLE = {
    ALL: "The whole organisation",
    EACH: "Each team by itself",
    "each_key": "Each key by itself",
    "each_model": "Each model by itself",
    "each_workspace": "Each workspace by itself",
    "each_feature": "Each feature by itself",
    OWN: "My own use",
}
"""Scopes that name no single thing, and what they are called in a form."""
_DIMENSIONS = {
    "team": Dimension.TEAM,
    "model": Dimension.MODEL,
    "workspace": Dimension.WORKSPACE,
    "key": Dimension.KEY,
}
_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Ground:
    """Read anew for every form. `zone` is where people count their days, `by` the asker's Slack user id."""

    connection: Connection
    names: Names
    zone: str
    asker: Asker
    by: str
    now: datetime
    calls: Calls | None = None
    """What programs report of their calls, for trying out rules about them."""

    @property
    def configuration(self) -> Configuration:
        return self.names.configuration

    @property
    def admin(self) -> bool:
        return is_admin(self.configuration, self.asker)

    @property
    def team(self) -> str | None:
        """A team of the asker's own, if they have one."""
        own = (team.id for team in self.configuration.teams if self.asker.is_one_of(team.owners))
        return next(own, None)

    def scope(self, value: str) -> str:
        """A scope as a form holds it, as people call it."""
        kind, _, id_ = value.partition("/")
        return WHOLE.get(value) or (self.names.of(_DIMENSIONS[kind], id_) if kind in _DIMENSIONS else value)


def scope_field(ground: Ground, value: str, find: str, label: str = "About what") -> Field:
    return Field("scope", label, Kind.FIND, value, find=find, shown=ground.scope(value) if value else "")


def scope_of(entry: Value | None, team: Value | None = None) -> str:
    """The scope of an entry, as a form holds it: "all", "team/alpha"."""
    if isinstance(team, str):
        return f"team/{team}"
    if isinstance(entry, dict):
        kind, name = next(iter(entry.items()))
        return f"{kind}/{name}"
    return entry if isinstance(entry, str) else ALL


def scope_entry(values: Values) -> Value:
    """The scope a form holds, as an entry names it. Raises FormRefused where nothing was chosen."""
    value = chosen(values, "scope", "Choose what it is about.")
    kind, slash, name = value.partition("/")
    return {kind: name} if slash else value


def chosen(values: Values, key: str, otherwise: str) -> str:
    """What a field holds. Raises FormRefused with the sentence where it is empty."""
    value = text(values, key)
    if not value:
        raise FormRefused({key: otherwise})
    return value


def slug(*words: str) -> str:
    """An id made of words: what is no letter or digit of ASCII becomes a hyphen."""
    return _SLUG.sub("-", "-".join(words).casefold()).strip("-")[:_LONGEST].strip("-") or "one"
