import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.demo.organization import CostRow, Organization

UNTIL = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def organization() -> Organization:
    return Organization.simulate(until=UNTIL)


def dollars(rows: Iterable[CostRow]) -> Decimal:
    return sum((row.cents for row in rows), Decimal(0)) / 100


def alpha_dollars(organization: Organization, start: datetime, end: datetime) -> Decimal:
    own = {item.id for item in organization.workspaces if item.tags.get("team") == "alpha"}
    return dollars(row for row in organization.costs(start, end) if row.workspace_id in own)


def weekdays(organization: Organization, count: int) -> list[datetime]:
    days = (TODAY - DAY * back for back in range(3, 89))
    return [day for day in days if day.weekday() < 5][:count]


def test_the_same_seed_gives_the_same_hours_in_any_order() -> None:
    hours = [TODAY - HOUR * back for back in range(72)]
    forwards = {hour: Organization.simulate(until=UNTIL).hour(hour) for hour in hours}
    shuffled = random.Random(1).sample(hours, len(hours))
    again = Organization.simulate(until=UNTIL)
    assert {hour: again.hour(hour) for hour in shuffled} == forwards


def test_another_seed_gives_other_numbers_for_the_same_cast(organization: Organization) -> None:
    other = Organization.simulate(seed=8, until=UNTIL)
    assert other.hour(TODAY - DAY) != organization.hour(TODAY - DAY)
    assert other.api_keys == organization.api_keys
    assert other.workspaces == organization.workspaces


def test_the_whole_organization_spends_between_150_and_400_dollars_on_a_weekday(organization: Organization) -> None:
    spent = [dollars(organization.costs(day, day + DAY)) for day in weekdays(organization, 60)]
    assert all(Decimal(150) < day < Decimal(400) for day in spent), spent


def test_alpha_spends_about_fifty_dollars_on_a_recent_weekday(organization: Organization) -> None:
    spent = [alpha_dollars(organization, day, day + DAY) for day in weekdays(organization, 20)]
    assert all(Decimal(38) < day < Decimal(62) for day in spent), spent


def test_a_weekend_day_stays_below_every_day_of_the_week_before_it(organization: Organization) -> None:
    saturday = datetime(2026, 11, 14, tzinfo=UTC)
    quiet = dollars(organization.costs(saturday, saturday + DAY))
    week = [dollars(organization.costs(saturday - DAY * back, saturday - DAY * (back - 1))) for back in range(1, 6)]
    assert quiet < min(week) * Decimal("0.7")


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("clock", [6, 9, 23])
def test_the_runaway_loop_takes_alpha_above_200_dollars_by_six_in_the_morning(seed: int, clock: int) -> None:
    until = TODAY + HOUR * clock
    organization = Organization.simulate(seed=seed, days=2, until=until)
    assert alpha_dollars(organization, TODAY, until) > 200
    assert alpha_dollars(organization, TODAY - DAY, TODAY) < 200


@pytest.mark.parametrize("clock", range(5))
def test_a_loop_that_is_not_over_yet_was_that_of_the_night_before(clock: int) -> None:
    """Else nothing would be over its limit in a demo that is started after midnight."""
    organization = Organization.simulate(seed=1, days=3, until=TODAY + HOUR * clock)
    assert alpha_dollars(organization, TODAY - DAY, TODAY) > 200
    assert alpha_dollars(organization, TODAY, TODAY + 6 * HOUR) < 200


def test_the_loop_starts_late_the_evening_before_on_one_key(organization: Organization) -> None:
    def output(hour: datetime) -> dict[str | None, int]:
        return {row.api_key_id: row.output_tokens for row in organization.hour(hour) if row.output_tokens > 1_000_000}

    (key,) = (item for item in organization.api_keys if item.name == "support-autotriage")
    assert output(TODAY - 3 * HOUR) == {}
    assert list(output(TODAY - 2 * HOUR)) == list(output(TODAY)) == [key.id]
    assert output(TODAY + 5 * HOUR) == {}


def test_traffic_begins_after_the_last_quiet_day_and_goes_on_after_until(organization: Organization) -> None:
    assert organization.hour(TODAY - 90 * DAY - HOUR) == ()
    assert organization.hour(TODAY - 90 * DAY)
    assert organization.hour(UNTIL + 30 * DAY)


def test_an_archived_workspace_and_an_inactive_key_keep_their_past_use(organization: Organization) -> None:
    (archived,) = (item for item in organization.workspaces if item.archived_at)
    (inactive,) = (item for item in organization.api_keys if item.status == "inactive")

    def used(day: datetime) -> tuple[bool, bool]:
        rows = list(organization.usage(day, day + DAY))
        return (
            any(row.workspace_id == archived.id for row in rows),
            any(row.api_key_id == inactive.id for row in rows),
        )

    assert used(TODAY - 60 * DAY) == (True, True)
    assert used(TODAY - 2 * DAY) == (False, False)


