"""Stretches of time as people say them: local days in a zone, half-open, kept as UTC instants."""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.core.errors import WordsError
from bot.core.words import shown

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
USUAL = "this month"
"""What is meant where nobody says a period."""
_DAY = timedelta(days=1)
_MOST_DAYS = 3660
_LONGEST = 60  # no period takes more characters


class Unit(StrEnum):
    """What the period before is counted in."""

    DAY = "day"
    DAYS = "days"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    RANGE = "range"


_MONTHS_IN = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}


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
        months = _MONTHS_IN.get(self.unit)
        step = {Unit.DAY: 1, Unit.WEEK: 7}.get(self.unit, max(1, len(touched)))
        before = _months_on(first, -months) if months else first - step * _DAY
        start = midnight(before, self.zone)
        if not touched:
            return replace(self, start=start, end=start, label=span(before, before), running=False)

        last = touched[-1]
        whole_day = self.end == midnight(last + _DAY, self.zone)
        if not months:
            stop, clipped = last - step * _DAY, False
        elif whole_day and last + _DAY == _months_on(first, months):
            stop, clipped = first - _DAY, False
        else:
            stop = _months_on(last, -months)
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


def parse_period(words: str, *, now: datetime, zone: str) -> Period | None:
    """The period these words name, or None when they name none.

    Raises WordsError for one that cannot be (a 13th month, an end before its start) or has not begun.
    """
    if now.utcoffset() is None:
        raise ValueError("now must be aware")
    said = " ".join(words.lower().split())
    if not said or len(said) > _LONGEST:
        return None
    today = local_date(now, zone)
    span = _since(said, today) or _range(said, today) or _named(said, today)
    if span is None:
        return None
    if span.first > today:
        raise WordsError(f"{span.label[:1].upper()}{span.label[1:]} has not begun yet.")
    return _period(span, now, zone)


def month_to_date(*, now: datetime, zone: str) -> Period:
    """The period of a question that names none."""
    return _period(_around(local_date(now, zone), Unit.MONTH, USUAL), now, zone)


class _Span(NamedTuple):
    """Local days from `first` to before `stop`."""

    first: date
    stop: date
    unit: Unit
    label: str


_TO_DATE = {
    **{f"{unit[0]}td": f"this {unit}" for unit in ("week", "month", "quarter", "year")},
    **{f"{unit} to date": f"this {unit}" for unit in ("week", "month", "quarter", "year")},
}
_MONTH_NUMBER = {
    **{name: n for n, name in enumerate(MONTHS, 1)},
    **{name[:3]: n for n, name in enumerate(MONTHS, 1)},
    "sept": 9,
}
_BETWEEN = re.compile(r"(\S.*?)\s*(\.\.+|…|–|—|\sto\s|\suntil\s|\sand\s|\s-\s)\s*(\S.*)")
_COUNT = re.compile(r"(?:(?:last|past) )?([0-9]{1,9}) ?(d|days?|w|weeks?)")
_COUNT_OF_OTHERS = re.compile(
    r"(?:(?:last|past) )?[0-9]{1,9} (?:hours?|months?|quarters?|years?)|(?:last|past) [0-9]+h"
)
_BESIDE = re.compile(r"(this|current|last) (week|month|quarter|year)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{1,2})")
_MONTH_NAME = re.compile(r"([a-z]+)(?: ([0-9]{4}))?")
_QUARTER = re.compile(r"(?P<year>[0-9]{4})[- ]?q(?P<n>[0-9])|q(?P<n_alone>[0-9])(?: (?P<year_after>[0-9]{4}))?")
_YEAR = re.compile(r"20[0-9]{2}")


def _period(span: _Span, now: datetime, zone: str) -> Period:
    start, end = midnight(span.first, zone), midnight(span.stop, zone)
    return Period(start, end, zone, span.label, span.unit, running=start <= now < end)


def _since(said: str, today: date) -> _Span | None:
    if not said.startswith("since "):
        return None
    begin = _named(said.removeprefix("since "), today)
    return begin and _Span(begin.first, today + _DAY, Unit.RANGE, f"since {_dated(begin.first, begin.first)}")


