"""What a group of calls comes to: counts, tokens, cost, how long they took and how many failed.

Sums are added to each other without loss, so those of a month are the sums of its hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.core.calls import batch, sketch
from bot.core.calls.batch import ERROR, Batch, Column
from bot.core.calls.call import COUNTED, Call
from bot.core.calls.sketch import Buckets
from bot.core.money import Money
from bot.core.utc import instant


@dataclass(slots=True)
class Sums:
    """Of calls of one group; grows by `merge`. Costs are in units of 10⁻¹⁰ dollars."""

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

    def less(self) -> Sums:
        """What takes these calls away where it is merged; latencies and times stay as they are there."""
        counted = {name: -getattr(self, name) for name in ADDED}
        return Sums(**counted, errors={error: -many for error, many in self.errors.items()})

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


def added(parts: Iterable[Sums]) -> Sums:
    """All of them together, in a sum of its own."""
    whole = Sums()
    for part in parts:
        whole.merge(part)
    return whole


def columns(some: Batch) -> dict[str, Column]:
    """The sums of each single call, by the names of `Sums`, in columns as a store holds them: instants in microseconds,
    sketches written. What none of the calls has is left out."""
    figures = some.figures
    each = [1] * len(some)
    found: dict[str, Column] = {"calls": each, "first_at": some.at, "last_at": some.at}
    found |= {name: figures[name] for name in COUNTED if name in figures}
    for name, known in (("list_cost", ""), ("own_cost", "own_priced"), ("duration_ms", "timed")):
        if column := figures.get(name):
            silent = None in column
            found[name] = [one or 0 for one in column] if silent else column
            if known:
                found[known] = [one is not None for one in column] if silent else each
    listed = some.figure("list_cost")
    if None in listed:
        found["unlisted"] = [one is None for one in listed]
    if "timed" in found:
        found["longest_ms"] = found["duration_ms"]
    for name, times in (("durations", "duration_ms"), ("first_tokens", "first_token_ms")):
        if times in figures:
            found[name] = [sketch.single(one) for one in figures[times]]
    return found


def folded(some: Mapping[str, Column], places: Sequence[int], groups: int) -> dict[str, Column]:
    """The same of groups: `places` says of each row of the columns which it is in."""
    added: dict[int, Column] = {}
    apart: dict[int, list[Column]] = {}
    found: dict[str, Column] = {}
    for name, column in some.items():
        # Several names may be of one column: it is gone through once.
        if name in ADDED:
            if id(column) not in added:
                into = added[id(column)] = [0] * groups
                for place, one in zip(places, column, strict=True):
                    into[place] += one
            found[name] = added[id(column)]
        else:
            if id(column) not in apart:
                rows = apart[id(column)] = [[] for _ in range(groups)]
                for place, one in zip(places, column, strict=True):
                    rows[place].append(one)
            found[name] = list(map(_FOLDED[name], apart[id(column)]))
    return found


_FOLDED: Mapping[str, Callable[[Any], Any]] = {
    "longest_ms": max,
    "durations": sketch.joined,
    "first_tokens": sketch.joined,
    "first_at": min,
    "last_at": max,
}


def of(calls: Iterable[Call]) -> Sums:
    """The sums of all these calls."""
    some = batch.of(list(calls))
    if not some:
        return Sums()
    whole = {name: column[0] for name, column in folded(columns(some), [0] * len(some), 1).items()}
    whole |= {name: instant(whole[name]) for name in ("first_at", "last_at")}
    whole |= {name: sketch.decode(whole[name]) for name in ("durations", "first_tokens") if name in whole}
    errors = Counter(error for kind in some.kinds if (error := some.names[kind][ERROR]))
    return Sums(**whole, errors=dict(errors))
