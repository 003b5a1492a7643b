"""Why billed cost moved between two periods: parts by cause and by who that add up to the change exactly.

What one caller paid for one kind of token (its key's cache reads of a model in one tier, say) is a product:

    its tokens × the model's part of them × the tier's part of those × output's or input's part of those
    × the token type's part of those × the part that is billed by now × what was billed per token

Each factor takes its turn at moving from its old to its new value. What it brings depends on who went before, so every
order is tried and the mean taken (the Shapley value): no factor is favoured, the parts add up to the change, a factor
that did not move gets nothing, and two periods swapped turn every sign. It is worked out in whole numbers, not floats.

It is done caller by caller: done for all at once, one key that uses a cheap model more would look like everybody
changing to it. So the causes of a team are the sum of those of its keys, and those of everybody the sum of the teams'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from math import factorial, prod

from bot.core.entries import Basis
from bot.core.money import ZERO, Money
from bot.core.usage import OUTPUT, TOKEN_TYPES


class Cause(StrEnum):
    """What can move billed cost; the value is how programs read it."""

    VOLUME = "volume"
    """More or fewer tokens in all, every kind of them alike."""
    MODEL_MIX = "model_mix"
    TIER = "tier"
    """Batch or not, and in which region: what the same model costs differently for."""
    OUTPUT_SHARE = "output_share"
    """The part of the tokens that is output: longer or shorter answers to the same input."""
    CACHE = "cache"
    """How the input falls into uncached, written and read."""
    NOT_IN_YET = "not_in_yet"
    """Tokens that were used but not billed yet."""
    PRICE = "price"
    """What was billed per token of the very same kind: prices, discounts, long prompts."""
    OTHER = "other"
    """What is not tokens (web searches, code execution), and cost whose tokens nobody reports."""
    ADJUSTMENT = "adjustment"
    """Corrections of closed months."""


_CHAIN = (
    Cause.VOLUME,
    Cause.MODEL_MIX,
    Cause.TIER,
    Cause.OUTPUT_SHARE,
    Cause.CACHE,
    Cause.NOT_IN_YET,
    Cause.PRICE,
)
"""The factors, from all tokens down to the amount."""


Caller = tuple[str, ...]
"""Who calls: a team's key in a workspace, and whatever else is known of it."""


