"""Who there is: Anthropic's workspaces, keys and members, and the teams people made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import cache, cached_property

from bot.core.usage import CONSOLE, DEFAULT_WORKSPACE, NO_ACTOR, NOT_BY_KEY, SERVICE_ACCOUNT

UNALLOCATED = "unallocated"
"""The team of everything that no team claims; always there, never configured."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One of Anthropic's workspaces; `id` is "default" for the default one, whatever its real id."""

    id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    archived: bool = False


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that calls Claude; `hint` is Anthropic's partial display of it, never the key."""

    id: str
    name: str
    workspace_id: str
    status: str = "active"
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A person in the Anthropic organisation."""

    id: str
    email: str
    name: str
    role: str
    removed: bool = False
    """No longer in the organisation; their past use keeps their name."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A program that calls Claude under an identity of its own, without a key."""

    id: str
    name: str


@dataclass(frozen=True)
class Directory:
    """What an organisation consists of, by id. An id that is not here is shown as itself, never dropped."""

    organization_id: str
    organization_name: str
    workspaces: Mapping[str, Workspace] = field(default_factory=dict)
    api_keys: Mapping[str, ApiKey] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)
    default_workspace_id: str | None = None
    """The default workspace's real id, which the newer reports use and the classic ones do not."""
    service_accounts: Mapping[str, ServiceAccount] = field(default_factory=dict)

    def workspace_name(self, workspace_id: str) -> str:
        known = self.workspaces.get(workspace_id)
        if known:
            return known.name
        return "Default" if workspace_id == DEFAULT_WORKSPACE else workspace_id

    def key_name(self, api_key_id: str) -> str:
        known = self.api_keys.get(api_key_id)
        if known:
            return known.name
        return {CONSOLE: "No API key", NOT_BY_KEY: "Not reported by key"}.get(api_key_id, api_key_id)

    def actor_names(self, actor_id: str) -> tuple[str, ...]:
        """What a person or service account is called, the name first, then the e-mail; nothing for an unknown id."""
        if member := self.members.get(actor_id):
            return member.name, member.email
        account = self.service_accounts.get(actor_id)
        return (account.name,) if account else ()

    def members_called(self, names: Iterable[str]) -> frozenset[str]:
        """The ids of the members with one of these e-mail addresses or ids, in lower case."""
        return frozenset(id_ for name in names for id_ in self._members.get(name, ()))

    @cached_property
    def _members(self) -> Mapping[str, Sequence[str]]:
        called: dict[str, list[str]] = defaultdict(list)
        for member in self.members.values():
            for name in {member.email.casefold(), member.id.casefold()}:
                called[name].append(member.id)
        return called


def is_person(actor_id: str) -> bool:
    """Whether somebody is behind an actor, and not a program or nobody that a source names."""
    return actor_id != NO_ACTOR and not actor_id.startswith(SERVICE_ACCOUNT)


class Precision(IntEnum):
    """How exactly a match names what it claims; the lowest wins."""

    API_KEY = 1
    USER = 2
    WORKSPACE_TAG = 3
    WORKSPACE = 4
    SHARE = 5


@dataclass(frozen=True, slots=True)
class Match:
    """One line of a team's `matches`: a kind, what it must look like, and for a share how much of it."""

    precision: Precision
    pattern: str
    """Name or id, with globs. For a workspace tag: the tag's value."""
    tag: str = ""
    """The workspace tag's key."""
    share: Decimal = Decimal(1)
    since: date | None = None
    """The first UTC day on which it counts; None: always did."""
    until: date | None = None
    """The first UTC day on which it no longer counts; None: for ever."""

    def counts_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    def __str__(self) -> str:
        """As the configuration file writes it."""
        match self.precision:
            case Precision.API_KEY:
                return f"api_key: {self.pattern}"
            case Precision.USER:
                return f"user: {self.pattern}"
            case Precision.WORKSPACE_TAG:
                return f"workspace_tag: {{{self.tag}: {self.pattern}}}"
            case Precision.WORKSPACE:
                return f"workspace: {self.pattern}"
            case Precision.SHARE:
                return f"workspace: {self.pattern}, share: {self.share}"


@dataclass(frozen=True, slots=True)
class Team:
    """People who own spend. `owners` are e-mails or Slack user ids; `parent` is the team its spend rolls up to."""

    id: str
    name: str
    owners: tuple[str, ...] = ()
    channel: str | None = None
    parent: str | None = None
    matches: tuple[Match, ...] = ()
    call_teams: tuple[str, ...] = ()
    """Names under which this team's programs report live calls."""


