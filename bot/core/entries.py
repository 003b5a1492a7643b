"""What the ledger is made of: entries, what they belong to, and how their billed cost is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from bot.core.usage import NO_ACTOR


class Basis(StrEnum):
    """How an entry's billed cost is known."""

    REPORTED = "reported"
    BY_KEY = "shared_by_key"
    """Shared out between keys of one team: exact for the team, shared out for the key."""
    BY_TEAM = "shared_by_team"
    """Shared out between teams."""
    NOT_BILLED = "not_billed"
    """Priority tier, which is paid for by commitment; and counts of calls, which cost nothing by themselves."""
    UNKNOWN = "unknown"
    """The cost report does not cover it yet."""
    ADJUSTMENT = "adjustment"
    """By how much a closed month would be different by now, booked on the day on which that was noticed."""


class Attribution(NamedTuple):
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


class Entry(NamedTuple):
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
