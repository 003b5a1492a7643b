"""What Anthropic reports, as frozen records, and the words the ledger uses for it.

The two that come by the million are named tuples: one is made in a sixth of the time a frozen dataclass takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bot.core.money import Money

UNCACHED_INPUT = "uncached_input"
CACHE_WRITE_5M = "cache_write_5m"
CACHE_WRITE_1H = "cache_write_1h"
CACHE_READ = "cache_read"
OUTPUT = "output"
TOKEN_TYPES = (UNCACHED_INPUT, CACHE_WRITE_5M, CACHE_WRITE_1H, CACHE_READ, OUTPUT)
"""The five token types, in the order people read them."""

WEB_SEARCH = "web_search"
"""A charge is a token type, web_search, or any other cost type Anthropic names (code_execution, session_usage, …)."""

REQUESTS = "requests"
"""Not a charge but a count that stands beside them: how many calls there were, where the source says. It costs nothing
by itself."""

DEFAULT_WORKSPACE = "default"
"""The ledger's id of the workspace that the classic reports call null."""
CONSOLE = "console"
"""The ledger's id for use without an API key: in the Console, through OAuth, by a service account."""
NOT_BY_KEY = ""
"""The ledger's id for cost that Anthropic reports per workspace and that no key's usage explains."""
RECURRING = frozenset({DEFAULT_WORKSPACE, CONSOLE, NOT_BY_KEY})
"""Ids that every organisation has; Anthropic's own are one organisation's for ever."""
NO_ACTOR = ""
"""The ledger's id for use of which no source names the person or service account."""
SERVICE_ACCOUNT = "svac_"
"""How the ids of service accounts begin; every other actor is taken for a person."""

PRIORITY_TIER = "priority"
"""Committed capacity: its tokens are reported, its cost is not."""


class Source(StrEnum):
    """Where records come from, named as `claude-usage sync --source` takes them."""

    USAGE = "usage"
    COST = "cost"
    HOURS = "hours"
    """The usage report once more, by the hour."""
    CODE = "claude_code"
    LIMITS = "limits"


LEDGER_SOURCES = (Source.USAGE, Source.COST)
"""The daily reports that the ledger is made of; the other sources stand beside it."""


class Surface(StrEnum):
    """Which of Anthropic's reports an organisation's key may read."""

    ANALYTICS = "analytics"
    CLASSIC = "classic"


class UsageRecord(NamedTuple):
    """Tokens of one bucket and one combination of dimensions, as the usage report said them (null as None)."""

    start: datetime
    workspace_id: str | None
    api_key_id: str | None
    model: str
    service_tier: str
    inference_geo: str
    uncached_input: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    output: int
    web_search: int
    actor_id: str | None = None
    """The person or service account that called (user_…, svac_…), where the source says."""
    product: str | None = None
    """What they called with (claude_code, messages_api, …), where the source says."""
    requests: int | None = None
    """How many calls that was; None where the source does not say."""


class CostRecord(NamedTuple):
    """One amount of one UTC day, as the cost report said it; `amount_cents` is its own text."""

    start: datetime
    workspace_id: str | None
    cost_type: str
    token_type: str | None
    model: str | None
    service_tier: str | None
    inference_geo: str | None
    context_window: str | None
    description: str
    amount_cents: str
    amount: Money
    attributed: bool = False
    """The source names key, actor and product (the newer analytics do): a null there means none, not unknown."""
    api_key_id: str | None = None
    actor_id: str | None = None
    product: str | None = None
    list_cents: str | None = None
    """List price of the same tokens in Anthropic's own words, where the source says."""

    @property
    def charge(self) -> str:
        """The ledger's word for what was paid for: the token type where there is one, else the cost type."""
        if self.token_type is None:
            return self.cost_type
        return REPORTED_TOKEN_TYPES.get(self.token_type, self.token_type)


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What Anthropic says a UTC day cost in all, asked for ungrouped; `amount_cents` is its own text."""

    start: datetime
    amount_cents: str
    amount: Money


REPORTED_TOKEN_TYPES = {
    "uncached_input_tokens": UNCACHED_INPUT,
    "cache_creation.ephemeral_5m_input_tokens": CACHE_WRITE_5M,
    "cache_creation.ephemeral_1h_input_tokens": CACHE_WRITE_1H,
    "cache_read_input_tokens": CACHE_READ,
    "output_tokens": OUTPUT,
}
"""Cost report token_type → ledger word."""
