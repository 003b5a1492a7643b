"""UTC days, which is what Anthropic reports: when one begins, those from one to another, the month after."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


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
