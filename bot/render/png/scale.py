"""Where figures lie between the edges of a chart, and the round figures written beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from bot.core import wording

_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_MOST_STEPS = 5
_LETTERS = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` to `high`, both whole steps, with nothing among them; `near` and `far` are where these are drawn."""

    low: Decimal
    high: Decimal
    step: Decimal
    near: float
    far: float

    @classmethod
    def over(cls, values: Iterable[Decimal], near: float, far: float) -> Self:
        """A scale that holds all of the values in at most five or six round steps."""
        values = list(values)
        least, most = min([*values, Decimal(0)]), max([*values, Decimal(0)])
        if least == most:
            most = Decimal(1)
        step = _round_up((most - least) / _MOST_STEPS)
        low, high = (least / step).to_integral_value("ROUND_FLOOR"), (most / step).to_integral_value("ROUND_CEILING")
        return cls(low * step, high * step, step, near, far)

    def at(self, value: Decimal) -> float:
        """Where a value is drawn."""
        return self.near + float((value - self.low) / (self.high - self.low)) * (self.far - self.near)

    def ticks(self) -> list[Decimal]:
        """The round figures, lowest first."""
        return [self.low + self.step * n for n in range(int((self.high - self.low) / self.step) + 1)]


def short(value: Decimal, unit: str) -> str:
    """A round figure in few letters: $0 · $250 · $2.5k · $10M · 40 % · 3M."""
    if unit == "%":
        return wording.percent(float(value) / 100)
    dollar = "$" if unit == "USD" else ""
    sign, size = wording.MINUS if value < 0 else "", abs(value)
    over, letter = next(((over, letter) for over, letter in _LETTERS if size >= over), (Decimal(1), ""))
    return f"{sign}{dollar}{_plain(size / over)}{letter}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


def _round_up(step: Decimal) -> Decimal:
    """The next 1, 2, 2.5 or 5 times a power of ten."""
    ten = Decimal(1).scaleb(step.adjusted())
    return next(one * ten for one in _STEPS if one * ten >= step)
