"""Budgets: their periods, what they allow, and that every mark is told once and none is forgotten."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.money import ZERO, Money
from bot.core.outlook.budget import (
    Budget,
    Every,
    Notice,
    Reason,
    Said,
    Scope,
    Span,
    Standing,
    Uplift,
    look,
    look_ahead,
    suggestion,
)
from bot.core.outlook.forecast import Forecast, Unsaid

ALPHA = Scope("team", "alpha")
NOVEMBER = Span(date(2026, 11, 1), date(2026, 12, 1))


def usd(amount: object) -> Money:
    return Money.from_dollars(str(amount))


def budget(amount: object = 500, every: Every = Every.MONTH, **more: object) -> Budget:
    return Budget("alpha", ALPHA, usd(amount), every, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("every", "fiscal_start", "day", "start", "end"),
    [
        (Every.DAY, 1, date(2026, 2, 28), date(2026, 2, 28), date(2026, 3, 1)),
        (Every.WEEK, 1, date(2026, 11, 22), date(2026, 11, 16), date(2026, 11, 23)),
        (Every.MONTH, 1, date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        (Every.QUARTER, 1, date(2026, 11, 22), date(2026, 10, 1), date(2027, 1, 1)),
        (Every.QUARTER, 2, date(2026, 1, 31), date(2025, 11, 1), date(2026, 2, 1)),
        (Every.YEAR, 1, date(2026, 11, 22), date(2026, 1, 1), date(2027, 1, 1)),
        (Every.YEAR, 4, date(2026, 3, 31), date(2025, 4, 1), date(2026, 4, 1)),
        (Every.YEAR, 4, date(2026, 4, 1), date(2026, 4, 1), date(2027, 4, 1)),
    ],
)
def test_a_day_lies_in_one_period(every: Every, fiscal_start: int, day: date, start: date, end: date) -> None:
    assert budget(every=every, fiscal_start=fiscal_start).span(day) == Span(start, end)


@given(
    day=st.dates(date(2001, 1, 1), date(2099, 12, 31)),
    every=st.sampled_from([one for one in Every if one is not Every.DATES]),
    fiscal_start=st.integers(1, 12),
)
def test_periods_follow_each_other_without_gap_or_overlap(day: date, every: Every, fiscal_start: int) -> None:
    one = budget(every=every, fiscal_start=fiscal_start)
    span = one.span(day)
    assert span is not None
    assert span.start <= day < span.end
    assert one.span(span.end - timedelta(days=1)) == span != one.span(span.end)
    before = one.before(span, 3)
    assert [earlier.end for earlier in before] == [span.start, before[0].start, before[1].start]


def test_a_budget_with_dates_is_for_these_alone() -> None:
    launch = budget(every=Every.DATES, dates=Span(date(2026, 11, 10), date(2026, 11, 20)))
    assert launch.span(date(2026, 11, 19)) == Span(date(2026, 11, 10), date(2026, 11, 20))
    assert launch.span(date(2026, 11, 20)) is None
    assert launch.before(Span(date(2026, 11, 10), date(2026, 11, 20)), 6) == ()


def test_what_is_granted_on_top_counts_in_every_period_it_touches_and_is_gone_after_them() -> None:
    granted = budget(500, uplifts=(Uplift(usd(200), until=date(2026, 11, 30), since=date(2026, 10, 31)),))
    limits = {month: granted.limit(span) for month in (9, 10, 11, 12) if (span := granted.span(date(2026, month, 5)))}
    assert limits == {9: usd(500), 10: usd(700), 11: usd(700), 12: usd(500)}


def test_only_the_highest_mark_that_was_crossed_is_told() -> None:
    assert look(budget(), NOVEMBER, usd("249.99"), ()) == Notice(Reason.BELOW_MARKS)
    assert look(budget(), NOVEMBER, usd(250), ()) == Notice(Reason.CROSSED, 50)
    assert look(budget(), NOVEMBER, usd(700), ()) == Notice(Reason.CROSSED, 100)
    assert look(budget(), NOVEMBER, usd(700), [Said(100, usd(600))]) == Notice(Reason.SAID_BEFORE)
    assert look(budget(), NOVEMBER, usd(450), [Said(50, usd(260))]) == Notice(Reason.CROSSED, 80)


def test_a_mark_is_crossed_at_its_cent() -> None:
    thirds = budget("33.33", marks=(33,))  # 33 % is $10.9989
    assert look(thirds, NOVEMBER, usd("10.9988999999"), ()).reason is Reason.BELOW_MARKS
    assert look(thirds, NOVEMBER, usd("10.9989"), ()).mark == 33


def test_what_is_not_in_yet_crosses_nothing_and_takes_nothing_back() -> None:
    assert look(budget(), NOVEMBER, None, ()) == Notice(Reason.NO_DATA)
    assert look(budget(), NOVEMBER, None, [Said(50, usd(260))]) == Notice(Reason.NO_DATA)


def test_a_change_of_the_amount_repeats_nothing_that_is_still_true_and_arms_what_is_not() -> None:
    said = [Said(80, usd(410))]
    for amount in (510, 500, 450):  # 80 % of each is at most $410
        assert look(budget(amount), NOVEMBER, usd(411), said).reason is Reason.SAID_BEFORE
    assert look(budget(400), NOVEMBER, usd(411), said) == Notice(Reason.CROSSED, 100)
    assert look(budget(1000), NOVEMBER, usd(411), said) == Notice(Reason.BELOW_MARKS)
    assert look(budget(1000), NOVEMBER, usd(500), said) == Notice(Reason.CROSSED, 50)  # $500 is more than was said
    assert look(budget(1000), NOVEMBER, usd(800), said) == Notice(Reason.CROSSED, 80)
    assert look(budget(500), NOVEMBER, usd(411), said) == Notice(Reason.SAID_BEFORE)  # raised and lowered again


class Month:
    """A month of looks: what was said is remembered, and what is told is written down."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.told: list[tuple[int, Money]] = []

    def look(self, amount: Money, spent: Money | None, marks: tuple[int, ...]) -> Notice:
        notice = look(Budget("alpha", ALPHA, amount, marks=marks), NOVEMBER, spent, self.said)
        if notice.mark is not None:
            assert spent is not None
            self.said.append(Said(notice.mark, spent))
            self.told.append((notice.mark, amount))
        return notice


