"""What Anthropic would bill, in exact cents."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bot.demo.simulation.cast import CONTAINERS, id_of
from bot.demo.simulation.traffic import TOKEN_TYPES, UsageRow

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


_TOKEN_TEXT: Final = (
    "Input Tokens",
    "Input Tokens, Cache Write",
    "Input Tokens, Cache Write (1h)",
    "Input Tokens, Cache Hit",
    "Output Tokens",
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


def bill(usage: Iterable[UsageRow], container_hours: int, discount: Decimal) -> tuple[CostRow, ...]:
    """One row per workspace and description; `discount` is the part taken off the list price, 0 to 1.

    The priority tier is paid by commitment and has no row.
    """
    tokens: dict[tuple[str | None, str, str, str, str], list[int]] = defaultdict(lambda: [0] * len(TOKEN_TYPES))
    searches: dict[str | None, int] = defaultdict(int)
    for row in usage:
        searches[row.workspace_id] += row.web_search_requests
        if row.service_tier != "priority":
            line = (row.workspace_id, row.model, row.service_tier, row.context_window, row.inference_geo)
            tokens[line] = [held + more for held, more in zip(tokens[line], row.tokens, strict=True)]
    paid = 1 - discount
    rows = [row for line, counts in tokens.items() for row in _token_costs(*line, counts, paid)]
    rows += [
        CostRow(Decimal(count * _CENTS_PER_SEARCH) * paid, workspace, "web_search", "Web Search Usage")
        for workspace, count in searches.items()
        if count
    ]
    if container_hours:
        cents = Decimal(container_hours * _CENTS_PER_CONTAINER_HOUR) * paid
        rows.append(CostRow(cents, id_of("wrkspc", CONTAINERS), "code_execution", "Code Execution Usage"))
    return tuple(rows)


def _token_costs(
    workspace: str | None, model: str, tier: str, window: str, geo: str, counts: list[int], paid: Decimal
) -> Iterator[CostRow]:
    factor = (_US_ONLY if geo == "us" else 1) * (_BATCH if tier == "batch" else Decimal(1))
    prices = _CENTS_PER_MILLION[model]
    for token_type, text, count, price in zip(TOKEN_TYPES, _TOKEN_TEXT, counts, prices, strict=True):
        if count:
            cents = Decimal(count * price).scaleb(-6) * factor * paid
            description = f"{_title(model)} Usage - {text}"
            yield CostRow(cents, workspace, "tokens", description, token_type, model, tier, window, geo)


def _title(model: str) -> str:
    """`claude-haiku-4-5-20251001` as Anthropic prints it: Claude Haiku 4.5."""
    family, *version = model.removeprefix("claude-").split("-")
    return f"Claude {family.capitalize()} {'.'.join(version[:2])}"
