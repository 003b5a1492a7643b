"""A simulated Anthropic organisation: who is in it, what each key uses in any hour, and what Anthropic would bill.

Every number follows from the seed, the stream and the hour alone, so any hour can be asked for in any order.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Final

_HOUR: Final = timedelta(hours=1)
_ALWAYS: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

# Written out from the published list, and never read from the bot's own prices: the demo cross-checks them.
_CENTS_PER_MILLION: Final[Mapping[str, tuple[int, int, int, int, int]]] = {
    #                          input  write 5m  write 1h  read  output
    "claude-opus-5-5": (400, 500, 800, 20, 2000),
    "claude-sonnet-5-5": (200, 250, 400, 10, 1000),
    "claude-haiku-4-5-20251001": (100, 125, 200, 10, 500),
    "claude-sonnet-4-6": (300, 375, 600, 30, 1500),
    "claude-opus-4-8": (500, 625, 1000, 50, 2500),
}
_US_ONLY: Final = Decimal("1.1")
_BATCH: Final = Decimal("0.5")
_CENTS_PER_SEARCH: Final = 1
_CENTS_PER_CONTAINER_HOUR: Final = 5

TOKEN_TYPES: Final = (
    "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)
_TOKEN_TEXT: Final = (
    "Input Tokens",
    "Input Tokens, Cache Write",
    "Input Tokens, Cache Write (1h)",
    "Input Tokens, Cache Hit",
    "Output Tokens",
)


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


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Tokens of one stream in one hour; two rows of an hour may share every dimension.

    `workspace_id` None is the default workspace, `api_key_id` None is use inside the Console.
    """

    workspace_id: str | None
    api_key_id: str | None
    account_id: str | None
    model: str
    service_tier: str
    context_window: str
    inference_geo: str
    uncached_input_tokens: int
    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    web_search_requests: int

    @property
    def tokens(self) -> tuple[int, int, int, int, int]:
        """The five token counts in the order of TOKEN_TYPES."""
        return (
            self.uncached_input_tokens,
            self.ephemeral_5m_input_tokens,
            self.ephemeral_1h_input_tokens,
            self.cache_read_input_tokens,
            self.output_tokens,
        )


@dataclass(frozen=True, slots=True)
class CostRow:
    """One billed line in exact cents; everything after `description` is None for what is not tokens."""

    cents: Decimal
    workspace_id: str | None
    cost_type: str
    description: str
    token_type: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    inference_geo: str | None = None


@dataclass(frozen=True, slots=True)
class _Profile:
    """How a day's calls spread over the 24 UTC hours, and what is left of them on Saturday and Sunday."""

    weights: tuple[int, ...]
    weekend: float

    def share(self, hour: datetime) -> float:
        """The part of a weekday's calls that falls in this hour."""
        share = self.weights[hour.hour] / sum(self.weights)
        return share * self.weekend if hour.weekday() >= 5 else share


_OFFICE: Final = _Profile((0, 0, 0, 0, 0, 0, 1, 3, 6, 8, 8, 7, 6, 7, 8, 8, 7, 5, 3, 2, 1, 0, 0, 0), 0.12)
_CUSTOMERS: Final = _Profile((2, 2, 1, 1, 1, 2, 3, 5, 7, 8, 8, 8, 8, 8, 8, 8, 8, 7, 6, 5, 4, 4, 3, 2), 0.55)
_NIGHT: Final = _Profile((5, 6, 6, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3), 0.7)
_STEADY: Final = _Profile((1,) * 24, 1.0)

# One call's tokens, in the order of TOKEN_TYPES.
_CHAT: Final = (900, 400, 0, 6000, 450)
_TRIAGE: Final = (1200, 300, 0, 3500, 120)
_EXTRACT: Final = (6000, 0, 0, 0, 1200)
_RANK: Final = (1500, 0, 0, 2500, 60)
_REVIEW: Final = (3000, 0, 800, 4000, 600)
_AGENT: Final = (600, 2500, 1500, 45000, 700)
_LOOP: Final = (800, 0, 0, 9000, 250)

# A team takes up a new model some weeks after its launch; no line uses a model on days its price is in doubt.
_LINES: Final[Mapping[str, tuple[tuple[date, str], ...]]] = {
    "opus": ((date(2026, 9, 28), "claude-opus-5-5"), (date.min, "claude-opus-4-8")),
    "sonnet": ((date(2026, 10, 12), "claude-sonnet-5-5"), (date.min, "claude-sonnet-4-6")),
    "haiku": ((date.min, "claude-haiku-4-5-20251001"),),
    "old opus": ((date.min, "claude-opus-4-8"),),
    "old sonnet": ((date.min, "claude-sonnet-4-6"),),
}


