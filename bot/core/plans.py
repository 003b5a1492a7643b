"""API spend against subscription plans and usage tiers: what could move, what it would buy, where the caps are.

Prices, capacities and caps are Anthropic's published ones, in `plan_table`. What a seat holds is published only
relative to Pro, so a plan is compared by price and never promised to suffice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.money import ZERO, Money
from bot.core.plan_table import SEATS, TIERS, Seat, Tier
from bot.core.report import Figures

DAYS_IN_A_MONTH = 30
FEWEST_PEOPLE = 5
"""From so many people on their number above a price says nothing about any one of them."""


class Use(StrEnum):
    """Who was at work, as far as the product tells."""

    PEOPLE = "people"
    PROGRAMS = "programs"
    UNKNOWN = "unknown"


_PRODUCTS = {
    **dict.fromkeys(
        (
            *("chat", "chat_cowork_unified", "claude_code", "claude_design", "claude_in_chrome", "cowork"),
            "office_agent",
        ),
        Use.PEOPLE,
    ),
    **dict.fromkeys(
        (
            *("messages_api", "message_batches_api", "managed_agents_api", "claude_console", "claude_tag"),
            "cc_security_autopatch",
        ),
        Use.PROGRAMS,
    ),
}


@dataclass(frozen=True, slots=True)
class Between:
    """An amount that is not known better; both ends are the same where it is."""

    low: Money = ZERO
    high: Money = ZERO

    def __add__(self, other: Between) -> Between:
        return Between(self.low + other.low, self.high + other.high)

    @property
    def exact(self) -> bool:
        return self.low == self.high

    def monthly(self, days: int) -> Between:
        """At the same pace for a month of 30 days."""
        return Between(*(Money(round(end.units * DAYS_IN_A_MONTH / days)) for end in (self.low, self.high)))


@dataclass(frozen=True, slots=True)
class Spending:
    """What a month at this pace costs through the API."""

    days: int
    """Whole days behind it."""
    total: Between | None
    """None: nothing is known."""
    movable: Between
    """What people did in Claude's own apps, so what a subscription could take over."""
    unnamed: bool
    """Some use names no product, so that nobody knows whether people or programs were at work."""
    people: tuple[Money, ...]
    """What each person whom the reports name comes to at least, in no order."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A seat, and what it means for the spending."""

    seat: Seat
    fewest: int
    most: int
    """Seats that the movable cost would pay for."""
    for_all: Money | None
    """A seat for everybody; None where nobody knows how many they are."""
    above: int | None
    """People who cost more than the seat; None where there are too few of them to say."""


def use_of(product: str) -> Use:
    """Whether a product is one that people work in; a new one is unknown."""
    return _PRODUCTS.get(product, Use.UNKNOWN)


def equivalent(figures: Figures) -> Between | None:
    """What this use costs through the API: from what is paid now to what its tokens cost at list price."""
    known = [cost for cost in (figures.billed_cost, figures.list_cost, figures.list_cost_high) if cost is not None]
    return Between(min(known), max(known)) if known else None


def spending(
    products: Mapping[str, Figures], certain: Figures | None, people: Iterable[Figures], days: int
) -> Spending:
    """`products`: the use by product, "" where none is named; `certain`: the part of that which people did anyway."""
    total, movable = Between(), Between()
    known = unnamed = False
    for product, figures in products.items():
        cost = equivalent(figures)
        if cost is None:
            continue
        known = True
        total += cost
        match use_of(product):
            case Use.PEOPLE:
                movable += cost
            case Use.UNKNOWN:
                sure = equivalent(certain) if certain and not product else None
                movable += Between(sure.low if sure else ZERO, cost.high)
                unnamed |= cost.high.units > 0
    each = [equivalent(one) for one in people]
    return Spending(
        days,
        total.monthly(days) if known else None,
        movable.monthly(days),
        unnamed,
        tuple(cost.monthly(days).low for cost in each if cost and cost.high.units),
    )


def told_by_claude_code(cost: Money, days: int) -> Spending:
    """What somebody's use comes to of whom only Claude Code itself reports: none of it is on the API's bill."""
    month = Between(cost, cost).monthly(days)
    return Spending(days, month, month, False, ())


def unsplit(found: Spending) -> Spending:
    """The same without a word on who was at work: of the whole, people may have caused nothing or everything."""
    return replace(found, movable=Between(ZERO, found.total.high if found.total else ZERO), people=())


def offers(found: Spending) -> tuple[Offer, ...]:
    """Every seat, the cheapest first."""
    movable, people = found.movable, found.people
    return tuple(
        Offer(
            seat,
            movable.low.units // seat.price.units,
            movable.high.units // seat.price.units,
            Money(seat.price.units * len(people)) if people else None,
            sum(cost > seat.price for cost in people) if len(people) >= FEWEST_PEOPLE else None,
        )
        for seat in SEATS
    )


def tier_for(cost: Money) -> Tier:
    """The lowest usage tier whose cap a month of this cost stays within."""
    return next(tier for tier in TIERS if tier.cap is None or cost <= tier.cap)


def tier_of(cap: Money) -> str:
    """The name of the tier with this cap; the amount is enough where Anthropic has given another one."""
    return next((tier.name for tier in TIERS if tier.cap == cap), "your own cap")


def dearest_below(cost: Money) -> Seat | None:
    """The dearest seat that costs less than this; None where every seat costs more."""
    return max((seat for seat in SEATS if seat.price < cost), key=lambda seat: seat.price, default=None)
