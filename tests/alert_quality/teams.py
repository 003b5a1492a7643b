"""Teams made from a seed, with incidents whose beginning, end and excess are known.

The noise is that of real users of Claude Code: the day of one person scatters by 1.07 (log scale), a fifth of the days
is empty, a weekend day is worth two fifths of a working day, and neighbouring days resemble each other (0.4). A team of
n people scatters by 1.07 / √n.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from tests.alert_quality.incidents import Habit, befall
from tests.alert_quality.team import DAYS, START, Team, is_month_end

PERSON, ALIKE = 1.07, 0.4


@dataclass(frozen=True, slots=True)
class _Habit:
    """How a kind of team spends: a typical day, the scatter of its days and hours, its weekends, its idle days."""

    level: float
    days: float
    hours: float
    weekend: float
    idle: float
    growth: float
    clock: tuple[float, ...]


_KINDS = {
    "service": (0.25, ("loop", "loop", "loop", "leak", "step", "step", "ramp")),
    "office": (0.3, ("loop", "loop", "loop", "leak", "step", "step", "ramp", "weekend")),
    "batch": (0.12, ("loop", "loop", "leak", "step", "ramp", "monthend")),
    "person": (0.18, ("loop", "loop", "loop", "leak")),
    "new": (0.15, ("loop", "loop", "loop", "leak", "step")),
}


def fleet(seed: int, size: int) -> list[Team]:
    return [_team(Random(f"{seed}/{number}"), f"{seed}-{number}") for number in range(size)]


def _clock(width: float, peak: float, floor: float) -> tuple[float, ...]:
    parts = [floor + math.exp(-0.5 * (((hour - peak + 12) % 24 - 12) / width) ** 2) for hour in range(24)]
    return tuple(part / sum(parts) for part in parts)


def _habit(dice: Random, kind: str) -> _Habit:
    if kind == "new":
        kind = dice.choice(("service", "office", "office"))
    if kind == "service":
        level = min(9000.0, max(20.0, math.exp(dice.gauss(math.log(400), 1.2))))
        clock = _clock(6, dice.uniform(0, 24), 1.5)
        return _Habit(level, dice.uniform(0.08, 0.18), 0.2, dice.uniform(0.55, 1), 0, dice.uniform(-0.02, 0.08), clock)
    if kind == "office":
        people = dice.randint(3, 25)
        level = max(10.0, people * math.exp(dice.gauss(math.log(9), 0.6)))
        scatter = max(0.2, PERSON / math.sqrt(people))
        clock = _clock(dice.uniform(2.6, 4), dice.uniform(8, 20), 0.04)
        weekend, growth = dice.uniform(0.04, 0.4), dice.uniform(-0.03, 0.15)
        return _Habit(level, scatter, dice.uniform(0.45, 0.8), weekend, 0, growth, clock)
    if kind == "batch":
        level = max(15.0, math.exp(dice.gauss(math.log(120), 1.0)))
        clock = _clock(dice.uniform(0.8, 1.8), dice.uniform(0, 24), 0.04)
        weekend = dice.choice((0.03, 0.9))
        return _Habit(level, dice.uniform(0.12, 0.3), 0.2, weekend, 0, dice.uniform(-0.02, 0.06), clock)
    level = min(60.0, math.exp(dice.gauss(math.log(7), 0.8)))
    clock = _clock(dice.uniform(2.6, 4), dice.uniform(8, 20), 0.04)
    idle, growth = dice.uniform(0.25, 0.6), dice.uniform(-0.05, 0.1)
    return _Habit(level, dice.uniform(0.7, 1.1), dice.uniform(0.8, 1.3), dice.uniform(0.2, 0.9), idle, growth, clock)


def _team(dice: Random, name: str) -> Team:
    kind = dice.choices(list(_KINDS), [share for share, _ in _KINDS.values()])[0]
    habit, first = _habit(dice, kind), dice.randint(35, 120) if kind == "new" else 0
    job = dice.uniform(0.8, 2.5) * habit.level if kind in ("service", "batch") and dice.random() < 0.2 else 0.0
    normal = _normal(dice, habit, first, job)
    team = Team(name, kind, 24 * first, list(normal), unjudged=_first_jobs(first) if job else frozenset())
    befall(dice, team, _KINDS[kind][1], Habit(habit.level, habit.days, job), person=kind == "person")
    return team


def _normal(dice: Random, habit: _Habit, first: int, job: float) -> list[float]:
    """The hours without any incident: growth, weekdays, busy days, jobs; a new team takes Claude up within weeks."""
    weekdays = [math.exp(dice.gauss(0, 0.06)) * (habit.weekend if day >= 5 else 1.0) for day in range(7)]
    speed, middle, start = dice.uniform(0.12, 0.35), dice.uniform(6, 16), dice.randrange(18)
    cheaper = dice.randint(40, 150) if not first and dice.random() < 0.1 else DAYS
    cut, drift, hours = dice.uniform(0.4, 0.75), dice.gauss(0, habit.days), [0.0] * 24 * first
    for day in range(first, DAYS):
        drift = ALIKE * drift + dice.gauss(0, habit.days * math.sqrt(1 - ALIKE**2))
        worth = habit.level * (1 + habit.growth) ** (day / 30) * math.exp(drift - habit.days**2 / 2)
        worth *= weekdays[(START.date() + timedelta(days=day)).weekday()] * (cut if day >= cheaper else 1.0)
        if first:
            worth *= 0.05 + 0.95 / (1 + math.exp(-speed * (day - first - middle)))
        if dice.random() < 0.015:
            worth *= dice.uniform(1.15, 1.3 + 2 * habit.days)
        if dice.random() < habit.idle:
            worth = 0.0
        today = [worth * part * math.exp(dice.gauss(-(habit.hours**2) / 2, habit.hours)) for part in habit.clock]
        if job and is_month_end(START.date() + timedelta(days=day)):
            size = job * math.exp(dice.gauss(0, 0.15)) / 4
            today = [value + (size if start <= hour < start + 4 else 0.0) for hour, value in enumerate(today)]
        hours += today
    return hours


def _first_jobs(first: int) -> frozenset[int]:
    """Nobody can know a month-end job before it came once."""
    ends = [day for day in range(first, DAYS) if is_month_end(START.date() + timedelta(days=day))]
    return frozenset(ends[:2])
