"""What one idea found in one use: dollars a month, and the figures that show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from bot.core.advice.use import Course, Window, money
from bot.core.plans import DAYS_IN_A_MONTH, Between


@dataclass(frozen=True, slots=True)
class Evidence:
    """The figures behind one finding; which kind of evidence it is says what to do."""

    of_model: ClassVar[bool] = False
    """One piece of advice for everybody who uses the model, and not one for each key."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`month`: dollars a month if nothing else is changed; `most`: what of the use's cost in the window it is at most,
    so that advice that comes after it does not count the same dollars again."""

    course: Course
    evidence: Evidence
    month: Between
    most: Fraction

    def of_what_is_left(self, left: Fraction) -> Finding:
        """The same where other advice leaves only this part of the cost."""
        low, high = (money(end.units * left) for end in (self.month.low, self.month.high))
        return replace(self, month=Between(low, high), most=self.most * left)


def found(course: Course, window: Window, evidence: Evidence, low: int, high: int) -> Finding | None:
    """A finding that saves between so many units in the window; None where it may save nothing."""
    if low <= 0 or not course.billed:
        return None
    high = min(max(low, high), course.billed)
    month = Between(*(money(Fraction(units * DAYS_IN_A_MONTH, window.known)) for units in (min(low, high), high)))
    return Finding(course, evidence, month, Fraction(high, course.billed))
