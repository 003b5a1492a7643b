"""The course of daily spend and what it says of the days to come. In floats: an estimate is not money.

Days are dollars, one after the other; `forecast` is the border to exact money. Why each of these steps is here, and
what it measured, is in docs/why.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from operator import mul, truediv

from bot.core.utc import month_after

LEAST_DAYS = 7
"""A guess that has not seen every weekday once is none."""

_RECENT = 140
"""Days that weekdays, level and errors are learnt from: what is older was another team."""
_WEEKDAY_PRIOR = 3
"""A weekday counts as much as so many days of the working week, or of the weekend, in its own factor."""
_LEAST_FACTOR = 0.02
"""A weekday nobody works on: dividing by less would make its one odd dollar a fortune."""
_LATELY = 84
_FAST, _SLOW = 6, 60
"""Days after which a day counts a third as much in the quick mean and in the slow one."""
_LARGEST = 2.5
"""A day above so many ordinary ones, and among the highest eighth, counts as so many: a bad loop is no new level."""
_JOB = 0.6
"""How far above the fortnight before it the end of every month must lie to be a job that comes back."""
_MONTHS_OF_JOBS = 4
_YEAR = 364
"""Whole weeks, so that a Monday is held against a Monday."""
_YEARS = 3
_DOUBT = 0.5
"""How much of what chance alone could do a year's change is doubted for."""
_TRY_EVERY = 3
"""Days between the past days that are guessed from; those between know hardly anything else."""
_MEMORY = 1.5
"""Days resemble the day before (autocorrelation about 0.4): a mean of days is this much less sure than of strangers."""
_LEVEL_DAYS = 15
_DRIFT, _RESTLESS = 0.03, 0.5
"""What a level moves by in thirty days anyhow, and per spread of its days."""
_GENERAL = 4
"""The general rule weighs as much as so many stretches of the series' own past."""
_NINE_TENTHS = 1.38
"""Spreads from the middle to where one in ten lies beyond: 1.28 on a normal curve, which spend is not."""
_NORMAL = 1.28


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is expected of each day to come, and factors on their sum that it lies between four times out of five."""

    days: tuple[float, ...]
    low: float
    high: float


def ahead(days: Sequence[float], first: date, count: int) -> Ahead | None:
    """The `count` days that follow `days`, which begin on `first`; None with less than a week since the first spend."""
    begin = next((at for at, spent in enumerate(days) if spent > 0), len(days))
    if len(days) - begin < LEAST_DAYS:
        return None
    since = max(begin, len(days) - _RECENT)
    recent, weekday = days[since:], (first + timedelta(days=since)).weekday()
    if not any(recent):
        return Ahead((0.0,) * count, 1.0, 1.0)
    factors = _weekday_factors(recent, weekday)
    flat = _flattened(recent, weekday, factors)
    today = first + timedelta(days=len(days))
    ends = list(_month_ends(today, len(flat)))
    jobs = _jobs(flat, ends)
    for end in ends if any(jobs) else ():
        for back, extra in enumerate(jobs):
            flat[end - back] /= 1 + extra
    weights = _weights(len(flat), weekday, factors)
    levels = _levels(flat, weights)
    below, above = _spreads(flat, weights, levels, count)
    season = _year_before(days[begin:], first + timedelta(days=begin), count, factors, (below**2 + above**2) / 2)
    expected = [levels[-1] * season * factors[(today.weekday() + n) % 7] for n in range(count)]
    for end in _month_ends_ahead(today, count) if any(jobs) else ():
        for back, extra in enumerate(jobs):
            if 0 <= end - back < count:
                expected[end - back] *= 1 + extra
    return Ahead(tuple(expected), math.exp(-_NINE_TENTHS * below), math.exp(_NINE_TENTHS * above))


def _weekday_factors(days: Sequence[float], weekday: int) -> list[float]:
    """What each weekday costs beside the mean of all seven, Monday first; `weekday` is that of the first day."""
    highest = _quantile(sorted(days), 0.97)
    capped = [spent if spent < highest else highest for spent in days]
    of_day = [capped[(day - weekday) % 7 :: 7] for day in range(7)]
    sums, counts = [sum(one) for one in of_day], [len(one) for one in of_day]
    mean = sum(sums) / len(capped)
    factors = []
    for day in range(7):
        alike = slice(0, 5) if day < 5 else slice(5, 7)
        usual = (sum(sums[alike]) + mean) / (sum(counts[alike]) + 1)
        factors.append((sums[day] + _WEEKDAY_PRIOR * usual) / (counts[day] + _WEEKDAY_PRIOR))
    whole = sum(factors) / 7
    return [max(factor / whole, _LEAST_FACTOR) for factor in factors] if whole > 0 else [1.0] * 7


def _flattened(days: Sequence[float], weekday: int, factors: Sequence[float]) -> list[float]:
    """The days as if all weekdays were alike."""
    return list(map(truediv, days, _weights(len(days), weekday, factors)))


def _weights(count: int, weekday: int, factors: Sequence[float]) -> list[float]:
    """The factors of so many days, the first of which is this weekday."""
    return ([*factors[weekday:], *factors[:weekday]] * (count // 7 + 1))[:count]


def _month_ends(today: date, known: int) -> Iterator[int]:
    """Where the last days of months lie in the `known` days before `today`, newest first, a fortnight before each."""
    end = today.replace(day=1) - timedelta(days=1)
    while (at := known - (today - end).days) >= 15:
        yield at
        end = end.replace(day=1) - timedelta(days=1)


def _month_ends_ahead(today: date, count: int) -> Iterator[int]:
    """Where the last days of months lie in the days from `today` on, as far as the last two of each reach into them."""
    month = today
    while (month - today).days <= count:
        month = month_after(month)
        yield (month - today).days - 1


def _jobs(flat: Sequence[float], ends: Sequence[int]) -> tuple[float, float]:
    """What the last day of a month has above its fortnight, and the last but one; nothing that did not come twice."""
    extra: tuple[list[float], list[float]] = ([], [])
    for end in ends[:_MONTHS_OF_JOBS]:
        usual = _median(flat[end - 15 : end - 1])
        for back in (0, 1):
            extra[back].append(flat[end - back] / usual - 1 if usual > 0 else 0.0)
    usually = [sorted(one)[(len(one) - 1) // 2] if len(one) > 1 else 0.0 for one in extra]
    last, last_but_one = (one if one > _JOB else 0.0 for one in usually)
    return last, last_but_one


def _levels(flat: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The level after each day: the quick mean where days are alike, the slow one where they differ.

    A day weighs as much as its weekday costs: a Sunday says little.
    """
    lately = sorted(flat[-_LATELY:])
    usual = _median(lately)
    cap = max(_LARGEST * usual, _quantile(lately, 0.88))
    noise = _median([abs(spent - usual) for spent in lately]) / usual if usual > 0 else math.inf
    trust = 1 / (1 + 4 * noise)
    forget_fast, forget_slow = math.exp(-1 / _FAST), math.exp(-1 / _SLOW)
    fast = slow = fast_weight = slow_weight = 0.0
    levels = []
    for spent, weight in zip(flat, weights, strict=True):
        counted = spent if spent < cap else cap
        fast_weight = forget_fast * fast_weight + weight
        slow_weight = forget_slow * slow_weight + weight
        fast += weight * (counted - fast) / fast_weight
        slow += weight * (counted - slow) / slow_weight
        levels.append(slow + trust * (fast - slow))
    return levels


