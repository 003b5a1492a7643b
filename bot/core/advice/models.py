"""Another model for the same work: which one, and what it would cost.

Names, dates and the tokenizer are from Anthropic's list of deprecations and its prices, as of November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import ClassVar

from bot.core.advice.finding import Evidence
from bot.core.advice.use import Course, Window
from bot.core.prices import Dearer, extras, list_price

NEWEST: Mapping[str, str] = MappingProxyType(
    {
        "fable": "claude-fable-5-2",
        "mythos": "claude-mythos-5-2",
        "opus": "claude-opus-5-5",
        "sonnet": "claude-sonnet-5-5",
        "haiku": "claude-haiku-5-5",
    }
)
BELOW: Mapping[str, str] = MappingProxyType({"fable": "opus", "mythos": "opus", "opus": "sonnet", "sonnet": "haiku"})
"""The next cheaper family."""
MORE_TOKENS = Fraction(13, 10)
"""Models from 4.7 on make up to 30 % more tokens of the same text."""
_NEW_TOKENIZER = (4, 7)
_SHORT_PROMPT = 50_000
"""An average prompt below this is taken to be on the cheaper side of a price that depends on length."""
_NAME = re.compile(r"claude-(?P<family>[a-z]+)-(?P<major>\d{1,2})(?:-(?P<minor>\d{1,2}))?(?:-\d{8})?")


@dataclass(frozen=True, slots=True)
class Retirement:
    on: date
    """From this day on Anthropic refuses calls of the model."""
    source: str


RETIREMENTS: Mapping[str, Retirement] = MappingProxyType(
    {"claude-sonnet-4-5": Retirement(date(2026, 11, 30), "Anthropic's list of model deprecations")}
)
"""What is announced; a promise to keep a model at least until some day is no announcement."""


@dataclass(frozen=True, slots=True)
class Replaced(Evidence):
    """Advice to use another model."""

    of_model: ClassVar[bool] = True
    instead: str


def family(model: str) -> str:
    """`opus` of `claude-opus-5-5`; "" for a name of another shape."""
    named = _NAME.fullmatch(model)
    return named["family"] if named else ""


def version(model: str) -> tuple[int, int]:
    named = _NAME.fullmatch(model)
    return (int(named["major"]), int(named["minor"] or 0)) if named else (0, 0)


def saved(course: Course, window: Window, instead: str) -> tuple[int, int] | None:
    """Units that the same work would cost less in the window, at least and at most; below zero it costs more."""
    cost = course.cost(course.counts, window.last, model=instead)
    if cost is None:
        return None
    dearer, cheaper = _tokens(course.use.model, instead)
    return course.billed - round(cost * dearer * _length(course, window, instead)), course.billed - round(
        cost * cheaper
    )


def _tokens(model: str, instead: str) -> tuple[Fraction, Fraction]:
    """How many times the tokens the other model may make of the same text, at most and at least."""
    then, now = version(model) >= _NEW_TOKENIZER, version(instead) >= _NEW_TOKENIZER
    if then == now:
        return Fraction(1), Fraction(1)
    return (MORE_TOKENS, Fraction(1)) if now else (Fraction(1), 1 / MORE_TOKENS)


def _length(course: Course, window: Window, instead: str) -> Fraction:
    """How many times the price where prompts may be too long for the lower one; 1 where they are known to be short."""
    long, price = extras(instead, window.last).get(Dearer.LONG_PROMPT), list_price(instead, window.last)
    if long is None or price is None or (course.requests and course.prompt < _SHORT_PROMPT * course.requests):
        return Fraction(1)
    return Fraction(long.price.output) / Fraction(price.output)
