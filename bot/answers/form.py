"""A form as people fill it in, before it has a medium: its fields, what they hold, and what is said around them.

Only Slack has forms so far. Text in here is plain, as in an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a field takes."""

    WORDS = "words"
    CHOICE = "choice"
    """One of its options."""
    TICKS = "ticks"
    """Any of its options."""
    FIND = "find"
    """One of many, found as one types."""
    CHANNEL = "channel"
    PEOPLE = "people"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose: what the form sends, and what stands there."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `value` is what it holds at first, several values for ticks and people."""

    key: str
    label: str
    kind: Kind = Kind.WORDS
    value: str | tuple[str, ...] = ""
    options: tuple[Option, ...] = ()
    hint: str = ""
    optional: bool = False
    find: str = ""
    """What is found as one types: the finder's name."""
    shown: str = ""
    """How people call the value, where it was found."""


@dataclass(frozen=True, slots=True)
class Press:
    """A button in a form, which looks at what the form holds and saves nothing."""

    label: str
    act: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form. `name` says whose it is when it comes back, and `state` comes back with it as it is here."""

    name: str
    title: str
    fields: tuple[Field, ...] = ()
    said: tuple[str, ...] = ()
    """Sentences above the fields."""
    below: tuple[str, ...] = ()
    """Sentences below them: what was found out about what they hold."""
    presses: tuple[Press, ...] = ()
    submit: str = "Save"
    """Empty: there is nothing to send."""
    warning: str = ""
    state: Mapping[str, str] = field(default_factory=dict)


Values = Mapping[str, str | tuple[str, ...]]
"""What the fields of a form held when it was sent, by their keys; "" and () for those left empty."""


def text(values: Values, key: str) -> str:
    """What one field holds, as one text."""
    value = values.get(key, "")
    return value.strip() if isinstance(value, str) else ",".join(value)


def several(values: Values, key: str) -> tuple[str, ...]:
    value = values.get(key, ())
    return tuple(filter(None, (value,))) if isinstance(value, str) else value
