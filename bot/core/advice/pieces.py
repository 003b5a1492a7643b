"""All ideas held against all uses: what is worth saying, without counting a dollar twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.core.advice.cache_leak import leak
from bot.core.advice.dearer import fast, in_the_us
from bot.core.advice.finding import Evidence, Finding
from bot.core.advice.newer import newer
from bot.core.advice.night import at_night
from bot.core.advice.retiring import Retiring, retiring
from bot.core.advice.short_answers import short_answers
from bot.core.advice.uncached import without_cache
from bot.core.advice.unread_cache import unread
from bot.core.advice.use import Course, Window, money
from bot.core.money import Money
from bot.core.plans import DAYS_IN_A_MONTH, Between
from bot.core.prices import without_date

MOST = 5
FEWEST_DAYS = 14
"""Known days in the window: with fewer nothing is said."""
_LEAST = Money.from_dollars(10)
_LEAST_PART = 200
"""Advice is worth at least this part of what is spent: one dollar in 200."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of advice: what to do follows from the kind of its evidence, which is the dearest use's."""

    findings: tuple[Finding, ...]
    """The dearest first."""
    month: Between

    @property
    def evidence(self) -> Evidence:
        return self.findings[0].evidence


def least(billed: Iterable[int], window: Window) -> Money:
    """What advice must save a month to be worth a reader's time: $10, and half a percent of what is spent."""
    spent = sum(billed)
    part = money(Fraction(spent * DAYS_IN_A_MONTH, _LEAST_PART * max(1, window.known)))
    return max(_LEAST, part)


def pieces(courses: Sequence[Course], window: Window, floor: Money) -> tuple[Piece, ...]:
    """The best five, ranked by what they save at least, and every model that is about to be switched off."""
    if window.known < FEWEST_DAYS:
        return ()
    together: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for course in courses:
        for finding in _findings(course, window, floor):
            together[_about(finding)].append(finding)
    found = sorted(map(_piece, together.values()), key=_best_first)
    worth = [piece for piece in found if piece.month.low >= floor]
    beyond = [piece for piece in found if isinstance(piece.evidence, Retiring) and piece not in worth[:MOST]]
    return (*worth[:MOST], *beyond)


def _findings(course: Course, window: Window, floor: Money) -> Iterator[Finding]:
    """One use's, in the order in which they are worth doing: each counts what those before it leave of the cost.

    What will not be said takes nothing from what will. Advice on a model may yet add up with that on others' use of it.
    """
    left = Fraction(1)
    for idea in _IDEAS:
        finding = idea(course, window)
        if finding is None:
            continue
        finding = finding.of_what_is_left(left)
        if finding.evidence.of_model or finding.month.low >= floor:
            left -= finding.most
            yield finding


def _another_model(course: Course, window: Window) -> Finding | None:
    """One new model for a use: what must be replaced first, else what saves more."""
    ending = retiring(course, window)
    if ending:
        return ending
    found = [one for one in (newer(course, window), short_answers(course, window)) if one]
    return max(found, key=lambda one: one.month.low, default=None)


_IDEAS: tuple[Callable[[Course, Window], Finding | None], ...] = (
    *(leak, unread, without_cache, fast, in_the_us, at_night, _another_model),
)


def _about(finding: Finding) -> tuple[object, ...]:
    """What is said as one: by model for everybody, else by who calls which model."""
    use, kind = finding.course.use, type(finding.evidence)
    model = without_date(use.model)
    return (kind, model) if kind.of_model else (kind, model, use.workspace_id, use.api_key_id, use.account_id)


def _piece(findings: Iterable[Finding]) -> Piece:
    ordered = tuple(sorted(findings, key=lambda one: (-one.month.low.units, -one.course.billed, one.course.use)))
    return Piece(ordered, sum((one.month for one in ordered), Between()))


def _best_first(piece: Piece) -> tuple[int, int, tuple[str, ...]]:
    return -piece.month.low.units, -piece.month.high.units, piece.findings[0].course.use
