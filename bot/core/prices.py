"""List prices: what a token costs before discounts.

The figures are genai-prices' (it knows dates), with the corrections below where Anthropic's own price list says
otherwise; `tests/core/test_prices.py` holds both against it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from bot.core.money import UNITS_PER_CENT, Money, half_even
from bot.core.usage import CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M, OUTPUT, TOKEN_TYPES, UNCACHED_INPUT, WEB_SEARCH

_UNITS_PER_TOKEN = 10**4
"""One dollar per million tokens is 10⁴ units of 10⁻¹⁰ dollars per token."""
_PRICE_FIELDS = ("input_mtok", "cache_write_mtok", "cache_write_1h_mtok", "cache_read_mtok", "output_mtok")
"""genai-prices' names, in the order of ListPrice."""
_DATED = re.compile(r"-20\d{6}$")
_PRICED_TIERS = {"standard": Fraction(1), "batch": Fraction(1, 2), "priority": Fraction(1)}
"""Tier → factor. `flex` and `priority_on_demand` have no public price, so they stay unpriced."""
_WEB_SEARCH_UNITS = UNITS_PER_CENT
"""Ten dollars per thousand searches, never discounted."""
_LONG_CONTEXT_STARTS = 200_000
_LONG_CONTEXT_ENDED = date(2026, 4, 30)
"""Until then Sonnet 4 and 4.5 were dearer above 200k tokens; genai-prices knows no end of it."""
_FAST_ENDED = MappingProxyType({"claude-opus-4-8": date(2026, 11, 30)})
"""The last day of fast mode, which genai-prices does not know either."""


@dataclass(frozen=True, slots=True)
class ListPrice:
    """Dollars per million tokens of one model on one day, standard tier, global."""

    uncached_input: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal
    output: Decimal


@dataclass(frozen=True, slots=True)
class _Correction:
    """A price the reference knows and genai-prices does not: up to, not including, `until`."""

    model: str
    until: date
    price: ListPrice


def _dollars(*figures: str) -> ListPrice:
    return ListPrice(*map(Decimal, figures))


_CORRECTIONS = (
    _Correction("claude-sonnet-5-5", date(2026, 10, 7), _dollars("2", "2.50", "4", "0.20", "10")),
    _Correction("claude-mythos-5", date.max, _dollars("10", "12.50", "20", "1.00", "50")),
    _Correction("claude-mythos-5-1", date.max, _dollars("10", "12.50", "20", "0.25", "50")),
)


@lru_cache(maxsize=4096)
def without_date(model: str) -> str:
    """The model's name without the day it was pinned: claude-haiku-4-5-20251001 → claude-haiku-4-5."""
    return _DATED.sub("", model)


@lru_cache(maxsize=4096)
def display_name(model: str) -> str:
    """How people call a model: "Claude Sonnet 5.5"; a model nobody knows is called by its id."""
    known = _known(model)
    return known.name if known and known.name and known.id == without_date(model) else model


@lru_cache(maxsize=65536)
def list_price(model: str, day: date) -> ListPrice | None:
    """The public price of `model` on `day`; None for a model without one. Unknown is not zero."""
    for correction in _CORRECTIONS:
        if correction.model == without_date(model) and day < correction.until:
            return correction.price
    known = _known(model)
    if known is None:
        return None
    return _complete(known.get_prices(datetime.combine(day, time(12), UTC)))


class Dearer(StrEnum):
    """What makes some calls of a model dearer than its list price, and is not in the classic usage report."""

    LONG_PROMPT = "long prompt"
    FAST_MODE = "fast mode"