def _range(said: str, today: date) -> _Span | None:
    """`A..B`, B included; either may be any period, so `2026-09..2026-10` is two months."""
    found = _BETWEEN.fullmatch(said)
    if found is None:
        return None
    begin, end = _named(found[1], today), _named(found[3], today)
    if begin is None or end is None:
        unread = found[3] if begin else found[1]
        if (begin or end) and found[2].startswith("..") and " " not in unread:
            raise WordsError(f"I can't read “{shown(said)}” as two dates. Try `2026-10-01..2026-10-15`.")
        return None
    if end.stop <= begin.first:
        raise WordsError(f"“{shown(said)}” ends before it starts.")
    return _Span(begin.first, end.stop, Unit.RANGE, _dated(begin.first, end.stop - _DAY))


def _named(said: str, today: date) -> _Span | None:
    """One period by its name or number."""
    said = _TO_DATE.get(said, said)
    if said in ("today", "yesterday"):
        day = today if said == "today" else today - _DAY
        return _Span(day, day + _DAY, Unit.DAY, said)
    if found := _BESIDE.fullmatch(said):
        unit = Unit(found[2])
        this = _around(today, unit, f"this {unit}")
        return _around(this.first - _DAY, unit, f"last {unit}") if found[1] == "last" else this
    return _counted(said, today) or _numbered(said, today)


def _counted(said: str, today: date) -> _Span | None:
    if _COUNT_OF_OTHERS.fullmatch(said):
        raise WordsError("I count back in days or weeks. Try `last 90 days`.")
    found = _COUNT.fullmatch(said)
    if found is None:
        return None
    count = int(found[1]) * (7 if found[2].startswith("w") else 1)
    if not 1 <= count <= _MOST_DAYS:
        raise WordsError(f"I count back from 1 to {_MOST_DAYS} days, not “{shown(said)}”.")
    label = f"last {count} days" if count > 1 else "last 1 day"
    return _Span(today - (count - 1) * _DAY, today + _DAY, Unit.DAYS, label)


def _numbered(said: str, today: date) -> _Span | None:
    """A day, month, quarter or year of the calendar; without its year, the latest that has begun."""
    if found := _DATE.fullmatch(said):
        day = _real(said, int(found[1]), int(found[2]), int(found[3]))
        return _Span(day, day + _DAY, Unit.DAY, _dated(day, day))
    if found := _MONTH.fullmatch(said):
        return _calendar(_real(said, int(found[1]), int(found[2])), Unit.MONTH)
    if (found := _MONTH_NAME.fullmatch(said)) and found[1] in _MONTH_NUMBER:
        month = _MONTH_NUMBER[found[1]]
        return _calendar(_real(said, int(found[2] or today.year - (month > today.month)), month), Unit.MONTH)
    if found := _QUARTER.fullmatch(said):
        month = int(found["n"] or found["n_alone"]) * 3 - 2
        year = found["year"] or found["year_after"] or today.year - (month > today.month)
        return _calendar(_real(said, int(year), month), Unit.QUARTER)
    if _YEAR.fullmatch(said):
        return _calendar(date(int(said), 1, 1), Unit.YEAR)
    return None


def _real(said: str, year: int, month: int, day: int = 1) -> date:
    try:
        if 2000 <= year <= 2100:
            return date(year, month, day)
    except ValueError:
        pass
    raise WordsError(f"There is no “{shown(said)}” in the calendar I count by.")


def _around(day: date, unit: Unit, label: str) -> _Span:
    """The calendar week, month, quarter or year that holds a day."""
    if unit is Unit.WEEK:
        monday = day - day.weekday() * _DAY
        return _Span(monday, monday + 7 * _DAY, unit, label)
    months = _MONTHS_IN[unit]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return _Span(first, _months_on(first, months), unit, label)


def _calendar(first: date, unit: Unit) -> _Span:
    month = MONTHS[first.month - 1].capitalize()
    names = {Unit.MONTH: f"{month} {first.year}", Unit.QUARTER: f"Q{first.month // 3 + 1} {first.year}"}
    return _around(first, unit, names.get(unit, str(first.year)))


def _months_on(day: date, months: int) -> date:
    """The same day that many months on, or the last of a month too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _label_before(unit: Unit, first: date, last: date, year: int) -> str:
    if unit in (Unit.DAYS, Unit.RANGE):
        count = (last - first).days + 1
        return f"the {count} days before" if count > 1 else "the day before"
    if unit in _MONTHS_IN and last + _DAY == _months_on(first, _MONTHS_IN[unit]):
        return _calendar(first, unit).label
    return span(first, last) if first.year == year else _dated(first, last)


def _dated(first: date, last: date) -> str:
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
