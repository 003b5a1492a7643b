"""Who pays: one day's usage and cost, as reported, become ledger entries that add up to what was reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache

from bot.core.charging import Line, Places, lines, spread
from bot.core.directory import Owner, Owners
from bot.core.entries import Attribution, Basis, Entry
from bot.core.money import share_out
from bot.core.sharing import Part, Rule, Sharing
from bot.core.usage import CostRecord, UsageRecord


def allocate(
    day: date,
    usage: Iterable[UsageRecord],
    costs: Sequence[CostRecord] | None,
    owners: Owners,
    *,
    complete: bool,
    trace: list[Sharing] | None = None,
) -> list[Entry]:
    """The ledger entries of one UTC day.

    `costs` None: the cost report has not been read for this day. `complete`: it was read after the day was over, so
    a line it does not mention was not billed; before that, such a line is not known yet.
    `trace` is given every split of an amount between keys or teams.
    """
    charged = lines(day, usage)
    if costs is not None:
        charged += spread(charged, costs, trace)
    billed_nothing = complete and bool(costs)
    payers = cache(lambda places: _same(owners(*place) for place in places))
    entries: dict[tuple[Attribution, str, Basis], Entry] = {}
    for line in charged:
        if line.billed_cost is None and billed_nothing and line.is_billed:
            line.billed_cost = 0
        parts = owners(line.workspace_id, line.api_key_id, line.actor_id)
        for entry in _owned(line, parts, _basis(line, parts, payers), trace):
            held = entries.setdefault(key := (entry.attribution, entry.charge, entry.basis), entry)
            if held is not entry:
                entries[key] = _plus(held, entry)
    return list(entries.values())


def _plus(one: Entry, other: Entry) -> Entry:
    """Two entries of the same line as one."""
    listed, billed = (
        None if part is None or more is None else part + more
        for part, more in ((one.list_cost, other.list_cost), (one.billed_cost, other.billed_cost))
    )
    return one._replace(quantity=one.quantity + other.quantity, list_cost=listed, billed_cost=billed)


def _owned(line: Line, parts: tuple[Owner, ...], basis: Basis, trace: list[Sharing] | None) -> Iterable[Entry]:
    """Split a line between its owners, to the last token and the last unit of money."""
    if len(parts) == 1:
        yield line.entry(parts[0].team_id, line.quantity, line.list_cost, line.billed_cost, basis)
        return
    weights = [int(owner.share * 10**9) for owner in parts]
    quantities = share_out(line.quantity, weights)
    # By tokens, not by shares: a part's list cost stays its own tokens times the price, to the last unit.
    tokens = quantities if any(quantities) else weights
    listed = share_out(line.list_cost, tokens) if line.list_cost is not None else [None] * len(parts)
    billed = share_out(line.billed_cost, weights) if line.billed_cost is not None else [None] * len(parts)
    if line.billed_cost and trace is not None:
        owned = tuple(
            Part(line.of(owner.team_id), weight, part or 0)
            for owner, weight, part in zip(parts, weights, billed, strict=True)
        )
        trace.append(Sharing(line.charge, line.billed_cost, Rule.TEAM_SHARE, owned))
    for owner, quantity, list_part, billed_part in zip(parts, quantities, listed, billed, strict=True):
        yield line.entry(owner.team_id, quantity, list_part, billed_part, basis)


def _same(all_owners: Iterable[tuple[Owner, ...]]) -> tuple[Owner, ...] | None:
    """The owners of all of them; None where they differ."""
    found = set(all_owners)
    return found.pop() if len(found) == 1 else None


def _basis(line: Line, parts: tuple[Owner, ...], payers: Callable[[Places], tuple[Owner, ...] | None]) -> Basis:
    """`payers`: the owners that some places share, if they do."""
    if not line.is_billed:
        return Basis.NOT_BILLED
    if line.billed_cost is None:
        return Basis.UNKNOWN
    if len(parts) > 1 or any(payers(places) != parts for places in line.partners):
        return Basis.BY_TEAM
    return Basis.BY_KEY if line.partners else Basis.REPORTED
