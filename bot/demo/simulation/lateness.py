"""How a report comes in: parts of an hour late, the bill later still, and some days first stated wrongly.

Everything follows from the seed, the hour and the moment of looking, so every report tells the same at every moment.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.demo.simulation.chance import digest
from bot.demo.simulation.hours import HOUR, midnight
from bot.demo.simulation.usage import UsageRow

COST_LAG: Final = 4 * HOUR
"""How far the cost reports stay behind the usage reports."""
_RESTATED_WITHIN: Final = timedelta(days=3)
_COUNTS: Final = (
    "uncached_input_tokens",
    "ephemeral_5m_input_tokens",
    "ephemeral_1h_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "web_search_requests",
    "requests",
)


def settled(start: datetime) -> datetime:
    """From when on the usage of the hour or day that begins at `start` no longer changes."""
    return midnight(start) + timedelta(days=1) + _RESTATED_WITHIN


def shown(row: UsageRow, seed: int, stream: int, start: datetime, seen: datetime) -> UsageRow | None:
    """What of this row of the hour at `start` shows at `seen`; None for nothing yet."""
    factor = _first_stated(seed, start, seen) * _arrived(seed, stream, start, seen)
    if factor == 1:
        return row
    row = replace(row, **{name: round(getattr(row, name) * factor) for name in _COUNTS})
    return row if row.requests else None


def _arrived(seed: int, stream: int, start: datetime, seen: datetime) -> float:
    """One hour in four, a stream's last 5 to 50 per cent come 1 to 30 hours after the rest."""
    chance, share, delay = digest(f"{seed}:late:{stream}:{start:%Y-%m-%dT%H}", 3)
    if chance >= 64 or seen >= start + HOUR * (2 + delay % 30):
        return 1
    return 0.95 - 0.45 * share / 255


def _first_stated(seed: int, start: datetime, seen: datetime) -> float:
    """One day in five is stated 1 to 5 per cent too high or too low until it is restated, within three days."""
    chance, size, delay = digest(f"{seed}:restated:{start:%Y-%m-%d}", 3)
    end = midnight(start) + timedelta(days=1)
    if chance >= 51 or seen >= end + HOUR * (1 + delay % 72):
        return 1
    error = 0.01 + 0.04 * (size // 2) / 127
    return 1 + error if size % 2 else 1 - error
