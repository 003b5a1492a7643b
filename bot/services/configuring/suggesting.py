"""What the fields of a form find while one types: teams, models, workspaces, keys, scopes and time zones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones

from bot.answers.form import Option
from bot.core.authority import owns
from bot.core.directory import UNALLOCATED
from bot.core.question import Dimension
from bot.core.typeahead import Suggestion, fitting
from bot.services.configuring.ground import ALL, EACH, OWN, WHOLE, Ground
from bot.store import ledger

ZONE = "zone"
_LONGEST_NAME = 150
_WHOLE = {
    "digest": (ALL, EACH, OWN),
    "budget": (ALL,),
    "rule": (ALL, EACH, "each_key", "each_model", "each_workspace", "each_feature"),
    "silence": (ALL,),
}
"""Scopes by finder that name no single thing; one that is not here finds teams alone."""
_THINGS = {
    Dimension.MODEL: "Models",
    Dimension.WORKSPACE: "Workspaces",
    Dimension.KEY: "Keys",
}


def found(ground: Ground, find: str, typed: str) -> list[tuple[str, list[Option]]]:
    """Options by kind; those who are no admins are offered what they may choose."""
    if find == ZONE:
        return [("Time zones", _options([Suggestion(zone, zone) for zone in _zones()], typed))]
    whole = _WHOLE.get(find, ()) if ground.admin else tuple({OWN} & set(_WHOLE.get(find, ())))
    kinds = [("In all", [Suggestion(WHOLE[one], one) for one in whole]), ("Teams", list(_teams(ground, find)))]
    if ground.admin and find in ("budget", "rule"):
        kinds += [(title, list(_named(ground, dimension))) for dimension, title in _THINGS.items()]
    return [(title, options) for title, known in kinds if (options := _options(known, typed))]


def _teams(ground: Ground, find: str) -> Iterator[Suggestion]:
    for team in ground.configuration.teams:
        if ground.admin or owns(ground.configuration, ground.asker, team.id):
            yield Suggestion(team.name, f"team/{team.id}")
    if ground.admin and find in ("digest", "budget", "rule"):
        yield Suggestion(UNALLOCATED, f"team/{UNALLOCATED}")


def _named(ground: Ground, dimension: Dimension) -> Iterator[Suggestion]:
    for id_ in ledger.names(ground.connection, dimension):
        if id_ and len(id_) <= _LONGEST_NAME - len("workspace/"):
            yield Suggestion(ground.names.of(dimension, id_), f"{dimension.value}/{id_}")


def _options(known: list[Suggestion], typed: str) -> list[Option]:
    return [Option(one.sends, one.name) for one in fitting(known, typed)]


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))
