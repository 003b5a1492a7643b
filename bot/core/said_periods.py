"""Which stretch of time people mean: `last week`, `oct 15`, `1 to 20 October`, `past 3 months`."""

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

from bot.core.errors import WordsError
from bot.core.periods import (
    MONTHS,
    MONTHS_IN,
    USUAL,
    WEEKDAYS,
    Period,
    Unit,
    calendar_name,
    dated,
    local_date,
    midnight,
    months_on,
)
from bot.core.typed import shown

_DAY = timedelta(days=1)
_MOST_DAYS = 3660
_LONGEST = 60  # no period takes more characters


def parse_period(words: str, *, now: datetime, zone: str) -> Period | None:
    """The period these words name, or None when they name none.

    Raises WordsError for one that cannot be (a 13th month, an end before its start) or has not begun.
    """
    if now.utcoffset() is None:
        raise ValueError("now must be aware")
    said = " ".join(_SPELLED_OUT.get(word, word) for word in words.lower().split())
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
    "past week": "last 7 days",
    **{f"past {unit}": f"last 1 {unit}" for unit in ("month", "quarter", "year")},
}
_SPELLED_OUT = {
    **{"wk": "week", "wks": "weeks", "mo": "month", "mos": "months", "qtr": "quarter", "yr": "year", "yrs": "years"},
    **{"yday": "yesterday", "seven": "7", "ten": "10", "fourteen": "14", "thirty": "30", "sixty": "60", "ninety": "90"},
    **{word: str(n) for n, word in enumerate(("two", "three", "four", "five", "six"), 2)},
}
_MONTH_NUMBER = {
    **{name: n for n, name in enumerate(MONTHS, 1)},
    **{name[:3]: n for n, name in enumerate(MONTHS, 1)},
    "sept": 9,
}
_BETWEEN = re.compile(r"(\S.*?)\s*(\.\.+|…|–|—|\sto\s|\suntil\s|\sand\s|\s-\s)\s*(\S.*)")
_DAYS_OF_A_MONTH = re.compile(r"(?<![0-9-])([0-9]{1,2})-([0-9]{1,2})(?![0-9-])")
_COUNT = re.compile(r"(?:(?:last|past) )?([0-9]{1,9}) ?(?:(d|days?)|(w|weeks?)|(months?|quarters?|years?|y))")
_COUNT_OF_HOURS = re.compile(r"(?:(?:last|past) )?[0-9]{1,9} hours?|(?:last|past) [0-9]+h")
_BESIDE = re.compile(r"(this|current|last|previous|prior) (week|month|quarter|year)")
_WEEKDAY = re.compile(rf"(last )?({'|'.join(WEEKDAYS)})")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_WEEKDAY_BEFORE = rf"(?:(?P<weekday>{'|'.join((*WEEKDAYS, *(day[:3] for day in WEEKDAYS)))}) )?"
_DAY_FIRST = re.compile(
    _WEEKDAY_BEFORE + r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?(?: of)? (?P<month>[a-z]+)(?: (?P<year>[0-9]{4}))?"
)
_MONTH_FIRST = re.compile(
    _WEEKDAY_BEFORE + r"(?P<month>[a-z]+) (?P<day>[0-9]{1,2})(?:st|nd|rd|th)?(?: (?P<year>[0-9]{4}))?"
)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{1,2})")
_MONTH_NAME = re.compile(r"([a-z]+)(?: ([0-9]{4}))?")
_MONTH_WITHOUT_YEAR = re.compile(rf"(?:[^ ]+ ){{0,2}}(?:{'|'.join(_MONTH_NUMBER)})(?: [0-9]{{1,2}})?")
_QUARTER = re.compile(r"(?P<year>[0-9]{4})[- ]?q(?P<n>[0-9])|q(?P<n_alone>[0-9])(?: (?P<year_after>[0-9]{4}))?")
_YEAR = re.compile(r"20[0-9]{2}")


def _period(span: _Span, now: datetime, zone: str) -> Period:
    start, end = midnight(span.first, zone), midnight(span.stop, zone)
    return Period(start, end, zone, span.label, span.unit, running=start <= now < end)


def _since(said: str, today: date) -> _Span | None:
    if not said.startswith("since "):
        return None
    begin = _named(said.removeprefix("since "), today)
    return begin and _Span(begin.first, today + _DAY, Unit.RANGE, f"since {dated(begin.first, begin.first)}")