def _spreads(
    flat: Sequence[float], weights: Sequence[float], levels: Sequence[float], count: int
) -> tuple[float, float]:
    """How far below and above the level the mean of `count` days lies, in logarithms.

    From the series' own guesses over as many days, mixed with what a spread of days generally leads to: the less of its
    own past there is, the more of that.
    """
    stretch = max(1, min(count, len(flat) // 3))
    sums, weighed = [0.0, *accumulate(map(mul, flat, weights))], [0.0, *accumulate(weights)]
    floor = 0.1 * sums[-1] / len(flat)  # a day of nothing must not be an infinite miss
    misses = sorted(
        math.log(
            ((sums[at + stretch] - sums[at]) / (weighed[at + stretch] - weighed[at]) + floor) / (levels[at - 1] + floor)
        )
        for at in range(len(flat) - stretch, LEAST_DAYS, -_TRY_EVERY)
    )
    daily = [
        abs(math.log((spent + floor) / (level + floor)))
        for spent, level in zip(flat[-_LATELY:], levels[-_LATELY:], strict=True)
    ]
    spread = 1.25 * sum(daily) / len(daily)
    noise = (_MEMORY * spread) ** 2 * (1 / count + 1 / min(_LEVEL_DAYS, len(flat)))
    general = noise + (_DRIFT**2 + (_RESTLESS * spread) ** 2) * count / 30
    general *= 1 + 2 * LEAST_DAYS / len(flat)  # nobody knows what a team a fortnight old will do
    own = len(flat) / count if misses else 0
    sides = (-_quantile(misses, 0.1), _quantile(misses, 0.9)) if misses else (0.0, 0.0)
    below, above = (
        math.sqrt((own * (max(0.0, side) / _NORMAL) ** 2 + _GENERAL * general) / (own + _GENERAL)) for side in sides
    )
    return below, above


def _year_before(days: Sequence[float], first: date, count: int, factors: Sequence[float], variance: float) -> float:
    """What the same days of earlier years were beside the level before them; 1 unless it stands out of the noise."""
    changes = []
    for year in range(1, _YEARS + 1):
        at = len(days) - year * _YEAR
        if at < 4 * LEAST_DAYS:
            break
        since = max(0, at - _LATELY)
        until = min(at + count, len(days))
        weights = _weights(until - since, (first + timedelta(days=since)).weekday(), factors)
        flat = list(map(truediv, days[since:at], weights))
        usual = _levels(flat, weights[: at - since])[-1] * sum(weights[at - since :])
        if usual > 0:
            changes.append(math.log((sum(days[at:until]) + 0.1 * usual) / (1.1 * usual)))
    if not changes:
        return 1.0
    change = sum(changes) / len(changes)
    by_chance = _DOUBT * variance / len(changes) / change**2 if change else 1.0
    return math.exp(change * max(0.0, 1 - by_chance))


def _median(values: Sequence[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _quantile(ordered: Sequence[float], part: float) -> float:
    at = part * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
