"""Exact money: integers of 10⁻¹⁰ US dollars, so that sums in SQL and in Python never drift.

The unit is small enough for one cache-read token of the cheapest batch price and large enough
for 922 million dollars in a 64-bit column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from bot.core.errors import MoneyError

UNITS_PER_DOLLAR = 10**10
UNITS_PER_CENT = 10**8
LARGEST = 2**63 - 1
_PLAIN_DECIMAL = re.compile(r"(-?\d{1,12})(?:\.(\d{1,30}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount of US dollars, in units of 10⁻¹⁰ dollars."""

    units: int

    @classmethod
    def from_cents(cls, amount: str) -> Money:
        """Read a decimal string of cents, as Anthropic's cost report writes it ("123.45" is $1.2345).

        Digits beyond the unit (10⁻⁸ cents) are rounded half-even; the snapshot keeps the string itself.
        Raises MoneyError for anything but a plain decimal: an exponent, a blank, a number type.
        """
        return cls(_units(amount, 8))

    @classmethod
    def from_number_of_cents(cls, amount: int | Decimal) -> Money:
        """Read a JSON number of cents, as the Claude Code report writes it (584 is $5.84): a Decimal, never a float.

        JSON may write a small number with an exponent (1e-05), so here one is an amount like any other.
        """
        number = Decimal(amount)
        if not number.is_finite() or number.adjusted() >= 12:
            raise MoneyError(f"{_shown(str(amount))} is no amount of cents this bot can hold.")
        with localcontext() as exact:
            exact.prec = 60
            units = (number * UNITS_PER_CENT).to_integral_value(ROUND_HALF_EVEN)
        if abs(units) > LARGEST:
            raise MoneyError(f"{_shown(str(amount))} is larger than any amount this bot can hold ($922 million).")
        return cls(int(units))

    @classmethod
    def from_dollars(cls, amount: str | int | Decimal) -> Money:
        """Read a decimal number of dollars, as people write budgets and limits."""
        return cls(_units(format(amount, "f") if isinstance(amount, Decimal) else str(amount), 10))

    @property
    def dollars(self) -> Decimal:
        with localcontext() as exact:
            exact.prec = 60
            return Decimal(self.units).scaleb(-10)

    def __add__(self, other: Money) -> Money:
        return Money(self.units + other.units)

    def __sub__(self, other: Money) -> Money:
        return Money(self.units - other.units)

    def __str__(self) -> str:
        """The exact decimal dollars, at least four places: "123.4567", "140.0000", "0.00000125"."""
        sign, units = ("-", -self.units) if self.units < 0 else ("", self.units)
        whole, fraction = divmod(units, UNITS_PER_DOLLAR)
        return f"{sign}{whole}.{f'{fraction:010d}'.rstrip('0').ljust(4, '0')}"


ZERO = Money(0)


def half_even(dividend: int, divisor: int) -> int:
    """The quotient rounded to the nearest whole number, a tie to the even one; `divisor` is positive."""
    quotient, rest = divmod(dividend, divisor)
    if 2 * rest > divisor or (2 * rest == divisor and quotient % 2):
        return quotient + 1
    return quotient


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights` so that the parts add up to it exactly.

    Largest remainder: everyone gets the whole part of the exact share, and the units left over go to
    the largest remainders, the earlier position first, so that the order of the weights decides ties.
    Weights are not negative; if all are zero the first takes everything. A negative total is split as its mirror.
    """
    if not weights:
        raise ValueError("nobody to share with")
    if total < 0:
        return [-part for part in share_out(-total, weights)]
    whole = sum(weights)
    if whole == 0 or len(weights) == 1:
        return [total] + [0] * (len(weights) - 1)
    parts, remainders = [], []
    for position, weight in enumerate(weights):
        part, remainder = divmod(total * weight, whole)
        parts.append(part)
        remainders.append((-remainder, position))
    left = total - sum(parts)
    for _, position in sorted(remainders)[:left]:
        parts[position] += 1
    return parts


def _units(text: object, digits: int) -> int:
    """Units of an amount whose whole is ten to the power of `digits` of them."""
    plain = _PLAIN_DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if plain is None:
        raise MoneyError(f"{_shown(text)} is not a plain decimal amount such as 123.45.")
    whole, fraction = plain.groups("")
    beyond = len(fraction) - digits
    units = half_even(int(whole + fraction), 10**beyond) if beyond > 0 else int(whole + fraction.ljust(digits, "0"))
    if abs(units) > LARGEST:
        raise MoneyError(f"{_shown(text)} is larger than any amount this bot can hold ($922 million).")
    return units


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…" + text[-1]