def family(team_id: str, teams: Iterable[Team]) -> frozenset[str]:
    """The team and everything below it: the ids whose spend its total contains."""
    children: dict[str, list[str]] = {}
    for team in teams:
        if team.parent:
            children.setdefault(team.parent, []).append(team.id)
    found, waiting = {team_id}, [team_id]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Owner:
    """A team's part of what was asked about; the parts of one key add up to 1."""

    team_id: str
    share: Decimal


Owners = Callable[[str, str, str], tuple[Owner, ...]]
"""(workspace id, key id, actor id) → who owns it; the shares are parts of one whole."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns what, for one organisation: the teams' matches applied to its directory."""

    directory: Directory
    teams: Sequence[Team]

    def owners(self, workspace_id: str, api_key_id: str, actor_id: str = NO_ACTOR) -> tuple[Owner, ...]:
        """The owners of one key's and one actor's use in one workspace, the most precise claim first come.

        A tie between teams belongs to nobody until the configuration settles it (`config check` names both).
        """
        claims = self._claims(workspace_id, api_key_id, actor_id)
        for precision in Precision:
            claimants = {team for team, match in claims if match.precision is precision}
            if precision is Precision.SHARE or not claimants:
                continue
            owner = claimants.pop() if len(claimants) == 1 else UNALLOCATED
            return (Owner(owner, Decimal(1)),)
        return _shares(claims)

    def by_day(self) -> Callable[[date], Owners]:
        """The owners as they are on a day, remembered: a reorganisation with dates does not rewrite the past."""
        if not self._turns():
            always = cache(self.owners)
            return lambda _day: always
        return cache(lambda day: cache(self._on(day).owners))

    def ties(self, workspace_id: str, api_key_id: str, actor_id: str = NO_ACTOR) -> tuple[str, ...]:
        """The ids of the teams that claim this with equal precision on some day; empty when there is no tie."""
        for day in (*sorted(self._turns()), date.max):
            claims = self._on(day)._claims(workspace_id, api_key_id, actor_id)
            best = min((match.precision for _, match in claims), default=Precision.SHARE)
            claimants = sorted({team for team, match in claims if match.precision is best})
            if len(claimants) > 1 and best is not Precision.SHARE:
                return tuple(claimants)
        return ()

    def _on(self, day: date) -> Ownership:
        """This ownership with only the matches that count on the day."""
        counting = [
            replace(team, matches=tuple(match for match in team.matches if match.counts_on(day))) for team in self.teams
        ]
        return replace(self, teams=counting)

    def _turns(self) -> set[date]:
        """The days on which some match begins or ends to count."""
        dates = (day for team in self.teams for match in team.matches for day in (match.since, match.until))
        return {day for day in dates if day is not None}

    def _claims(self, workspace_id: str, api_key_id: str, actor_id: str) -> list[tuple[str, Match]]:
        return [
            (team.id, match)
            for team in self.teams
            for match in team.matches
            if self._matches(match, workspace_id, api_key_id, actor_id)
        ]

    def _matches(self, match: Match, workspace_id: str, api_key_id: str, actor_id: str) -> bool:
        match match.precision:
            case Precision.API_KEY:
                if api_key_id in (CONSOLE, NOT_BY_KEY):
                    return False
                return named(match.pattern, api_key_id, self.directory.key_name(api_key_id))
            case Precision.USER:
                if actor_id == NO_ACTOR:
                    return False
                return named(match.pattern, actor_id, *self.directory.actor_names(actor_id))
            case Precision.WORKSPACE_TAG:
                workspace = self.directory.workspaces.get(workspace_id)
                return (
                    workspace is not None
                    and match.tag in workspace.tags
                    and named(match.pattern, workspace.tags[match.tag])
                )
            case Precision.WORKSPACE | Precision.SHARE:
                return named(match.pattern, workspace_id, self.directory.workspace_name(workspace_id))


def named(pattern: str, *names: str) -> bool:
    """Names are compared without regard to case: people type `Support-*` for `support-prod`."""
    return any(fnmatchcase(name.lower(), pattern.lower()) for name in names)


def _shares(claims: Iterable[tuple[str, Match]]) -> tuple[Owner, ...]:
    shares: dict[str, Decimal] = {}
    for team, match in claims:
        shares[team] = shares.get(team, Decimal(0)) + match.share
    rest = Decimal(1) - sum(shares.values(), Decimal(0))
    owners = [Owner(team, share) for team, share in sorted(shares.items()) if share > 0]
    if rest > 0:
        owners.append(Owner(UNALLOCATED, rest))
    return tuple(owners)
