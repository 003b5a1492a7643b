"""What goes into the engine and what comes out of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)


class Kind(StrEnum):
    """Only an excess is worth waking somebody; the others are said once, in a digest or beside the figures."""

    EXCESS = "excess"
    DROP = "drop"
    DRIFT = "drift"
    NEW_NORMAL = "new_normal"
    NEW_SPENDER = "new_spender"


@dataclass(frozen=True, slots=True)
class Observation:
    """One bucket of a series, as it became visible at `at`; the same bucket may be observed again with another value.

    `hours` is 1 or 24, `start` a full hour or a UTC midnight. Raises ValueError for anything else.
    """

    at: datetime
    start: datetime
    hours: int
    value: float

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.start.tzinfo is None:
            raise ValueError("an instant without a time zone")
        if self.hours not in (1, 24):
            raise ValueError("a bucket is 1 or 24 hours wide")
        past_the_unit = (self.start - _EPOCH) % (self.hours * _HOUR)
        if past_the_unit:
            raise ValueError("a bucket starts at a full hour" if self.hours == 1 else "a day starts at midnight UTC")
        if not math.isfinite(self.value):
            raise ValueError("a value is a finite number")

    @property
    def hour(self) -> int:
        """The bucket's first hour, counted since 1970."""
        return (self.start - _EPOCH) // _HOUR


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to say at `at`: `value` since `since`, over `hours`, where `expected` was to be expected."""

    kind: Kind
    at: datetime
    since: datetime
    hours: int
    value: float
    expected: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader may choose: `min_impact` is the least excess worth a message, in the series' unit."""

    min_impact: float = 10.0


def instant(hour: int) -> datetime:
    """The instant at which an hour counted since 1970 begins."""
    return _EPOCH + hour * _HOUR
