"""Who pays: one day's usage and cost, as reported, become ledger entries that add up to what was reported.

A cost row names a workspace, a model, a token type, a tier and a geo, but no key. It goes to the lines of usage
that caused it, in proportion to their list cost; the first of these steps that finds any decides:

1. same workspace, model, token type, tier and geo;
2. same workspace, model and token type (web searches: same workspace);
3. nothing caused it: it stays in the workspace, with no key.

Priority-tier lines have no billed cost and take no share of any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.core.directory import Owner
from bot.core.money import share_out
from bot.core.prices import list_cost, without_date
from bot.core.usage import (
    CONSOLE,
    DEFAULT_WORKSPACE,
    NOT_BY_KEY,
    PRIORITY_TIER,
    TOKEN_TYPES,
    WEB_SEARCH,
    CostRecord,
    UsageRecord,
)


class Basis(StrEnum):
    """How an entry's billed cost is known."""

    REPORTED = "reported"
    BY_KEY = "shared_by_key"
    """Shared out between keys of one team: exact for the team, shared out for the key."""
    BY_TEAM = "shared_by_team"
    """Shared out between teams."""
    NOT_BILLED = "not_billed"
    """Priority tier: paid for by commitment."""
    UNKNOWN = "unknown"
    """The cost report does not cover it yet."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a ledger entry belongs to."""

    team_id: str
    workspace_id: str
    api_key_id: str
    model: str
    """Empty for cost that has none (code execution)."""
    service_tier: str
    inference_geo: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One charge of one day: quantity in tokens or searches, costs in units of 10⁻¹⁰ dollars, None where unknown."""

    attribution: Attribution
    charge: str
    quantity: int
    list_cost: int | None
    billed_cost: int | None
    basis: Basis


@dataclass(slots=True)
class _Line:
    """One charge of one combination of dimensions, before it has owners."""

    workspace_id: str
    api_key_id: str
    model: str
    service_tier: str
    inference_geo: str
    charge: str
    quantity: int
    list_cost: int | None
    billed_cost: int | None = None
    partners: set[tuple[str, str]] = field(default_factory=set)
    """The (workspace, key) pairs it shares with."""


Owners = Callable[[str, str], tuple[Owner, ...]]
"""(workspace id, key id) → who owns it; the shares add up to 1."""


def allocate(
    day: date,
    usage: Iterable[UsageRecord],
    costs: Sequence[CostRecord] | None,
    owners: Owners,
    *,
    complete: bool,
) -> list[Entry]:
    """The ledger entries of one UTC day.

    `costs` None: the cost report has not been read for this day. `complete`: it was read after the day was over, so
    a line it does not mention was not billed; before that, such a line is not known yet.
    """
    lines = _lines(day, usage)
    if costs is not None:
        lines += _spread(lines, costs)
    billed_nothing = complete and bool(costs)
    entries: dict[tuple[Attribution, str, Basis], list[int | None]] = {}
    for line in lines:
        if line.billed_cost is None and billed_nothing and line.service_tier != PRIORITY_TIER:
            line.billed_cost = 0
        for entry in _owned(line, owners):
            key = (entry.attribution, entry.charge, entry.basis)
            sums = entries.setdefault(key, [0, 0, 0])
            for position, part in enumerate((entry.quantity, entry.list_cost, entry.billed_cost)):
                known = sums[position]
                sums[position] = None if known is None or part is None else known + part
    return [
        Entry(attribution, charge, quantity or 0, listed, billed, basis)
        for (attribution, charge, basis), (quantity, listed, billed) in entries.items()
    ]


def _lines(day: date, usage: Iterable[UsageRecord]) -> list[_Line]:
    """One line per charge, in an order that does not depend on the order of pages: it decides ties of a unit."""
    quantities: dict[tuple[str, str, str, str, str, str], int] = defaultdict(int)
    for record in usage:
        workspace = record.workspace_id or DEFAULT_WORKSPACE
        key = record.api_key_id or CONSOLE
        for charge in (*TOKEN_TYPES, WEB_SEARCH):
            quantity: int = getattr(record, charge)
            if quantity:
                dimensions = (workspace, key, record.model, record.service_tier, record.inference_geo, charge)
                quantities[dimensions] += quantity
    lines = []
    for (workspace, key, model, tier, geo, charge), quantity in sorted(quantities.items()):
        listed = list_cost(quantity, charge, model=model, day=day, service_tier=tier, inference_geo=geo)
        lines.append(_Line(workspace, key, model, tier, geo, charge, quantity, listed.units if listed else None))
    return lines


def _spread(lines: list[_Line], costs: Sequence[CostRecord]) -> list[_Line]:
    """Give every reported amount to the lines that caused it; returns new lines for amounts that none did."""
    exact: dict[tuple[str, ...], list[_Line]] = defaultdict(list)
    close: dict[tuple[str, ...], list[_Line]] = defaultdict(list)
    for line in lines:
        if line.service_tier == PRIORITY_TIER:
            continue
        model = "" if line.charge == WEB_SEARCH else without_date(line.model)
        close[line.workspace_id, model, line.charge].append(line)
        exact[line.workspace_id, model, line.charge, line.service_tier, line.inference_geo].append(line)

    amounts: dict[tuple[str, str, str, str, str], int] = defaultdict(int)
    for cost in costs:
        workspace = cost.workspace_id or DEFAULT_WORKSPACE
        amounts[workspace, cost.model or "", cost.charge, cost.service_tier or "", cost.inference_geo or ""] += (
            cost.amount.units
        )
    orphans = []
    for (workspace, model, charge, tier, geo), amount in sorted(amounts.items()):
        near = (workspace, without_date(model), charge)
        sharers = exact.get((*near, tier, geo)) or close.get(near)
        if sharers:
            _share(amount, sharers)
        else:
            orphans.append(_Line(workspace, NOT_BY_KEY, model, tier, geo, charge, 0, None, amount))
    return orphans


def _share(amount: int, sharers: list[_Line]) -> None:
    listed = [line.list_cost for line in sharers]
    weights = [line.quantity for line in sharers] if None in listed else [cost or 0 for cost in listed]
    keys = {(line.workspace_id, line.api_key_id) for line in sharers}
    for line, part in zip(sharers, share_out(amount, weights), strict=True):
        line.billed_cost = (line.billed_cost or 0) + part
        if len(keys) > 1:
            line.partners |= keys


def _owned(line: _Line, owners: Owners) -> Iterable[Entry]:
    """Split a line between its owners, to the last token and the last unit of money."""
    parts = owners(line.workspace_id, line.api_key_id)
    weights = [int(owner.share * 10**9) for owner in parts]
    basis = _basis(line, parts, owners)
    quantities = share_out(line.quantity, weights)
    listed = share_out(line.list_cost, weights) if line.list_cost is not None else [None] * len(parts)
    billed = share_out(line.billed_cost, weights) if line.billed_cost is not None else [None] * len(parts)
    for owner, quantity, list_part, billed_part in zip(parts, quantities, listed, billed, strict=True):
        attribution = Attribution(
            owner.team_id, line.workspace_id, line.api_key_id, line.model, line.service_tier, line.inference_geo
        )
        yield Entry(attribution, line.charge, quantity, list_part, billed_part, basis)


def _basis(line: _Line, parts: tuple[Owner, ...], owners: Owners) -> Basis:
    if line.service_tier == PRIORITY_TIER:
        return Basis.NOT_BILLED
    if line.billed_cost is None:
        return Basis.UNKNOWN
    if len(parts) > 1 or any(owners(*partner) != parts for partner in line.partners):
        return Basis.BY_TEAM
    return Basis.BY_KEY if line.partners else Basis.REPORTED
