"""Plans and tiers: what could move to a subscription is a range wherever the reports leave it open."""

from decimal import Decimal

import pytest

from bot.core.money import ZERO, Money
from bot.core.plan_table import CHECKED, SEATS, TIERS, Seat
from bot.core.plans import (
    Between,
    Spending,
    Use,
    dearest_below,
    equivalent,
    offers,
    spending,
    tier_for,
    tier_of,
    unsplit,
    use_of,
)
from bot.core.report import Figures


def usd(amount: str) -> Money:
    return Money.from_dollars(amount)


def between(low: str, high: str | None = None) -> Between:
    return Between(usd(low), usd(high or low))


def used(billed: str | None, listed: str | None, high: str | None = None) -> Figures:
    return Figures(
        usd(billed) if billed else None,
        usd(listed) if listed else None,
        {},
        list_cost_high=usd(high) if high else None,
    )


def seat(plan: str) -> Seat:
    return next(one for one in SEATS if one.plan == plan)


@pytest.mark.parametrize(
    ("plan", "dollars", "capacity"),
    [
        ("Pro", 20, "1×"),
        ("Max", 100, "5×"),
        ("Ultra", 200, "10× a week"),
        ("Team Standard", 25, "1.25×"),
        ("Team Premium", 125, "6.25×"),
    ],
)
def test_a_seat_costs_and_holds_what_the_reference_says(plan: str, dollars: int, capacity: str) -> None:
    assert (seat(plan).price.dollars, seat(plan).capacity) == (Decimal(dollars), capacity)


def test_the_tiers_have_the_references_caps() -> None:
    assert {tier.name: tier.cap and tier.cap.dollars for tier in TIERS} == {
        "Start": 500,
        "Build": 1000,
        "Scale": 200_000,
        "Custom": None,
    }


@pytest.mark.parametrize(
    ("cost", "name"),
    [
        ("0", "Start"),
        ("500", "Start"),
        ("500.01", "Build"),
        ("1000", "Build"),
        ("1000.01", "Scale"),
        ("200001", "Custom"),
    ],
)
def test_the_tier_is_the_lowest_whose_cap_is_enough(cost: str, name: str) -> None:
    assert tier_for(usd(cost)).name == name


def test_a_cap_of_ones_own_is_no_tier() -> None:
    assert (tier_of(usd("1000")), tier_of(usd("1234"))) == ("Build", "your own cap")


@pytest.mark.parametrize(
    ("figures", "cost"),
    [
        (used("85", "100"), between("85", "100")),
        (used("100", "100"), between("100")),
        (used("85", "100", "200"), between("85", "200")),
        (used(None, "100", "500"), between("100", "500")),
        (used("12", None), between("12")),
        (used("130", "100"), between("100", "130")),
        (used(None, None), None),
    ],
)
def test_api_cost_goes_from_what_is_paid_to_what_the_tokens_cost_at_list_price(
    figures: Figures, cost: Between | None
) -> None:
    assert equivalent(figures) == cost


@pytest.mark.parametrize(
    ("product", "use"),
    [
        ("claude_code", Use.PEOPLE),
        ("chat", Use.PEOPLE),
        ("messages_api", Use.PROGRAMS),
        ("message_batches_api", Use.PROGRAMS),
        ("", Use.UNKNOWN),
        ("something_new", Use.UNKNOWN),
    ],
)
def test_who_was_at_work_is_told_by_the_product_or_not_known(product: str, use: Use) -> None:
    assert use_of(product) is use


def test_only_what_people_did_can_move_to_a_plan() -> None:
    found = spending({"claude_code": used("60", "60"), "messages_api": used("300", "300")}, None, [], 30)
    assert (found.total, found.movable, found.unnamed) == (between("360"), between("60"), False)


def test_use_without_a_product_may_be_anybodys_but_for_what_is_surely_peoples() -> None:
    found = spending({"": used("300", "300")}, used("60", "60"), [], 30)
    assert (found.movable, found.unnamed) == (between("60", "300"), True)
    blind = spending({"": used("300", "300"), "claude_code": used("10", "10")}, None, [], 30)
    assert (blind.movable, blind.unnamed) == (between("10", "310"), True)


def test_a_month_is_thirty_days_at_the_same_pace() -> None:
    found = spending({"chat": used("70", "70")}, None, [used("7", "7")], 7)
    assert (found.total, found.people) == (between("300"), (usd("30"),))


def test_nothing_known_is_not_a_zero() -> None:
    assert spending({}, None, [], 30).total is None
    assert spending({"": used(None, None)}, None, [], 30).total is None
    assert spending({"": used("0", "0")}, None, [], 30).total == Between()


def test_a_seat_is_offered_as_often_as_the_cost_would_pay_for_it() -> None:
    found = Spending(30, between("500"), between("249.99", "375"), False, ())
    premium = next(one for one in offers(found) if one.seat.plan == "Team Premium")
    assert (premium.fewest, premium.most, premium.for_all, premium.above) == (1, 3, None, None)


@pytest.mark.parametrize(("people", "above"), [(5, 2), (4, None), (0, None)])
def test_how_many_cost_more_than_a_seat_is_said_only_of_many(people: int, above: int | None) -> None:
    costs = (*(usd("126") for _ in range(min(2, people))), *(usd("125") for _ in range(people - 2)))
    found = Spending(30, between("900"), between("900"), False, costs)
    premium = next(one for one in offers(found) if one.seat.plan == "Team Premium")
    assert premium.above == above
    assert premium.for_all == (Money(usd("125").units * people) if people else None)


def test_what_is_not_split_may_be_all_or_nothing_and_names_nobody() -> None:
    found = unsplit(Spending(30, between("85", "100"), between("40"), False, (usd("40"),)))
    assert (found.movable, found.people) == (Between(ZERO, usd("100")), ())


@pytest.mark.parametrize(
    ("cost", "plan"), [("20", None), ("20.01", "Pro"), ("124", "Max"), ("126", "Team Premium"), ("900", "Ultra")]
)
def test_the_plan_a_person_is_held_against_is_the_dearest_that_costs_less(cost: str, plan: str | None) -> None:
    found = dearest_below(usd(cost))
    assert (found.plan if found else None) == plan


def test_every_line_of_the_plan_table_says_where_it_is_from_and_the_table_when_somebody_looked() -> None:
    assert all(seat.source for seat in SEATS)
    assert [seat.price for seat in SEATS] == sorted(seat.price for seat in SEATS)
    assert CHECKED.year >= 2026
