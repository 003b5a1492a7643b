"""The same teams as their data really arrives: a tail of hours, outages of the feed, restatements, credits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from bot.core.anomaly import Observation
from tests.alert_quality.team import WARM, Team

_HOUR = timedelta(hours=1)
_FIRST, _TAIL = 0.97, 5
"""Of an hour's value, this much is there when the hour ends, and the rest so many hours later."""


def arriving(team: Team) -> Iterator[Observation]:
    """Every reading of every hour, in the order in which they become visible."""
    dice = Random(team.name)  # the same lateness every time
    length = len(team.hours)
    waits = [0] * length
    for _ in range(4):
        begin, hours = dice.randrange(24 * WARM, length - 48), dice.randint(6, 14)
        waits[begin : begin + hours] = range(hours, 0, -1)
    days = [dice.randrange(WARM, length // 24 - 5) for _ in range(6)]
    factors = [dice.uniform(1.1, 1.4) for _ in range(4)] + [dice.uniform(0.7, 0.95) for _ in range(2)]
    restated = dict(zip(days, factors, strict=True))
    readings: list[tuple[int, int, float]] = []
    for hour in range(team.begins, length):
        factor, seen = restated.get(hour // 24, 1.0), hour + 1 + waits[hour]
        first = team.hours[hour] / factor
        readings += [(seen, hour, _FIRST * first), (seen + _TAIL, hour, first)]
        if factor != 1.0:
            readings.append((24 * (hour // 24 + 1) + 24 + int(48 * abs(factor - 1)), hour, team.hours[hour]))
    for seen, hour, value in sorted(readings):
        yield Observation(team.start + seen * _HOUR, team.start + hour * _HOUR, 1, value)
