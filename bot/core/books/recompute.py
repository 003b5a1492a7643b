"""The sum done again: from what was reported to the figure of a receipt, and every place where the two differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.core.allocation import allocate
from bot.core.books.receipt import WHOLE_DAY, Line, PriceUsed, Receipt, Share, Sums
from bot.core.books.rows import closed_in, lines, lines_of_hours, prices, shares, sums, total
from bot.core.directory import Ownership
from bot.core.entries import Basis
from bot.core.hours import Stretch, spread
from bot.core.money import Money
from bot.core.sharing import Sharing
from bot.core.usage import CostRecord, UsageRecord

NOT_KNOWN = "not known"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Grounds:
    """What one organisation reported, by UTC day: a day that is missing was not read. `whole` are the days whose cost
    was read after they were over."""

    ownership: Ownership
    usage: Mapping[date, Sequence[UsageRecord]]
    costs: Mapping[date, Sequence[CostRecord]]
    whole: Collection[date]
    hours: Mapping[date, Sequence[UsageRecord]] = field(default_factory=dict)
    """Usage by the hour of the days that the figure takes a part of."""
    hours_over: Collection[date] = ()
    """Those of them that were read by the hour after they were over."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Every row of these days, in all organisations, and how their amounts were split."""

    lines: tuple[Line, ...]
    splits: Mapping[tuple[str, date], Sequence[Sharing]]
    reported: Money
    usage_read: bool
    cost_read: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not what the receipt says."""

    what: str
    receipt: str
    recomputed: str


def recompute(grounds: Sequence[Grounds], days: Sequence[date], stretch: Stretch) -> Recomputed:
    """Allocate these days anew; those at the ends of the stretch in their parts."""
    found: list[Line] = []
    splits: dict[tuple[str, date], Sequence[Sharing]] = {}
    reported = 0
    for one in grounds:
        organization_id = one.ownership.directory.organization_id
        owners = one.ownership.by_day()
        for day in days:
            trace: list[Sharing] = []
            costs = one.costs.get(day)
            complete = day in one.whole
            entries = allocate(day, one.usage.get(day, ()), costs, owners(day), complete=complete, trace=trace)
            inside = stretch.hours_on(day)
            if inside == WHOLE_DAY:
                found += lines(organization_id, day, entries)
            else:
                hours = spread(entries, one.hours.get(day, ()), over=day in one.hours_over)
                found += lines_of_hours(organization_id, day, hours, inside)
            splits[organization_id, day] = trace
            reported += sum(cost.amount.units for cost in costs or ())
    return Recomputed(
        tuple(sorted(found, key=lambda line: line.key)),
        splits,
        Money(reported),
        bool(grounds) and any(all(day in one.usage for one in grounds) for day in days),
        bool(grounds) and any(all(day in one.costs for one in grounds) for day in days),
    )


def splits_of(mine: Sequence[Line], splits: Mapping[tuple[str, date], Sequence[Sharing]]) -> tuple[Share, ...]:
    """The splits that these rows have a part in, day by day."""
    by_day: dict[tuple[str, date], list[Line]] = defaultdict(list)
    for line in mine:
        by_day[line.organization_id, line.day].append(line)
    return tuple(
        share
        for (organization_id, day), held in sorted(by_day.items())
        for share in shares(organization_id, day, splits.get((organization_id, day), ()), held)
    )


def differences(receipt: Receipt, again: Recomputed, closed: Iterable[Line]) -> list[Difference]:
    """Where the receipt is not what the sum done again comes to, to the last digit; empty where it is equal.

    `closed` are the rows that the ledger holds of closed months. What adjustments the figure holds is booked, not
    reported on these days: it is taken from the receipt.
    """
    fixed = list(closed)
    booked = [
        line for line in receipt.lines if line.basis is Basis.ADJUSTMENT and not closed_in(receipt.closed, line.day)
    ]
    every = sorted([*again.lines, *fixed, *booked], key=lambda line: line.key)
    mine = [line for line in every if receipt.holds(line)]
    usage_read, cost_read = (known or bool(fixed) for known in (again.usage_read, again.cost_read))
    figures = sums(mine, receipt.chosen, usage_read=usage_read, cost_read=cost_read)
    elsewhere = total(line for line in every if not receipt.holds(line))
    reported = again.reported + total(fixed) + total(booked)
    found = [*_of_figures(receipt.figures, figures)]
    for what, said, now in (
        ("what Anthropic reported for these days", receipt.reported, reported),
        ("what the ledger holds of these days outside the figure", receipt.elsewhere, elsewhere),
        ("the residual", receipt.residual, reported - total(mine) - elsewhere),
    ):
        if said != now:
            found.append(Difference(what, str(said), str(now)))
    found += _of_prices(receipt.prices, prices(mine))
    found += line_differences(receipt.lines, mine)
    if not found and receipt.shares != splits_of(mine, again.splits):
        found.append(Difference("the shares applied", f"{len(receipt.shares)} splits", "others"))
    return found


def line_differences(said: Iterable[Line], now: Iterable[Line]) -> list[Difference]:
    """The rows that are not the same on both sides, by name."""
    before, after = {line.key: line for line in said}, {line.key: line for line in now}
    return [
        Difference(_named(before.get(key) or after[key]), _amounts(before.get(key)), _amounts(after.get(key)))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _of_figures(said: Sums, now: Sums) -> Iterator[Difference]:
    for what in ("billed_cost", "list_cost", "shared_out"):
        before, after = getattr(said, what), getattr(now, what)
        if before != after:
            yield Difference(what.replace("_", " "), _known(before), _known(after))
    charges = sorted({*(said.quantities or {}), *(now.quantities or {})})
    if (said.quantities is None) != (now.quantities is None):
        sides = [_known(None) if one is None else "known" for one in (said.quantities, now.quantities)]
        yield Difference("tokens", *sides)
        return
    for charge in charges:
        counts = [(one or {}).get(charge, 0) for one in (said.quantities, now.quantities)]
        if counts[0] != counts[1]:
            yield Difference(charge.replace("_", " "), *map(str, counts))


def _of_prices(said: Iterable[PriceUsed], now: Iterable[PriceUsed]) -> Iterator[Difference]:
    before = {(one.model, one.since): one for one in said}
    after = {(one.model, one.since): one for one in now}
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield Difference(f"list price of {key[0]} from {key[1]}", _priced(before.get(key)), _priced(after.get(key)))


def _priced(used: PriceUsed | None) -> str:
    if used is None:
        return NOTHING
    price = used.price
    if price is None:
        return f"unpriced until {used.until}"
    return f"{price.uncached_input} in, {price.output} out, until {used.until}"


def _named(line: Line) -> str:
    """A row in words, by ids: names may change, and these do not."""
    one = line.attribution
    since, until = line.hours
    when = f"{line.day}" if line.hours == WHOLE_DAY else f"{line.day} {since:02}:00–{until:02}:00"
    places = (one.team_id, one.workspace_id, one.api_key_id, one.actor_id, one.product, one.model)
    return f"row {when}, {', '.join(place for place in places if place)}, {line.charge}, {line.basis}"


def _amounts(line: Line | None) -> str:
    if line is None:
        return NOTHING
    return f"quantity {line.quantity}, billed {_known(line.billed_cost)}, list {_known(line.list_cost)}"


def _known(amount: Money | None) -> str:
    return NOT_KNOWN if amount is None else str(amount)
