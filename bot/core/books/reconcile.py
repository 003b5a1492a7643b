"""Finds why usage × list price is not the bill, line by line.

A line is one charge of one model in one workspace, over all keys, tiers and geos: the cost report may name fewer of
those than the usage report, and what it leaves out moves between them without being a difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from bot.core.books.reconciliation import Cause, Fault, Reconciliation, Stage
from bot.core.entries import Basis, Entry
from bot.core.hours import IN_A_DAY
from bot.core.money import ZERO, Money
from bot.core.prices import dearest, list_units, without_date
from bot.core.usage import CACHE_WRITE_1H, DEFAULT_WORKSPACE, REQUESTS, TOKEN_TYPES, WEB_SEARCH

_ROUNDED = 10**4
"""Units a line: what it may lose where amounts are rounded to a ten-thousandth of a cent."""
_ALIKE = Fraction(1, 100)
_ONE_HOUR_TO_FIVE_MINUTES = Fraction(8, 5)
"""A cache write costs 2 times the input price for an hour and 1.25 times for five minutes."""
_SETTLING = Fraction(5, 4)
"""How far above list a line may look while its usage is still restated after its cost."""
_HUNDREDFOLD = 20
"""An amount above so many times its list price is in another unit: bands, tiers and geos come to a tenth of that."""
_OPEN = (Stage.UNREAD, Stage.RUNNING)
_OFFSETS = range(-14, 13)
"""How many hours a local day begins before or after the UTC one."""


@dataclass(slots=True)
class _Line:
    """One charge of one model in one workspace; amounts in units, `priced` while every used part has a list price."""

    workspace_id: str
    model: str
    charge: str
    priority: bool
    quantity: int = 0
    listed: int = 0
    billed: int = 0
    at_our_prices: int = 0
    """List cost by the public prices, where `listed` may be what Anthropic calls list."""
    priced: bool = True
    known: bool = True

    def add(self, day: date, entry: Entry) -> None:
        used = entry.attribution
        tier, geo = used.service_tier, used.inference_geo
        self.at_our_prices += list_units(entry.quantity, entry.charge, used.model, day, tier, geo) or 0
        self.quantity += entry.quantity
        self.listed += entry.list_cost or 0
        self.billed += entry.billed_cost or 0
        self.priced &= entry.list_cost is not None
        self.known &= entry.basis is not Basis.UNKNOWN

    @property
    def comparable(self) -> bool:
        """Used, priced and billed, so that billed ÷ list says something."""
        return self.known and self.priced and not self.priority and self.listed > 0 and self.billed > 0

    @property
    def ratio(self) -> Fraction:
        return Fraction(self.billed, self.listed)

    @property
    def above_list(self) -> bool:
        return self.known and self.priced and not self.priority and self.billed > self.listed + _ROUNDED


def reconcile(
    day: date,
    entries: Iterable[Entry],
    reported: Money | None,
    *,
    stage: Stage = Stage.SETTLED,
    restated: bool = False,
    adjusted: Money = ZERO,
    hours: Sequence[int] = (),
) -> Reconciliation:
    """Hold one organisation's day of ledger entries against what Anthropic reports and against list prices.

    `restated`: Anthropic's sum and the rows were read at different times, so the day may have changed in between.
    `adjusted`: what was booked elsewhere because the day's month is closed.
    `hours`: the tokens of the 72 hours from the day before to the day after; empty where they are not known.
    """
    lines = _lines(day, entries)
    causes: dict[Cause, int] = {}
    faults: list[Fault] = []
    usual = min([Fraction(1), *(line.ratio for line in lines if line.comparable)])
    calls = _calls(lines)
    for line in lines:
        others = [one for one in calls[line.workspace_id, line.model] if one is not line]
        cause, fault = _cause(day, line, others, usual, stage)
        if fault and stage is Stage.RUNNING:
            cause, fault = Cause.NOT_IN_YET, None
        causes[cause] = causes.get(cause, 0) + line.billed - line.listed
        faults += [fault] if fault else []
    ledger, listed = sum(line.billed for line in lines), sum(line.listed for line in lines)
    apart = None
    if reported is not None and reported.units != ledger:
        left = reported.units - ledger - adjusted.units
        apart = _apart(left, lines, stage, restated=restated or not left)
        faults += [_looks_like(reported.units, ledger, lines)] if apart is Cause.UNEXPLAINED else []
    faults += [Fault.LOCAL_DAY] if _of_other_hours(lines, hours) else []
    return Reconciliation(
        day,
        reported,
        Money(ledger),
        Money(listed),
        {cause: Money(causes[cause]) for cause in Cause if causes.get(cause)},
        apart,
        tuple(fault for fault in Fault if fault in faults),
        stage,
    )


def _lines(day: date, entries: Iterable[Entry]) -> list[_Line]:
    lines: dict[tuple[str, str, str, bool], _Line] = {}
    for entry in entries:
        if entry.charge == REQUESTS:
            continue
        priority = entry.basis is Basis.NOT_BILLED
        model = "" if entry.charge == WEB_SEARCH else without_date(entry.attribution.model)
        key = (entry.attribution.workspace_id, model, entry.charge, priority)
        if key not in lines:
            lines[key] = _Line(*key)
        lines[key].add(day, entry)
    return list(lines.values())


def _calls(lines: Iterable[_Line]) -> dict[tuple[str, str], list[_Line]]:
    """The lines that the same calls may have used: a band or fast mode makes all their token types dearer at once."""
    found: dict[tuple[str, str], list[_Line]] = defaultdict(list)
    for line in lines:
        if line.comparable and line.charge in TOKEN_TYPES:
            found[line.workspace_id, line.model].append(line)
    return found


def _cause(day: date, line: _Line, others: list[_Line], usual: Fraction, stage: Stage) -> tuple[Cause, Fault | None]:
    """Why billed and list differ on one line; `usual` is billed ÷ list where it is lowest, so the day's discount."""
    if line.priority:
        return Cause.PRIORITY, None
    if not line.known:
        return Cause.NOT_IN_YET, None
    if line.charge not in (*TOKEN_TYPES, WEB_SEARCH):
        return Cause.NOT_TOKENS, None
    if stage is Stage.UNREAD or (stage is Stage.RUNNING and not line.billed):
        return Cause.NOT_IN_YET, None
    if not line.priced:
        return (Cause.NO_LIST_PRICE, None) if line.quantity else (Cause.UNEXPLAINED, Fault.USAGE_LOST)
    if not line.billed:
        return Cause.NOT_BILLED, None
    if line.billed > line.at_our_prices * _HUNDREDFOLD > 0:
        return Cause.UNEXPLAINED, Fault.CENTS_AS_DOLLARS
    if line.comparable and _five_minute_price(line, others):
        return Cause.UNEXPLAINED, Fault.ONE_HOUR_AS_FIVE_MINUTES
    if abs(line.billed - line.listed) <= _ROUNDED:
        return Cause.ROUNDING, None
    if not line.above_list:
        discounted = stage is Stage.SETTLED or all(_alike(one.ratio, line.ratio) for one in others)
        return (Cause.DISCOUNT if discounted else Cause.NOT_IN_YET), None
    return _above_list(day, line, others, usual, stage)


