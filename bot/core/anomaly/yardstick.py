"""How far from normal a window is, and how far the windows of clean days went."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

KEPT = 90
"""Scores remembered of each window, one a clean day: a quarter of a year holds a team's habits and its busiest days."""
DELAY = 5
"""The newest scores judge nobody yet: a step would otherwise raise its own yardstick while it is being weighed."""
HOUR_FACTOR = 3.6
"""Scatters above the usual daily peak of a window of hours; of peaks, so that 24 looks a day are one."""
DAY_FACTOR = 2.9
"""Scatters above the usual window of days."""
CALMER = 0.3
"""Longer windows scatter less before a series has shown how much: by days ** -0.3 (days are correlated)."""
PRIOR = 0.3
"""How much the day of a series without a past is taken to scatter, as the standard deviation of a natural logarithm:
this did best on generated teams."""
PRIOR_DAYS = 6
"""The prior scatter weighs as much as this many of the series' own days."""
BEYOND_THE_RECORD = 0.1
"""A window must also beat the largest score of any clean day by a tenth: what has happened once may happen again."""


def score(value: float, expected: float, smoothing: float) -> float:
    """The ratio of what was to what was expected, as a logarithm; `smoothing` keeps small windows from large ratios."""
    return math.log((max(value, 0.0) + smoothing) / (expected + smoothing))


def lasting_score(values: Iterable[float], expected: Iterable[float], smoothing: float) -> float:
    """What nearly all days of a window have in common: the mean of their scores without the lowest and the highest.

    Each weighs what was expected of it, so that a quiet weekend does not hide a busy week.
    """
    each = [(score(value, usual, smoothing), usual + smoothing) for value, usual in zip(values, expected, strict=True)]
    kept = sorted(each)[1:-1]
    return sum([far * weight for far, weight in kept]) / sum([weight for _, weight in kept])


def quantiles(ordered: Sequence[float], shares: Iterable[float]) -> list[float]:
    last, found = len(ordered) - 1, []
    for share in shares:
        below = int(last * share)
        low = ordered[below]
        found.append(low + (last * share - below) * (ordered[below + 1] - low) if below < last else low)
    return found


def median(values: Sequence[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def limit(scores: Sequence[float], factor: float, prior: float = PRIOR) -> float:
    """The score a window must pass: the usual one and `factor` scatters more, and beyond the record.

    The scatter is the larger of what the middle half and the upper decile say (both exact for a normal distribution),
    drawn towards `prior` while the series is young.
    """
    ordered = sorted(_judging(scores))
    if not ordered:
        return 1.5 * factor * prior
    low, middle, high, top = quantiles(ordered, (0.25, 0.5, 0.75, 0.9))
    own = max((high - low) / 1.35, (top - middle) / 1.28)
    days = len(ordered)
    scatter = math.sqrt((days * own**2 + PRIOR_DAYS * prior**2) / (days + PRIOR_DAYS))
    return max(days * middle / (days + PRIOR_DAYS) + factor * scatter, ordered[-1] + BEYOND_THE_RECORD)


def day_prior(days: int) -> float:
    """How much windows of so many days are taken to scatter, of a series without a past."""
    return float(PRIOR * days**-CALMER)


def remembered(scores: tuple[float, ...], newest: float, factor: float, prior: float = PRIOR) -> tuple[float, ...]:
    """The scores with the newest, which counts for no more than their limit.

    No limit lies below the record, so that on most days none has to be worked out.
    """
    if newest > max(_judging(scores), default=-math.inf) + BEYOND_THE_RECORD:
        newest = min(newest, limit(scores, factor, prior))
    return (*scores[1 - KEPT :], newest)


def _judging(scores: Sequence[float]) -> Sequence[float]:
    return scores[: max(DELAY, len(scores) - DELAY)]
