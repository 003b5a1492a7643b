"""What Anthropic would bill, in exact cents."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from bot.demo.simulation.usage import TOKEN_TYPES, Counts, Use

_Prices = tuple[int, int, int, int, int]
# Thousandths of a dollar per million tokens, written out from the published list and never read from the bot's own
# prices: the demo cross-checks them.
_PRICES: Final[Mapping[str, _Prices]] = {
    #                            input  write 5m  write 1h  read  output
    "claude-opus-5-5": (4000, 5000, 8000, 200, 20000),
    "claude-sonnet-5-5": (2000, 2500, 4000, 100, 10000),
    "claude-haiku-5-5": (100, 125, 200, 10, 500),
    "claude-haiku-4-5-20251001": (1000, 1250, 2000, 100, 5000),
    "claude-sonnet-4-6": (3000, 3750, 6000, 300, 15000),
    "claude-sonnet-4-5-20250929": (3000, 3750, 6000, 300, 15000),
    "claude-opus-4-8": (5000, 6250, 10000, 500, 25000),
}
_LONG_PROMPTS: Final[Mapping[str, _Prices]] = {"claude-haiku-5-5": (500, 625, 1000, 50, 2500)}
_FAST: Final = 2  # exactly double, on every model that has a fast mode

# Twentieths, so that half for batch and a tenth on top for the US stay whole numbers.
_UNITS_PER_CENT: Final = 200_000_000
_UNITS_PER_SEARCH: Final = _UNITS_PER_CENT
_UNITS_PER_CONTAINER_HOUR: Final = 5 * _UNITS_PER_CENT

_TOKEN_TEXT: Final[Mapping[str, str]] = {
    "uncached_input_tokens": "Input Tokens",
    "cache_creation.ephemeral_5m_input_tokens": "Input Tokens, Cache Write",
    "cache_creation.ephemeral_1h_input_tokens": "Input Tokens, Cache Write (1h)",
    "cache_read_input_tokens": "Input Tokens, Cache Hit",
    "output_tokens": "Output Tokens",
}
_OTHER_TEXT: Final[Mapping[str, str]] = {
    "web_search": "Web Search Usage",
    "code_execution": "Code Execution Usage",
}


class Charge(NamedTuple):
    """One line of the bill at list price, in whole units of `cents`; `use` knows no model where there are no tokens."""

    use: Use
    cost_type: str
    token_type: str | None
    units: int


@dataclass(frozen=True, slots=True)
class CostRow:
    """One billed line in exact cents; everything after `description` is None for what is not tokens."""

    cents: Decimal
    list_cents: Decimal
    workspace_id: str | None
    cost_type: str
    description: str
    token_type: str | None = None
    model: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    inference_geo: str | None = None


def charges(use: Use, counts: Counts) -> Iterator[Charge]:
    """What this use costs; the tokens of the priority tier are paid by commitment and cost nothing here."""
    *tokens, searches, requests = counts
    if use.model is None:
        yield Charge(use, "code_execution", None, requests * _UNITS_PER_CONTAINER_HOUR)
        return
    if use.service_tier != "priority":
        for token_type, count, price in zip(TOKEN_TYPES, tokens, _unit_prices(use.model, use), strict=True):
            if count:
                yield Charge(use, "tokens", token_type, count * price)
    if searches:
        bare = use._replace(model=None, service_tier=None, context_window=None, inference_geo=None, speed=None)
        yield Charge(bare, "web_search", None, searches * _UNITS_PER_SEARCH)


def cents(units: int, discount: Decimal = Decimal(0)) -> Decimal:
    """Units of `Charge` in exact cents after the discount."""
    return Decimal(units) / _UNITS_PER_CENT * (1 - discount)


def bill(used: Mapping[Use, Counts], discount: Decimal) -> tuple[CostRow, ...]:
    """One row per workspace and description; `discount` is the part taken off the list price, 0 to 1."""
    sums: dict[tuple[str | None, ...], int] = defaultdict(int)
    for use, counts in used.items():
        for charge in charges(use, counts):
            by = charge.use
            line = (by.workspace_id, charge.cost_type, charge.token_type)
            sums[*line, by.model, by.service_tier, by.context_window, by.inference_geo] += charge.units
    return tuple(_row(*line, units=units, discount=discount) for line, units in sums.items())


def _row(
    workspace: str | None,
    cost_type: str | None,
    token_type: str | None,
    model: str | None,
    *rest: str | None,
    units: int,
    discount: Decimal,
) -> CostRow:
    assert cost_type is not None
    text = f"{_title(model)} Usage - {_TOKEN_TEXT[token_type]}" if model and token_type else _OTHER_TEXT[cost_type]
    return CostRow(cents(units, discount), cents(units), workspace, cost_type, text, token_type, model, *rest)


def _unit_prices(model: str, use: Use) -> Iterator[int]:
    twentieths = 20 * (_FAST if use.speed == "fast" else 1)
    if use.inference_geo == "us":
        twentieths = twentieths * 11 // 10
    if use.service_tier == "batch":
        twentieths //= 2
    prices = _LONG_PROMPTS.get(model, _PRICES[model]) if use.long_prompts else _PRICES[model]
    return (price * twentieths for price in prices)


def _title(model: str) -> str:
    """`claude-haiku-4-5-20251001` as Anthropic prints it: Claude Haiku 4.5."""
    family, *version = model.removeprefix("claude-").split("-")
    return f"Claude {family.capitalize()} {'.'.join(version[:2])}"