def _above_list(
    day: date, line: _Line, others: list[_Line], usual: Fraction, stage: Stage
) -> tuple[Cause, Fault | None]:
    """Dearer calls use several token types, so they do not explain a line that alone is dearer than usual."""
    highest = dearest(line.model, day) if line.charge in TOKEN_TYPES else Fraction(1)
    together = not others or any(one.ratio > usual and not _alike(one.ratio, usual) for one in others)
    if together and line.billed <= line.listed * highest + _ROUNDED:
        return Cause.ABOVE_LIST, None
    if stage is Stage.SETTLING and line.billed <= line.listed * _SETTLING:
        return Cause.NOT_IN_YET, None
    return Cause.UNEXPLAINED, Fault.ABOVE_LIST


def _five_minute_price(line: _Line, others: list[_Line]) -> bool:
    """Whether 1-hour writes are as far above their list cost as the two prices are apart, whatever the discount."""
    if line.charge != CACHE_WRITE_1H:
        return False
    ratios = [one.ratio for one in others] or [Fraction(1)]
    return all(_alike(line.ratio, one * _ONE_HOUR_TO_FIVE_MINUTES) for one in ratios)


def _alike(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) <= _ALIKE * max(one, other)


def _apart(difference: int, lines: list[_Line], stage: Stage, *, restated: bool) -> Cause:
    """Why Anthropic's own sum is not the ledger."""
    if restated:
        return Cause.RESTATED
    if stage in _OPEN:
        return Cause.NOT_IN_YET
    return Cause.ROUNDING if abs(difference) <= _ROUNDED * len(lines) else Cause.UNEXPLAINED


def _of_other_hours(lines: list[_Line], hours: Sequence[int]) -> bool:
    """Whether the tokens are not those of the day's own hours, but exactly those of 24 hours around them."""
    tokens = sum(line.quantity for line in lines if line.charge in TOKEN_TYPES)
    own = sum(hours[IN_A_DAY : 2 * IN_A_DAY])
    others = (hours[IN_A_DAY + shift :][:IN_A_DAY] for shift in _OFFSETS if hours)
    return 0 < tokens != own and any(sum(window) == tokens for window in others)


def _looks_like(reported: int, ledger: int, lines: list[_Line]) -> Fault:
    if reported and _alike(Fraction(ledger, reported), Fraction(100)):
        return Fault.CENTS_AS_DOLLARS
    if reported < ledger:
        return Fault.ROWS_DOUBLED
    default = [line for line in lines if line.workspace_id == DEFAULT_WORKSPACE]
    unbilled = any(line.listed for line in default) and not any(line.billed for line in default)
    return Fault.DEFAULT_WORKSPACE_LOST if unbilled else Fault.ROWS_LOST
