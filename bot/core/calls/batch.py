"""Many calls as columns, which is how thousands at a time are read, priced and stored.

A list of one figure is built, added up and bound to a statement at once; one object for each call costs more than all
of that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter, itemgetter
from typing import Any

from msgspec.msgpack import encode

from bot.core.calls.call import COUNTED, Call, RateLimit
from bot.core.calls.listed import Listed, listed
from bot.core.calls.wire import Refusal
from bot.core.utc import microseconds

Names = tuple[str, ...]
"""What a call says of itself apart from figures, as a bare tuple of `NAMED`."""
NAMED = (
    *("team", "user", "api_key", "feature", "model", "endpoint", "event_type", "service_tier", "inference_geo"),
    *("speed", "error_type", "origin"),
)
named: Callable[[Call], Names] = attrgetter(*NAMED)
TEAM, MODEL, ERROR = map(NAMED.index, ("team", "model", "error_type"))
_priced_by: Callable[[Names], Names] = itemgetter(
    *map(NAMED.index, ("model", "service_tier", "inference_geo", "speed"))
)

FIGURES = (*COUNTED, "duration_ms", "first_token_ms", "status", "list_cost", "own_cost")
"""The columns of figures; the costs in units of 10⁻¹⁰ dollars."""
ABSENT = {name: 0 if name in COUNTED else None for name in FIGURES}
"""What stands in a column for a call that has nothing of it."""
Column = list[Any]

_TOLD = {
    **{"cache_write_5m": "h", "cache_write_1h": "i", "cache_read": "j", "untyped": "k", "web_search": "l"},
    **{"duration_ms": "m", "first_token_ms": "n", "status": "o", "own_cost": "p"},
}
"""The letter, which is no hexadecimal digit, that stands before a figure in the id that follows from it."""
_DAY = 86_400_000_000
_FIRST_DAY = date(1970, 1, 1)


@dataclass(slots=True)
class Batch:
    """Calls of one sender. Position i of every list is the i-th call's."""

    positions: list[int] = field(default_factory=list)
    """Where each stood in what was read; ascending."""
    ids: list[str] = field(default_factory=list)
    """"" for what has none yet."""
    at: list[int] = field(default_factory=list)
    """When each began, in microseconds since 1970."""
    kinds: list[int] = field(default_factory=list)
    """Which of `names` is each one's."""
    names: list[Names] = field(default_factory=list)
    figures: dict[str, Column] = field(default_factory=dict)
    """By `FIGURES`, those that some call has: counts are never None, the others are where nobody said."""
    limits: list[RateLimit | None] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    """Why what stood at these positions is no call."""

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, which: Sequence[int]) -> Batch:
        """Some of the calls, in this order."""
        return Batch(
            _taken(self.positions, which),
            _taken(self.ids, which),
            _taken(self.at, which),
            _taken(self.kinds, which),
            self.names,
            present({name: _taken(column, which) for name, column in self.figures.items()}),
            _taken(self.limits, which),
            self.refused,
        )

    def figure(self, name: str) -> Column:
        """One of `FIGURES` of each call."""
        return self.figures.get(name) or [ABSENT[name]] * len(self)

    def add(self, other: Batch) -> None:
        """The calls of another one after these."""
        before = len(self.names)
        names = [name for name in FIGURES if name in self.figures or name in other.figures]
        self.figures = {name: self.figure(name) + other.figure(name) for name in names}
        self.positions += other.positions
        self.ids += other.ids
        self.at += other.at
        self.kinds += [kind + before for kind in other.kinds] if before else other.kinds
        self.names += other.names
        self.limits += other.limits
        self.refused |= other.refused

    def price(self) -> None:
        """Each call's list cost, from its figures; None where the list has no price for it."""
        prices = _Prices(self.names)
        days = [at // _DAY for at in self.at]
        counts = map(self.figure, COUNTED)
        costs = [
            None if untyped else price.units(uncached, write_5m, write_1h, read, output, searches)
            for price, uncached, write_5m, write_1h, read, output, untyped, searches in zip(
                map(prices.__getitem__, zip(self.kinds, days, strict=True)), *counts, strict=True
            )
        ]
        self.figures |= present({"list_cost": costs})

    def identify(self, *, apart: bool) -> None:
        """Name each call without an id by what it says, so that sending it again is harmless.

        Its id begins with the time, so that ids of one log lie together in the index. Calls that say exactly the same
        are one, unless they are told `apart` by their order.
        """
        if all(self.ids):
            return
        marks = list(map(_mark, self.names))
        form, told = "%x-%s%x.%x", [self.at, map(marks.__getitem__, self.kinds)]
        told += [self.figure("uncached_input"), self.figure("output")]
        for name, letter in _TOLD.items():
            column, absent = self.figures.get(name), ABSENT[name]
            if column is None:
                continue
            if absent in column:
                form += "%s"
                told.append(["" if one == absent else f"{letter}{one:x}" for one in column])
            else:
                form += f"{letter}%x"
                told.append(column)
        ids = list(map(form.__mod__, zip(*told, strict=True)))
        if any(self.ids):
            ids = [given or one for given, one in zip(self.ids, ids, strict=True)]
        if apart and len(set(ids)) < len(ids):
            turns: Counter[str] = Counter()
            for position, one in enumerate(ids):
                if not self.ids[position] and (turn := turns[one]):
                    ids[position] = f"{one}-{turn + 1}"
                turns[one] += 1
        self.ids = ids


class _Prices(dict[tuple[int, int], Listed]):
    """What calls of each of these names cost on a day since 1970."""

    def __init__(self, names: Sequence[Names]) -> None:
        self._wanted = list(map(_priced_by, names))

    def __missing__(self, key: tuple[int, int]) -> Listed:
        kind, day = key
        model, tier, geo, speed = self._wanted[kind]
        self[key] = listed(model, _FIRST_DAY + timedelta(days=day), tier, geo, speed)
        return self[key]


@lru_cache(maxsize=20_000)
def _mark(names: Names) -> str:
    """What stands for names in an id: all but how the call came here, so that a log and a program tell of one call."""
    return blake2b(encode(names[:-1]), digest_size=8).hexdigest()


def of(said: Sequence[Call | Refusal]) -> Batch:
    """What was read one by one, priced and named."""
    batch = gathered(said, range(len(said)))
    batch.price()
    batch.identify(apart=False)
    return batch


def joined(some: Sequence[Batch]) -> Batch:
    """All of them as one; nothing of a single one is copied."""
    if len(some) == 1:
        return some[0]
    whole = Batch()
    for one in some:
        whole.add(one)
    return whole


def present(figures: Mapping[str, Column]) -> dict[str, Column]:
    """Without those that no call has."""
    return {name: column for name, column in figures.items() if column.count(ABSENT[name]) < len(column)}


def gathered(said: Iterable[Call | Refusal], positions: Iterable[int]) -> Batch:
    """The same before it is priced and named."""
    batch = Batch(figures={name: [] for name in FIGURES})
    for position, call in zip(positions, said, strict=True):
        if isinstance(call, Refusal):
            batch.refused[position] = call.reason
            continue
        batch.positions.append(position)
        batch.ids.append(call.id)
        batch.at.append(microseconds(call.at))
        batch.kinds.append(len(batch.names))
        batch.names.append(named(call))
        for name, column in batch.figures.items():
            column.append(_figure(call, name))
        batch.limits.append(call.rate_limit)
    batch.figures = present(batch.figures)
    return batch


def _figure(call: Call, name: str) -> int | None:
    match name:
        case "list_cost":
            return None  # `price` says it of all
        case "own_cost":
            return None if call.own_cost is None else call.own_cost.units
        case _:
            figure: int | None = getattr(call, name)
            return figure


def _taken(column: list[Any], which: Sequence[int]) -> list[Any]:
    return [column[position] for position in which]
