"""When a digest is due: occurrences at local times, safe against clock changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.core.periods import Period, Unit, span


class Cadence(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Digest:
    """A scheduled report for a channel. `team` None: the whole organisation. `weekday` 0 is Monday (weekly only)."""

    id: str
    channel: str
    cadence: Cadence
    at: time
    zone: str | None
    """None: the TIMEZONE setting, once `in_zone` has put it in."""
    team: str | None = None
    weekday: int = 0

    def in_zone(self, otherwise: str) -> Digest:
        return self if self.zone else replace(self, zone=otherwise)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One moment at which a digest is due; `day` is its local date and its name for ever."""

    digest: Digest
    day: date
    due: datetime

    @property
    def key(self) -> str:
        """What its delivery is called: the same in every process, so that it is sent once."""
        return f"digest/{self.digest.id}/{self.day}"

    def period(self, zone: str) -> Period:
        """The complete period it reports on, in the days of `zone`: yesterday, last week or last month."""
        match self.digest.cadence:
            case Cadence.DAILY:
                return _days(self.day - timedelta(days=1), self.day, zone, Unit.DAY)
            case Cadence.WEEKLY:
                monday = self.day - timedelta(days=self.day.weekday())
                return _days(monday - timedelta(days=7), monday, zone, Unit.WEEK)
            case Cadence.MONTHLY:
                first = self.day.replace(day=1)
                return _days((first - timedelta(days=1)).replace(day=1), first, zone, Unit.MONTH)


def newest_due(digest: Digest, *, since: datetime, now: datetime) -> Occurrence | None:
    """The newest occurrence after `since` and not after `now`: after a downtime one message, not a pile."""
    day = now.astimezone(ZoneInfo(digest.zone or "UTC")).date()
    for _ in range(63):  # two months back reaches every cadence's last occurrence
        occurrence = occurrence_on(digest, day)
        if occurrence and occurrence.due <= now:
            return occurrence if occurrence.due > since else None
        day -= timedelta(days=1)
    return None


def occurrence_on(digest: Digest, day: date) -> Occurrence | None:
    """The digest's occurrence on a local date, if it has one.

    A local time that the clock skips is due as much later as the clock jumps (02:30 → 03:30 in Berlin); one that comes
    twice is due the first time.
    """
    on_day = {
        Cadence.DAILY: True,
        Cadence.WEEKLY: day.weekday() == digest.weekday,
        Cadence.MONTHLY: day.day == 1,
    }[digest.cadence]
    if not on_day:
        return None
    local = datetime.combine(day, digest.at, ZoneInfo(digest.zone or "UTC"))
    return Occurrence(digest, day, local.astimezone(UTC))


def _days(start: date, end: date, zone: str, unit: Unit) -> Period:
    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)

    last = end - timedelta(days=1)
    label = {
        Unit.DAY: f"{start:%A} {start.day} {start:%B}",
        Unit.WEEK: span(start, last),
        Unit.MONTH: f"{start:%B %Y}",
    }[unit]
    return Period(midnight(start), midnight(end), zone, label, unit, running=False)
