"""What advice is given on: what one caller does with one model, in one way, over some days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple, TypeVar

from bot.core.money import Money
from bot.core.prices import list_cost
from bot.core.usage import CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M, OUTPUT, REQUESTS, TOKEN_TYPES, UNCACHED_INPUT

Counts = Mapping[str, int]
"""Charge → quantity: tokens of each type, and requests where the source counts them."""
_T = TypeVar("_T")


class Use(NamedTuple):
    """Who calls which model, and how."""

    workspace_id: str
    api_key_id: str
    account_id: str
    """The service account that calls without a key; "" where there is none."""
    model: str
    service_tier: str
    inference_geo: str
    product: str


@dataclass(frozen=True, slots=True)
class Window:
    """Whole UTC days that advice looks at: `since` inclusive, `until` exclusive."""

    since: date
    until: date
    zone: str
    read: frozenset[date]
    """The days that are known, those before the window too."""
    hourly: frozenset[date] = frozenset()
    """Those of them that are known by the hour."""

    @property
    def known(self) -> int:
        """How many days of the window are known."""
        return sum(self.since <= day < self.until for day in self.read)

    @property
    def last(self) -> date:
        """Its last day, whose prices count."""
        return self.until - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Course:
    """One use with what it came to in the window, in tokens and in units of money."""

    use: Use
    teams: frozenset[str]
    counts: Counts
    listed: int
    """List cost of its tokens."""
    billed: int
    """What they were billed."""
    active: int
    """Days with any use."""
    last: date
    days: Mapping[date, Counts] = field(default_factory=dict)
    """By UTC day, from before the window on; only where it is dear enough to be looked at closely."""
    hours: Mapping[datetime, Counts] = field(default_factory=dict)
    """By UTC hour in the window, as far as known; likewise."""

    @property
    def requests(self) -> int | None:
        return self.counts.get(REQUESTS)

    @property
    def prompt(self) -> int:
        """All input tokens."""
        return prompt(self.counts)

    def cost(self, counts: Counts, day: date, *, model: str = "", geo: str = "") -> int | None:
        """Units that these tokens cost at what this use pays of list price; with another model or geo, in its place.

        None where there is no public price.
        """
        if not self.listed:
            return None
        found = [
            list_cost(
                counts.get(charge, 0),
                charge,
                model=model or self.use.model,
                day=day,
                service_tier=self.use.service_tier,
                inference_geo=geo or self.use.inference_geo,
            )
            for charge in TOKEN_TYPES
        ]
        known = [cost.units for cost in found if cost is not None]
        return sum(known) * self.billed // self.listed if len(known) == len(found) else None


def prompt(counts: Counts) -> int:
    """Tokens that went in, whatever became of them."""
    return sum(counts.get(charge, 0) for charge in TOKEN_TYPES if charge != OUTPUT)


def written(counts: Counts) -> int:
    """Tokens that were written into a cache."""
    return counts.get(CACHE_WRITE_5M, 0) + counts.get(CACHE_WRITE_1H, 0)


def read(counts: Counts) -> int:
    """Tokens that were read from a cache."""
    return counts.get(CACHE_READ, 0)


def uncached(counts: Counts) -> int:
    return counts.get(UNCACHED_INPUT, 0)


def added(counts: Iterable[Counts]) -> dict[str, int]:
    """The sum, charge by charge."""
    found: dict[str, int] = {}
    for one in counts:
        for charge, quantity in one.items():
            found[charge] = found.get(charge, 0) + quantity
    return found


def ranked(values: Sequence[_T], part: Fraction) -> _T:
    """The value that so large a part of the sorted values lies below."""
    return values[int(part * (len(values) - 1))]


def money(units: int | Fraction) -> Money:
    return Money(round(units))
