"""How one amount was split: what a receipt shows of the arithmetic in `allocation`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.entries import Attribution


class Rule(StrEnum):
    """What an amount is split by; the value is how people read it."""

    LIST_COST = "list cost"
    QUANTITY = "quantity"
    """Where one of those who share has no list price."""
    TEAM_SHARE = "teams' shares"


@dataclass(frozen=True, slots=True)
class Part:
    """Whose part of an amount: `weight` is in units of list cost, in tokens, or in billionths of a team's share."""

    attribution: Attribution
    """Without a team where keys share an amount, before anybody asks whose they are."""
    weight: int
    amount: int
    """In units of 10⁻¹⁰ dollars."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """An amount of one charge in units of 10⁻¹⁰ dollars, and the parts it was split into; they add up to it."""

    charge: str
    amount: int
    rule: Rule
    parts: tuple[Part, ...]
