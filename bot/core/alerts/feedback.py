"""What people say of an alert, and what it changes: only what is sent next, and only for its rule and scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.core.periods import local_date, midnight

EXPECTED_FOR = timedelta(days=60)
"""How long a level that was called expected stays so, where no end was given."""
EXPECTED_UP_TO = 1.25
"""Times the value that was called expected: beyond it, it is another piece of news."""
RAISED = 0.5
"""What each "not useful" adds to what must be passed, as a part of it."""
MOST_RAISED = 4
"""However many say "not useful": beyond three times the bar somebody is told."""
COUNTS_FOR = timedelta(days=120)


class Until(StrEnum):
    """How long to keep quiet; the value is what the button says."""

    HOUR = "1 hour"
    DAY = "1 day"
    MONDAY = "until Monday"

    def instant(self, now: datetime, zone: str) -> datetime:
        """When it ends, on the clock of whoever presses: Monday begins at eight in the morning."""
        match self:
            case Until.HOUR:
                return now + timedelta(hours=1)
            case Until.DAY:
                return now + timedelta(days=1)
            case Until.MONDAY:
                day = local_date(now, zone)
                return midnight(day + timedelta(days=7 - day.weekday()), zone) + timedelta(hours=8)


class Verdict(StrEnum):
    EXPECTED = "expected"
    PLANNED = "planned"
    NOT_USEFUL = "not_useful"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody says of an alert; `until` is the end of what is planned."""

    verdict: Verdict
    until: datetime | None = None

    @classmethod
    def planned(cls, until: datetime) -> Feedback:
        return cls(Verdict.PLANNED, until)


@dataclass(frozen=True, slots=True)
class Given:
    """Feedback as it was given: to a rule and scope, when the value (beyond `base`, the limit or what was usual) was so
    much."""

    verdict: Verdict
    at: datetime
    value: int
    base: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody is told of what it covers until it ends; None covers every rule, or every scope."""

    rule_id: str | None
    scope: str | None
    until: datetime
    by: str = ""
    id: int = 0
    """0 until it is stored."""

    def covers(self, rule_id: str, scope: str, now: datetime) -> bool:
        return now < self.until and self.rule_id in (None, rule_id) and self.scope in (None, scope)


class Quiet(StrEnum):
    """Why feedback keeps something that happened from being told."""

    EXPECTED = "called_expected"
    PLANNED = "planned"
    NOT_USEFUL = "called_not_useful"


def quiet(given: Iterable[Given], value: int, base: int, now: datetime) -> Quiet | None:
    """Why feedback keeps a value from being told; None where it does not. What lies far beyond it is always told."""
    useless = 0
    for one in given:
        match one.verdict:
            case Verdict.PLANNED if one.until is not None and one.at <= now < one.until:
                return Quiet.PLANNED
            case Verdict.EXPECTED if now < one.at + EXPECTED_FOR:
                if abs(value - base) <= EXPECTED_UP_TO * abs(one.value - one.base):
                    return Quiet.EXPECTED
            case Verdict.NOT_USEFUL if now < one.at + COUNTS_FOR:
                useless += 1
                if abs(value - base) <= (1 + RAISED * min(useless, MOST_RAISED)) * abs(one.value - one.base):
                    return Quiet.NOT_USEFUL
    return None


def quiet_until(now: datetime, zone: str, begins: int, ends: int) -> datetime | None:
    """When quiet hours end that `now` lies in, in minutes after the receiver's midnight; None outside of them."""
    local = now.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    inside = begins <= minute < ends if begins <= ends else minute >= begins or minute < ends
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if minute >= ends else 0)
    ended = midnight(day, zone) + timedelta(minutes=ends)
    shift = ended.astimezone(ZoneInfo(zone))
    # Where clocks change in the night, so many minutes after midnight are not that time of day.
    return ended + timedelta(minutes=ends - (shift.hour * 60 + shift.minute))
