"""What people call things → the ids in the ledger, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.configuration import Configuration
from bot.core.directory import UNALLOCATED, Directory, family
from bot.core.errors import NotFound
from bot.core.nearest import nearest
from bot.core.prices import display_name, without_date
from bot.core.question import Dimension, Question, Subject, written
from bot.core.words import shown
from bot.services.configuration import in_force, ties
from bot.store import directory as directories
from bot.store import ledger
from bot.store.ledger import Selection


@dataclass(frozen=True, slots=True)
class Found:
    """What a question is about: its part of the ledger, its id for programs, its name for people."""

    selection: Selection
    id: str | None
    name: str


class Names:
    """The names in force, read once per question."""

    def __init__(self, configuration: Configuration, organizations: list[Directory]) -> None:
        self.configuration = configuration
        self.organizations = organizations

    @classmethod
    def read(cls, connection: Connection) -> Names:
        return cls(in_force(connection) or Configuration(), directories.read_all(connection))

    @property
    def organization(self) -> str:
        """The name of the organisation, or how many there are."""
        names = [directory.organization_name for directory in self.organizations]
        return names[0] if len(names) == 1 else f"{len(names)} organisations" if names else "Your organisation"

    def of(self, dimension: Dimension, id_: str) -> str:
        """How people call an id of this dimension; an id nobody knows is called by itself."""
        match dimension:
            case Dimension.TEAM:
                team = self.configuration.team(id_)
                return team.name if team else id_
            case Dimension.MODEL:
                return display_name(id_) if id_ else "Not reported by model"
            case Dimension.WORKSPACE:
                return _first(id_, (directory.workspace_name(id_) for directory in self.organizations))
            case Dimension.KEY:
                return _first(id_, (directory.key_name(id_) for directory in self.organizations))
            case Dimension.TOKEN_TYPE | Dimension.PRODUCT if id_:
                return id_.replace("_", " ").capitalize()
            case _:
                return id_ or "Not reported"

    def find(self, connection: Connection, question: Question) -> Found:
        """What the question names. Raises NotFound with the nearest three names."""
        name = question.name or ""
        match question.subject:
            case Subject.TEAM:
                ids = self._matching(Dimension.TEAM, self.team_ids(), name, "team")
                teams = frozenset(id_ for one in ids for id_ in family(one, self.configuration.teams))
                return Found(Selection(teams=teams), ids[0], self.of(Dimension.TEAM, ids[0]))
            case Subject.MODEL:
                ids = self._matching(Dimension.MODEL, ledger.names(connection, Dimension.MODEL), name, "model")
                return Found(Selection(models=frozenset(ids)), ids[0], self.of(Dimension.MODEL, ids[0]))
            case Subject.WORKSPACE:
                known = {id_ for directory in self.organizations for id_ in directory.workspaces}
                known |= set(ledger.names(connection, Dimension.WORKSPACE))
                ids = self._matching(Dimension.WORKSPACE, known, name, "workspace")
                return Found(Selection(workspaces=frozenset(ids)), ids[0], self.of(Dimension.WORKSPACE, ids[0]))
            case Subject.KEY:
                known = {id_ for directory in self.organizations for id_ in directory.api_keys}
                known |= set(ledger.names(connection, Dimension.KEY))
                ids = self._matching(Dimension.KEY, known, name, "key")
                return Found(Selection(keys=frozenset(ids)), ids[0], self.of(Dimension.KEY, ids[0]))
            case _:
                return Found(ledger.EVERYTHING, None, self.organization)

    def ties(self) -> list[str]:
        """What two teams claim equally, one sentence each; it counts as unallocated until they settle it."""
        return ties(self.organizations, self.configuration)

    def team_ids(self) -> list[str]:
        """Every configured team, and the one of what belongs to none."""
        return [*(team.id for team in self.configuration.teams), UNALLOCATED]

    def _matching(self, dimension: Dimension, ids: Iterable[str], name: str, what: str) -> list[str]:
        """The ids that are called `name`, by id, by name or by a model's short name; names need not be unique."""
        called: dict[str, list[str]] = {}
        for id_ in sorted(ids):
            for alias in _aliases(dimension, id_, self.of(dimension, id_)):
                called.setdefault(alias.casefold(), []).append(id_)
        found = called.get(" ".join(name.split()).casefold())
        if found:
            return sorted(set(found))
        raise NotFound(_no_such(what, name, self._displayed(dimension, called)))

    def _displayed(self, dimension: Dimension, called: Mapping[str, list[str]]) -> dict[str, str]:
        return {alias: self.of(dimension, ids[0]) for alias, ids in called.items()}


def _aliases(dimension: Dimension, id_: str, name: str) -> list[str]:
    """A model is also known without its date, and without "Claude" before it."""
    if dimension is not Dimension.MODEL:
        return [id_, name]
    return [id_, without_date(id_), name, name.removeprefix("Claude "), without_date(id_).removeprefix("claude-")]


def _no_such(what: str, name: str, displayed: Mapping[str, str]) -> str:
    if not displayed:
        return f"There is no {what} yet: nothing has been read or configured."
    closest = list(dict.fromkeys(displayed[alias] for alias in nearest(name.casefold(), displayed, 9, cutoff=0.0)))[:3]
    listed = ", ".join(shown(one) for one in closest)
    word = written(Subject(what), closest[0])
    return f"There is no {what} “{shown(name)}”. The closest are: {listed}. Try `/claude-usage {what} {shown(word)}`."


def _first(id_: str, names: Iterable[str]) -> str:
    """The first name that is not the id itself: only one organisation knows it."""
    return next((name for name in names if name != id_), id_)
