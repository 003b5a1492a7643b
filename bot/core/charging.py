"""What usage cost: a day's reported amounts go to the lines of usage that caused them, to the last unit.

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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from bot.core.entries import Attribution, Basis, Entry
from bot.core.money import Money, share_out
from bot.core.prices import list_units, without_date
from bot.core.sharing import Part, Rule, Sharing
from bot.core.usage import (
    CONSOLE,
    DEFAULT_WORKSPACE,
    NO_ACTOR,
    NOT_BY_KEY,
    PRIORITY_TIER,
    REQUESTS,
    TOKEN_TYPES,
    WEB_SEARCH,
    CostRecord,
    UsageRecord,
)


@dataclass(slots=True)
class Line:
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
    partners: list[Places] = field(default_factory=list)
    """Those it shares an amount with, itself included: one set for each amount."""

    @property
    def is_billed(self) -> bool:
        """A commitment covers tokens: what calls of the priority tier search the web for is billed like any other."""
        committed = self.service_tier == PRIORITY_TIER and self.charge in TOKEN_TYPES
        return not committed and self.charge != REQUESTS

    def take(self, amount: int, listed: int | None) -> None:
        """An amount, or its part of one, with the list price that was reported beside it."""
        self.billed_cost = amount if self.billed_cost is None else self.billed_cost + amount
        if listed is not None:
            self.reported_list_cost = listed + (self.reported_list_cost or 0)

    def of(self, team_id: str) -> Attribution:
        """What a team's part of it belongs to."""
        return Attribution(
            team_id,
            self.workspace_id,
            self.api_key_id,
            self.model,
            self.service_tier,
            self.inference_geo,
            self.actor_id,
            self.product,
        )

    def entry(self, team_id: str, quantity: int, listed: int | None, billed: int | None, basis: Basis) -> Entry:
        """What a team owns of it."""
        return Entry(self.of(team_id), self.charge, quantity, listed, billed, basis)


Places = frozenset[tuple[str, str, str]]
"""Some (workspace, key, actor)."""
_Used = tuple[str, str, str, str, str, str, str]
"""Workspace, key, actor, product, model, tier, geo: the first fields of a line."""
_CHARGES = tuple(sorted((*TOKEN_TYPES, WEB_SEARCH, REQUESTS)))
_quantities: Callable[[UsageRecord], tuple[int | None, ...]] = attrgetter(*_CHARGES)


def lines(day: date, usage: Iterable[UsageRecord]) -> list[Line]:
    """One line per charge, in an order that does not depend on the order of pages: it decides ties of a unit."""
    quantities: dict[_Used, tuple[int | None, ...]] = {}
    for record in usage:
        used = (
            record.workspace_id or DEFAULT_WORKSPACE,
            record.api_key_id or CONSOLE,
            record.actor_id or NO_ACTOR,
            record.product or "",
            record.model,
            record.service_tier,
            record.inference_geo,
        )
        said = _quantities(record)
        if held := quantities.get(used):
            said = tuple((one or 0) + (more or 0) for one, more in zip(held, said, strict=True))
        quantities[used] = said
    found = []
    for used in sorted(quantities):
        for charge, quantity in zip(_CHARGES, quantities[used], strict=True):
            if not quantity:
                continue
            *_, model, tier, geo = used
            listed = 0 if charge == REQUESTS else list_units(quantity, charge, model, day, tier, geo)
            found.append(Line(*used, charge, quantity, listed))
    return found


