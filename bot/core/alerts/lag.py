"""When a source of data is silent: later than it usually is by far, and never sooner or later than is sensible."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

LEARNT_DAYS = 28
"""Days whose lag is looked at."""
ENOUGH_DAYS = 7
"""Fewer say nothing yet: then it is DEFAULT."""
USUAL = 0.9
"""Of these days came no later: an outage of ours or of Anthropic's, two days of a month, does not become usual."""
PATIENCE = 2
"""Times the usual lag."""
LEAST, DEFAULT, MOST = timedelta(hours=8), timedelta(hours=16), timedelta(hours=48)
"""Beyond the day that runs."""
_DAY = timedelta(days=1)


def silent_after(lags: Sequence[timedelta]) -> timedelta:
    """How long after the end of its newest whole day a source is silent, from how late its days usually were.

    The next day is over 24 hours later and in after its lag: so it is 32 to 72 full hours.
    """
    if len(lags) < ENOUGH_DAYS:
        return _DAY + DEFAULT
    usual = sorted(lags)[int(USUAL * (len(lags) - 1))]
    hours = -(-PATIENCE * usual // timedelta(hours=1))
    return _DAY + min(MOST, max(LEAST, timedelta(hours=hours)))
