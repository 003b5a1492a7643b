"""How figures are said to people."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import wording
from bot.core.money import LARGEST, Money

amounts = st.builds(Money, st.integers(-LARGEST, LARGEST))
counts = st.integers(-(2**63), 2**63)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "$0.00"),
        ("12.34", "$12.34"),
        ("-3.1", "−$3.10"),
        ("999.99", "$999.99"),
        ("999.994", "$999.99"),
        ("999.995", "$1,000"),
        ("-999.999", "−$1,000"),
        ("1283.51", "$1,284"),
        ("10000000", "$10,000,000"),
        ("0.01", "$0.01"),
        ("0.009999", "$0.01"),
        ("-0.00996", "−$0.01"),
        ("0.0099", "$0.0099"),
        ("0.0042", "$0.0042"),
        ("0.000001", "$0.000001"),
        ("0.0000000001", "$0.0000000001"),
    ],
)
def test_dollars_are_said_with_the_digits_that_matter(amount: str, said: str) -> None:
    assert wording.dollars(Money.from_dollars(amount)) == said


@given(amounts)
def test_every_amount_has_a_dollar_sign_and_is_never_shown_as_nothing(amount: Money) -> None:
    said = wording.dollars(amount)
    assert re.fullmatch(r"−?\$(\d{1,3}(,\d{3})+|\d{1,3}\.\d{2}|0\.00\d{1,8})", said)
    assert amount.units == 0 or re.search("[1-9]", said)
    shown = Decimal(said.replace("$", "").replace(",", "").replace("−", "-"))
    assert abs(shown - amount.dollars) <= max(abs(amount.dollars) / 10, Decimal("0.01")) / 2


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (950, "950"),
        (999, "999"),
        (1000, "1.00k"),
        (9_994, "9.99k"),
        (9_999, "10.0k"),
        (12_345, "12.3k"),
        (99_950, "100k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (999_950, "1.00M"),
        (-999_950, "-1.00M"),
        (4_560_000, "4.56M"),
        (999_999_999, "1.00B"),
        (1_200_000_000, "1.20B"),
        (10**12, "1,000B"),
    ],
)
def test_counts_are_said_in_three_digits(number: int, said: str) -> None:
    assert wording.count(number) == said


@given(counts)
def test_every_count_has_at_most_three_digits_below_a_thousand_billion(number: int) -> None:
    said = wording.count(number)
    assert len(re.findall(r"\d", said)) <= 3 or abs(number) >= 999_500_000_000
    assert not re.match(r"-?1000[kM]", said)


@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_more_is_never_said_as_less(one: int, other: int) -> None:
    def value(said: str) -> Decimal:
        sizes = {"k": 10**3, "M": 10**6, "B": 10**9}
        return Decimal(said.rstrip("kMB").replace(",", "")) * sizes.get(said[-1], 1)

    low, high = sorted((one, other))
    assert value(wording.count(low)) <= value(wording.count(high))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (None, "–"),
        (0.0, "0 %"),
        (0.00001, "< 0.1 %"),
        (-0.00001, "> −0.1 %"),
        (0.0005, "0.1 %"),
        (0.004, "0.4 %"),
        (0.0094, "0.9 %"),
        (0.0096, "1 %"),
        (0.00999, "1 %"),
        (0.123, "12 %"),
        (-0.123, "-12 %"),
        (1.0, "100 %"),
        (2.5, "250 %"),
    ],
)
def test_a_share_that_is_there_is_never_said_to_be_nothing(part: float | None, said: str) -> None:
    assert wording.percent(part) == said


@given(st.floats(-1e6, 1e6))
def test_every_share_is_a_percentage(part: float) -> None:
    said = wording.percent(part)
    assert said.endswith(" %")
    assert part == 0 or re.search("[1-9]", said)


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (None, 1, ""),
        (1, None, ""),
        (5, 5, "the same as"),
        (5, 0, "after nothing"),
        (0, 0, "after nothing"),
        (112, 100, "12 % more than"),
        (92, 100, "8 % less than"),
        (0, 100, "100 % less than"),
        (1001, 1000, "about the same as"),
        (999, 1000, "about the same as"),
        (101, 100, "1 % more than"),
        (299, 100, "199 % more than"),
        (300, 100, "3.0 times as much as"),
        (9_990, 1000, "10.0 times as much as"),
        (16_400, 100, "164 times as much as"),
        (LARGEST, 1, "9,223,372,037B times as much as"),
    ],
)
def test_a_change_is_said_in_words(now: int | None, before: int | None, said: str) -> None:
    both = [None if units is None else Money(units) for units in (now, before)]
    assert wording.change(*both) == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (None, 1, "–"),
        (0, 0, "–"),
        (5, 5, "0 %"),
        (5, 0, "new"),
        (112, 100, "+12 %"),
        (92, 100, "−8 %"),
        (0, 100, "−100 %"),
        (996, 1000, "−0.4 %"),
        (1004, 1000, "+0.4 %"),
        (100_001, 100_000, "0 %"),
        (10_749, 10_000, "+7 %"),
        (320, 100, "×3.2"),
        (10**9, 100, "×10.0M"),
    ],
)
def test_a_change_in_a_cell_is_short(now: int | None, before: int | None, said: str) -> None:
    both = [None if units is None else Money(units) for units in (now, before)]
    assert wording.delta(*both) == said


@given(amounts, amounts)
def test_every_two_amounts_compare(now: Money, before: Money) -> None:
    assert wording.change(now, before)
    assert wording.delta(now, before)


def test_unknown_is_not_in_yet_and_never_zero() -> None:
    assert wording.dollars(None) == wording.count(None) == wording.instant(None) == "not in yet"


def test_instants_are_said_in_utc() -> None:
    assert wording.instant(datetime(2026, 11, 21, tzinfo=UTC)) == "2026-11-21 00:00 UTC"
    west = timezone(timedelta(hours=-8))
    assert wording.instant(datetime(2026, 11, 20, 23, 30, tzinfo=west)) == "2026-11-21 07:30 UTC"


def test_the_end_of_a_cut_list_is_counted() -> None:
    assert wording.and_more(1234, "row") == "and 1,234 more rows"
    assert wording.and_more(1, "row") == "and 1 more row"
    assert wording.and_more(12) == "and 12 more"


@pytest.mark.parametrize(
    ("names", "said"), [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")]
)
def test_names_are_listed_as_in_a_sentence(names: list[str], said: str) -> None:
    assert wording.listed(names) == said


def test_a_spread_has_two_ends_only_where_they_differ() -> None:
    low, high = Money.from_dollars(12), Money.from_dollars("15.40")
    assert [wording.spread(low, end) for end in (high, low, None)] == ["$12.00 to $15.40", "$12.00", "$12.00"]
    assert wording.spread(None, None) == wording.UNKNOWN
