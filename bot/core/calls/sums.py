"""What a group of calls comes to: counts, tokens, cost, how long they took and how many failed.

Sums are added to each other without loss, so those of a month are the sums of its hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.calls import sketch
from bot.core.calls.call import Call
from bot.core.calls.listed import list_units
from bot.core.calls.sketch import Buckets
from bot.core.money import Money


@dataclass(slots=True)
class Sums:
    """Of calls of one group; grows by `add` and `merge`. Costs are in units of 10⁻¹⁰ dollars."""

    calls: int = 0
    uncached_input: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0
    untyped: int = 0
    web_search: int = 0
    list_cost: int = 0
    unlisted: int = 0
    """How many calls have no list price."""
    own_cost: int = 0
    own_priced: int = 0
    """How many calls came with prices of the caller's own."""
    timed: int = 0
    """How many calls said how long they took."""
    duration_ms: int = 0
    longest_ms: int = 0
    durations: Buckets = field(default_factory=dict)
    first_tokens: Buckets = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    """By type."""
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, call: Call, units: int | None) -> None:
        """One more call, and its list cost if it has one."""
        self.calls += 1
        self.uncached_input += call.uncached_input
        self.cache_write_5m += call.cache_write_5m
        self.cache_write_1h += call.cache_write_1h
        self.cache_read += call.cache_read
        self.output += call.output
        self.untyped += call.untyped
        self.web_search += call.web_search
        if units is None:
            self.unlisted += 1
        else:
            self.list_cost += units
        if call.own_cost is not None:
            self.own_cost += call.own_cost.units
            self.own_priced += 1
        duration = call.duration_ms
        if duration is not None:
            self.timed += 1
            self.duration_ms += duration
            if duration > self.longest_ms:
                self.longest_ms = duration
            number = sketch.bucket(duration)
            self.durations[number] = self.durations.get(number, 0) + 1
        if call.first_token_ms is not None:
            number = sketch.bucket(call.first_token_ms)
            self.first_tokens[number] = self.first_tokens.get(number, 0) + 1
        if call.error_type:
            self.errors[call.error_type] = self.errors.get(call.error_type, 0) + 1
        if self.first_at is None or call.at < self.first_at:
            self.first_at = call.at
        if self.last_at is None or call.at > self.last_at:
            self.last_at = call.at

    def merge(self, other: Sums) -> None:
        """All calls of another group."""
        for name in ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest_ms = max(self.longest_ms, other.longest_ms)
        sketch.merge(self.durations, other.durations)
        sketch.merge(self.first_tokens, other.first_tokens)
        for error, many in other.errors.items():
            self.errors[error] = self.errors.get(error, 0) + many
        self.first_at = min(filter(None, (self.first_at, other.first_at)), default=None)
        self.last_at = max(filter(None, (self.last_at, other.last_at)), default=None)

    @property
    def tokens(self) -> int:
        return (
            self.uncached_input
            + self.cache_write_5m
            + self.cache_write_1h
            + self.cache_read
            + self.output
            + self.untyped
        )

    @property
    def failed(self) -> int:
        return sum(self.errors.values())

    @property
    def success_rate(self) -> float | None:
        """1 for all; None where there are no calls."""
        return (self.calls - self.failed) / self.calls if self.calls else None

    @property
    def listed(self) -> Money | None:
        """List cost of the calls that have one; None where none has. Unknown is not zero."""
        return Money(self.list_cost) if self.calls > self.unlisted else None

    @property
    def owned(self) -> Money | None:
        """Cost by the callers' own prices; None where no caller has any."""
        return Money(self.own_cost) if self.own_priced else None

    @property
    def cache_hit_rate(self) -> float | None:
        """Cache reads' part of all input whose kind is known."""
        prompt = self.uncached_input + self.cache_write_5m + self.cache_write_1h + self.cache_read
        return self.cache_read / prompt if prompt else None

    @property
    def mean_ms(self) -> int | None:
        return round(self.duration_ms / self.timed) if self.timed else None

    def latency_ms(self, part: float) -> int | None:
        """The duration that this part of the calls did not exceed, one percent off at most, and never above the
        longest."""
        found = sketch.quantile(self.durations, part)
        return None if found is None else min(found, self.longest_ms)

    def first_token_ms(self, part: float) -> int | None:
        """The time to the first token that this part of the calls did not exceed."""
        return sketch.quantile(self.first_tokens, part)

    @property
    def span(self) -> timedelta | None:
        """From the first call to the last."""
        return self.last_at - self.first_at if self.first_at and self.last_at else None


ADDED = (
    *("calls", "uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "untyped", "web_search"),
    *("list_cost", "unlisted", "own_cost", "own_priced", "timed", "duration_ms"),
)
"""The figures of `Sums` that are added up."""


def of(calls: Iterable[Call]) -> Sums:
    """The sums of these calls."""
    sums = Sums()
    for call in calls:
        sums.add(call, list_units(call))
    return sums