def spread(lines: list[Line], costs: Sequence[CostRecord], trace: list[Sharing] | None) -> list[Line]:
    """Give every reported amount to the lines that caused it; returns new lines for amounts that none did."""
    amounts: dict[_Reported, tuple[int, int | None]] = {}
    for cost in costs:
        said = _Reported.of(cost)
        amount = cost.amount.units
        listed = None if cost.list_cents is None else Money.from_cents(cost.list_cents).units
        if held := amounts.get(said):
            amount += held[0]
            listed = held[1] if listed is None else listed + (held[1] or 0)
        amounts[said] = amount, listed
    causes, orphans = _Causes(lines), []
    several: dict[_Reported, list[Line]] = {}
    for said, (amount, listed) in amounts.items():
        sharers = causes.of(said)
        if len(sharers) == 1:
            sharers[0].take(amount, listed)
        else:
            several[said] = sharers
    for said in sorted(several):  # whatever the order of pages was
        amount, listed = amounts[said]
        if sharers := several[said]:
            _share(amount, listed, sharers, trace)
        else:
            orphans.append(said.line(amount, listed))
    for line in lines:
        if line.reported_list_cost is not None:
            line.list_cost = line.reported_list_cost
    return orphans


class _Reported(NamedTuple):
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
        charge = cost.charge
        nobody = CONSOLE if cost.attributed and charge in (*TOKEN_TYPES, WEB_SEARCH) else NOT_BY_KEY
        return cls(
            cost.workspace_id or DEFAULT_WORKSPACE,
            cost.model or "",
            charge,
            cost.service_tier or "",
            cost.inference_geo or "",
            cost.attributed,
            cost.api_key_id or nobody,
            cost.actor_id or NO_ACTOR,
            cost.product or "",
        )

    def line(self, amount: int, listed: int | None) -> Line:
        """A line of its own, for an amount that no usage explains."""
        return Line(
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


class _Causes:
    """The lines that may have caused an amount; looked up by what most amounts of a report name, and the rest only
    where one needs it."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = [line for line in lines if line.is_billed]

    def of(self, said: _Reported) -> list[Line]:
        near = _near(said.workspace_id, said.model, said.charge)
        found = self._by_key.get((*near, said.api_key_id, said.actor_id, said.product)) if said.attributed else None
        found = found or self._by_tier.get((*near, said.service_tier, said.inference_geo))
        return found or self._by_place.get(near) or []

    @cached_property
    def _by_key(self) -> dict[tuple[str, ...], list[Line]]:
        return self._indexed(attrgetter("api_key_id", "actor_id", "product"))

    @cached_property
    def _by_tier(self) -> dict[tuple[str, ...], list[Line]]:
        return self._indexed(attrgetter("service_tier", "inference_geo"))

    @cached_property
    def _by_place(self) -> dict[tuple[str, ...], list[Line]]:
        return self._indexed(lambda _: ())

    def _indexed(self, more: Callable[[Line], tuple[str, ...]]) -> dict[tuple[str, ...], list[Line]]:
        found: dict[tuple[str, ...], list[Line]] = defaultdict(list)
        for line in self._lines:
            found[*_near(line.workspace_id, line.model, line.charge), *more(line)].append(line)
        return found


def _near(workspace_id: str, model: str, charge: str) -> tuple[str, str, str]:
    """Web searches are reported without a model."""
    return workspace_id, "" if charge == WEB_SEARCH else without_date(model), charge


def _share(amount: int, listed: int | None, sharers: list[Line], trace: list[Sharing] | None) -> None:
    """Split a reported amount, and its reported list price where the source says one, by the list cost of each line."""
    costs = [line.list_cost for line in sharers]
    weights = [line.quantity for line in sharers] if None in costs else [cost or 0 for cost in costs]
    places = frozenset((line.workspace_id, line.api_key_id, line.actor_id) for line in sharers)
    parts = share_out(amount, weights)
    list_parts = [None] * len(sharers) if listed is None else share_out(listed, weights)
    for line, part, list_part in zip(sharers, parts, list_parts, strict=True):
        line.take(part, list_part)
        if len(places) > 1:
            line.partners.append(places)
    if len(places) > 1 and trace is not None:
        rule = Rule.QUANTITY if None in costs else Rule.LIST_COST
        shared = (Part(line.of(""), weight, part) for line, weight, part in zip(sharers, weights, parts, strict=True))
        trace.append(Sharing(sharers[0].charge, amount, rule, tuple(shared)))
