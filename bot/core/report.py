"""The figures behind an answer: exact, complete, and with their unknowns still unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.core import wording
from bot.core.change import Cause
from bot.core.money import ZERO, Money
from bot.core.periods import Period
from bot.core.question import Dimension, Question
from bot.core.usage import CACHE_READ, OUTPUT, TOKEN_TYPES, WEB_SEARCH


@dataclass(frozen=True, slots=True)
class Figures:
    """What one row or one total comes to. None is "not known", never zero."""

    billed_cost: Money | None
    list_cost: Money | None
    quantities: Mapping[str, int] | None = None
    """Charge → quantity: tokens of each type, web searches; None where no usage has been read."""
    shared_out: Money = ZERO
    """The part of billed_cost that Anthropic does not report at this depth, split by list cost."""
    requests: int | None = None
    """Number of calls; the classic reports do not count them."""
    list_cost_high: Money | None = None
    """What list_cost can be at most, where the report can't tell dearer calls apart; None where it is exact."""

    @property
    def tokens(self) -> Mapping[str, int] | None:
        if self.quantities is None:
            return None
        return {token_type: self.quantities.get(token_type, 0) for token_type in TOKEN_TYPES}

    @property
    def total_tokens(self) -> int | None:
        if self.quantities is None:
            return None
        return sum([self.quantities.get(token_type, 0) for token_type in TOKEN_TYPES])

    @property
    def web_search_requests(self) -> int | None:
        return self.quantities.get(WEB_SEARCH, 0) if self.quantities is not None else None

    @property
    def cache_hit_rate(self) -> float | None:
        """Cache reads as a part of all input tokens, 0 to 1; None where there was no input."""
        held = self.quantities or {}
        all_input = (self.total_tokens or 0) - held.get(OUTPUT, 0)
        return held.get(CACHE_READ, 0) / all_input if all_input else None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a breakdown; `share` is its part of the total's billed cost, 0 to 1, None where that is unknown."""

    id: str | None
    name: str
    figures: Figures
    share: float | None = None
    previous: Figures | None = None
    """The same line in the period before, where the question compares."""
    of: int = 1
    """How many rows it is the sum of, as "and 12 more" is of 12."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything `--format json` says, and what every answer with figures is made from."""

    question: Question
    name: str | None
    """The id of what was asked about, once found: "alpha" for `team Team Alpha`."""
    by: Dimension
    period: Period
    total: Figures
    previous_period: Period
    previous: Figures
    rows: tuple[Row, ...]
    data_through: datetime | None
    notes: tuple[str, ...] = ()
    covered: Period | None = None
    """What the figures cover where local midnights are not known by the hour; None: the period itself."""
    discount: float | None = None
    """How far billed lies below list, as a part of list, over whole days and what has both; below 0 it lies above."""
    causes: Mapping[Cause, Money] | None = None
    """Where the question is why: what each cause brought to the change of billed cost; the rows say what each did."""


@dataclass(frozen=True, slots=True)
class Findings:
    """A report with what an answer shows around it: more breakdowns of the same total, and its course by day."""

    report: Report
    breakdowns: Mapping[Dimension, tuple[Row, ...]]
    trend: tuple[tuple[date, Figures], ...] = ()


def added(figures: Iterable[Figures]) -> Figures:
    """The sum; what is unknown in one part does not hide what is known in the others. Requests are known together."""
    parts = list(figures)
    quantities: dict[str, int] = {}
    for part in parts:
        for charge, quantity in (part.quantities or {}).items():
            quantities[charge] = quantities.get(charge, 0) + quantity
    listed = _sum(part.list_cost for part in parts)
    ranged = [(low, part.list_cost_high) for part in parts if (low := part.list_cost) and part.list_cost_high]
    above = sum(high.units - low.units for low, high in ranged)
    counted = [part.requests for part in parts if part.requests is not None]
    return Figures(
        _sum(part.billed_cost for part in parts),
        listed,
        quantities if any(part.quantities is not None for part in parts) else None,
        _sum(part.shared_out for part in parts) or ZERO,
        sum(counted) if counted and len(counted) == len(parts) else None,
        list_cost_high=listed + Money(above) if listed is not None and above else None,
    )


def _sum(amounts: Iterable[Money | None]) -> Money | None:
    """Of what is known; None where nothing is."""
    known = [amount.units for amount in amounts if amount is not None]
    return Money(sum(known)) if known else None


def rest(hidden: Sequence[Row]) -> Row:
    """One line for the rows that are not shown, so that what is shown still adds up to the total."""
    of = sum(row.of for row in hidden)
    shares = [row.share for row in hidden if row.share is not None]
    previous = [row.previous for row in hidden if row.previous]
    return Row(
        None,
        wording.and_more(of),
        added(row.figures for row in hidden),
        sum(shares) if shares else None,
        added(previous) if previous else None,
        of,
    )


def leading(rows: Sequence[Row], top: int | None) -> tuple[Row, ...]:
    """The first `top` rows, and one line for the rest, so that the rows still add up to the total."""
    if top is None or len(rows) <= top:
        return tuple(rows)
    return (*rows[:top], rest(rows[top:]))
