"""Why usage × list price is not the bill: every difference of a day, line by line, and what is left unexplained.

usage × list price
  − priority tier        paid for by commitment, so it has no billed cost
  − not billed           reported as used, billed as nothing (refused requests, free tiers)
  − discount             billed below list
  + above list           billed above list, within what the dearest band or fast mode costs: the report can't tell
  + no list price        billed, but nobody publishes a price
  + not tokens           code execution, session run time
  + unexplained          whatever else; it must be nothing
  = the ledger
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.core.allocation import Basis, Entry
from bot.core.money import Money
from bot.core.prices import dearest
from bot.core.usage import TOKEN_TYPES, WEB_SEARCH


class Cause(StrEnum):
    """Why an amount stands on one side only; the value is how people read it."""

    PRIORITY = "priority tier"
    NOT_BILLED = "not billed"
    DISCOUNT = "discount"
    ABOVE_LIST = "above list (price bands, fast mode)"
    NO_LIST_PRICE = "no list price"
    NOT_TOKENS = "not tokens"
    NOT_IN_YET = "not in yet"
    ROUNDING = "rounding to 10⁻¹⁰ dollars"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One day. `reported` is Anthropic's own sum, asked for apart; None where it has not been read."""

    day: date
    reported: Money | None
    ledger: Money
    list_cost: Money
    causes: dict[Cause, Money]
    """What to add to list_cost to reach the ledger; negative where list exceeds billed."""
    restated: bool = False
    """Anthropic's sum was read after the rows, and the day may have been restated in between."""

    @property
    def difference(self) -> Money:
        """Reported minus ledger: nothing, unless a page was lost or doubled, or the day was restated since."""
        return self.reported - self.ledger if self.reported is not None else Money(0)

    @property
    def explained(self) -> bool:
        """Nothing is left over on either side."""
        return Cause.UNEXPLAINED not in self.causes and (not self.difference.units or self.restated)


def reconcile(day: date, entries: Iterable[Entry], reported: Money | None, *, restated: bool = False) -> Reconciliation:
    """Hold a day's ledger entries against what Anthropic reports and against list prices."""
    ledger = listed = 0
    causes: dict[Cause, int] = {}
    for entry in entries:
        ledger += entry.billed_cost or 0
        listed += entry.list_cost or 0
        difference = (entry.billed_cost or 0) - (entry.list_cost or 0)
        if difference:
            cause = _cause(day, entry, difference)
            causes[cause] = causes.get(cause, 0) + difference
    amounts = {cause: Money(causes[cause]) for cause in Cause if causes.get(cause)}
    return Reconciliation(day, reported, Money(ledger), Money(listed), amounts, restated)


def _cause(day: date, entry: Entry, difference: int) -> Cause:
    """Why billed and list differ on one entry; `difference` is billed minus list, and not nothing."""
    if entry.basis is Basis.NOT_BILLED:
        return Cause.PRIORITY
    if entry.basis is Basis.UNKNOWN:
        return Cause.NOT_IN_YET
    if entry.charge not in (*TOKEN_TYPES, WEB_SEARCH):
        return Cause.NOT_TOKENS
    if entry.list_cost is None:
        return Cause.NO_LIST_PRICE if entry.quantity else Cause.UNEXPLAINED
    if not entry.billed_cost:
        return Cause.NOT_BILLED
    if abs(difference) <= 1:
        return Cause.ROUNDING
    if difference < 0:
        return Cause.DISCOUNT
    within_bands = entry.billed_cost <= entry.list_cost * dearest(entry.attribution.model, day)
    return Cause.ABOVE_LIST if within_bands else Cause.UNEXPLAINED
