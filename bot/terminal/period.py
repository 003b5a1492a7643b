"""What `--period` says: UTC days, as the ledger has them."""

from __future__ import annotations

from datetime import datetime

from bot.core.errors import WordsError
from bot.core.periods import Period
from bot.core.said_periods import month_to_date, parse_period

ZONE = "UTC"


def period(words: str | None, now: datetime) -> Period:
    """The period of these words, without any the month so far. Raises WordsError."""
    if not words:
        return month_to_date(now=now, zone=ZONE)
    found = parse_period(words, now=now, zone=ZONE)
    if found is None:
        raise WordsError(f"I can't read “{words}” as a period. Try `--period 2026-10` or `--period 'last 30 days'`.")
    return found
