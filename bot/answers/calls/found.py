"""Everything an answer about live calls says, before it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.answers.answer import LiveRow
from bot.core import wording
from bot.core.calls.savings import Tip
from bot.core.calls.sums import Sums, added
from bot.core.question import Dimension, Question


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of one time and what was asked about, cut in the ways that the answer shows."""

    question: Question
    who: str
    total: Sums
    by: Dimension
    lines: Sequence[LiveRow]
    endpoints: Sequence[LiveRow] = ()
    events: Sequence[LiveRow] = ()
    features: Sequence[LiveRow] = ()
    days: Sequence[tuple[date, Sums]] = ()
    tips: Sequence[Tip] = ()
    notes: Sequence[str] = ()
    newest: datetime | None = None
    """When the newest of the calls was."""


def leading(lines: Sequence[LiveRow], top: int | None) -> Sequence[LiveRow]:
    """The first `top` rows, and one for the rest, so that they still add up; None: all of them."""
    if top is None or len(lines) <= top:
        return lines
    of = sum(line.of for line in lines[top:])
    return [*lines[:top], LiveRow(wording.and_more(of), added(line.sums for line in lines[top:]), of=of)]
