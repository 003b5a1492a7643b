"""What a group of calls comes to: counts, tokens, cost, how long they took and how many failed.

Sums are added to each other without loss, so those of a month are the sums of its hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any, TypeVar

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


Key = TypeVar("Key", bound=Hashable)


def grouped(some: Batch, keys: Iterable[Key]) -> dict[Key, Sums]:
    """The sums of each group; `keys` says of each call which it is in."""
    added = _added(some)
    failures = [names[ERROR] for names in some.names]
    failed = list(map(failures.__getitem__, some.kinds))
    times = some.figures["duration_ms"], some.figures["first_token_ms"]
    groups: dict[Key, list[tuple[Any, ...]]] = {}
    for key, row in zip(keys, zip(some.at, failed, *times, *added.values(), strict=True), strict=True):
        group = groups.get(key)
        if group is None:
            groups[key] = [row]
        else:
            group.append(row)
    (timed, begun), any_failed = map(_said, times), any(failures)
    found: dict[Key, Sums] = {}
    for key, rows in groups.items():
        at, errors, durations, first_tokens, *figures = zip(*rows, strict=True)
        sums = Sums(len(rows), **dict(zip(added, map(sum, figures), strict=True)))  # type: ignore[arg-type]
        sums.first_at, sums.last_at = instant(min(at)), instant(max(at))
        if timed:
            sums.longest_ms = max(filter(None, durations), default=0)
            sums.durations = _buckets(durations)
        if begun:
            sums.first_tokens = _buckets(first_tokens)
        if any_failed:
            sums.errors = dict(Counter(filter(None, errors)))
        found[key] = sums
    return found


def of(calls: Iterable[Call]) -> Sums:
    """The sums of all these calls."""
    some = batch.of(list(calls))
    return grouped(some, repeat(None, len(some))).get(None, Sums())


def _added(some: Batch) -> dict[str, Column]:
    """What is added up of calls, by the names of `Sums`; without what none of them has."""
    figures = some.figures
    found = {name: figures[name] for name in COUNTED if any(figures[name])}
    for name, cost in (("own_cost", "own_priced"), ("duration_ms", "timed")):
        if _said(figures[name]):
            found[name] = [one or 0 for one in figures[name]]
            found[cost] = [one is not None for one in figures[name]]
    if None in figures["list_cost"]:
        found["unlisted"] = [one is None for one in figures["list_cost"]]
    if _said(figures["list_cost"]):
        found["list_cost"] = [one or 0 for one in figures["list_cost"]]
    return found


def _said(column: Column) -> bool:
    """Whether any call says it."""
    return column.count(None) < len(column)


def _buckets(times: Iterable[int | None]) -> Buckets:
    found: Buckets = {}
    for one in times:
        if one is not None:
            number = sketch.bucket(one)
            found[number] = found.get(number, 0) + 1
    return found
