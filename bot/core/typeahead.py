"""Which of many names somebody means while they are still typing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.nearest import nearest

MOST = 50
"""Of each kind; Slack takes 100 of all."""
_NEAREST = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name as people know it, and what choosing it sends: the question that asks about it, or its id."""

    name: str
    sends: str


def fitting(known: Sequence[Suggestion], typed: str) -> tuple[Suggestion, ...]:
    """Those that begin with what is typed, then those that hold it, else the nearest ones."""
    word = " ".join(typed.split()).casefold()
    found = [one for one in known if any(part.startswith(word) for part in _keys(one))]
    found += [one for one in known if word in one.name.casefold() and one not in found]
    if not found:
        close = nearest(word, (key for one in known for key in _keys(one)), _NEAREST)
        found = [one for one in known if not set(close).isdisjoint(_keys(one))]
    return tuple(found[:MOST])


def _keys(suggestion: Suggestion) -> tuple[str, ...]:
    """By the whole name, and by each word of it: "haiku" finds Claude Haiku."""
    name = suggestion.name.casefold()
    return (name, *name.split())
