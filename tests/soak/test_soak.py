"""The measure of `make soak`: it sees a leak, and takes no noise for one."""

import random

import pytest

from tests.soak.__main__ import slope


@pytest.mark.parametrize("grows", [0.0, 5.0])
def test_growth_is_found_within_its_error(grows: float) -> None:
    chance = random.Random(1)
    points = [(n / 3600, 200 + grows * n / 3600 + chance.gauss(0, 1)) for n in range(3600)]
    found, error = slope(points)
    assert abs(found - grows) < 3 * error
    assert error < 2
