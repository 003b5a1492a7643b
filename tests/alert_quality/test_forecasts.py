"""The forecast's errors are counted as the table says, and it is nearer than what people use instead."""

from datetime import date

import pytest

from tests.alert_quality.forecasts import FORECASTERS, Daily, Said, errors, months, of_teams
from tests.alert_quality.teams import fleet

WEEK = [10.0, 12.0, 12.0, 11.0, 9.0, 2.0, 0.0]


def test_whole_months_count_that_have_four_weeks_before_them_and_some_spend() -> None:
    days = [1.0] * 20 + [0.0] * 90  # 12 January to 1 May
    assert months([Daily(date(2026, 1, 12), days)]) == []  # only twenty days before February
    spent = Daily(date(2026, 1, 4), [1.0] * 118)  # to 1 May
    assert [(start, end) for _, start, end in months([spent])] == [
        (date(2026, 2, 1), date(2026, 3, 1)),
        (date(2026, 3, 1), date(2026, 4, 1)),
        (date(2026, 4, 1), date(2026, 5, 1)),
    ]
    assert months([Daily(date(2026, 1, 4), [1.0] * 28 + [0.0] * 90)]) == []
    late = Daily(date(2026, 1, 4), [0.0] * 27 + [1.0] * 91)  # nothing before the last day of January
    assert [start.month for _, start, _ in months([late])] == [3, 4]


def test_an_error_is_a_part_of_the_month_and_a_range_holds_it_or_does_not() -> None:
    cases = months([Daily(date(2026, 1, 1), [1.0] * 59)])  # February comes to 28
    told = errors(lambda past, *_: Said(21.0 if len(past.days) < 40 else 35.0, 20.0, len(past.days) - 15.0), cases)
    assert told.after == pytest.approx((0.25, 0.25, 0.25, 0.25))
    assert told.held == 0.5  # up to 21, 26, 31 and 36
    assert errors(lambda *_: Said(28.0), cases).held is None


def test_each_forecaster_knows_only_the_days_so_far_and_all_are_right_where_nothing_changes() -> None:
    steady = months([Daily(date(2026, 1, 1), [5.0] * 120)])
    for forecaster in FORECASTERS.values():
        assert errors(forecaster, steady).after == pytest.approx((0, 0, 0, 0), abs=0.001)
    weekly = months([Daily(date(2026, 1, 1), WEEK * 17)])
    assert errors(FORECASTERS["seasonal naive"], weekly).after == pytest.approx((0, 0, 0, 0))
    assert min(errors(FORECASTERS["run rate"], weekly).after) > 0.01


@pytest.mark.proof
def test_the_forecast_is_nearer_than_the_run_rate_and_than_last_week_again() -> None:
    """`make alert-quality` shows by how much."""
    cases = months(of_teams(fleet(7, 40)))
    told = {name: errors(forecaster, cases) for name, forecaster in FORECASTERS.items()}
    ours = told.pop("claude-usage")
    for other in told.values():
        assert all(near < far for near, far in zip(ours.after, other.after, strict=True))
    assert list(ours.after) == sorted(ours.after, reverse=True)
    assert ours.after[1] <= 0.18
    assert ours.held is not None
    assert 0.7 <= ours.held <= 0.9
