"""What people did with Claude Code: one row per actor and day, and what such rows come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from bot.core.money import ZERO, Money

"""The customer type of people on a plan: what their use is estimated at is not charged to anybody."""


class ActorKind(StrEnum):
    """What Claude Code was used with."""

    PERSON = "person"
    KEY = "key"
    OTHER = "other"
    """A kind of actor nobody has documented yet."""


@dataclass(frozen=True, slots=True, order=True)
class Actor:
    """Who worked. `name` is an e-mail in lower case, or a key's name: Anthropic gives no id, and names may repeat."""

    kind: ActorKind
    name: str


@dataclass(frozen=True, slots=True)
class Work:
    """What was done; `estimated` is Anthropic's estimate of what it would cost, not billing."""

    sessions: int = 0
    lines_added: int = 0
    lines_removed: int = 0
    commits: int = 0
    pull_requests: int = 0
    accepted: int = 0
    """Edits that somebody let happen, over all tools."""
    rejected: int = 0
    tokens: int = 0
    """Of every type together."""
    estimated: Money = ZERO

    def __add__(self, other: Work) -> Work:
        return Work(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def acceptance(self) -> float | None:
        """Accepted edits as a part of those decided on, 0 to 1; None where there was nothing to decide."""
        decided = self.accepted + self.rejected
        return self.accepted / decided if decided else None


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """One actor's UTC day as one kind of customer (api, subscription)."""

    day: date
    actor: Actor
    customer: str
    work: Work


def by_actor_and_day(records: Iterable[CodeRecord]) -> list[CodeRecord]:
    """One record for each actor, day and customer type: Anthropic gives one for each terminal, too."""
    sums: dict[tuple[date, Actor, str], Work] = {}
    for record in records:
        place = record.day, record.actor, record.customer
        sums[place] = sums.get(place, Work()) + record.work
    return [CodeRecord(*place, work) for place, work in sorted(sums.items(), key=lambda item: item[0])]


def total(records: Iterable[CodeRecord]) -> Work:
    return sum((record.work for record in records), Work())


def developers(records: Iterable[CodeRecord]) -> int:
    """How many people worked; a program with a key is no developer."""
    return len({record.actor for record in records if record.actor.kind is ActorKind.PERSON})


def cost_per_developer(records: Iterable[CodeRecord]) -> Money | None:
    """The estimated cost of people, not of programs, by head (rounded down to the unit); None where nobody worked."""
    people = [record for record in records if record.actor.kind is ActorKind.PERSON]
    heads = developers(people)
    return Money(total(people).estimated.units // heads) if heads else None
