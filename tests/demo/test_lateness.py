"""How reports come in when data is late: the same at every moment for everybody, and true in the end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.demo.organization import Organization

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MONTH = [TODAY - DAY * back for back in range(2, 32)]


@pytest.fixture(scope="module")
def organization() -> Organization:
    return Organization.simulate(until=NOW, late=True)


def tokens(organization: Organization, start: datetime, end: datetime, seen: datetime | None = None) -> int:
    return sum(sum(row.tokens) for row in organization.usage(start, end, seen))


def test_late_data_is_in_the_end_what_it_would_have_been(organization: Organization) -> None:
    punctual = Organization.simulate(until=NOW)
    assert list(organization.usage(MONTH[-1], TODAY)) == list(punctual.usage(MONTH[-1], TODAY))
    assert organization.costs(MONTH[3], TODAY, TODAY + 5 * DAY) == punctual.costs(MONTH[3], TODAY)


def test_a_part_of_an_hour_comes_one_to_thirty_hours_later(organization: Organization) -> None:
    seen = [NOW + HOUR * later for later in range(32)]
    hour = NOW - HOUR
    shown = [tokens(organization, hour, NOW, moment) for moment in seen]
    assert 0 < shown[0] < shown[-1] == tokens(organization, hour, NOW)
    assert shown == sorted(shown)
    assert tokens(organization, hour, NOW, NOW - HOUR) == 0


def test_some_days_are_restated_by_a_few_per_cent_within_three_days(organization: Organization) -> None:
    changes = []
    for day in MONTH:
        # Thirty-one hours after its end nothing of a day is late any more.
        first = tokens(organization, day, day + DAY, day + DAY + 31 * HOUR)
        last = tokens(organization, day, day + DAY)
        assert tokens(organization, day, day + DAY, day + 4 * DAY) == last
        changes.append(first / last - 1)
    restated = [change for change in changes if change]
    assert 1 <= len(restated) <= 12
    assert all(0.005 < abs(change) < 0.055 for change in restated)


def test_the_bill_is_that_of_the_usage_shown_four_hours_before(organization: Organization) -> None:
    assert organization.costs(TODAY, TODAY + DAY, NOW) != organization.costs(TODAY, TODAY + DAY, NOW + 4 * HOUR)
    in_time = sum(row.cents for row in organization.costs(TODAY, TODAY + DAY, NOW + 4 * HOUR))
    early = sum(row.cents for row in organization.costs(TODAY, TODAY + DAY, NOW))
    assert early == sum(row.cents for row in organization.costs(TODAY, NOW - 4 * HOUR, NOW)) < in_time


def test_what_shows_depends_on_seed_and_moment_alone(organization: Organization) -> None:
    again = Organization.simulate(until=NOW, late=True)
    other = Organization.simulate(until=NOW, late=True, seed=8)

    def held_back(which: Organization) -> list[bool]:
        hours = [TODAY - HOUR * back for back in range(24)]
        return [tokens(which, hour, hour + HOUR, TODAY + HOUR) == tokens(which, hour, hour + HOUR) for hour in hours]

    assert [again.hour(TODAY - HOUR * back, TODAY) for back in range(72)] == [
        organization.hour(TODAY - HOUR * back, TODAY) for back in range(72)
    ]
    assert held_back(other) != held_back(organization)


def test_without_lateness_every_finished_hour_is_complete(organization: Organization) -> None:
    punctual = Organization.simulate(until=NOW)
    assert punctual.hour(NOW - HOUR, NOW) == punctual.hour(NOW - HOUR)
    assert punctual.hour(NOW - HOUR, NOW - timedelta(seconds=1)) == ()
    assert sum(row.cents for row in punctual.costs(TODAY, TODAY + DAY, NOW)) > Decimal(0)
