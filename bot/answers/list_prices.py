"""The table of list prices: what Anthropic publishes for each model, in the time of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta

from bot.answers.answer import Cell, Column, Table
from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.periods import Period
from bot.core.prices import ListPrice, Quote, quotes
from bot.core.usage import TOKEN_TYPES

_COLUMNS = (
    Column("Model", numeric=False),
    *(Column(title) for title in ("Input", "Write 5m", "Write 1h", "Read", "Output")),
)


def price_table(models: Sequence[tuple[str, str]], period: Period) -> Table:
    """Public prices of models (id, name) in a period: one line where nothing changed, and one for each dearer kind of
    call."""
    first = period.start.astimezone(UTC).date()
    last = max(first, (period.end - timedelta.resolution).astimezone(UTC).date())
    lines = [line for id_, name in models for line in _prices(name, quotes(id_, first, last))]
    return Table("List price, dollars per million tokens", _COLUMNS, tuple(lines))


def _prices(name: str, quoted: Sequence[Quote]) -> Iterator[tuple[Cell, ...]]:
    for quote in quoted:
        if len(quoted) == 1:
            when = ""
        elif quote is quoted[0]:
            when = f" until {day_label(quote.last)}"
        else:
            when = f" from {day_label(quote.first)}"
        yield (f"{name}{when}", *_price(quote.price))
        for why, extra in quote.extras.items():
            kind = f"> {wording.count(extra.above)} prompt" if extra.above else why.value
            yield (f"{name}{when}, {kind}", *_price(extra.price))


def _price(price: ListPrice | None) -> tuple[Cell, ...]:
    """The five figures; whole dollars without cents, as price lists have them."""
    if price is None:
        return ("unpriced", *["–"] * (len(TOKEN_TYPES) - 1))
    figures = [getattr(price, token_type) for token_type in TOKEN_TYPES]
    return tuple(f"${figure:.2f}" if figure == round(figure, 2) else f"${figure.normalize():f}" for figure in figures)