marks = st.lists(st.integers(1, 200), min_size=1, max_size=5, unique=True).map(tuple)
cents = st.integers(0, 20_000_000).map(lambda cents: Money(cents * 10**8))


@given(marks=marks, amount=st.integers(1, 10_000).map(usd), steps=st.lists(st.one_of(st.none(), cents), max_size=40))
def test_in_one_period_no_mark_is_told_twice_and_none_is_missing(
    marks: tuple[int, ...], amount: Money, steps: list[Money | None]
) -> None:
    """Whatever is spent, restated downwards or not in yet."""
    month, reached = Month(), 0
    for spent in steps:
        month.look(amount, spent, marks)
        if spent is not None:
            reached = max([reached, *(mark for mark in marks if spent.units * 100 >= mark * amount.units)])
        told = [mark for mark, _ in month.told]
        assert told == sorted(set(told))  # each once, and only ever higher
        assert (told[-1] if told else 0) == reached


@given(
    marks=marks,
    steps=st.lists(st.tuples(st.integers(1, 10_000).map(usd), st.one_of(st.none(), cents)), max_size=40),
)
def test_whatever_changes_no_mark_of_an_amount_is_told_twice_and_the_highest_is_always_known(
    marks: tuple[int, ...], steps: list[tuple[Money, Money | None]]
) -> None:
    month = Month()
    for amount, spent in steps:
        month.look(amount, spent, marks)
        assert len(month.told) == len(set(month.told))
        if spent is None:
            continue
        assert month.look(amount, spent, marks).mark is None  # a second look says nothing
        crossed = [mark for mark in marks if spent.units * 100 >= mark * amount.units]
        if crossed:
            assert any(
                said.mark >= max(crossed) and said.spent.units * 100 >= max(crossed) * amount.units
                for said in month.said
            )