def test_every_kind_of_row_a_report_can_hold_occurs_on_a_weekday(organization: Organization) -> None:
    day = TODAY - 5 * DAY
    rows = list(organization.usage(day, day + DAY))
    assert {row.service_tier for row in rows} == {"standard", "batch", "priority"}
    assert {row.inference_geo for row in rows} == {"global", "us", "not_available"}
    assert any(row.workspace_id is None and row.api_key_id is None for row in rows)
    assert any(row.web_search_requests for row in rows)
    assert all(kind for kind in map(sum, zip(*(row.tokens for row in rows), strict=True)))
    costs = organization.costs(day, day + DAY)
    assert {row.cost_type for row in costs} == {"tokens", "web_search", "code_execution"}
    assert {row.service_tier for row in costs} == {"standard", "batch", None}


def test_every_key_in_use_is_in_the_directory_under_the_workspace_it_is_used_in(organization: Organization) -> None:
    (default,) = (item.id for item in organization.workspaces if item.is_default)
    homes = {item.id: item.workspace_id for item in organization.api_keys}
    people = {item.id for item in organization.users}
    rows = organization.usage(TODAY - 60 * DAY, TODAY - 59 * DAY)
    assert all(homes[row.api_key_id] == (row.workspace_id or default) for row in rows if row.api_key_id)
    assert {item.created_by for item in organization.api_keys} <= people


def test_a_negotiated_discount_comes_off_every_line() -> None:
    billed = Organization.simulate(until=UNTIL, discount=Decimal("0.125")).costs(TODAY - DAY, TODAY)
    listed = Organization.simulate(until=UNTIL).costs(TODAY - DAY, TODAY)
    assert [row.cents for row in billed] == [row.cents * Decimal("0.875") for row in listed]


def test_a_naive_moment_or_half_an_hour_is_refused(organization: Organization) -> None:
    with pytest.raises(ValueError, match="aware"):
        Organization.simulate(until=datetime(2026, 11, 22))  # noqa: DTZ001
    with pytest.raises(ValueError, match="whole UTC hour"):
        organization.hour(UNTIL + timedelta(minutes=30))


def test_another_name_gives_other_ids_for_the_same_cast_and_the_same_numbers(organization: Organization) -> None:
    other = Organization.simulate(until=UNTIL, name="Example Labs")
    assert (organization.id, other.name) == ("cfbff0d1-9375-5685-968c-48ce8b15ae17", "Example Labs")

    def ids(which: Organization) -> set[str]:
        spaces, keys, people = which.workspaces, which.api_keys, which.users
        return {which.id} | {item.id for item in spaces} | {item.id for item in keys} | {item.id for item in people}

    assert not ids(other) & ids(organization)
    assert [key.name for key in other.api_keys] == [key.name for key in organization.api_keys]
    day = (TODAY - DAY, TODAY)
    assert [row.counts for row in other.usage(*day)] == [row.counts for row in organization.usage(*day)]


def test_haiku_and_fast_mode_add_streams_and_change_no_other(organization: Organization) -> None:
    more = Organization.simulate(until=UNTIL, haiku_bands=True, fast_mode=True)
    day = (TODAY - 3 * DAY, TODAY - 2 * DAY)
    usual, all_of_it = list(organization.usage(*day)), list(more.usage(*day))
    added = [row for row in all_of_it if row not in usual]
    assert [row for row in all_of_it if row in usual] == usual
    assert {(row.model, row.speed, row.long_prompts) for row in added} == {
        ("claude-haiku-5-5", "standard", False),
        ("claude-haiku-5-5", "standard", True),
        ("claude-opus-5-5", "fast", False),
    }
    assert {row.speed for row in usual} == {"standard"}


def test_waste_adds_what_could_cost_less_and_changes_no_other(organization: Organization) -> None:
    more = Organization.simulate(until=UNTIL, waste=True)
    before, since = (TODAY - 12 * DAY, TODAY - 11 * DAY), (TODAY - 3 * DAY, TODAY - 2 * DAY)
    usual, all_of_it = list(organization.usage(*since)), list(more.usage(*since))
    assert [row for row in all_of_it if row in usual] == usual
    called = {key.id: key.name for key in more.api_keys}
    added = {called[row.api_key_id or ""] for row in all_of_it if row not in usual}
    assert added == {"search-digest", "pipelines-reports", "support-labels", "docs-index", "contract-summaries"}
    (digest,) = (id_ for id_, name in called.items() if name == "search-digest")

    def written(days: tuple[datetime, datetime]) -> float:
        rows = [row for row in more.usage(*days) if row.api_key_id == digest]
        return sum(row.ephemeral_5m_input_tokens for row in rows) / sum(sum(row.tokens) for row in rows)

    assert written(before) < 0.1 < 0.7 < written(since)


def test_the_list_price_stays_when_a_discount_comes_off() -> None:
    billed = Organization.simulate(until=UNTIL, discount=Decimal("0.125")).costs(TODAY - DAY, TODAY)
    assert all(row.list_cents * Decimal("0.875") == row.cents for row in billed)
    assert dollars(Organization.simulate(until=UNTIL).costs(TODAY - DAY, TODAY)) * 100 == sum(
        row.list_cents for row in billed
    )


def test_a_pipeline_with_workload_identity_has_no_key(organization: Organization) -> None:
    rows = list(organization.usage(TODAY - DAY, TODAY))
    assert {row.api_key_id for row in rows if row.service_account_id} == {None}
    assert len({row.service_account_id for row in rows if row.service_account_id}) == 2
    assert {row.account_id for row in rows if row.account_id} <= {user.id for user in organization.users}
