"""What an organisation may use: rate limits by group of models, and spend limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.core.money import Money

ORGANISATION = ""
"""The `workspace_id` of a rate limit that holds for the whole organisation."""
MONTHLY = "monthly"
WARN_AT = Decimal("0.8")
"""The part of a limit from which on people are warned."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One limiter of one group of models, such as requests_per_minute."""

    workspace_id: str
    group_id: str
    group_type: str
    group: str
    models: tuple[str, ...]
    limiter: str
    value: int


@dataclass(frozen=True, slots=True)
class SpendLimit:
    """The most that a scope (organization, workspace, usage_tier, user, …) may spend; None: as much as it likes."""

    id: str
    scope: str
    scope_id: str | None
    """The workspace's id in the ledger's words, or that of whatever else it is for."""
    amount: Money | None
    period: str


@dataclass(frozen=True, slots=True)
class Limits:
    """All of one organisation."""

    rates: Sequence[RateLimit] = ()
    spends: Sequence[SpendLimit] = ()


def part_used(limit: SpendLimit, used: Money | None) -> Decimal | None:
    """How much of the limit is used, 1 for all of it; None where there is no limit or the use is not known."""
    if limit.amount is None or used is None:
        return None
    if limit.amount.units == 0:
        return Decimal(1) if used.units else Decimal(0)
    return Decimal(used.units) / Decimal(limit.amount.units)


def warns(limit: SpendLimit, used: Money | None) -> bool:
    """Whether so much is used that somebody should know."""
    part = part_used(limit, used)
    return part is not None and part >= WARN_AT
