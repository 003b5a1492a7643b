"""What is used in an hour, and everything two uses can be told apart by."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import add, attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

TOKEN_TYPES: Final = (
    "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)
Counts: TypeAlias = tuple[int, ...]
"""The tokens in the order of TOKEN_TYPES, then web searches, then requests."""


class Use(NamedTuple):
    """Who used what, and how. Code execution has a workspace and nothing else.

    `workspace_id` None is the default workspace. Of the three callers the Console's own use has none.
    `long_prompts` is known to the bill alone: no report tells it.
    """

    workspace_id: str | None
    api_key_id: str | None = None
    account_id: str | None = None
    service_account_id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    inference_geo: str | None = None
    speed: str | None = None
    product: str | None = None
    long_prompts: bool = False


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Tokens of one stream in one hour; two rows of an hour may share every dimension. Fields as in `Use`."""

    workspace_id: str | None
    api_key_id: str | None
    account_id: str | None
    service_account_id: str | None
    model: str
    service_tier: str
    context_window: str
    inference_geo: str
    speed: str
    product: str
    long_prompts: bool
    requests: int
    uncached_input_tokens: int
    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    web_search_requests: int

    @property
    def use(self) -> Use:
        return Use(*_use(self))

    @property
    def counts(self) -> Counts:
        return _counts(self)

    @property
    def tokens(self) -> tuple[int, int, int, int, int]:
        """The five token counts in the order of TOKEN_TYPES."""
        return _tokens(self)


_use: Final[Callable[[UsageRow], tuple[Any, ...]]] = attrgetter(*Use._fields)
_tokens: Final[Callable[[UsageRow], tuple[int, int, int, int, int]]] = attrgetter(
    *(name.removeprefix("cache_creation.") for name in TOKEN_TYPES)
)
_counts: Final[Callable[[UsageRow], Counts]] = attrgetter(
    *(name.removeprefix("cache_creation.") for name in TOKEN_TYPES), "web_search_requests", "requests"
)


def summed(rows: Iterable[UsageRow]) -> dict[Use, Counts]:
    """The rows of each use added up."""
    sums: dict[Use, Counts] = {}
    for row in rows:
        use = row.use
        sums[use] = plus(sums[use], row.counts) if use in sums else row.counts
    return sums


def plus(one: Counts, other: Counts) -> Counts:
    """Count by count."""
    return tuple(map(add, one, other))
