"""What a closed day would be by now: exact to the unit, booked once, and blind to who owns what today."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.allocation import allocate
from bot.core.books.adjustments import adjustments, summed
from bot.core.directory import UNALLOCATED, Owners
from bot.core.entries import Basis, Entry
from bot.core.usage import CostRecord, UsageRecord
from tests.core.test_allocation import bills, by_key, owned_by, paid, team, teams, usages, used

DAY = date(2026, 11, 18)


def whole(usage: Sequence[UsageRecord], costs: Sequence[CostRecord], owners: Owners) -> list[Entry]:
    return allocate(DAY, usage, costs, owners, complete=True)


def sums(entries: Iterable[Entry]) -> dict[object, tuple[int, int]]:
    """Quantity and billed cost by everything but team; what comes to nothing is left out."""
    found: dict[object, list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        of = entry.attribution
        line = of.workspace_id, of.api_key_id, of.model, of.service_tier, of.inference_geo, entry.charge
        found[line][0] += entry.quantity
        found[line][1] += entry.billed_cost or 0
    return {line: (quantity, billed) for line, (quantity, billed) in found.items() if quantity or billed}


def by_team(entries: Iterable[Entry]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for entry in entries:
        found[entry.attribution.team_id] += entry.billed_cost or 0
    return {name: billed for name, billed in found.items() if billed}


@given(usages, bills, teams, usages, bills, teams)
@settings(max_examples=150, deadline=None)
def test_the_closed_day_and_its_adjustments_are_what_anthropic_reports_by_now(
    usage: list[UsageRecord],
    costs: list[CostRecord],
    owners: Owners,
    usage_now: list[UsageRecord],
    costs_now: list[CostRecord],
    owners_now: Owners,
) -> None:
    closed, now = whole(usage, costs, owners), whole(usage_now, costs_now, owners_now)
    booked = adjustments(closed, [], now)
    assert sums([*closed, *booked]) == sums(now)
    assert all(entry.basis is Basis.ADJUSTMENT for entry in booked)
    assert adjustments(closed, booked, now) == [], "rebuilding twice books once"

    undone = adjustments(closed, booked, whole(usage, costs, owners_now))
    assert sums([*booked, *undone]) == {}
    assert by_team([*booked, *undone]) == {}, "and every team has back what it gave"
    assert sums([*summed([*booked, *undone])]) == {}


@given(usages, bills, teams, teams)
@settings(max_examples=75, deadline=None)
def test_a_reorganisation_alone_adjusts_nothing(
    usage: list[UsageRecord], costs: list[CostRecord], owners: Owners, owners_now: Owners
) -> None:
    assert adjustments(whole(usage, costs, owners), [], whole(usage, costs, owners_now)) == []


@given(st.booleans())
def test_a_restatement_goes_to_the_team_that_had_the_key_when_the_month_was_closed(another_model: bool) -> None:
    then, later = owned_by(team("a", by_key("k1"))), owned_by(team("b", by_key("k1")))
    closed = whole([used(output=1000)], [paid("5")], then)
    model = "claude-opus-5-5" if another_model else "claude-sonnet-5-5"
    restated = whole([used(output=1000), used(model=model, output=10)], [paid("5"), paid("2", model=model)], later)
    assert by_team(adjustments(closed, [], restated)) == {"a": 2 * 10**8}


def test_naming_people_later_moves_no_money_between_teams() -> None:
    then, later = owned_by(team("a", by_key("k1"))), owned_by(team("b", by_key("k1")))
    closed = whole([used(output=1000)], [paid("5")], then)
    named = whole([used(output=1000, actor_id="user_1", product="claude_code")], [paid("5")], later)
    booked = adjustments(closed, [], named)
    assert len(booked) == 2, "one off the line without a name, one onto the line with it"
    assert by_team(booked) == {}


def test_a_key_nobody_knew_at_the_close_goes_to_whoever_has_it_now() -> None:
    closed = whole([used(output=1000)], [paid("5")], owned_by(team("a", by_key("k1"))))
    now = whole(
        [used(output=1000), used(space="w2", key="k9", output=7)], [paid("5"), paid("3", space="w2")], owned_by()
    )
    assert by_team(adjustments(closed, [], now)) == {UNALLOCATED: 3 * 10**8}


def test_calls_that_are_counted_anew_adjust_nothing() -> None:
    owners = owned_by(team("a", by_key("*")))
    closed = whole([used(output=10, requests=3)], [paid("12")], owners)
    now = whole([used(output=10, requests=5)], [paid("12")], owners)
    assert adjustments(closed, [], now) == []
    restated = whole([used(output=10, requests=5)], [paid("13")], owners)
    assert {entry.charge for entry in adjustments(closed, [], restated)} == {"output"}
