"""How fast calls come from the first to the last, and what that makes in an hour, a day, a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.core.calls.sums import Sums
from bot.core.money import Money, half_even

LEAST_SPAN = timedelta(minutes=10)
LEAST_CALLS = 20
"""Below either of these a rate says how a burst went, not how an hour or a month goes."""
HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=30)
_STRETCH = 30
"""Up to how many times its own length a span may be projected: ten minutes say something about an hour or five, and
nothing about a month."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls a minute and tokens a second over the real span."""

    span: timedelta
    calls: int
    tokens: int
    cost: Money | None
    """By the price list; None where no call has a price."""
    unlisted: int = 0
    """How many calls have none: the cost is at least what the others have."""

    @property
    def calls_a_minute(self) -> float:
        return self.calls / (self.span / timedelta(minutes=1))

    @property
    def tokens_a_second(self) -> float:
        return self.tokens / (self.span / timedelta(seconds=1))

    def carries(self, length: timedelta) -> bool:
        """Whether the span is long enough to say anything about a stretch of this length."""
        return length <= self.span * _STRETCH

    def calls_in(self, length: timedelta) -> int:
        return round(self.calls * (length / self.span))

    def cost_in(self, length: timedelta) -> Money | None:
        """The cost of a stretch of this length at this pace."""
        if self.cost is None:
            return None
        microsecond = timedelta(microseconds=1)
        return Money(half_even(self.cost.units * (length // microsecond), self.span // microsecond))


def pace(sums: Sums) -> Pace | None:
    """None where there are too few calls, or too short a time between them."""
    if sums.span is None or sums.span < LEAST_SPAN or sums.calls < LEAST_CALLS:
        return None
    return Pace(sums.span, sums.calls, sums.tokens, sums.listed, sums.unlisted)
