"""What people call things → the ids in the ledger, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from bot.core.configuration import Configuration
from bot.core.directory import UNALLOCATED, Directory, family
from bot.core.errors import NotFound, WordsError
from bot.core.nearest import closest, nearest
from bot.core.prices import display_name, without_date
from bot.core.question import Dimension, Question, Subject, head, instead, written
from bot.core.typed import shown
from bot.core.usage import CONSOLE, DEFAULT_WORKSPACE, NO_ACTOR, NOT_BY_KEY, RECURRING
from bot.services.configuration import in_force, ties
from bot.store import directory as directories
from bot.store import ledger, memory
from bot.store.ledger import Selection

_FIELDS = {
    Subject.TEAM: "teams",
    Subject.MODEL: "models",
    Subject.WORKSPACE: "workspaces",
    Subject.KEY: "keys",
    Subject.USER: "actors",
}
"""Which set of a selection holds what is asked about by name."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a question is about: its part of the ledger, its id for programs, its name for people."""

    selection: Selection
    id: str | None
    name: str


class Names:
    """The names in force. Questions share them until one changes, so nothing in here is about a single question."""

    def __init__(self, configuration: Configuration, organizations: list[Directory]) -> None:
        self.configuration = configuration
        self.organizations = organizations
        self._ids: dict[Dimension, Mapping[str, Sequence[str]]] = {}
        self._kinds: Mapping[str, Subject] | None = None

    @classmethod
    def read(cls, connection: Connection) -> Names:
        def anew() -> Names:
            return cls(in_force(connection), directories.read_all(connection))

        return memory.remembered(connection, "names", anew)

    def zone(self, otherwise: str) -> str:
        """Where people count their days."""
        return self.configuration.timezone or otherwise

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
                return self._place(id_, Directory.workspace_name)
            case Dimension.KEY:
                return self._place(id_, Directory.key_name)
            case Dimension.USER:
                return self._actor(id_)
            case Dimension.TOKEN_TYPE | Dimension.PRODUCT if id_:
                return id_.replace("_", " ").capitalize()
            case _:
                return id_ or "Not reported"

    def find(self, connection: Connection, question: Question) -> Found:
        """What the question names. Raises NotFound with the question that may have been meant."""
        field = _FIELDS.get(question.thing)
        if field is None:
            return Found(self.selection(), None, self.organization)
        dimension = Dimension(question.thing.value)
        ids = chosen = self._matching(connection, dimension, question)
        match dimension:
            case Dimension.TEAM:
                chosen = [id_ for one in ids for id_ in family(one, self.configuration.teams)]
            case Dimension.WORKSPACE | Dimension.KEY:
                self._refuse_mixture(dimension, ids)
            case Dimension.USER:
                self._refuse_namesakes(ids)
        return Found(self.selection(**{field: frozenset(chosen)}), ids[0], self.of(dimension, ids[0]))

    @cached_property
    def ties(self) -> list[str]:
        """What two teams claim equally, one sentence each; it counts as unallocated until they settle it."""
        return ties(self.organizations, self.configuration)

    def team_ids(self) -> list[str]:
        """Every configured team, and the one of what belongs to none."""
        return [*(team.id for team in self.configuration.teams), UNALLOCATED]

    def kinds(self, connection: Connection) -> Mapping[str, Subject]:
        """What each name, in lower case, is a name of; without people, since not everybody may know who is here."""
        if self._kinds is None:
            self._kinds = {
                name: Subject(dimension.value)
                for dimension in (Dimension.KEY, Dimension.WORKSPACE, Dimension.MODEL, Dimension.TEAM)  # the last wins
                for name in self._by_any_name(connection, dimension)
            }
        return self._kinds

    def _matching(self, connection: Connection, dimension: Dimension, question: Question) -> list[str]:
        """The ids of everything with this id, name or, of models, short name: names need not be unique."""
        called = self._by_any_name(connection, dimension)
        name = " ".join((question.name or "").split()).casefold()
        if found := called.get(name):
            return sorted(set(found))
        elsewhere = self.kinds(connection).get(name)
        raise NotFound(_no_such(dimension, question, self._displayed(dimension, called), elsewhere))

    def _by_any_name(self, connection: Connection, dimension: Dimension) -> Mapping[str, Sequence[str]]:
        if dimension not in self._ids:
            self._ids[dimension] = self._by_alias(dimension, self._known(connection, dimension))
        return self._ids[dimension]

    def _known(self, connection: Connection, dimension: Dimension) -> set[str]:
        """Everything of a kind that is configured, that Anthropic names, or that the ledger has ever seen."""
        match dimension:
            case Dimension.TEAM:
                return set(self.team_ids())
            case Dimension.WORKSPACE:
                named = {self._apart(one, id_) for one in self.organizations for id_ in one.workspaces}
            case Dimension.KEY:
                named = {id_ for one in self.organizations for id_ in one.api_keys}
            case Dimension.USER:
                named = {id_ for one in self.organizations for id_ in (*one.members, *one.service_accounts)}
            case _:
                named = set()
        return named.union(ledger.names(connection, dimension, apart=self._several))

    def _by_alias(self, dimension: Dimension, ids: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Ids by everything people call them, in lower case."""
        called: dict[str, list[str]] = {}
        for id_ in sorted(ids):
            names = self._nicknames(id_) if dimension is Dimension.USER else self._bare(dimension, id_)
            for alias in (*_aliases(dimension, id_, self.of(dimension, id_)), *names):
                called.setdefault(alias.casefold(), []).append(id_)
        return called

    @property
    def _several(self) -> bool:
        return len(self.organizations) > 1

    def selection(self, **chosen: frozenset[str]) -> Selection:
        """A part of the ledger in which organisations stay apart."""
        return Selection(**chosen, apart=self._several)

    def _apart(self, directory: Directory, id_: str) -> str:
        return f"{directory.organization_id}/{id_}" if self._several and id_ in RECURRING else id_

    def _place(self, id_: str, name_in: Callable[[Directory, str], str]) -> str:
        """A workspace or key by its name, with its organisation's where others have one of that name."""
        own = id_.rpartition("/")[2]
        if len(self.organizations) == 1:
            return name_in(self.organizations[0], own)
        owner = self._owner(id_)
        if owner is None:
            return _first(own, (name_in(one, own) for one in self.organizations))
        name = name_in(owner, own)
        return f"{name} ({owner.organization_name})" if name.casefold() in self._in_several else name

    def _owner(self, id_: str) -> Directory | None:
        """Whose workspace or key this is; None where there is but one organisation, or none knows it."""
        organization_id = id_.rpartition("/")[0]
        having = (
            one
            for one in self.organizations
            if organization_id == one.organization_id or id_ in one.workspaces or id_ in one.api_keys
        )
        return next(having, None) if self._several else None

    @cached_property
    def _in_several(self) -> frozenset[str]:
        """Names of workspaces and keys that more than one organisation has."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.organizations:
            names = {one.workspace_name(id_) for id_ in (DEFAULT_WORKSPACE, *one.workspaces)}
            names |= {one.key_name(id_) for id_ in (CONSOLE, NOT_BY_KEY, *one.api_keys)}
            for name in names:
                found[name.casefold()].add(one.organization_id)
        return frozenset(name for name, some in found.items() if len(some) > 1)

    def _bare(self, dimension: Dimension, id_: str) -> tuple[str, ...]:
        """The name without its organisation, which is what people type."""
        owner, own = self._owner(id_), id_.rpartition("/")[2]
        if owner is None or dimension not in (Dimension.WORKSPACE, Dimension.KEY):
            return ()
        return (owner.workspace_name(own) if dimension is Dimension.WORKSPACE else owner.key_name(own),)

    def _refuse_mixture(self, dimension: Dimension, ids: Sequence[str]) -> None:
        """What two organisations call the same is never added up."""
        if len({owner.organization_id for id_ in ids if (owner := self._owner(id_))}) > 1:
            names = [f"“{shown(self.of(dimension, id_))}”" for id_ in ids]
            example = written(Subject(dimension.value), self.of(dimension, ids[0]))
            raise NotFound(
                f"Several organisations have a {dimension.value} of this name: {', '.join(names)}. "
                f"Ask for one of them: `/claude-usage {dimension.value} {shown(example)}`."
            )

    def _called(self, actor_id: str) -> tuple[str, ...]:
        """A person's name and e-mail, a service account's name; nothing for whom nobody knows."""
        return next((names for one in self.organizations if (names := one.actor_names(actor_id))), ())

    def _nicknames(self, actor_id: str) -> tuple[str, ...]:
        """Also by what stands before the @ of an e-mail."""
        called = self._called(actor_id)
        return (*called, *(name.partition("@")[0] for name in called[1:]))

    def _actor(self, actor_id: str) -> str:
        """A name that is one person's: with the e-mail where two have the same."""
        if actor_id == NO_ACTOR:
            return "No person named"
        called = self._called(actor_id)
        if not called:
            return actor_id
        return f"{called[0]} ({called[1]})" if called[0] in self._namesakes else called[0]

    @cached_property
    def _namesakes(self) -> frozenset[str]:
        emails: dict[str, set[str]] = defaultdict(set)
        for directory in self.organizations:
            for member in directory.members.values():
                emails[member.name].add(member.email.casefold())
        return frozenset(name for name, some in emails.items() if len(some) > 1)

    def _refuse_namesakes(self, ids: Iterable[str]) -> None:
        """One person may have an id in each organisation; two people are never added up."""
        emails = {called[1].casefold() for id_ in ids if len(called := self._called(id_)) > 1}
        if len(emails) > 1:
            raise NotFound(f"{len(emails)} people have this name. Ask by e-mail: `/claude-usage user {min(emails)}`.")

    def _displayed(self, dimension: Dimension, called: Mapping[str, Sequence[str]]) -> dict[str, str]:
        return {alias: self.of(dimension, ids[0]) for alias, ids in called.items()}


def _aliases(dimension: Dimension, id_: str, name: str) -> list[str]:
    """A model is also known without its date, and without "Claude" before it."""
    if dimension is not Dimension.MODEL:
        return [id_, name]
    return [id_, without_date(id_), name, name.removeprefix("Claude "), without_date(id_).removeprefix("claude-")]


def _no_such(what: str, question: Question, displayed: Mapping[str, str], elsewhere: Subject | None) -> str:
    """`elsewhere`: what else has this name."""
    name = question.name or ""
    missing = f"There is no {what} “{shown(name)}”"
    if elsewhere:
        with suppress(WordsError):  # not everything can be asked of every kind
            example = head(instead(question, elsewhere, shown(name)))
            return f"{missing}, but a {elsewhere} of that name. Try `/claude-usage {example}`."
    if not displayed:
        return f"There is no {what} yet: nothing has been read or configured."
    near = list(dict.fromkeys(displayed[alias] for alias in nearest(name.casefold(), displayed, 9, cutoff=0.0)))[:3]
    example = head(instead(question, Subject(what), shown(near[0])))
    return f"{missing}. {closest([shown(one) for one in near])} Try `/claude-usage {example}`."


def _first(id_: str, names: Iterable[str]) -> str:
    """The first name that is not the id itself: only one organisation knows it."""
    return next((name for name in names if name != id_), id_)
