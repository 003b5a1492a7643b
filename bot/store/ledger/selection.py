"""Which part of the ledger is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.entries import Attribution


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of the ledger is asked about; None: all of it."""

    teams: frozenset[str] | None = None
    models: frozenset[str] | None = None
    workspaces: frozenset[str] | None = None
    keys: frozenset[str] | None = None
    actors: frozenset[str] | None = None
    apart: bool = False
    """There are several organisations: an id that all of them have is asked for, and told, as `organisation/id`."""

    @property
    def columns(self) -> Mapping[str, frozenset[str]]:
        """What a series' columns must be one of."""
        wanted = {
            "team_id": self.teams,
            "model": self.models,
            "workspace_id": self.workspaces,
            "api_key_id": self.keys,
            "actor_id": self.actors,
        }
        return {name: values for name, values in wanted.items() if values is not None}

    def holds(self, attribution: Attribution, organization_id: str) -> bool:
        """Whether what belongs there is part of what is asked about."""
        return all(
            getattr(attribution, name) in values or f"{organization_id}/{getattr(attribution, name)}" in values
            for name, values in self.columns.items()
        )


EVERYTHING = Selection()
