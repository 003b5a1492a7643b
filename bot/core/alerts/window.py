"""The window a limit is for: a local calendar day, week, month or quarter, or so many minutes, hours or days.

Windows of one rule follow each other without a gap. Minutes and hours begin at whole multiples of their length, UTC; so
every window has one start, by which what was said of it is remembered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from bot.core.periods import Period, Unit, local_date, midnight, span
from bot.core.utc import month_after

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = date(1970, 1, 1)
_TEXT = re.compile(r"([1-9]\d{0,3})(m|h|d|w|mo)", re.ASCII)
_UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month"}
_SPOKEN = ("hour", "day", "week", "month", "quarter")
_MOST = {"minute": 1440, "hour": 168, "day": 92, "week": 13, "month": 1, "quarter": 1}
LOOK_BACK = timedelta(days=1)
"""A window that ended within this is looked at once more: its last figures come after its end."""


@dataclass(frozen=True, slots=True)
class Window:
    """`count` minutes, hours or days, or one week, month or quarter."""

    unit: str
    count: int = 1

    DAY: ClassVar[Window]
    MONTH: ClassVar[Window]
    HOUR: ClassVar[Window]

    @classmethod
    def parse(cls, text: str) -> Window | None:
        """5m, 24h (a day), 1d, 7d, month, …; None for what is no length of time, or one nobody could watch."""
        found = _TEXT.fullmatch(text)
        unit, count = (_UNITS[found[2]], int(found[1])) if found else (text, 1)
        if unit not in _SPOKEN and not found:
            return None
        if count > _MOST[unit]:
            return None
        if unit == "minute" and count % 60 == 0:
            unit, count = "hour", count // 60
        if unit == "hour" and count % 24 == 0:
            unit, count = "day", count // 24
        if unit == "week" and count > 1:
            unit, count = "day", 7 * count
        return cls(unit, count)

    def __str__(self) -> str:
        """As it stands after "a" or "in": "day", "5 minutes"."""
        return self.unit if self.count == 1 else f"{self.count} {self.unit}s"

    @property
    def minutes(self) -> bool:
        return self.unit == "minute"

    @property
    def _length(self) -> timedelta | None:
        """Of those that are cut from UTC's own time; None for those of the local calendar."""
        return {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}.get(self.unit, timedelta()) * self.count

    def containing(self, at: datetime, zone: str) -> datetime:
        """The start of the window that `at` lies in."""
        if length := self._length:
            return at - (at - _EPOCH) % length
        day = local_date(at, zone)
        match self.unit:
            case "day":
                first = day - (day - _FIRST).days % self.count * timedelta(days=1)
            case "week":
                first = day - timedelta(days=day.weekday())
            case "month":
                first = day.replace(day=1)
            case _:
                first = day.replace(month=day.month - (day.month - 1) % 3, day=1)
        return midnight(first, zone)

    def after(self, start: datetime, zone: str) -> datetime:
        """The start of the next window, which is this one's end."""
        if length := self._length:
            return start + length
        day = local_date(start, zone)
        match self.unit:
            case "day":
                return midnight(day + timedelta(days=self.count), zone)
            case "week":
                return midnight(day + timedelta(days=7), zone)
            case "month":
                return midnight(month_after(day), zone)
        return midnight(month_after(month_after(month_after(day))), zone)

    def looked_at(self, at: datetime, zone: str) -> tuple[datetime, ...]:
        """The starts of the windows that a look at `at` is about, the oldest first, the last of them running."""
        running = self.containing(at, zone)
        if length := self._length:
            back = 5 if self.unit == "hour" else 1  # reports may be some hours late, calls are not
            return tuple(running - n * length for n in range(back, -1, -1))
        return tuple(dict.fromkeys((self.containing(at - LOOK_BACK, zone), running)))

    def period(self, start: datetime, zone: str) -> Period:
        """The window that begins at `start`, as figures are asked for."""
        end, day = self.after(start, zone), local_date(start, zone)
        if self._length:
            begins, ends = (at.astimezone(ZoneInfo(zone)) for at in (start, end))
            label = f"{day.day} {day:%B}, {begins:%H:%M}–{ends:%H:%M}"
            return Period(start, end, zone, label, Unit.RANGE, running=True)
        if self.unit == "day" and self.count == 1:
            return Period(start, end, zone, f"{day.day} {day:%B}", Unit.DAY, running=True)
        if self.unit == "month":
            return Period(start, end, zone, f"{day:%B %Y}", Unit.MONTH, running=True)
        last = local_date(end, zone) - timedelta(days=1)
        return Period(start, end, zone, span(day, last), Unit.RANGE, running=True)


Window.DAY, Window.MONTH, Window.HOUR = Window("day"), Window("month"), Window("hour")
