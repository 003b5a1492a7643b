"""Keys that could still call, and don't."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

FOR_SO_LONG = timedelta(days=30)


def idle(used: Mapping[str, date], until: date) -> tuple[tuple[str, date], ...]:
    """Of keys with their last day of use, those that were not used for 30 days before `until`, the longest first."""
    found = [(key, last) for key, last in used.items() if last < until - FOR_SO_LONG]
    return tuple(sorted(found, key=lambda one: (one[1], one[0])))
