"""What Anthropic's plans cost and its usage tiers allow, as published: correct it here, and the date with it.

Prices change without notice and no API tells them. Every line says where it is from; `CHECKED` is when somebody looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.core.money import Money

CHECKED = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of a subscription plan, per month."""

    plan: str
    price: Money
    capacity: str
    """Relative to Pro: what a seat holds is published in no other way."""
    source: str


@dataclass(frozen=True, slots=True)
class Tier:
    """A usage tier of the API; `cap` is the most it lets an organisation spend in a calendar month."""

    name: str
    cap: Money | None


_HELP = "Anthropic Help Center, article"

SEATS = (
    Seat("Pro", Money.from_dollars(20), "1×", f"{_HELP} 11049762, August 2026"),
    Seat("Team Standard", Money.from_dollars(25), "1.25×", f"{_HELP} 9266767, August 2026"),
    Seat("Max", Money.from_dollars(100), "5×", f"{_HELP} 11049741, August 2026; called Max since October"),
    Seat("Team Premium", Money.from_dollars(125), "6.25×", f"{_HELP} 9266767, August 2026"),
    Seat("Ultra", Money.from_dollars(200), "10× a week", "release notes of five independent tools, November 2026"),
)
"""The cheapest first."""

TIERS = (
    Tier("Start", Money.from_dollars(500)),
    Tier("Build", Money.from_dollars(1000)),
    Tier("Scale", Money.from_dollars(200_000)),
    Tier("Custom", None),
)
"""Anthropic's documentation, Rate limits, August 2026."""

ENTERPRISE_SEAT = Money.from_dollars(20)
"""A month, billed yearly; the tokens come on top at API prices (Help Center, article 13756069)."""
TYPICAL = (Money.from_dollars(150), Money.from_dollars(250))
"""What a developer usually costs in Claude Code in a month at API prices (its documentation, Manage costs)."""
