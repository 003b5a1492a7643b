"""Whole hours and midnights, in UTC."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)


def midnight(moment: datetime) -> datetime:
    """The beginning of the day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def hours(start: datetime, end: datetime) -> Iterator[datetime]:
    """Where each whole hour from `start` to `end` begins."""
    while start + HOUR <= end:
        yield start
        start += HOUR
