"""UTC days, which is what Anthropic reports, and instants as whole numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def midnight(day: date) -> datetime:
    """When a UTC day begins."""
    return datetime.combine(day, time(), UTC)


def stamp(day: date) -> str:
    """When a UTC day begins, as Anthropic's reports and FOCUS write it."""
    return f"{day.isoformat()}T00:00:00Z"


def dates(since: date, until: date) -> list[date]:
    """The days `since` (inclusive) to `until` (exclusive)."""
    return [since + timedelta(days=n) for n in range((until - since).days)]


def month_after(day: date) -> date:
    """The first day of the month after that of a day."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def microseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """The way back from `microseconds`."""
    return _EPOCH + timedelta(microseconds=at)
