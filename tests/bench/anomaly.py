"""What one evaluation of 10,000 teams with 400 days behind each costs: in the middle of a day, and as a day begins."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from bot.core.anomaly import Limits, Observation, Series, observe
from bot.interpreter import calm_collector
from tests.alert_quality.team import START, Team
from tests.alert_quality.teams import fleet

TEAMS, DAYS, DISTINCT = 10_000, 400, 25
_HOUR = timedelta(hours=1)


async def measure(folder: Path) -> list[str]:
    """Distinct histories are few, since a state is frozen and costs the same whoever shares it."""
    calm_collector()  # as the process does
    lines = []
    for name, hour in (("an hour", 24 * DAYS - 8), ("a day's first hour", 24 * DAYS)):
        states = [_after(team, hour) for team in fleet(1, DISTINCT)] * (TEAMS // DISTINCT)
        seen = Observation(START + (hour + 1) * _HOUR, START + hour * _HOUR, 1, 5.0)
        begun = time.process_time()
        for state in states:
            observe(state, seen, Limits())
        took = time.process_time() - begun
        lines.append(f"anomalies: {name} of {TEAMS:,} teams with {DAYS} days each: {took:.2f} s of one core")
    return lines


def _after(team: Team, hours: int) -> Series:
    """The team's state so many hours after START, its own half year lived again and again."""
    series = Series()
    for hour in range(hours):
        value = team.hours[hour % len(team.hours)]
        series = observe(
            series, Observation(START + (hour + 1) * _HOUR, START + hour * _HOUR, 1, value), Limits()
        ).series
    return series
