"""Who is in the organisation: its workspaces, keys and people. The same for every seed; ids differ by organisation."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.demo.simulation.chance import digest
from bot.demo.simulation.hours import midnight

DEFAULT: Final = "Default"
CODE: Final = "Claude Code"
CONTAINERS: Final = "data-pipelines"
_WORKSPACES: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    (DEFAULT, {}),
    ("support-prod", {"team": "alpha", "env": "prod"}),
    ("support-eval", {"team": "alpha", "env": "eval"}),
    ("search-prod", {"team": "beta", "env": "prod"}),
    ("data-pipelines", {"team": "gamma"}),
    ("mobile-beta", {"team": "delta"}),
    ("docs-site", {"team": "delta"}),
    ("legal-review", {"team": "epsilon"}),
    ("shared-platform", {}),
    ("sandbox", {}),
    (CODE, {}),
)
_ARCHIVED: Final = "mobile-beta"
INACTIVE: Final = "pipelines-legacy"
_USERS: Final = (
    ("ana", "Ana Ribeiro", "admin"),
    ("ben", "Ben Okafor", "developer"),
    ("chiara", "Chiara Conti", "developer"),
    ("dmitri", "Dmitri Volkov", "developer"),
    ("emi", "Emi Tanaka", "developer"),
    ("farah", "Farah Haddad", "billing"),
    ("gus", "Gus Lindqvist", "claude_code_user"),
    ("hana", "Hana Novak", "user"),
)
_CREATORS: Final[Mapping[str, str]] = {
    "support-prod": "ana",
    "support-eval": "ana",
    "search-prod": "ben",
    "data-pipelines": "chiara",
    "beta-ranker": "ben",
    "gamma-etl": "chiara",
    "alpha-triage": "ana",
    "docs-site": "dmitri",
    "mobile-beta": "dmitri",
    "legal-review": "emi",
    "claude_code_key_ana": "ana",
    "claude_code_key_ben": "ben",
    "claude_code_key_chiara": "chiara",
    "claude_code_key_gus": "gus",
}


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids that look like Anthropic's and depend on names alone, so that configuration files stay valid."""

    realm: str = ""
    """Set apart, two organisations share no id."""

    def __call__(self, prefix: str, name: str) -> str:
        return f"{prefix}_01{digest(self.realm + name, 11).hex()}"


@dataclass(frozen=True, slots=True)
class Workspace:
    """One of Anthropic's workspaces; the default one has a real id too."""

    id: str
    name: str
    created_at: datetime
    archived_at: datetime | None
    tags: Mapping[str, str]
    is_default: bool


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One API key; `workspace_id` is the real id even in the default workspace."""

    id: str
    name: str
    workspace_id: str
    status: str
    partial_key_hint: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class User:
    """One member of the organisation."""

    id: str
    email: str
    name: str
    role: str
    added_at: datetime


def workspaces(ids: Ids, since: datetime, until: datetime) -> Iterator[Workspace]:
    """The workspaces; one was archived a month before `until`."""
    for position, (name, tags) in enumerate(_WORKSPACES):
        archived_at = midnight(until) - timedelta(days=30) if name == _ARCHIVED else None
        created_at = since - timedelta(days=200 - 10 * position)
        yield Workspace(ids("wrkspc", name), name, created_at, archived_at, tags, name == DEFAULT)


def api_keys(ids: Ids, since: datetime, homes: Mapping[str, str]) -> Iterator[ApiKey]:
    """The keys, given by name with the name of their workspace."""
    for position, (name, workspace) in enumerate(homes.items()):
        status = "archived" if workspace == _ARCHIVED else "inactive" if name == INACTIVE else "active"
        creator = _CREATORS.get(name) or _CREATORS.get(workspace, "hana")
        yield ApiKey(
            id=ids("apikey", name),
            name=name,
            workspace_id=ids("wrkspc", workspace),
            status=status,
            partial_key_hint=f"sk-ant-api03-{ids('', name)[3:6]}...{ids('', name)[-4:]}",
            created_at=since - timedelta(days=90 - position),
            created_by=ids("user", creator),
        )


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A program's own identity, with which it calls without a key."""

    id: str
    name: str
    created_at: datetime


def service_accounts(ids: Ids, since: datetime, names: Iterable[str]) -> Iterator[ServiceAccount]:
    """The service accounts, given by name; the newest first."""
    for position, name in enumerate(names):
        yield ServiceAccount(ids("svac", name), name, since - timedelta(days=60 + position))


def users(ids: Ids, since: datetime) -> Iterator[User]:
    """The people."""
    for position, (login, name, role) in enumerate(_USERS):
        added_at = since - timedelta(days=300 - 20 * position)
        yield User(ids("user", login), f"{login}@example.com", name, role, added_at)
