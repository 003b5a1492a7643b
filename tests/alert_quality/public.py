"""Series of the world outside, from a folder: habits that nobody here made up, each a team once scaled to dollars.

A file is one series: `time,amount` a line under a first line of names, an hour or a day apart without a gap. What the
amounts count does not matter: rides, vehicles, megawatts. They are what is normal, whatever lies in them; the incidents
come on top. What really happened in them (a holiday, a storm) nobody has labelled: an alert on it is false here.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import fmean, median

from tests.alert_quality.incidents import Habit, befall
from tests.alert_quality.team import DAYS, WARM, Team

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_KINDS = ("loop", "loop", "loop", "leak", "step", "step", "ramp", "weekend")
_LEVEL, _LEVELS = 150, 1.0
"""Dollars of a typical day: the middle, and the scatter around it (log scale)."""
_WEEK = 7


class Unfit(Exception):
    """A file that is no series; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    start: datetime
    every: timedelta
    amounts: tuple[float, ...]


def measured(folder: Path) -> list[Measured]:
    """Every series of the folder, by name."""
    found = [_read(path) for path in sorted(folder.glob("*.csv"))]
    if not found:
        raise Unfit(f"{folder} holds no .csv file.")
    return found


def _read(path: Path) -> Measured:
    with path.open(newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    try:
        times = [datetime.fromisoformat(time).replace(tzinfo=UTC) for time, _ in rows]
        amounts = tuple(float(amount) for _, amount in rows)
    except ValueError:
        raise Unfit(f"{path.name} has a line that is not a time and a number.") from None
    if len(times) < 2 or (every := times[1] - times[0]) not in (HOUR, DAY):
        raise Unfit(f"{path.name} is neither by the hour nor by the day.")
    for line, (before, time) in enumerate(pairwise(times), 3):
        if time - before != every:
            raise Unfit(f"{path.name}, line {line}: {time:%Y-%m-%d %H:%M} does not follow {before:%Y-%m-%d %H:%M}.")
    if bad := [line for line, amount in enumerate(amounts, 2) if not 0 <= amount < math.inf]:
        raise Unfit(f"{path.name}, line {bad[0]}: the amount is negative or no number.")
    return Measured(path.stem, times[0], every, amounts)


def teams(series: list[Measured], seed: int, times: int = 4) -> list[Team]:
    """The hourly series as teams of at most half a year, each so many times, at other dollars with other incidents."""
    return [
        _team(Random(f"{seed}/{one.name}/{first}/{turn}"), one, first)
        for one in series
        if one.every == HOUR
        for first in _beginnings(one)
        for turn in range(times)
    ]


def _beginnings(one: Measured) -> list[int]:
    """Where the halves of years begin, at midnight; little time after warming up, or nothing at all, is no team."""
    midnight = -one.start.hour % 24
    firsts = range(midnight, len(one.amounts) - 24 * (2 * WARM - _WEEK), 24 * DAYS)
    return [first for first in firsts if any(one.amounts[first : first + 24 * DAYS])]


def _team(dice: Random, one: Measured, first: int) -> Team:
    amounts = one.amounts[first : first + 24 * DAYS]
    amounts = amounts[: len(amounts) // 24 * 24]
    level = min(3000.0, max(20.0, _LEVEL * math.exp(dice.gauss(0, _LEVELS))))
    each = level / (24 * fmean(amounts))
    team = Team(one.name, "public", 0, [amount * each for amount in amounts], start=one.start + first * HOUR)
    befall(dice, team, _KINDS, Habit(level, _scatter(team.days)))
    return team


def _scatter(days: list[float]) -> float:
    """How much days differ from those a week before, as the standard deviation of normal days would be (log scale)."""
    changes = [abs(math.log(day / before)) for before, day in zip(days, days[_WEEK:], strict=False) if before and day]
    return 1.4826 * median(changes or [0.0]) / math.sqrt(2)
