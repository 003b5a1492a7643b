"""What calls show that could cost less, each with the dollars that the same calls would have cost less."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from bot.core.calls.sums import Sums
from bot.core.money import ZERO, Money
from bot.core.prices import list_cost
from bot.core.usage import CACHE_READ, TOKEN_TYPES, UNCACHED_INPUT

LEAST_CALLS = 20
LEAST_SAVED = Money.from_dollars("0.01")
LONG_PROMPT = 2_000
"""Tokens of a mean prompt from which on a part of it is worth caching: shorter ones most models do not cache."""
SELDOM_CACHED = 0.2
SHORT_ANSWER = 150
TENTH = 10
MOST_TIPS = 4
_SMALLER = {"opus": "claude-sonnet-5-5", "sonnet": "claude-haiku-4-5"}
"""What a family's calls could be tried on."""


class Saving(Enum):
    FAILED = "failed"
    """Calls that failed and used tokens all the same."""
    CACHE = "cache"
    """Long prompts of which hardly anything is read from the cache."""
    SMALLER = "smaller"
    """Short answers of a large model."""
    BATCH = "batch"
    """What can wait a day costs half."""


@dataclass(frozen=True, slots=True)
class Used:
    """The calls of one feature with one model and tier."""

    feature: str
    model: str
    service_tier: str
    inference_geo: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Tip:
    """`saved` is in dollars of list price over the time looked at; `instead` is another model, if that is the tip."""

    saving: Saving
    feature: str
    model: str
    calls: int
    saved: Money
    instead: str = ""


def tips(used: Iterable[Used], day: date) -> list[Tip]:
    """The few largest, the largest first. `day` is the one whose prices hold."""
    found: list[Tip] = []
    for one in used:
        if one.sums.calls < LEAST_CALLS:
            continue
        found += [
            *_failed(one),
            *_uncached(one, day),
            *_smaller(one, day),
            *_batch(one),
        ]
    worthwhile = [tip for tip in found if tip.saved > LEAST_SAVED]
    return sorted(worthwhile, key=lambda tip: (-tip.saved.units, tip.saving.value, tip.feature, tip.model))[:MOST_TIPS]


def _failed(one: Used) -> Iterable[Tip]:
    sums = one.sums
    if sums.failed == sums.calls and sums.listed:
        yield Tip(Saving.FAILED, one.feature, one.model, sums.failed, sums.listed)


def _uncached(one: Used, day: date) -> Iterable[Tip]:
    """What one tenth of these prompts costs less from the cache: how much of them repeats nobody here knows."""
    sums = one.sums
    rate = sums.cache_hit_rate
    if rate is None or rate >= SELDOM_CACHED or sums.uncached_input < LONG_PROMPT * sums.calls:
        return
    tenth = sums.uncached_input // TENTH
    now, then = (_priced(one, {charge: tenth}, one.model, day) for charge in (UNCACHED_INPUT, CACHE_READ))
    if now and then:
        yield Tip(Saving.CACHE, one.feature, one.model, sums.calls, now - then)


def _smaller(one: Used, day: date) -> Iterable[Tip]:
    sums = one.sums
    instead = next((smaller for family, smaller in _SMALLER.items() if family in one.model), None)
    if instead is None or sums.output > SHORT_ANSWER * sums.calls:
        return
    tokens = {charge: getattr(sums, charge) for charge in TOKEN_TYPES}
    now, then = (_priced(one, tokens, model, day) for model in (one.model, instead))
    if now and then and sums.output:
        yield Tip(Saving.SMALLER, one.feature, one.model, sums.calls, now - then, instead)


def _batch(one: Used) -> Iterable[Tip]:
    sums = one.sums
    if one.service_tier == "standard" and sums.listed and not sums.failed:
        yield Tip(Saving.BATCH, one.feature, one.model, sums.calls, Money(sums.listed.units // 2))


def _priced(one: Used, tokens: dict[str, int], model: str, day: date) -> Money | None:
    """None where one of the tokens has no price."""
    whole = ZERO
    for charge, quantity in tokens.items():
        cost = list_cost(
            quantity, charge, model=model, day=day, service_tier=one.service_tier, inference_geo=one.inference_geo
        )
        if cost is None:
            return None
        whole = whole + cost
    return whole
