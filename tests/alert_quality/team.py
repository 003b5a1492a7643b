"""What a detector is given, and what is known of it besides: a team's hours, and the incidents in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 180
WARM = 28
"""Days before alerts and incidents count; a team that starts later counts from its first day."""
AFTERMATH = 10
"""Days after an incident in which an alert is neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Hours from the team's start: a first alert counts in [begin, end)."""

    kind: str
    begin: int
    end: int
    quiet_until: int
    excess: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """`hours` are what each hour cost; nothing is reported before `begins`; `unjudged` are days no one could know."""

    name: str
    kind: str
    begins: int
    hours: list[float]
    incidents: list[Incident] = field(default_factory=list)
    unjudged: frozenset[int] = frozenset()
    start: datetime = START

    @property
    def judged_from(self) -> int:
        return self.begins or 24 * WARM

    @property
    def days(self) -> list[float]:
        return [sum(self.hours[hour : hour + 24]) for hour in range(0, len(self.hours), 24)]

    def date(self, day: int) -> date:
        return self.start.date() + timedelta(days=day)


def is_month_end(day: date) -> bool:
    """The last day of a month or the one before."""
    return (day + timedelta(days=2)).month != day.month


Detector = Callable[[Team], list[float]]
"""What a detector answers: the hours from the team's start at which it alerts."""