@dataclass(frozen=True, slots=True)
class Spent:
    """One charge of one period as the ledger has it; `billed` in units of 10⁻¹⁰ dollars, None where unknown."""

    caller: Caller
    model: str
    service_tier: str
    inference_geo: str
    charge: str
    basis: Basis
    quantity: int
    billed: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause brought to what one caller paid for one model, in units of 10⁻¹⁰ dollars; never nothing."""

    caller: Caller
    model: str
    cause: Cause
    units: int


def parts(before: Iterable[Spent], after: Iterable[Spent]) -> list[Part]:
    """The change from `before` to `after` in parts that add up to it to the last unit."""
    then, now = _Period.of(before), _Period.of(after)
    found: dict[tuple[Caller, str, Cause], int] = defaultdict(int)
    for cell in sorted(then.cells.keys() | now.cells.keys()):
        change = now.billed(cell) - then.billed(cell)
        for cause, units in zip(_CHAIN, _shared(then.ratios(cell), now.ratios(cell), change), strict=True):
            found[cell[0], cell[1], cause] += units
    for sign, period in ((-1, then), (1, now)):
        for place, units in period.apart.items():
            found[place] += sign * units
    return [Part(*place, units) for place, units in sorted(found.items()) if units]


def causes(found: Iterable[Part]) -> dict[Cause, Money]:
    """What each cause brought in all these parts; every cause is named."""
    sums = dict.fromkeys(Cause, 0)
    for part in found:
        sums[part.cause] += part.units
    return {cause: Money(units) for cause, units in sums.items()}


def counterparts(then: Sequence[date], now: Sequence[date]) -> dict[date, date]:
    """Each earlier day with the day it is compared with: first with first; one too many is compared with itself."""
    return {day: now[at] if at < len(now) else day for at, day in enumerate(then)}


def moved(now: Money | None, before: Money | None) -> Money:
    """By how much an amount moved; what is unknown counts as nothing, as it does in a total."""
    return (now or ZERO) - (before or ZERO)


def drivers(before: Mapping[str, Money | None], after: Mapping[str, Money | None]) -> dict[str, Money]:
    """By how much each key (person, model, team, day …) moved, the largest first; the sum is the change of the total.

    What stands on one side only moved by all it has. Ties come in the order of the ids.
    """
    changes = {id_: moved(after.get(id_), before.get(id_)) for id_ in sorted(before.keys() | after.keys())}
    return dict(sorted(changes.items(), key=lambda change: -abs(change[1].units)))


_Cell = tuple[Caller, str, str, str, str]
"""Caller, model, tier, geo, charge: what has one price."""
_Ratio = tuple[int, int]
"""A part and its whole; a part of nothing could be any."""


@dataclass(slots=True)
class _Tokens:
    """The tokens of one cell, how many of them are billed, and for how much."""

    used: int = 0
    paid: int = 0
    billed: int = 0


@dataclass(slots=True)
class _Period:
    """One period: its tokens by cell, the sums that their ratios are taken of, and what stands apart from tokens."""

    cells: dict[_Cell, _Tokens] = field(default_factory=dict)
    sums: defaultdict[tuple[object, ...], int] = field(default_factory=lambda: defaultdict(int))
    apart: defaultdict[tuple[Caller, str, Cause], int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, spending: Iterable[Spent]) -> _Period:
        found = cls()
        for spent in spending:
            found._add(spent)
        return found

    def _add(self, spent: Spent) -> None:
        billed = spent.billed or 0
        if spent.basis is Basis.ADJUSTMENT:
            self.apart[spent.caller, spent.model, Cause.ADJUSTMENT] += billed
        elif spent.basis is Basis.NOT_BILLED:
            return  # the priority tier is paid by commitment: its tokens move no bill
        elif spent.charge not in TOKEN_TYPES or spent.quantity <= 0:
            self.apart[spent.caller, spent.model, Cause.OTHER] += billed
        else:
            cell = (spent.caller, spent.model, spent.service_tier, spent.inference_geo, spent.charge)
            tokens = self.cells.setdefault(cell, _Tokens())
            tokens.used += spent.quantity
            tokens.billed += billed
            if spent.basis is not Basis.UNKNOWN:
                tokens.paid += spent.quantity
            for group in _groups(cell):
                self.sums[group] += spent.quantity

    def billed(self, cell: _Cell) -> int:
        return self.cells[cell].billed if cell in self.cells else 0

    def ratios(self, cell: _Cell) -> Iterator[_Ratio]:
        """The factors of what a cell cost, in the order of the chain."""
        tokens = self.cells.get(cell, _Tokens())
        chain = [1, *(self.sums.get(group, 0) for group in _groups(cell)), tokens.used, tokens.paid, tokens.billed]
        return ((part, whole) for whole, part in pairwise(chain))


def _groups(cell: _Cell) -> tuple[tuple[object, ...], ...]:
    """The ever smaller groups that a cell's tokens belong to: its caller, model, tier, and side of a call."""
    caller, model, tier, geo, charge = cell
    return (caller,), (caller, model), (caller, model, tier, geo), (caller, model, tier, geo, charge == OUTPUT)


def _shared(then: Iterable[_Ratio], now: Iterable[_Ratio], change: int) -> list[int]:
    """What each factor brings to the change of their product: the mean over all orders in which they could move.

    A ratio that one period leaves open is taken from the other: it did not move.
    """
    sides = [_both(old, new) for old, new in zip(then, now, strict=True)]
    moving = [at for at, (old, new, _) in enumerate(sides) if old != new]
    over = prod(whole for _, _, whole in sides) * factorial(len(moving))
    still = prod(old for at, (old, _, _) in enumerate(sides) if at not in moving)
    orders = [factorial(k) * factorial(len(moving) - 1 - k) for k in range(len(moving))]
    exact = [0] * len(sides)
    for at in moving:
        # The coefficient of zᵏ in ∏(old + new·z) sums the others' product over every choice of k that moved first.
        first = [1]
        for other in moving:
            if other != at:
                old, new, _ = sides[other]
                first = [old * stays + new * goes for stays, goes in zip([*first, 0], [0, *first], strict=True)]
        old, new, _ = sides[at]
        exact[at] = still * (new - old) * sum(times * one for times, one in zip(orders, first, strict=True))
    return _rounded(exact, over, change)


def _both(then: _Ratio, now: _Ratio) -> tuple[int, int, int]:
    """The old and the new ratio over one whole."""
    (old, old_whole), (new, new_whole) = then, now
    if old_whole and new_whole:
        return old * new_whole, new * old_whole, old_whole * new_whole
    known, whole = (old, old_whole) if old_whole else (new, new_whole)
    return known, known, whole or 1


def _rounded(exact: Sequence[int], over: int, total: int) -> list[int]:
    """Each of `exact` divided by `over`, in whole units that add up to `total`, each within one of its exact part.

    The largest remainders are rounded up, away from zero where the total asks for more: so that the mirror of the parts
    is rounded to the mirror.
    """
    whole = [part // over if part >= 0 else -(-part // over) for part in exact]
    left = total - sum(whole)
    sign = 1 if left > 0 else -1
    remainders = sorted(
        (sign * (units * over - part), at) for at, (part, units) in enumerate(zip(exact, whole, strict=True))
    )
    for _, at in remainders[: abs(left)]:
        whole[at] += sign
    return whole
