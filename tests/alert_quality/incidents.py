"""What goes wrong with spend: loops, leaks, steps, ramps, weekends on which nobody works, jobs that cost too much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.alert_quality.team import AFTERMATH, WARM, Incident, Team, is_month_end


@dataclass(frozen=True, slots=True)
class Habit:
    """Dollars of a typical day, how much days scatter (log scale), dollars of the month-end job."""

    level: float
    scatter: float
    job: float = 0.0


def befall(dice: Random, team: Team, kinds: Sequence[str], habit: Habit, *, person: bool = False) -> None:
    """Add incidents to the team's hours, and to what is known of them, each long enough after the one before."""
    normal, first = list(team.hours), team.begins // 24
    at = 24 * (first + 4 if first else WARM) + dice.randrange(24 * (14 if first else 40))
    while at < len(normal) - 24 * 8:
        if not first and dice.random() < 0.4:
            at += 24 * dice.randint(30, 90)
            continue
        incident = _incident(dice, dice.choice(kinds), at, team, normal, habit, person=person)
        if incident is None or (team.incidents and incident.begin < team.incidents[-1].quiet_until):
            at += 24 * 8
            continue
        for place, more in enumerate(incident.excess, incident.begin):
            team.hours[place] += more
        counted = incident.excess[: incident.end - incident.begin]
        team.incidents.append(Incident(incident.kind, incident.begin, incident.end, incident.quiet_until, counted))
        at = incident.quiet_until + 24 * dice.randint(40, 110)


def _incident(
    dice: Random, kind: str, at: int, team: Team, normal: list[float], habit: Habit, *, person: bool
) -> Incident | None:
    """One incident, or None where it does not fit, or would be too small for anybody to mind."""
    day, days = at // 24, len(normal) // 24
    past = normal[max(0, at - 21 * 24) : at]
    typical = max(24 * sum(past) / max(1, len(past)), 0.15 * habit.level)
    counted: int | None = None
    if kind == "loop":
        rate = max(4.0, typical * math.exp(dice.uniform(math.log(0.06), math.log(0.8))))
        excess = [rate * math.exp(dice.gauss(0, 0.2)) for _ in range(dice.randint(2, 20))]
    elif kind == "leak":
        rate = max(1.0, typical * dice.uniform(0.025, 0.1))
        excess = [rate * math.exp(dice.gauss(0, 0.35)) for _ in range(dice.randint(40, 120))]
    elif kind == "step":
        at = 24 * day + dice.randint(6, 17)
        factor = min(5.0, max(1.5, math.exp(dice.uniform(1.2, 3) * habit.scatter)))
        excess, counted = [value * (factor - 1) for value in normal[at : at + 24 * 14]], 24 * 7
    elif kind == "ramp":
        at, pace, days = 24 * day, dice.uniform(1.08, 1.15), dice.randint(10, 16)
        excess = [
            value * (min(pace ** (hour / 24), pace**days) - 1)
            for hour, value in enumerate(normal[at : at + 24 * (days + 4)])
        ]
    elif kind == "weekend":
        at = 24 * (day + (5 - team.date(day).weekday()) % 7) - 6
        excess = [dice.uniform(0.7, 1.5) * typical / 24 * math.exp(dice.gauss(0, 0.3)) for _ in range(54)]
    else:
        ends = [other for other in range(day + 31, days - 2) if is_month_end(team.date(other))]
        if not habit.job or not ends:
            return None
        at, excess = 24 * ends[0] + 6, [habit.job / 4 * dice.uniform(2, 4)] * 4
    if person:  # must stand out from days that scatter wildly anyway
        busiest = max(sum(normal[24 * other : 24 * other + 24]) for other in range(day))
        excess = [value * max(1.0, dice.uniform(1.5, 6) * busiest / sum(excess)) for value in excess]
    excess = excess[: len(normal) - at]
    if at < 24 or len(excess) < 2 or sum(excess) < max(25.0, 0.4 * typical):
        return None
    end = at + min(len(excess), counted or len(excess))
    return Incident(kind, at, end, at + len(excess) + 24 * AFTERMATH, tuple(excess))