@dataclass(frozen=True, slots=True)
class Extra:
    """A second price list of a model: for prompts longer than `above` tokens, or in fast mode."""

    price: ListPrice
    above: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices that hold from `first` to `last`, both included."""

    first: date
    last: date
    price: ListPrice | None
    extras: Mapping[Dearer, Extra]


@lru_cache(maxsize=65536)
def extras(model: str, day: date) -> Mapping[Dearer, Extra]:
    """The dearer prices of a model on a day; empty where it has one price for every call."""
    known = _known(model)
    if known is None or list_price(model, day) is None:
        return MappingProxyType({})
    at = datetime.combine(day, time(12), UTC)
    base = known.get_prices(at)
    found: dict[Dearer, Extra] = {}
    above, long = _band(base), _complete(base, long_prompt=True)
    if long and above and (above != _LONG_CONTEXT_STARTS or day <= _LONG_CONTEXT_ENDED):
        found[Dearer.LONG_PROMPT] = Extra(long, above)
    variant = next((one.prices for one in known.price_variants or () if one.when.get("speed") == "fast"), None)
    fast = _complete(variant) if variant else None
    if fast and day <= _FAST_ENDED.get(without_date(model), date.max):
        found[Dearer.FAST_MODE] = Extra(fast)
    return MappingProxyType(found)


@lru_cache(maxsize=65536)
def dearest(model: str, day: date) -> Fraction:
    """How many times the list price a token can cost at most, where the report can't tell which calls were dearer:
    long prompts, fast mode. 1 where a model has one price."""
    low = list_price(model, day)
    if low is None:
        return Fraction(1)
    highs = [
        _rate(extra.price, charge) / _rate(low, charge)
        for extra in extras(model, day).values()
        for charge in TOKEN_TYPES
    ]
    return max([Fraction(1), *highs])


def quotes(model: str, first: date, last: date) -> tuple[Quote, ...]:
    """The prices of a model over some days, oldest first: more than one where they changed in between."""
    found: list[Quote] = []
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        now = Quote(day, day, list_price(model, day), extras(model, day))
        if found and (found[-1].price, found[-1].extras) == (now.price, now.extras):
            now = Quote(found.pop().first, day, now.price, now.extras)
        found.append(now)
    return tuple(found)


def list_cost(
    quantity: int, charge: str, *, model: str, day: date, service_tier: str, inference_geo: str
) -> Money | None:
    """Quantity × public list price, rounded half-even to the unit; None where there is no public price."""
    units = list_units(quantity, charge, model, day, service_tier, inference_geo)
    return None if units is None else Money(units)


def list_units(quantity: int, charge: str, model: str, day: date, service_tier: str, inference_geo: str) -> int | None:
    """The same in units of 10⁻¹⁰ dollars, for those who ask by the thousand."""
    rate = _unit_rate(charge, model, day, service_tier, inference_geo)
    return None if rate is None else half_even(quantity * rate[0], rate[1])


@lru_cache(maxsize=65536)
def _unit_rate(charge: str, model: str, day: date, service_tier: str, inference_geo: str) -> tuple[int, int] | None:
    price = list_price(model, day)
    rate = unit_rate(charge, price, service_tier=service_tier, inference_geo=inference_geo)
    return None if rate is None else rate.as_integer_ratio()


def unit_rate(charge: str, price: ListPrice | None, *, service_tier: str, inference_geo: str) -> Fraction | None:
    """Units of 10⁻¹⁰ dollars for one token or search; None where there is no public price."""
    if charge == WEB_SEARCH:
        return Fraction(_WEB_SEARCH_UNITS)
    factor = _PRICED_TIERS.get(service_tier)
    if factor is None or price is None or charge not in TOKEN_TYPES:
        return None
    if inference_geo == "us":
        factor *= Fraction(11, 10)
    return _rate(price, charge) * factor


def _rate(price: ListPrice, charge: str) -> Fraction:
    figure = {
        UNCACHED_INPUT: price.uncached_input,
        CACHE_WRITE_5M: price.cache_write_5m,
        CACHE_WRITE_1H: price.cache_write_1h,
        CACHE_READ: price.cache_read,
        OUTPUT: price.output,
    }[charge]
    return Fraction(figure) * _UNITS_PER_TOKEN


@lru_cache(maxsize=4096)
def _known(model: str) -> ModelInfo | None:
    anthropic = next(provider for provider in get_snapshot().providers if provider.id == "anthropic")
    return anthropic.find_model(model)


def _complete(price: ModelPrice, *, long_prompt: bool = False) -> ListPrice | None:
    """All five prices, or None where one of them is not known."""
    figures = [_figure(price, name, long_prompt=long_prompt) for name in _PRICE_FIELDS]
    return None if None in figures else ListPrice(*(figure for figure in figures if figure is not None))


def _band(price: ModelPrice) -> int | None:
    """Above how many tokens in a prompt the whole call is dearer; None where length does not matter."""
    figures = [getattr(price, name) for name in _PRICE_FIELDS]
    return next((one.tiers[-1].start for one in figures if isinstance(one, TieredPrices) and one.tiers), None)


def _figure(price: ModelPrice, name: str, *, long_prompt: bool) -> Decimal | None:
    figure: Decimal | TieredPrices | None = getattr(price, name)
    if isinstance(figure, TieredPrices):
        return figure.tiers[-1].price if long_prompt and figure.tiers else figure.base
    return figure
