"""List prices: what a token costs before discounts.

The figures are genai-prices' (it knows dates), with the corrections below where the reference knows better;
`tests/core/test_prices.py` holds both against the reference's table (reference/anthropic-admin-api.md §6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from bot.core.money import UNITS_PER_CENT, Money
from bot.core.usage import CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M, OUTPUT, TOKEN_TYPES, UNCACHED_INPUT, WEB_SEARCH

_UNITS_PER_TOKEN = 10**4
"""One dollar per million tokens is 10⁴ units of 10⁻¹⁰ dollars per token."""
_PRICE_FIELDS = ("input_mtok", "cache_write_mtok", "cache_write_1h_mtok", "cache_read_mtok", "output_mtok")
"""genai-prices' names, in the order of ListPrice."""
_DATED = re.compile(r"-20\d{6}$")
_LONG_CONTEXT = "200k-1M"
_PRICED_TIERS = {"standard": Fraction(1), "batch": Fraction(1, 2), "priority": Fraction(1)}
"""Tier → factor. `flex` and `priority_on_demand` have no public price, so they stay unpriced (reference §6.5)."""
_WEB_SEARCH_UNITS = UNITS_PER_CENT
"""Ten dollars per thousand searches, never discounted (reference §6.4)."""


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


def without_date(model: str) -> str:
    """The model's name without the day it was pinned: claude-haiku-4-5-20251001 → claude-haiku-4-5."""
    return _DATED.sub("", model)


@lru_cache(maxsize=4096)
def display_name(model: str) -> str:
    """How people call a model: "Claude Sonnet 5.5"; a model nobody knows is called by its id."""
    known = _known(model)
    return known.name if known and known.name and known.id == without_date(model) else model


@lru_cache(maxsize=65536)
def list_price(model: str, day: date, context_window: str = "0-200k") -> ListPrice | None:
    """The public price of `model` on `day`; None for a model without one. Unknown is not zero."""
    for correction in _CORRECTIONS:
        if correction.model == without_date(model) and day < correction.until:
            return correction.price
    known = _known(model)
    if known is None:
        return None
    price = known.get_prices(datetime.combine(day, time(12), UTC))
    figures = [_figure(price, name, context_window) for name in _PRICE_FIELDS]
    return None if None in figures else ListPrice(*(figure for figure in figures if figure is not None))


@lru_cache(maxsize=4096)
def dearest(model: str, day: date) -> Fraction:
    """How many times the list price a token can cost at most: long-prompt bands and fast mode, which the classic
    usage report can't tell apart (reference §6.3). 1 where a model has one price."""
    known = _known(model)
    if known is None:
        return Fraction(1)
    at = datetime.combine(day, time(12), UTC)
    base = known.get_prices(at)
    dearer = [variant.prices for variant in known.price_variants or () if variant.when.get("speed") == "fast"]
    factors = [Fraction(1)]
    for name in _PRICE_FIELDS:
        figure = getattr(base, name)
        if isinstance(figure, TieredPrices):
            factors += [Fraction(tier.price) / Fraction(figure.base) for tier in figure.tiers]
        low = _figure(base, name, "0-200k")
        highs = [_figure(price, name, "0-200k") for price in dearer]
        factors += [Fraction(high) / Fraction(low) for high in highs if low and high]
    return max(factors)


def list_cost(
    quantity: int, charge: str, *, model: str, day: date, service_tier: str, inference_geo: str
) -> Money | None:
    """Quantity × public list price, rounded half-even to the unit; None where there is no public price."""
    if charge == WEB_SEARCH:
        return Money(quantity * _WEB_SEARCH_UNITS)
    factor = _PRICED_TIERS.get(service_tier)
    price = list_price(model, day)
    if factor is None or price is None or charge not in TOKEN_TYPES:
        return None
    if inference_geo == "us":
        factor *= Fraction(11, 10)
    return Money(round(quantity * _rate(price, charge) * factor))


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


def _figure(price: ModelPrice, name: str, context_window: str) -> Decimal | None:
    figure: Decimal | TieredPrices | None = getattr(price, name)
    if isinstance(figure, TieredPrices):
        if context_window == _LONG_CONTEXT and figure.tiers:
            return figure.tiers[-1].price
        return figure.base
    return figure