@dataclass(frozen=True, slots=True)
class _Stream:
    """What one key does with one line of models: calls on a weekday, and the shape of a call."""

    workspace: str
    key: str | None
    line: str
    per_call: tuple[int, int, int, int, int]
    calls: int
    profile: _Profile
    tier: str = "standard"
    geo: str = "global"
    searches: float = 0.0
    lives: tuple[datetime, datetime] = _ALWAYS

    def row(self, seed: int, hour: datetime, growth: float) -> UsageRow | None:
        """This hour's usage, or None when nobody called."""
        share = self.profile.share(hour)
        if not share or not self.lives[0] <= hour < self.lives[1]:
            return None
        label = f"{seed}:{self.workspace}/{self.key}/{self.line}/{self.tier}"
        (of_day,) = _noise(f"{label}:{hour:%Y-%m-%d}", 1, spread=0.1)
        of_hour, *of_kind = _noise(f"{label}:{hour:%Y-%m-%dT%H}", 7, spread=0.2)
        calls = round(self.calls * share * growth * of_day * of_hour)
        if not calls:
            return None
        kinds = (*self.per_call, self.searches)
        counts = [round(calls * each * noise) for each, noise in zip(kinds, of_kind, strict=True)]
        model = next(name for since, name in _LINES[self.line] if since <= hour.date())
        return UsageRow(
            None if self.workspace == _DEFAULT else _id("wrkspc", self.workspace),
            self.key and _id("apikey", self.key),
            None,
            model,
            self.tier,
            "0-200k",
            "not_available" if model.startswith("claude-haiku-4-5") else self.geo,
            *counts,
        )


_DEFAULT: Final = "Default"
_CODE: Final = "Claude Code"
_CONTAINERS: Final = "data-pipelines"
_WORKSPACES: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    (_DEFAULT, {}),
    ("support-prod", {"team": "alpha", "env": "prod"}),
    ("support-eval", {"team": "alpha", "env": "eval"}),
    ("search-prod", {"team": "beta", "env": "prod"}),
    ("data-pipelines", {"team": "gamma"}),
    ("mobile-beta", {"team": "delta"}),
    ("docs-site", {"team": "delta"}),
    ("legal-review", {"team": "epsilon"}),
    ("shared-platform", {}),
    ("sandbox", {}),
    (_CODE, {}),
)
_ARCHIVED: Final = "mobile-beta"
_INACTIVE: Final = "pipelines-legacy"
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


