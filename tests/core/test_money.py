"""Money stays exact at the door, in sums and when it is split."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import MoneyError
from bot.core.money import LARGEST, Money, half_even, share_out

WEIGHTS = st.lists(st.integers(0, 10**15), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("cents", "dollars"),
    [
        ("123.45", "1.2345"),
        ("368.642", "3.68642"),
        ("0", "0.0000"),
        ("-0.5", "-0.0050"),
        ("37", "0.3700"),
        ("0.00000001", "0.0000000001"),
        ("00012.50", "0.1250"),
        ("0.000000005", "0.0000"),  # half a unit goes to the even one
        ("0.000000015", "0.0000000002"),
        ("92233720368.54775807", "922337203.6854775807"),
    ],
)
def test_a_plain_decimal_of_cents_is_read_exactly(cents: str, dollars: str) -> None:
    assert str(Money.from_cents(cents)) == dollars


@pytest.mark.parametrize(
    "amount",
    [
        "",
        " ",
        " 1",
        "1 ",
        "1\n",
        "1.",
        ".5",
        "+1",
        "--1",
        "1e2",
        "1E2",
        "1,000",
        "1_000",
        "0x10",
        "$1",
        "NaN",
        "inf",
        "٣",
    ],
)
def test_a_text_that_is_not_a_plain_decimal_is_refused(amount: str) -> None:
    with pytest.raises(MoneyError, match="is not a plain decimal amount"):
        Money.from_cents(amount)


@pytest.mark.parametrize("amount", [None, 1, 1.5, True, Decimal(1), b"1", ["1"]])
def test_cents_that_are_not_text_are_refused_because_a_number_may_have_been_a_float(amount: object) -> None:
    with pytest.raises(MoneyError, match="is not a plain decimal amount"):
        Money.from_cents(amount)  # type: ignore[arg-type]


def test_an_amount_too_large_for_the_database_is_refused() -> None:
    with pytest.raises(MoneyError, match="larger than any amount"):
        Money.from_cents("92233720368.54775808")
    with pytest.raises(MoneyError, match="larger than any amount"):
        Money.from_dollars("-999999999999")


def test_an_enormous_text_is_refused_without_being_repeated() -> None:
    with pytest.raises(MoneyError) as refused:
        Money.from_cents("9" * 100_000)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("amount", "text"),
    [("500.00", "500.0000"), (200, "200.0000"), (Decimal("1E+3"), "1000.0000"), (Decimal("1E-10"), "0.0000000001")],
)
def test_dollars_are_read_as_people_write_them(amount: str | int | Decimal, text: str) -> None:
    assert str(Money.from_dollars(amount)) == text


@given(st.integers(-LARGEST, LARGEST))
def test_every_amount_reads_back_from_its_own_text_and_its_decimal(units: int) -> None:
    money = Money(units)
    assert Money.from_dollars(str(money)) == money
    assert Money.from_dollars(money.dollars) == money


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12) | st.sampled_from((2, 4, 10)))
def test_a_quotient_is_rounded_as_an_exact_fraction_rounds(dividend: int, divisor: int) -> None:
    assert half_even(dividend, divisor) == round(Fraction(dividend, divisor))


def test_amounts_add_and_subtract_without_loss() -> None:
    tenth = Money.from_dollars("0.1")
    assert str(tenth + Money.from_dollars("0.2")) == "0.3000"
    assert str(tenth - Money.from_dollars("0.3")) == "-0.2000"


@given(st.integers(-(10**18), 10**18), WEIGHTS)
def test_the_parts_of_a_split_add_up_to_the_whole(total: int, weights: list[int]) -> None:
    assert sum(share_out(total, weights)) == total


@given(st.integers(-(10**18), 10**18), WEIGHTS.filter(any))
def test_each_part_is_less_than_one_unit_from_its_exact_share(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    for part, weight in zip(share_out(total, weights), weights, strict=True):
        assert abs(part * whole - total * weight) < whole


@given(st.integers(0, 10**18), WEIGHTS.filter(any))
def test_who_weighs_nothing_gets_nothing(total: int, weights: list[int]) -> None:
    assert not any(part for part, weight in zip(share_out(total, weights), weights, strict=True) if weight == 0)


def test_the_earlier_position_gets_the_unit_when_remainders_are_equal() -> None:
    assert share_out(10, [1, 1, 1]) == [4, 3, 3]
    assert share_out(11, [1, 1, 1]) == [4, 4, 3]
    assert share_out(-10, [1, 1, 1]) == [-4, -3, -3]


def test_the_largest_remainder_comes_before_the_earliest_position() -> None:
    assert share_out(10, [1, 2, 2, 1]) == [2, 3, 3, 2]
    assert share_out(7, [30, 30, 40]) == [2, 2, 3]


def test_without_any_weight_the_first_takes_everything() -> None:
    assert share_out(7, [0, 0]) == [7, 0]


def test_a_split_between_nobody_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="nobody to share with"):
        share_out(7, [])
