"""Who pays: one day's usage and cost, as reported, become ledger entries that add up to what was reported.

A cost row goes to the lines of usage that caused it, in proportion to their list cost. The newer analytics name the
key, the person and the product of every amount; the classic report names a workspace, a model, a token type, a tier
and a geo, but no key. The first of these steps that finds any line decides:

1. same workspace, key, actor, product, model and token type, where the source names them;
2. same workspace, model, token type, tier and geo, where it names those;
3. same workspace, model and token type (web searches: same workspace);
4. nothing caused it: it stays where it was reported.

Priority-tier lines have no billed cost and take no share of any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.core.directory import Owner, Owners
from bot.core.money import Money, share_out
from bot.core.prices import list_cost, without_date
from bot.core.sharing import Part, Rule, Sharing
from bot.core.usage import (
    CONSOLE,
    DEFAULT_WORKSPACE,
    NO_ACTOR,
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
    ADJUSTMENT = "adjustment"
    """By how much a closed month would be different by now, booked on the day on which that was noticed."""


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
    actor_id: str = NO_ACTOR
    product: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One charge of one day: quantity in tokens or searches, costs in units of 10⁻¹⁰ dollars, None where unknown."""

    attribution: Attribution
    charge: str
    quantity: int
    list_cost: int | None
    billed_cost: int | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry with the organisation whose it is and the UTC day on which it stands."""

    organization_id: str
    day: date
    entry: Entry
    adjusts: date | None = None
    """For an adjustment, the closed day that it is about."""


@dataclass(slots=True)
class _Line:
    """One charge of one combination of dimensions, before it has owners."""

    workspace_id: str
    api_key_id: str
    actor_id: str
    product: str
    model: str
    service_tier: str
    inference_geo: str
    charge: str
    quantity: int
    list_cost: int | None
    billed_cost: int | None = None
    reported_list_cost: int | None = None
    """Anthropic's own list price, where the source says it: it knows bands and modes that a price table can't see."""
    partners: set[tuple[str, str, str]] = field(default_factory=set)
    """The (workspace, key, actor) places it shares with."""

    def part(self, team_id: str, weight: int, amount: int) -> Part:
        """Its part of an amount that was split."""
        return Part(
            team_id,
            self.workspace_id,
            self.api_key_id,
            self.actor_id,
            self.product,
            self.model,
            self.service_tier,
            self.inference_geo,
            weight,
            amount,
        )


_Used = tuple[str, str, str, str, str, str, str, str]
"""Workspace, key, actor, product, model, tier, geo, charge: the first fields of a line."""


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
    splits: list[Sharing] = [] if trace is None else trace
    lines = _lines(day, usage)
    if costs is not None:
        lines += _spread(lines, costs, splits)
    billed_nothing = complete and bool(costs)
    entries: dict[tuple[Attribution, str, Basis], list[int | None]] = {}
    for line in lines:
        if line.billed_cost is None and billed_nothing and line.service_tier != PRIORITY_TIER:
            line.billed_cost = 0
        for entry in _owned(line, owners, splits):
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
    quantities: dict[_Used, int] = defaultdict(int)
    for record in usage:
        dimensions = (
            record.workspace_id or DEFAULT_WORKSPACE,
            record.api_key_id or CONSOLE,
            record.actor_id or NO_ACTOR,
            record.product or "",
            record.model,
            record.service_tier,
            record.inference_geo,
        )
        for charge in (*TOKEN_TYPES, WEB_SEARCH):
            quantity: int = getattr(record, charge)
            if quantity:
                quantities[*dimensions, charge] += quantity
    lines = []
    for used, total in sorted(quantities.items()):
        line = _Line(*used, total, None)
        listed = list_cost(
            line.quantity,
            line.charge,
            model=line.model,
            day=day,
            service_tier=line.service_tier,
            inference_geo=line.inference_geo,
        )
        line.list_cost = listed.units if listed else None
        lines.append(line)
    return lines


def _spread(lines: list[_Line], costs: Sequence[CostRecord], splits: list[Sharing]) -> list[_Line]:
    """Give every reported amount to the lines that caused it; returns new lines for amounts that none did."""
    causes: dict[tuple[str, ...], list[_Line]] = defaultdict(list)
    for line in lines:
        if line.service_tier == PRIORITY_TIER:
            continue
        near = _near(line.workspace_id, line.model, line.charge)
        causes["", *near].append(line)
        causes["tier", *near, line.service_tier, line.inference_geo].append(line)
        causes["key", *near, line.api_key_id, line.actor_id, line.product].append(line)

    amounts: dict[_Reported, int] = defaultdict(int)
    listed: dict[_Reported, int] = defaultdict(int)
    for cost in costs:
        said = _Reported.of(cost)
        amounts[said] += cost.amount.units
        if cost.list_cents is not None:
            listed[said] += Money.from_cents(cost.list_cents).units
    orphans = []
    for said, amount in sorted(amounts.items()):
        near = _near(said.workspace_id, said.model, said.charge)
        sharers = (
            causes.get(("key", *near, said.api_key_id, said.actor_id, said.product), []) if said.attributed else []
        )
        sharers = sharers or causes.get(("tier", *near, said.service_tier, said.inference_geo), [])
        sharers = sharers or causes.get(("", *near), [])
        if sharers:
            _share(amount, listed.get(said), sharers, splits)
        else:
            orphans.append(said.line(amount, listed.get(said)))
    for line in lines:
        if line.reported_list_cost is not None:
            line.list_cost = line.reported_list_cost
    return orphans


@dataclass(frozen=True, slots=True, order=True)
class _Reported:
    """What a cost row names; rows that name the same are one amount."""

    workspace_id: str
    model: str
    charge: str
    service_tier: str
    inference_geo: str
    attributed: bool
    api_key_id: str
    actor_id: str
    product: str

    @classmethod
    def of(cls, cost: CostRecord) -> _Reported:
        nobody = CONSOLE if cost.attributed and cost.charge in (*TOKEN_TYPES, WEB_SEARCH) else NOT_BY_KEY
        return cls(
            cost.workspace_id or DEFAULT_WORKSPACE,
            cost.model or "",
            cost.charge,
            cost.service_tier or "",
            cost.inference_geo or "",
            cost.attributed,
            cost.api_key_id or nobody,
            cost.actor_id or NO_ACTOR,
            cost.product or "",
        )

    def line(self, amount: int, listed: int | None) -> _Line:
        """A line of its own, for an amount that no usage explains."""
        return _Line(
            self.workspace_id,
            self.api_key_id,
            self.actor_id,
            self.product,
            self.model,
            self.service_tier,
            self.inference_geo,
            self.charge,
            0,
            listed,
            amount,
        )


def _near(workspace_id: str, model: str, charge: str) -> tuple[str, str, str]:
    """Web searches are reported without a model."""
    return workspace_id, "" if charge == WEB_SEARCH else without_date(model), charge


def _share(amount: int, listed: int | None, sharers: list[_Line], splits: list[Sharing]) -> None:
    """Split a reported amount, and its reported list price where the source says one, by the list cost of each line."""
    costs = [line.list_cost for line in sharers]
    weights = [line.quantity for line in sharers] if None in costs else [cost or 0 for cost in costs]
    keys = {(line.workspace_id, line.api_key_id, line.actor_id) for line in sharers}
    parts = share_out(amount, weights)
    for line, part in zip(sharers, parts, strict=True):
        line.billed_cost = (line.billed_cost or 0) + part
        if len(keys) > 1:
            line.partners |= keys
    if len(keys) > 1:
        rule = Rule.QUANTITY if None in costs else Rule.LIST_COST
        shared = (line.part("", weight, part) for line, weight, part in zip(sharers, weights, parts, strict=True))
        splits.append(Sharing(sharers[0].charge, amount, rule, tuple(shared)))
    if listed is not None:
        for line, part in zip(sharers, share_out(listed, weights), strict=True):
            line.reported_list_cost = (line.reported_list_cost or 0) + part


def _owned(line: _Line, owners: Owners, splits: list[Sharing]) -> Iterable[Entry]:
    """Split a line between its owners, to the last token and the last unit of money."""
    parts = owners(line.workspace_id, line.api_key_id, line.actor_id)
    weights = [int(owner.share * 10**9) for owner in parts]
    basis = _basis(line, parts, owners)
    quantities = share_out(line.quantity, weights)
    # By tokens, not by shares: a part's list cost stays its own tokens times the price, to the last unit.
    tokens = quantities if any(quantities) else weights
    listed = share_out(line.list_cost, tokens) if line.list_cost is not None else [None] * len(parts)
    billed = share_out(line.billed_cost, weights) if line.billed_cost is not None else [None] * len(parts)
    if len(parts) > 1 and line.billed_cost:
        owned = tuple(
            line.part(owner.team_id, weight, part or 0)
            for owner, weight, part in zip(parts, weights, billed, strict=True)
        )
        splits.append(Sharing(line.charge, line.billed_cost, Rule.TEAM_SHARE, owned))
    for owner, quantity, list_part, billed_part in zip(parts, quantities, listed, billed, strict=True):
        attribution = Attribution(
            owner.team_id,
            line.workspace_id,
            line.api_key_id,
            line.model,
            line.service_tier,
            line.inference_geo,
            line.actor_id,
            line.product,
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
