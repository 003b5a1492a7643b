"""The measure of `make soak`: it sees a leak, takes no noise for one, and says how sure it is."""

import random

import pytest

from bot.core.question import Subject
from tests.soak.__main__ import FORMS, WORDS, slope


@pytest.mark.parametrize("grows", [0.0, 40.0])
@pytest.mark.parametrize("seed", range(5))
def test_growth_is_found_within_its_error_also_where_memory_saws(grows: float, seed: int) -> None:
    """Up to 8 MB of garbage that is collected about once a minute, in a process that drifts by chance."""
    chance, drift, points = random.Random(seed), 0.0, []
    for second in range(900):
        drift = 0.95 * drift + chance.gauss(0, 0.3)
        points.append((second / 3600, 250 + grows * second / 3600 + second % 55 / 55 * 8 + drift))
    found, error = slope(points)
    assert abs(found - grows) < 1.5 * error
    assert error < 30


def test_every_subject_is_asked_for() -> None:
    asked = {words.split()[0] for words in (*WORDS, *FORMS)}
    assert {subject.value for subject in Subject} - asked == set()