def _streams(until: datetime) -> tuple[_Stream, ...]:
    """Everything this organisation runs, with the runaway loop in the night before `until`."""
    midnight = _midnight(until)
    looping = (midnight - 2 * _HOUR, midnight + 5 * _HOUR)
    until_archived = (_ALWAYS[0], midnight - timedelta(days=30))
    until_inactive = (_ALWAYS[0], midnight - timedelta(days=45))
    return (
        _Stream("support-prod", "support-assistant", "sonnet", _CHAT, 2500, _CUSTOMERS),
        _Stream("support-prod", "support-autotriage", "opus", _TRIAGE, 1200, _CUSTOMERS),
        _Stream("support-prod", "support-autotriage", "opus", _LOOP, 24 * 6500, _STEADY, lives=looping),
        _Stream("support-prod", "support-summaries", "sonnet", _EXTRACT, 400, _NIGHT, tier="batch"),
        _Stream("support-eval", "support-evals", "opus", _REVIEW, 250, _OFFICE),
        _Stream("support-eval", "support-judge", "haiku", _TRIAGE, 800, _OFFICE),
        _Stream("search-prod", "search-answers", "sonnet", _CHAT, 3000, _CUSTOMERS, searches=0.15),
        _Stream("search-prod", "search-answers-us", "sonnet", _CHAT, 800, _CUSTOMERS, geo="us", searches=0.1),
        _Stream("search-prod", "search-rerank", "haiku", _RANK, 5000, _CUSTOMERS),
        _Stream("data-pipelines", "pipelines-nightly", "sonnet", _EXTRACT, 1800, _NIGHT, tier="batch"),
        _Stream("data-pipelines", "pipelines-enrich", "haiku", _EXTRACT, 2500, _NIGHT, tier="batch"),
        _Stream("data-pipelines", "pipelines-adhoc", "opus", _EXTRACT, 60, _OFFICE),
        _Stream("data-pipelines", _INACTIVE, "old sonnet", _EXTRACT, 120, _NIGHT, lives=until_inactive),
        _Stream("mobile-beta", "mobile-assistant", "haiku", _CHAT, 600, _CUSTOMERS, lives=until_archived),
        _Stream("docs-site", "docs-chat", "haiku", _CHAT, 800, _CUSTOMERS),
        _Stream("docs-site", "docs-writer", "sonnet", _CHAT, 150, _OFFICE),
        _Stream("legal-review", "contract-review", "opus", _REVIEW, 150, _OFFICE),
        _Stream("shared-platform", "beta-ranker", "haiku", _RANK, 3000, _CUSTOMERS),
        _Stream("shared-platform", "beta-ranker", "sonnet", _CHAT, 400, _CUSTOMERS),
        _Stream("shared-platform", "gamma-etl", "sonnet", _EXTRACT, 500, _NIGHT, tier="batch"),
        _Stream("shared-platform", "alpha-triage", "haiku", _TRIAGE, 1000, _CUSTOMERS),
        _Stream("sandbox", "scratch", "old opus", _CHAT, 200, _OFFICE),
        _Stream("sandbox", "hackweek", "old sonnet", _CHAT, 200, _OFFICE),
        _Stream(_CODE, "claude_code_key_ana", "opus", _AGENT, 180, _OFFICE),
        _Stream(_CODE, "claude_code_key_ben", "opus", _AGENT, 320, _OFFICE),
        _Stream(_CODE, "claude_code_key_chiara", "opus", _AGENT, 250, _OFFICE),
        _Stream(_CODE, "claude_code_key_gus", "sonnet", _AGENT, 300, _OFFICE),
        _Stream(_DEFAULT, "website-chat", "sonnet", _CHAT, 1200, _CUSTOMERS),
        _Stream(_DEFAULT, "website-chat", "sonnet", _CHAT, 300, _CUSTOMERS, tier="priority"),
        _Stream(_DEFAULT, "internal-wiki", "haiku", _CHAT, 500, _OFFICE),
        _Stream(_DEFAULT, None, "opus", _CHAT, 80, _OFFICE),
    )


@dataclass(frozen=True, slots=True)
class Organization:
    """The organisation as of `until`; its traffic begins at `since` and goes on after `until`."""

    id: str
    name: str
    since: datetime
    until: datetime
    workspaces: tuple[Workspace, ...]
    api_keys: tuple[ApiKey, ...]
    users: tuple[User, ...]
    seed: int
    discount: Decimal
    streams: tuple[_Stream, ...] = field(repr=False)

    @classmethod
    def simulate(
        cls, *, seed: int = 7, days: int = 90, until: datetime, discount: Decimal = Decimal(0)
    ) -> "Organization":
        """An organisation with `days` of history; names and ids are the same for every seed, numbers are not.

        `discount` is the negotiated part taken off the list price, 0 to 1. Raises ValueError for a naive `until`.
        """
        if until.tzinfo is None:
            raise ValueError("until must be an aware datetime")
        if not 0 <= discount <= 1:
            raise ValueError("discount must lie between 0 and 1")
        until = until.astimezone(UTC)
        since = _midnight(until) - timedelta(days=days)
        streams = _streams(until)
        return cls(
            id=str(uuid.uuid5(uuid.NAMESPACE_DNS, "example.com")),
            name="Example Org",
            since=since,
            until=until,
            workspaces=tuple(_workspaces(since, until)),
            api_keys=tuple(_api_keys(since, streams)),
            users=tuple(_users(since)),
            seed=seed,
            discount=discount,
            streams=streams,
        )

    def hour(self, start: datetime) -> tuple[UsageRow, ...]:
        """Usage of the hour that begins at `start`, an aware whole UTC hour; nothing before `since`."""
        if start.utcoffset() != timedelta(0) or start.minute or start.second or start.microsecond:
            raise ValueError("an hour begins at an aware whole UTC hour")
        if start < self.since:
            return ()
        growth = max(0.4, 1 + 0.002 * (start.date() - self.until.date()).days)
        rows = (stream.row(self.seed, start, growth) for stream in self.streams)
        return tuple(row for row in rows if row)

    def usage(self, start: datetime, end: datetime) -> Iterator[UsageRow]:
        """Usage of the whole hours from `start` to `end`."""
        for hour in _hours(start, end):
            yield from self.hour(hour)

    def container_hours(self, start: datetime) -> int:
        """Billable code-execution container-hours of one hour: past the month's free ones, in one workspace only."""
        if start < self.since or not _NIGHT.weights[start.hour]:
            return 0
        return _digest(f"{self.seed}:containers:{start:%Y-%m-%dT%H}", 1)[0] % 5

    def costs(self, start: datetime, end: datetime) -> tuple[CostRow, ...]:
        """What the whole hours from `start` to `end` cost, one row per workspace and description.

        Sum over a UTC day for Anthropic's daily bucket. The priority tier is paid by commitment and has no row.
        """
        tokens: dict[tuple[str | None, str, str, str, str], list[int]] = defaultdict(lambda: [0] * len(TOKEN_TYPES))
        searches: dict[str | None, int] = defaultdict(int)
        for row in self.usage(start, end):
            searches[row.workspace_id] += row.web_search_requests
            if row.service_tier != "priority":
                line = (row.workspace_id, row.model, row.service_tier, row.context_window, row.inference_geo)
                tokens[line] = [held + more for held, more in zip(tokens[line], row.tokens, strict=True)]
        containers = sum(map(self.container_hours, _hours(start, end)))
        rows = [row for line, counts in tokens.items() for row in self._token_costs(*line, counts)]
        rows += [
            CostRow(self._net(Decimal(count * _CENTS_PER_SEARCH)), workspace, "web_search", "Web Search Usage")
            for workspace, count in searches.items()
            if count
        ]
        if containers:
            cents = self._net(Decimal(containers * _CENTS_PER_CONTAINER_HOUR))
            rows.append(CostRow(cents, _id("wrkspc", _CONTAINERS), "code_execution", "Code Execution Usage"))
        return tuple(rows)

    def _token_costs(
        self, workspace: str | None, model: str, tier: str, window: str, geo: str, counts: list[int]
    ) -> Iterator[CostRow]:
        factor = (_US_ONLY if geo == "us" else 1) * (_BATCH if tier == "batch" else Decimal(1))
        prices = _CENTS_PER_MILLION[model]
        for token_type, text, count, price in zip(TOKEN_TYPES, _TOKEN_TEXT, counts, prices, strict=True):
            if count:
                cents = self._net(Decimal(count * price).scaleb(-6) * factor)
                description = f"{_title(model)} Usage - {text}"
                yield CostRow(cents, workspace, "tokens", description, token_type, model, tier, window, geo)

    def _net(self, list_cents: Decimal) -> Decimal:
        return list_cents * (1 - self.discount)


