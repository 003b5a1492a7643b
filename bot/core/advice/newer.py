"""An older model where the newest of its family costs less."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.advice.finding import Finding, found
from bot.core.advice.models import NEWEST, Replaced, family, saved, version
from bot.core.advice.use import Course, Window


@dataclass(frozen=True, slots=True)
class Newer(Replaced):
    """The newest model of the family, which costs less."""


def newer(course: Course, window: Window) -> Finding | None:
    instead = NEWEST.get(family(course.use.model), "")
    if not instead or version(course.use.model) >= version(instead):
        return None
    savings = saved(course, window, instead)
    return found(course, window, Newer(instead), *savings) if savings else None
