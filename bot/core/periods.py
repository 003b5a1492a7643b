"""Stretches of time: local days in a zone, half-open, kept as UTC instants. `said_periods` reads them."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USUAL = "this month"
"""What is meant where nobody says a period."""
_DAY = timedelta(days=1)


class Unit(StrEnum):
    """What the period before is counted in."""

    DAY = "day"
    DAYS = "days"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    RANGE = "range"


MONTHS_IN = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open UTC instants that begin at a local midnight of `zone`, and how a person calls them."""

    start: datetime
    end: datetime
    zone: str
    label: str
    unit: Unit
    running: bool

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta() or self.end.utcoffset() != timedelta():
            raise ValueError("a period is kept in aware UTC instants")
        if self.end < self.start:
            raise ValueError("a period ends after it starts")

    @property
    def words(self) -> str:
        """What to type to get a period of `parse_period` again; not for one that was stepped back."""
        first, last = local_date(self.start, self.zone), local_date(self.end - timedelta.resolution, self.zone)
        if self.label.startswith("since "):
            return f"since {first}"
        if self.unit is Unit.RANGE or (self.unit is Unit.WEEK and not self.label.endswith("week")):
            return f"{first}..{last}"
        if self.unit is Unit.DAY and self.label not in ("today", "yesterday"):
            return str(first)
        return self.label.lower()

    def until(self, end: datetime) -> "Period":
        """A running period cut where the data ends, empty when there is none yet; any other as it is."""
        return replace(self, end=max(self.start, min(self.end, end.astimezone(UTC)))) if self.running else self

    def previous(self) -> "Period":
        """The period beside it to compare with: as far into the unit before as this one is into its own."""
        first, touched = local_date(self.start, self.zone), days(self)
        months = MONTHS_IN.get(self.unit)
        step = {Unit.DAY: 1, Unit.WEEK: 7}.get(self.unit, max(1, len(touched)))
        before = months_on(first, -months) if months else first - step * _DAY
        start = midnight(before, self.zone)
        if not touched:
            return replace(self, start=start, end=start, label=span(before, before), running=False)

        last = touched[-1]
        whole_day = self.end == midnight(last + _DAY, self.zone)
        if not months:
            stop, clipped = last - step * _DAY, False
        elif whole_day and last + _DAY == months_on(first, months):
            stop, clipped = first - _DAY, False
        else:
            stop = months_on(last, -months)
            clipped = stop.day != last.day
        end = midnight(stop + _DAY, self.zone)
        if not whole_day and not clipped:
            end = min(end, _instant(datetime.combine(stop, _wall(self.end, self.zone).time()), self.zone))
        label = _label_before(self.unit, before, stop, first.year)
        if self.unit is Unit.DAY and not whole_day:
            label += f" until {_wall(end, self.zone):%H:%M}"
        return replace(self, start=start, end=max(start, end), label=label, running=False)


def days(period: Period) -> list[date]:
    """The local days a period touches, in order; a day cut short counts."""
    if period.end == period.start:
        return []
    first, last = local_date(period.start, period.zone), local_date(period.end - timedelta.resolution, period.zone)
    return [first + n * _DAY for n in range((last - first).days + 1)]


def each_day(period: Period) -> list[tuple[date, Period]]:
    """The local days a period touches, each as a period of its own that ends where it does."""
    found = []
    for day in days(period):
        start, end = max(period.start, midnight(day, period.zone)), min(period.end, midnight(day + _DAY, period.zone))
        found.append((day, replace(period, start=start, end=end)))
    return found


def tomorrow(now: datetime, zone: str) -> datetime:
    """When the local day that is running ends."""
    return midnight(local_date(now, zone) + _DAY, zone)


def months_on(day: date, months: int) -> date:
    """The same day that many months on, or the last of a month too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _label_before(unit: Unit, first: date, last: date, year: int) -> str:
    if unit in (Unit.DAYS, Unit.RANGE):
        count = (last - first).days + 1
        return f"the {count} days before" if count > 1 else "the day before"
    if unit in MONTHS_IN and last + _DAY == months_on(first, MONTHS_IN[unit]):
        return calendar_name(first, unit)
    return span(first, last) if first.year == year else dated(first, last)


def calendar_name(first: date, unit: Unit) -> str:
    """How a whole month, quarter or year is called: `October 2026`, `Q3 2026`, `2026`."""
    month = MONTHS[first.month - 1].capitalize()
    names = {Unit.MONTH: f"{month} {first.year}", Unit.QUARTER: f"Q{first.month // 3 + 1} {first.year}"}
    return names.get(unit, str(first.year))


def dated(first: date, last: date) -> str:
    """As `span` writes it, with the year."""
    return f"{span(first, last)} {last.year}"


def span(first: date, last: date) -> str:
    """`1 Oct`, `1–15 Oct`, `28 Sep – 3 Oct`, `28 Dec 2025 – 3 Jan`."""
    end = f"{last.day} {_short(last)}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    begin = f"{first.day} {_short(first)}"
    return f"{begin} – {end}" if first.year == last.year else f"{begin} {first.year} – {end}"


def _short(day: date) -> str:
    return MONTHS[day.month - 1][:3].capitalize()


def _wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def local_date(instant: datetime, zone: str) -> date:
    """The date there is at an instant."""
    return _wall(instant, zone).date()


def _instant(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=8192)
def midnight(day: date, zone: str) -> datetime:
    """The instant a local day begins, also where the clocks skip or repeat midnight."""
    return _instant(datetime.combine(day, time()), zone)
