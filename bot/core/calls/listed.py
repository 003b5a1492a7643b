"""What one call costs by the public price list, which for a single call is known exactly.

A report sums calls up and can't tell the dearer ones apart; here every call says how long its prompt was and whether it
was made in fast mode.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from math import lcm
from typing import NamedTuple

from bot.core.money import half_even
from bot.core.prices import Dearer, extras, list_price, unit_rate
from bot.core.usage import TOKEN_TYPES, WEB_SEARCH

_FAST = "fast"


class Rates(NamedTuple):
    """Units of 10⁻¹⁰ dollars for `divisor` tokens of each type, or web searches."""

    divisor: int
    uncached_input: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    output: int
    web_search: int


class Listed(NamedTuple):
    """From how many tokens in a prompt on the whole call is dearer, and the prices up to there and above."""

    above: int | None
    short: Rates | None
    long: Rates | None

    def units(self, uncached: int, write_5m: int, write_1h: int, read: int, output: int, searches: int) -> int | None:
        """Tokens × public price in 10⁻¹⁰ dollars, rounded half-even; None where the list has no price for it."""
        above, rates, long = self
        if above is not None and uncached + write_5m + write_1h + read > above:
            rates = long
        if rates is None:
            return None
        divisor, per_uncached, per_5m, per_1h, per_read, per_output, per_search = rates
        units = uncached * per_uncached + read * per_read + output * per_output
        if write_5m or write_1h or searches:
            units += write_5m * per_5m + write_1h * per_1h + searches * per_search
        return units if divisor == 1 else half_even(units, divisor)


@lru_cache(maxsize=16_384)
def listed(model: str, day: date, tier: str, geo: str, speed: str) -> Listed:
    """What calls of this kind cost on a day."""
    extra = extras(model, day).get(Dearer.LONG_PROMPT)
    short, long = (_rates(model, day, tier, geo, speed == _FAST, over) for over in (False, True))
    return Listed(extra.above if extra else None, short, long)


def _rates(model: str, day: date, tier: str, geo: str, fast: bool, long: bool) -> Rates | None:
    """Fast mode's price holds whatever the prompt's length."""
    wanted = Dearer.FAST_MODE if fast else Dearer.LONG_PROMPT if long else None
    extra = extras(model, day).get(wanted) if wanted else None
    price = extra.price if extra else list_price(model, day)
    if price is None or (fast and extra is None):
        return None
    rates = [unit_rate(charge, price, service_tier=tier, inference_geo=geo) for charge in (*TOKEN_TYPES, WEB_SEARCH)]
    known = [rate for rate in rates if rate is not None]
    if len(known) < len(rates):
        return None
    divisor = lcm(*(rate.denominator for rate in known))
    return Rates._make((divisor, *(int(rate * divisor) for rate in known)))
