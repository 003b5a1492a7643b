"""The prices of a caller's own: what a program says it pays for a token."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from bot.core.calls.fields import Wrong, number, shown
from bot.core.money import UNITS_PER_DOLLAR, half_even

_HIGHEST = Decimal(1)
"""Dollars for one token; above it somebody has written a price per thousand or million."""
_PER_UNIT = 10**20
"""Parts of a unit in which these prices are held: nobody writes thirty places of a dollar."""


class Rates(NamedTuple):
    """A caller's own prices in units of 10⁻¹⁰ dollars for `divisor` tokens, in lowest terms."""

    prompt: int
    completion: int
    divisor: int

    def units(self, uncached: int, output: int) -> int:
        """Tokens × these prices, rounded half-even."""
        prompt, completion, divisor = self
        whole = uncached * prompt + output * completion
        return whole if divisor == 1 else half_even(whole, divisor)


def units(prompt: object, completion: object, uncached: int, output: int) -> int:
    """What these tokens cost; a price may be missing where no token needs it."""
    try:
        own = rates(prompt, completion)
        if own is not None:
            return own.units(uncached, output)
        whole = uncached * _price("cost_per_token_prompt", prompt) if uncached else 0
        if output:
            whole += output * _price("cost_per_token_completion", completion)
    except TypeError:  # an object for a price: it can't be a key of the cache
        raise Wrong("cost_per_token_prompt and cost_per_token_completion are numbers of dollars.") from None
    return half_even(whole, _PER_UNIT)


@lru_cache(maxsize=1024, typed=True)
def rates(prompt: object, completion: object) -> Rates | None:
    """Kept, since most calls of a log have the same two prices; None where one is missing or wrong."""
    try:
        prices = _price("cost_per_token_prompt", prompt), _price("cost_per_token_completion", completion)
    except Wrong:
        return None
    common = gcd(*prices, _PER_UNIT)
    return Rates(*(parts // common for parts in (*prices, _PER_UNIT)))


@lru_cache(maxsize=1024, typed=True)
def _price(name: str, price: object) -> int:
    """Of a token, in parts of a unit: whole numbers add up exactly, and quickly."""
    if price is None or price == "":
        raise Wrong(f"{name} is missing, and the call has tokens of that kind.")
    dollars = number(name, price)
    if not 0 <= dollars <= _HIGHEST:
        raise Wrong(f"{name} is {shown(price)}: dollars for one token are between 0 and {_HIGHEST}.")
    return int((dollars * UNITS_PER_DOLLAR * _PER_UNIT).to_integral_value())
