"""How far from normal a window is, and how far the windows of clean days went."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

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


def limit(scores: Sequence[float], factor: float, prior: float) -> float:
    """The score a window must pass: the usual one and `factor` scatters more, and beyond the record.

    The scatter is the larger of what the middle half and the upper decile say (both exact for a normal distribution),
    drawn towards `prior` while the series is young.
    """
    ordered = sorted(scores[: max(DELAY, len(scores) - DELAY)])
    if not ordered:
        return 1.5 * factor * prior
    low, middle, high, top = quantiles(ordered, (0.25, 0.5, 0.75, 0.9))
    own = max((high - low) / 1.35, (top - middle) / 1.28)
    days = len(ordered)
    scatter = math.sqrt((days * own**2 + PRIOR_DAYS * prior**2) / (days + PRIOR_DAYS))
    return max(days * middle / (days + PRIOR_DAYS) + factor * scatter, ordered[-1] + BEYOND_THE_RECORD)


def remembered(scores: tuple[float, ...], newest: float) -> tuple[float, ...]:
    return (*scores, newest)[-KEPT:]