def _workspaces(since: datetime, until: datetime) -> Iterator[Workspace]:
    for position, (name, tags) in enumerate(_WORKSPACES):
        archived_at = _midnight(until) - timedelta(days=30) if name == _ARCHIVED else None
        created_at = since - timedelta(days=200 - 10 * position)
        yield Workspace(_id("wrkspc", name), name, created_at, archived_at, tags, name == _DEFAULT)


def _api_keys(since: datetime, streams: tuple[_Stream, ...]) -> Iterator[ApiKey]:
    named = {stream.key: stream.workspace for stream in streams if stream.key}
    for position, (name, workspace) in enumerate(named.items()):
        status = "archived" if workspace == _ARCHIVED else "inactive" if name == _INACTIVE else "active"
        creator = _CREATORS.get(name) or _CREATORS.get(workspace, "hana")
        yield ApiKey(
            id=_id("apikey", name),
            name=name,
            workspace_id=_id("wrkspc", workspace),
            status=status,
            partial_key_hint=f"sk-ant-api03-{_id('', name)[3:6]}...{_id('', name)[-4:]}",
            created_at=since - timedelta(days=90 - position),
            created_by=_id("user", creator),
        )


def _users(since: datetime) -> Iterator[User]:
    for position, (login, name, role) in enumerate(_USERS):
        yield User(_id("user", login), f"{login}@example.com", name, role, since - timedelta(days=300 - 20 * position))


def _id(prefix: str, name: str) -> str:
    """An id that looks like Anthropic's and depends on the name alone, so that configuration files stay valid."""
    return f"{prefix}_01{_digest(name, 11).hex()}"


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode(), digest_size=size).digest()


def _noise(text: str, count: int, *, spread: float) -> list[float]:
    """`count` factors between 1 - spread and 1 + spread; a digest because seeding a Random costs ten times as much."""
    return [1 + spread * (byte / 127.5 - 1) for byte in _digest(text, count)]


def _title(model: str) -> str:
    """`claude-haiku-4-5-20251001` as Anthropic prints it: Claude Haiku 4.5."""
    family, *version = model.removeprefix("claude-").split("-")
    return f"Claude {family.capitalize()} {'.'.join(version[:2])}"


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    while start + _HOUR <= end:
        yield start
        start += _HOUR
