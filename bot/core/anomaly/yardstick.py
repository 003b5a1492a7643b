"""How far from normal a window is, and how far the windows of clean days went."""

from __future__ import annotations

import math
from collections.abc import Sequence

KEPT = 90
"""Scores remembered of each window, one a clean day: a quarter of a year holds a team's habits and its busiest days."""
DELAY = 5
"""The newest scores judge nobody yet: a step would otherwise raise its own yardstick while it is being weighed."""
PRIOR_DAYS = 6
"""The prior scatter weighs as much as this many of the series' own days."""
BEYOND_THE_RECORD = 0.1
"""A window must also beat the largest score of any clean day by a tenth: what has happened once may happen again."""


def score(value: float, expected: float, smoothing: float) -> float:
    """The ratio of what was to what was expected, as a logarithm; `smoothing` keeps small windows from large ratios."""
    return math.log((max(value, 0.0) + smoothing) / (expected + smoothing))


def quantile(ordered: Sequence[float], share: float) -> float:
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def median(values: Sequence[float]) -> float:
    return quantile(sorted(values), 0.5)


def limit(scores: Sequence[float], factor: float, prior: float) -> float:
    """The score a window must pass: the usual one and `factor` scatters more, and beyond the record.

    The scatter is the larger of what the middle half and the upper decile say (both exact for a normal distribution),
    drawn towards `prior` while the series is young.
    """
    ordered = sorted(scores[: max(DELAY, len(scores) - DELAY)])
    if not ordered:
        return 1.5 * factor * prior
    middle = quantile(ordered, 0.5)
    own = max((quantile(ordered, 0.75) - quantile(ordered, 0.25)) / 1.35, (quantile(ordered, 0.9) - middle) / 1.28)
    days = len(ordered)
    scatter = math.sqrt((days * own**2 + PRIOR_DAYS * prior**2) / (days + PRIOR_DAYS))
    return max(days * middle / (days + PRIOR_DAYS) + factor * scatter, ordered[-1] + BEYOND_THE_RECORD)


def remembered(scores: tuple[float, ...], newest: float) -> tuple[float, ...]:
    return (*scores, newest)[-KEPT:]
