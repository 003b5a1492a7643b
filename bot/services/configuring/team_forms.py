"""The forms about a team: who owns it, and that something that nobody owns is its own."""

from __future__ import annotations

from bot.answers.form import Field, Kind, Values, several
from bot.core.configuration.merged import Entry
from bot.core.errors import FormRefused
from bot.services.configuring.ground import Ground, chosen

OWNERS_TITLE, CLAIM_TITLE = "Owners of a team", "Give it to a team"


def team_field(ground: Ground, team: str | None, find: str) -> Field:
    value = f"team/{team}" if team else ""
    return Field("team", "Team", Kind.FIND, value, find=find, shown=ground.scope(value) if value else "")


def owners_fields(ground: Ground, entry: Entry | None, team: str | None) -> tuple[Field, ...]:
    owners = (entry or {}).get("owners", ())
    names = tuple(one for one in owners if isinstance(one, str)) if isinstance(owners, list | tuple) else ()
    return (
        team_field(ground, team or (None if ground.admin else ground.team), "owners"),
        Field(
            "owners",
            "Owners",
            Kind.PEOPLE,
            names,
            hint="They are told of its alerts and budgets, and may change what is the team's",
        ),
    )


def owners_entry(values: Values) -> tuple[str, Entry]:
    """The team's id, and the entry."""
    owners = several(values, "owners")
    if not owners:
        raise FormRefused({"owners": "Choose somebody."})
    return team_of(values), {"owners": list(owners)}


def claim_entry(values: Values, kind: str, id_: str) -> tuple[str, Entry]:
    """`kind` is the word of a match: api_key or workspace. Its id is what it claims, so a thing has one team."""
    return f"{kind}/{id_}", {"team": team_of(values), kind: id_}


def team_of(values: Values) -> str:
    return chosen(values, "team", "Choose a team.").removeprefix("team/")
