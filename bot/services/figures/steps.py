"""The steps of a period, an hour to a month long: when each begins, and how it is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.answers.pieces import day_label
from bot.core.periods import Period, days, midnight
from bot.core.question import Dimension


def span_start(day: date, dimension: Dimension | None) -> date:
    """The first day of the day, week or month that a day lies in."""
    if dimension is Dimension.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if dimension is Dimension.MONTH else day


def spans(period: Period, by: Dimension) -> list[tuple[date, Period]]:
    """The days, weeks or months of a period, each with the part of the period that lies in it."""
    starts = list(dict.fromkeys(span_start(day, by) for day in days(period)))
    if not starts:
        return []
    cuts = [period.start, *(midnight(start, period.zone) for start in starts[1:]), period.end]
    return [
        (start, replace(period, start=since, end=until))
        for start, (since, until) in zip(starts, pairwise(cuts), strict=True)
    ]


def span_name(id_: str, by: Dimension, zone: str = "UTC") -> str:
    """How people call a day, week or month by its first day, or an hour of `zone` by its beginning."""
    if "T" in id_:
        return _hour_name(datetime.fromisoformat(id_), ZoneInfo(zone))
    start = date.fromisoformat(id_)
    match by:
        case Dimension.MONTH:
            return f"{start:%B %Y}"
        case Dimension.WEEK:
            return f"Week of {day_label(start)}"
        case Dimension.HOUR:
            return f"{start:%a} {day_label(start)}, the whole UTC day"
        case _:
            return f"{start:%a} {day_label(start)}"


def hour_id(start: datetime) -> str:
    """What programs know an hour by: its beginning in UTC, which no clock shows twice."""
    return f"{start:%Y-%m-%dT%H:%M:%SZ}"


def _hour_name(start: datetime, zone: ZoneInfo) -> str:
    """`Sun 25 Oct 02:00`; an hour that the clocks repeat has their time's name too.

    Where a zone is not whole hours from UTC, a row begins up to an hour before the full hour it is called by.
    """
    local = start.astimezone(zone)
    local = (start + timedelta(minutes=-local.minute % 60)).astimezone(zone)
    twice = local.utcoffset() != local.replace(fold=not local.fold).utcoffset()
    return f"{local:%a} {day_label(local)} {local:%H:%M}" + (f" {local:%Z}" if twice else "")
