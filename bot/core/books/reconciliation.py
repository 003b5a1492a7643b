"""Why usage × list price is not the bill: every difference of a day, and what is left unexplained.

usage × list price
  − priority tier        paid for by commitment, so it has no billed cost
  − not billed           reported as used, billed as nothing (refused requests, free tiers)
  − discount             billed below list
  + above list           billed above list, within what the dearest band or fast mode costs: the report can't tell
  + no list price        billed, but nobody publishes a price
  + not tokens           code execution, session run time
  ± not in yet           the day is running, or usage and cost are of different moments
  + unexplained          whatever else; it must be nothing
  = the ledger, which must be what Anthropic adds up itself
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.core.money import Money


class Cause(StrEnum):
    """Why an amount stands on one side only; the value is how people read it."""

    PRIORITY = "priority tier"
    NOT_BILLED = "not billed"
    DISCOUNT = "discount"
    ABOVE_LIST = "above list (price bands, fast mode)"
    NO_LIST_PRICE = "no list price"
    NOT_TOKENS = "not tokens"
    NOT_IN_YET = "not in yet"
    ROUNDING = "rounding"
    RESTATED = "restated since"
    UNEXPLAINED = "unexplained"


class Fault(StrEnum):
    """What an unexplained difference looks like; the value is its name for programs."""

    ROWS_LOST = "rows_lost"
    """Anthropic's own sum is higher: a row or page of the cost report is missing."""
    DEFAULT_WORKSPACE_LOST = "default_workspace_lost"
    """The same, and the workspace that reports call null has usage but no cost."""
    ROWS_DOUBLED = "rows_doubled"
    """Anthropic's own sum is lower: a row or page of the cost report is here twice."""
    CENTS_AS_DOLLARS = "cents_as_dollars"
    """Amounts are a hundred times too high."""
    ONE_HOUR_AS_FIVE_MINUTES = "one_hour_writes_as_five_minutes"
    """List cost has the price of 5-minute cache writes for 1-hour ones."""
    USAGE_LOST = "usage_lost"
    """Tokens were billed of which no usage was reported."""
    ABOVE_LIST = "above_list"
    """Billed above any list price."""
    LOCAL_DAY = "local_day"
    """The day's tokens are those of 24 other hours: a local day was taken for a UTC day."""


class Stage(StrEnum):
    """How much can be said of a day by now."""

    UNREAD = "unread"
    """Usage or cost has not been read."""
    RUNNING = "running"
    """One of them was read before the day was over."""
    SETTLING = "settling"
    """Both whole, and young enough that one may be restated before the other."""
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One day of one organisation; list_cost + causes is the ledger, to the last unit."""

    day: date
    reported: Money | None
    """Anthropic's own sum, asked for apart; None where it has not been read."""
    ledger: Money
    list_cost: Money
    causes: dict[Cause, Money]
    """What to add to list_cost to reach the ledger; negative where list exceeds billed."""
    apart: Cause | None
    """Why Anthropic's own sum is not the ledger; None where it is, or has not been read."""
    faults: tuple[Fault, ...]
    """What the unexplained looks like."""
    stage: Stage

    @property
    def difference(self) -> Money | None:
        """Anthropic's own sum minus the ledger; None where the sum has not been read."""
        return self.reported - self.ledger if self.reported is not None else None

    @property
    def explained(self) -> bool:
        """Nothing is left over on either side."""
        return not self.faults
