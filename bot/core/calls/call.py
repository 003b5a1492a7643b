"""One call of Claude as a program reported it: figures and names, never a prompt, an answer or anything else of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bot.core.money import Money

COUNTED = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "untyped", "web_search")
"""The figures of a call that are counts, and add up."""
UNKNOWN_MODEL = "unknown"
"""What a call is of whose program names no model, as older logs do not."""
UNKNOWN_ERROR = "unknown"
"""How a call failed that says only that it did."""


class Origin(StrEnum):
    """How a call came here."""

    RECORDER = "recorder"
    """`POST /v1/calls`, whoever wrote the program."""
    IMPORT = "import"
    OTLP = "otlp"


class RateLimit(NamedTuple):
    """What the answer's headers said was allowed and left; None where they said nothing."""

    requests_limit: int | None = None
    requests_remaining: int | None = None
    tokens_limit: int | None = None
    tokens_remaining: int | None = None


class Call(NamedTuple):
    """One call; `id`, `team` and `user` are as the program says them, "" where it does not. Named after
    `core.usage`."""

    id: str
    at: datetime
    """When it began, in UTC."""
    model: str
    uncached_input: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0
    untyped: int = 0
    """Tokens of which the program says only how many, not which: they have no price."""
    web_search: int = 0
    team: str = ""
    user: str = ""
    feature: str = ""
    api_key: str = ""
    """A key's name or id, never the key."""
    endpoint: str = "messages"
    event_type: str = "completion"
    service_tier: str = "standard"
    inference_geo: str = ""
    speed: str = ""
    """fast where it was made in fast mode."""
    duration_ms: int | None = None
    first_token_ms: int | None = None
    status: int | None = None
    error_type: str = ""
    """Why it failed; "" where it did not."""
    own_cost: Money | None = None
    """What it cost by the caller's own prices, kept as given."""
    rate_limit: RateLimit | None = None
    origin: Origin = Origin.RECORDER

    @property
    def prompt(self) -> int:
        """All tokens that went in: what a price band for long prompts looks at."""
        return self.uncached_input + self.cache_write_5m + self.cache_write_1h + self.cache_read
