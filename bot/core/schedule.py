"""When a digest is due: occurrences at local times, safe against clock changes and holidays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from bot.core.periods import Period, Unit, midnight, span

_DAY = timedelta(days=1)
_FURTHEST = 400
"""Days that are looked back, and forward over holidays: no cadence has its occurrences further apart."""


class Cadence(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


@dataclass(frozen=True, slots=True)
class Skip:
    """Local days without digests. `weekdays` 0 is Monday."""

    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day.weekday() in self.weekdays or day in self.dates


@dataclass(frozen=True, slots=True)
class Digest:
    """A scheduled report for a channel, or for one person. `team` None: the whole organisation."""

    id: str
    channel: str | None
    """None: it goes to a person."""
    cadence: Cadence
    at: time
    zone: str | None
    """None: the TIMEZONE setting, once `in_zone` has put it in."""
    team: str | None = None
    weekday: int = 0
    """Of a weekly one; 0 is Monday."""
    to: str | None = None
    """The e-mail address or Slack user id of the person who gets it as a direct message."""
    own: bool = False
    """It is about what that person uses, and nothing else."""
    skip: Skip = Skip()

    @property
    def place(self) -> str:
        """Where it goes, as the configuration names it."""
        return self.channel or self.to or ""

    def in_zone(self, otherwise: str) -> Digest:
        return self if self.zone else replace(self, zone=otherwise)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One moment at which a digest is due; `day` is the local date it belongs to, and its name for ever."""

    digest: Digest
    day: date
    due: datetime

    @property
    def key(self) -> str:
        """What its delivery is called: the same in every process, so that it is sent once."""
        return f"digest/{self.digest.id}/{self.day}"

    def period(self, zone: str) -> Period:
        """The complete period it reports on, in the days of `zone`: yesterday, last week, last month, last quarter.

        After days without a digest, a daily one reports on all of them together.
        """
        match self.digest.cadence:
            case Cadence.DAILY:
                start = _day_before(self.day, zone)
                while start in self.digest.skip and (self.day - start).days < _FURTHEST:
                    start = _day_before(start, zone)
                one = start == _day_before(self.day, zone)
                return _days(start, self.day, zone, Unit.DAY if one else Unit.RANGE)
            case Cadence.WEEKLY:
                monday = self.day - self.day.weekday() * _DAY
                return _days(monday - 7 * _DAY, monday, zone, Unit.WEEK)
            case Cadence.MONTHLY:
                first = self.day.replace(day=1)
                return _days((first - _DAY).replace(day=1), first, zone, Unit.MONTH)
            case Cadence.QUARTERLY:
                first = _quarter(self.day)
                return _days(_quarter(first - _DAY), first, zone, Unit.QUARTER)


def newest_due(digest: Digest, *, since: datetime, now: datetime) -> Occurrence | None:
    """The newest occurrence after `since` and not after `now`: after a downtime one message, not a pile."""
    day = now.astimezone(ZoneInfo(digest.zone or "UTC")).date()
    for _ in range(_FURTHEST):
        occurrence = occurrence_on(digest, day)
        if occurrence and occurrence.due <= now:
            return occurrence if occurrence.due > since else None
        day -= _DAY
    return None


def occurrence_on(digest: Digest, day: date) -> Occurrence | None:
    """The digest's occurrence that belongs to a local date, if there is one.

    A local time that the clock skips is due as much later as the clock jumps (02:30 → 03:30 in Berlin); one that comes
    twice is due the first time. On a day to be skipped there is no daily digest; any other waits for the next day
    that is not.
    """
    on_day = {
        Cadence.DAILY: True,
        Cadence.WEEKLY: day.weekday() == digest.weekday,
        Cadence.MONTHLY: day.day == 1,
        Cadence.QUARTERLY: day == _quarter(day),
    }[digest.cadence]
    if not on_day or (digest.cadence is Cadence.DAILY and day in digest.skip):
        return None
    due_on = next((one for one in islice(_from(day), _FURTHEST) if one not in digest.skip), None)
    if due_on is None:
        return None
    local = datetime.combine(due_on, digest.at, ZoneInfo(digest.zone or "UTC"))
    return Occurrence(digest, day, local.astimezone(UTC))


def _from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += _DAY


def _quarter(day: date) -> date:
    """The first day of the quarter that holds a day."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _day_before(day: date, zone: str) -> date:
    """The day before, as people there lived it: on Samoa 29 December 2011 came before the 31st."""
    before = day - _DAY
    while midnight(before, zone) == midnight(day, zone):
        before -= _DAY
    return before


def _days(start: date, end: date, zone: str, unit: Unit) -> Period:
    last = end - _DAY
    label = {
        Unit.DAY: f"{start:%A} {start.day} {start:%B}",
        Unit.RANGE: span(start, last),
        Unit.WEEK: span(start, last),
        Unit.MONTH: f"{start:%B %Y}",
        Unit.QUARTER: f"Q{start.month // 3 + 1} {start.year}",
    }[unit]
    return Period(midnight(start, zone), midnight(end, zone), zone, label, unit, running=False)
