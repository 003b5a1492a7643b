"""The same answers for more money: inference kept in the US, and fast mode."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from bot.core.advice.finding import Evidence, Finding, found
from bot.core.advice.use import Course, Window
from bot.core.prices import Dearer, extras

_ROUNDING = Fraction(1, 20)
"""Anthropic's own list cost above the price list by less than this is no fast mode."""


@dataclass(frozen=True, slots=True)
class InTheUS(Evidence):
    billed: int


@dataclass(frozen=True, slots=True)
class Fast(Evidence):
    """`above`: the part of the bill that is there for speed alone."""

    above: float


def in_the_us(course: Course, window: Window) -> Finding | None:
    """What US-only inference costs more than inference anywhere."""
    if course.use.inference_geo != "us":
        return None
    here = course.cost(course.counts, window.last)
    anywhere = course.cost(course.counts, window.last, geo="global")
    if not here or anywhere is None:
        return None
    saved = course.billed * (here - anywhere) // here
    return found(course, window, InTheUS(course.billed), saved, saved)


def fast(course: Course, window: Window) -> Finding | None:
    """What fast mode costs more, where Anthropic says a list cost that only fast mode explains."""
    dearer = extras(course.use.model, window.last)
    base = course.cost(course.counts, window.last)
    if Dearer.FAST_MODE not in dearer or Dearer.LONG_PROMPT in dearer or base is None:
        return None
    above = course.billed - base  # base is at what this use pays of list price
    if above <= _ROUNDING * base:
        return None
    return found(course, window, Fast(above / course.billed), above, above)