def _range(said: str, today: date) -> _Span | None:
    """`A..B`, B included; either may be any period, so `2026-09..2026-10` is two months."""
    found = _BETWEEN.fullmatch(_DAYS_OF_A_MONTH.sub(r"\1 - \2", said))
    if found is None:
        return None
    begin, end = _named(found[1], today), _named(found[3], today)
    begin, end = begin or _in_its_month(found[1], end), end or _in_its_month(found[3], begin)
    if begin and end and end.stop <= begin.first and _MONTH_WITHOUT_YEAR.fullmatch(found[3]):
        end = _named(found[3], begin.first + 364 * _DAY)  # `october to december`, said in November
    if begin is None or end is None:
        unread = found[3] if begin else found[1]
        if (begin or end) and found[2].startswith("..") and " " not in unread:
            raise WordsError(f"I can't read “{shown(said)}” as two dates. Try `2026-10-01..2026-10-15`.")
        return None
    if end.stop <= begin.first:
        raise WordsError(f"“{shown(said)}” ends before it starts.")
    return _Span(begin.first, end.stop, Unit.RANGE, dated(begin.first, end.stop - _DAY))


def _in_its_month(said: str, beside: _Span | None) -> _Span | None:
    """A day that leaves its month to the one beside it: `1 to 20 October`, `Oct 1–20`."""
    if beside is None or beside.unit is not Unit.DAY or not said.isascii() or not said.isdecimal():
        return None
    return _one(_real(said, beside.first.year, beside.first.month, int(said)))


def _named(said: str, today: date) -> _Span | None:
    """One period by its name or number."""
    said = _TO_DATE.get(said, said)
    if said in ("today", "yesterday"):
        return _one(today if said == "today" else today - _DAY, said)
    if found := _BESIDE.fullmatch(said):
        unit = Unit(found[2])
        this = _around(today, unit, f"this {unit}")
        return this if found[1] in ("this", "current") else _around(this.first - _DAY, unit, f"last {unit}")
    if found := _WEEKDAY.fullmatch(said):
        latest = today - _DAY if found[1] else today
        return _one(latest - (latest.weekday() - WEEKDAYS.index(found[2])) % 7 * _DAY)
    return _counted(said, today) or _numbered(said, today)


def _counted(said: str, today: date) -> _Span | None:
    """So many days, weeks, months … that end with today."""
    if _COUNT_OF_HOURS.fullmatch(said):
        raise WordsError("I count back in days, weeks or months. Try `today by hour`.")
    found = _COUNT.fullmatch(said)
    if found is None:
        return None
    count, months = int(found[1]), found[4]
    if months:
        unit = Unit({"y": "year"}.get(months, months.removesuffix("s")))
        back = count * MONTHS_IN[unit]
        first = months_on(today, -back) + _DAY if 1 <= back <= _MOST_DAYS // 31 else None
        label = f"last {count} {unit}" + ("s" if count > 1 else "")
    else:
        count *= 7 if found[3] else 1
        first = today - (count - 1) * _DAY if 1 <= count <= _MOST_DAYS else None
        label = f"last {count} days" if count > 1 else "last 1 day"
    if first is None:
        raise WordsError(f"I count back from 1 to {_MOST_DAYS} days, not “{shown(said)}”.")
    return _Span(first, today + _DAY, Unit.DAYS, label)


def _numbered(said: str, today: date) -> _Span | None:
    """A day, month, quarter or year of the calendar; without its year, the latest that has begun."""
    if found := _DATE.fullmatch(said):
        return _one(_real(said, int(found[1]), int(found[2]), int(found[3])))
    if (found := _DAY_FIRST.fullmatch(said) or _MONTH_FIRST.fullmatch(said)) and found["month"] in _MONTH_NUMBER:
        month, day = _MONTH_NUMBER[found["month"]], int(found["day"])
        first = _real(said, int(found["year"] or today.year - ((month, day) > (today.month, today.day))), month, day)
        if found["weekday"] and not WEEKDAYS[first.weekday()].startswith(found["weekday"]):
            raise WordsError(f"{dated(first, first)} is a {WEEKDAYS[first.weekday()].capitalize()}.")
        return _one(first)
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


def _one(day: date, label: str = "") -> _Span:
    return _Span(day, day + _DAY, Unit.DAY, label or dated(day, day))


def _around(day: date, unit: Unit, label: str) -> _Span:
    """The calendar week, month, quarter or year that holds a day."""
    if unit is Unit.WEEK:
        monday = day - day.weekday() * _DAY
        return _Span(monday, monday + 7 * _DAY, unit, label)
    months = MONTHS_IN[unit]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return _Span(first, months_on(first, months), unit, label)


def _calendar(first: date, unit: Unit) -> _Span:
    return _around(first, unit, calendar_name(first, unit))