def standing(spent: object = 300, heading: object = 480, *, warns: bool = True, said: Unsaid | None = None) -> Standing:
    """Twenty days into November, with $500 for it."""
    total = usd(heading)
    step = Money((total.units - usd(spent).units) // 10)
    reached = tuple(usd(spent) + Money(step.units * n) for n in range(1, 11))
    forecast = Forecast(usd(spent), total, total, total, date(2026, 11, 21), reached)
    return Standing(budget(forecast=warns), NOVEMBER, usd(spent), 20, usd(15), said or forecast)


@pytest.mark.parametrize(
    ("seen", "warned", "reason"),
    [
        (standing(heading=500), False, Reason.HEADING_WITHIN),
        (standing(heading=501), False, Reason.HEADING_OVER),
        (standing(heading=501), True, Reason.SAID_BEFORE),
        (standing(heading=490), True, Reason.SAID_BEFORE),  # not far enough below to be news
        (standing(heading=474), True, Reason.BACK_WITHIN),
        (standing(heading=474), False, Reason.HEADING_WITHIN),
        (standing(spent=501, heading=700), False, Reason.OVER_ALREADY),
        (standing(spent=501, heading=700), True, Reason.OVER_ALREADY),
        (standing(said=Unsaid.TOO_SHORT), True, Reason.NO_FORECAST),
        (standing(heading=900, warns=False), False, Reason.NOT_ASKED),
    ],
)
def test_a_forecast_warns_once_and_is_taken_back_when_the_pace_has_fallen(
    seen: Standing, warned: bool, reason: Reason
) -> None:
    assert look_ahead(seen, warned=warned) is reason


def test_where_a_budget_stands() -> None:
    seen = standing(spent=400, heading=600)
    assert seen.left == usd(100)
    assert seen.used == 0.8
    assert seen.pace == pytest.approx(1.2)
    assert seen.to_spend == usd(10)
    assert seen.runs_out == date(
        2026, 11, 26
    )  # $20 a day from the 21st: $500 is reached on the 25th, passed the day after
    assert seen.heading_over


def test_nothing_is_left_to_spend_a_day_when_all_is_spent_or_all_is_over() -> None:
    assert standing(spent=500, heading=600).to_spend is None
    over = Standing(budget(), NOVEMBER, usd(300), 30, None, Unsaid.NO_HISTORY)
    assert (over.to_spend, over.runs_out) == (None, None)
    assert over.pace == pytest.approx(0.6)
    unknown = Standing(budget(), NOVEMBER, None, 20, None, Unsaid.NO_HISTORY)
    assert (unknown.left, unknown.used, unknown.pace) == (None, None, None)


@pytest.mark.parametrize(
    ("months", "suggested"),
    [
        ([400, 410, 420, 900, 430, 440], "490"),  # $440 and a tenth: $484
        ([400, 410, 420], "470"),  # of three the highest: $462
        ([400, 410], None),
        ([0, 0, 0, 0], None),
        (["0.001", "0.002", "0.003"], "0.01"),
        ([1000, 1000, 1000, 1000, 1000, 1000, 99999], "1100"),  # the seventh month is too long ago
    ],
)
def test_the_amount_suggested_would_have_held_in_most_of_the_last_months(
    months: list[object], suggested: str | None
) -> None:
    assert suggestion([usd(month) for month in months]) == (usd(suggested) if suggested else None)


@given(st.lists(st.integers(0, 10**15).map(Money), max_size=8))
def test_a_suggestion_leaves_a_tenth_above_all_but_one_month_and_is_a_round_number(costs: list[Money]) -> None:
    amount = suggestion(costs)
    if amount is not None:
        lately = sorted(costs[:6])
        held = lately[:-1] if len(lately) > 4 else lately
        assert all(amount.units * 10 >= cost.units * 11 for cost in held)
        assert amount.units % 10**8 == 0
        assert amount > ZERO
