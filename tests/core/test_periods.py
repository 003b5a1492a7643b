from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import WordsError
from bot.core.periods import Period, Unit, days
from bot.core.said_periods import month_to_date, parse_period

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)  # a Sunday
ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]
SAYINGS = [
    *("today", "yesterday", "7d", "1d", "30 days", "last 30 days", "past 2 weeks", "wtd", "this week", "last week"),
    *("mtd", "this month", "last month", "qtd", "this quarter", "last quarter", "ytd", "this year", "last year"),
    *("january", "feb", "october", "december", "Q1", "year to date", "since january", "since yesterday"),
    *("past month", "last 3 months", "2 quarters", "1y", "tuesday", "last friday", "31 january", "3 to 9 may"),
]
instants = st.datetimes(datetime(2016, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def read(words: str, now: datetime = NOW, zone: str = "UTC") -> Period:
    period = parse_period(words, now=now, zone=zone)
    assert period is not None, words
    return period


def shape(period: Period) -> str:
    touched = days(period)
    return f"{touched[0]}..{touched[-1]}"


@pytest.mark.parametrize(
    ("words", "expected", "label", "unit", "running"),
    [
        ("today", "2026-11-22..2026-11-22", "today", "day", True),
        ("Yesterday", "2026-11-21..2026-11-21", "yesterday", "day", False),
        ("7d", "2026-11-16..2026-11-22", "last 7 days", "days", True),
        ("30 days", "2026-10-24..2026-11-22", "last 30 days", "days", True),
        ("last 30 days", "2026-10-24..2026-11-22", "last 30 days", "days", True),
        ("past 2 weeks", "2026-11-09..2026-11-22", "last 14 days", "days", True),
        ("this week", "2026-11-16..2026-11-22", "this week", "week", True),
        ("last week", "2026-11-09..2026-11-15", "last week", "week", False),
        ("mtd", "2026-11-01..2026-11-30", "this month", "month", True),
        ("this  MONTH", "2026-11-01..2026-11-30", "this month", "month", True),
        ("last month", "2026-10-01..2026-10-31", "last month", "month", False),
        ("qtd", "2026-10-01..2026-12-31", "this quarter", "quarter", True),
        ("this quarter", "2026-10-01..2026-12-31", "this quarter", "quarter", True),
        ("last quarter", "2026-07-01..2026-09-30", "last quarter", "quarter", False),
        ("ytd", "2026-01-01..2026-12-31", "this year", "year", True),
        ("last year", "2025-01-01..2025-12-31", "last year", "year", False),
        ("2026-10", "2026-10-01..2026-10-31", "October 2026", "month", False),
        ("2026-Q3", "2026-07-01..2026-09-30", "Q3 2026", "quarter", False),
        ("q4", "2026-10-01..2026-12-31", "Q4 2026", "quarter", True),
        ("2026", "2026-01-01..2026-12-31", "2026", "year", True),
        ("2026-10-01", "2026-10-01..2026-10-01", "1 Oct 2026", "day", False),
        ("2026-10-01..2026-10-15", "2026-10-01..2026-10-15", "1–15 Oct 2026", "range", False),
        ("2026-09-28 to 2026-10-03", "2026-09-28..2026-10-03", "28 Sep – 3 Oct 2026", "range", False),
        ("2025-12-28 – 2026-01-03", "2025-12-28..2026-01-03", "28 Dec 2025 – 3 Jan 2026", "range", False),
        ("2026-09..2026-10", "2026-09-01..2026-10-31", "1 Sep – 31 Oct 2026", "range", False),
        ("2026-11-15..2026-11-30", "2026-11-15..2026-11-30", "15–30 Nov 2026", "range", True),
        ("since 2026-11-01", "2026-11-01..2026-11-22", "since 1 Nov 2026", "range", True),
        ("october", "2026-10-01..2026-10-31", "October 2026", "month", False),
        ("oct", "2026-10-01..2026-10-31", "October 2026", "month", False),
        ("november", "2026-11-01..2026-11-30", "November 2026", "month", True),
        ("december", "2025-12-01..2025-12-31", "December 2025", "month", False),
        ("Sept 2025", "2025-09-01..2025-09-30", "September 2025", "month", False),
        ("2024-02", "2024-02-01..2024-02-29", "February 2024", "month", False),
        ("last wk", "2026-11-09..2026-11-15", "last week", "week", False),
        ("previous quarter", "2026-07-01..2026-09-30", "last quarter", "quarter", False),
        ("past week", "2026-11-16..2026-11-22", "last 7 days", "days", True),
        ("past month", "2026-10-23..2026-11-22", "last 1 month", "days", True),
        ("last three months", "2026-08-23..2026-11-22", "last 3 months", "days", True),
        ("1y", "2025-11-23..2026-11-22", "last 1 year", "days", True),
        ("sunday", "2026-11-22..2026-11-22", "22 Nov 2026", "day", True),
        ("last sunday", "2026-11-15..2026-11-15", "15 Nov 2026", "day", False),
        ("friday", "2026-11-20..2026-11-20", "20 Nov 2026", "day", False),
        ("15 oct", "2026-10-15..2026-10-15", "15 Oct 2026", "day", False),
        ("Saturday 14 November", "2026-11-14..2026-11-14", "14 Nov 2026", "day", False),
        ("december 3rd", "2025-12-03..2025-12-03", "3 Dec 2025", "day", False),
        ("oct 1 2025", "2025-10-01..2025-10-01", "1 Oct 2025", "day", False),
        ("1 to 20 Oct", "2026-10-01..2026-10-20", "1–20 Oct 2026", "range", False),
        ("1–20 Oct", "2026-10-01..2026-10-20", "1–20 Oct 2026", "range", False),
        ("oct 1-20", "2026-10-01..2026-10-20", "1–20 Oct 2026", "range", False),
        ("28 Dec 2025 – 3 Jan 2026", "2025-12-28..2026-01-03", "28 Dec 2025 – 3 Jan 2026", "range", False),
        ("october to december", "2026-10-01..2026-12-31", "1 Oct – 31 Dec 2026", "range", True),
    ],
)
def test_a_period_is_read_the_way_people_say_it(
    words: str, expected: str, label: str, unit: str, running: bool
) -> None:
    period = read(words)
    assert (shape(period), period.label, period.unit, period.running) == (expected, label, unit, running)


@pytest.mark.parametrize(
    "words", ["", "alpha", "last", "last mile", "7", "0.5d", "team 2026-10-01..2026-10-15", "x" * 10_000, "٧d", "1999"]
)
def test_words_that_name_no_period_are_left_to_others(words: str) -> None:
    assert parse_period(words, now=NOW, zone="UTC") is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("2026-13", "There is no “2026-13” in the calendar I count by."),
        ("2026-02-29", "There is no “2026-02-29” in the calendar I count by."),
        ("2026-q5", "There is no “2026-q5” in the calendar I count by."),
        ("0001-01-01", "There is no “0001-01-01” in the calendar I count by."),
        ("2026-10-15..2026-10-01", "“2026-10-15..2026-10-01” ends before it starts."),
        ("2026-10-01..soon", "I can't read “2026-10-01..soon” as two dates. Try `2026-10-01..2026-10-15`."),
        ("0d", "I count back from 1 to 3660 days, not “0d”."),
        ("999999999 weeks", "I count back from 1 to 3660 days, not “999999999 weeks”."),
        ("last 24 hours", "I count back in days, weeks or months. Try `today by hour`."),
        ("last 500 years", "I count back from 1 to 3660 days, not “last 500 years”."),
        ("31 november", "There is no “31 november” in the calendar I count by."),
        ("10 to 35 october", "There is no “35 october” in the calendar I count by."),
        ("sat 15 november", "15 Nov 2026 is a Sunday."),
        ("yesterday to monday", "“yesterday to monday” ends before it starts."),
        ("2027-01", "January 2027 has not begun yet."),
        ("since 2026-12-01", "Since 1 Dec 2026 has not begun yet."),
    ],
)
def test_an_impossible_period_is_refused_in_a_sentence(words: str, sentence: str) -> None:
    with pytest.raises(WordsError) as refused:
        parse_period(words, now=NOW, zone="UTC")
    assert str(refused.value) == sentence


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        parse_period("today", now=datetime(2026, 11, 22), zone="UTC")  # noqa: DTZ001


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/Los_Angeles", "2026-03-08", 23),
        ("America/Los_Angeles", "2025-11-02", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Asia/Kathmandu", "2026-03-29", 24),
        ("Asia/Beirut", "2026-03-29", 23),  # the clocks skip midnight itself
        ("America/Havana", "2025-11-02", 25),  # the clocks repeat midnight itself
    ],
)
def test_a_local_day_is_as_long_as_the_clocks_make_it(zone: str, day: str, hours: float) -> None:
    period = read(day, zone=zone)
    assert period.end - period.start == timedelta(hours=hours)
    assert days(period) == [date.fromisoformat(day)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("week", ["2026-03-02", "2026-03-23", "2026-03-30", "2026-09-28", "2026-10-19", "2025-10-27"])
def test_the_days_of_a_week_with_a_clock_change_fill_it_without_a_gap(zone: str, week: str) -> None:
    monday = date.fromisoformat(week)
    whole = read(f"{monday}..{monday + timedelta(6)}", zone=zone)
    single = [read(str(day), zone=zone) for day in days(whole)]
    assert len(single) == 7
    assert (single[0].start, single[-1].end) == (whole.start, whole.end)
    assert all(one.end == following.start for one, following in pairwise(single))


def test_today_is_the_day_of_the_zone_and_not_of_utc() -> None:
    new_year = datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert shape(read("today", new_year, "America/Los_Angeles")) == "2025-12-31..2025-12-31"
    assert shape(read("this year", new_year, "America/Los_Angeles")) == "2025-01-01..2025-12-31"
    assert shape(read("today", new_year, "Asia/Kathmandu")) == "2026-01-01..2026-01-01"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("january", "2026-01-01..2026-01-31"),
        ("december", "2025-12-01..2025-12-31"),
        ("february", "2025-02-01..2025-02-28"),
        ("last month", "2025-12-01..2025-12-31"),
        ("last quarter", "2025-10-01..2025-12-31"),
        ("last week", "2025-12-22..2025-12-28"),
        ("this week", "2025-12-29..2026-01-04"),
        ("7d", "2025-12-26..2026-01-01"),
    ],
)
def test_new_years_day_looks_back_into_the_old_year(words: str, expected: str) -> None:
    assert shape(read(words, datetime(2026, 1, 1, 12, tzinfo=UTC))) == expected


def test_a_running_period_ends_with_the_data_and_a_finished_one_does_not() -> None:
    data = datetime(2026, 11, 21, tzinfo=UTC)
    assert read("this month").until(data).end == data
    assert read("today").until(data) == replace(read("today"), end=read("today").start)
    assert read("last month").until(data - timedelta(60)) == read("last month")
    assert read("this month").until(data + timedelta(60)) == read("this month")


@pytest.mark.parametrize(
    ("words", "data", "expected", "label"),
    [
        ("this month", "2026-11-22", "2026-10-01..2026-10-21", "1–21 Oct"),
        ("this month", "2026-12-01", "2026-10-01..2026-10-31", "October 2026"),
        ("2026-03", "2026-04-01", "2026-02-01..2026-02-28", "February 2026"),
        ("2024-03", "2024-04-01", "2024-02-01..2024-02-29", "February 2024"),
        ("2026-01", "2026-02-01", "2025-12-01..2025-12-31", "December 2025"),
        ("this quarter", "2026-11-22", "2026-07-01..2026-08-21", "1 Jul – 21 Aug"),
        ("2026-Q1", "2026-04-01", "2025-10-01..2025-12-31", "Q4 2025"),
        ("this year", "2026-11-22", "2025-01-01..2025-11-21", "1 Jan – 21 Nov 2025"),
        ("2025", "2026-01-01", "2024-01-01..2024-12-31", "2024"),
        ("this week", "2026-11-21", "2026-11-09..2026-11-13", "9–13 Nov"),
        ("last week", "2026-11-21", "2026-11-02..2026-11-08", "2–8 Nov"),
        ("today", "2026-11-23", "2026-11-21..2026-11-21", "21 Nov"),
        ("7d", "2026-11-23", "2026-11-09..2026-11-15", "the 7 days before"),
        ("7d", "2026-11-22", "2026-11-10..2026-11-15", "the 6 days before"),
        ("2026-10-01..2026-10-15", "2026-11-22", "2026-09-16..2026-09-30", "the 15 days before"),
        ("2026-10-01..2026-10-01", "2026-11-22", "2026-09-30..2026-09-30", "the day before"),
    ],
)
def test_a_period_is_compared_with_the_same_stretch_before_it(words: str, data: str, expected: str, label: str) -> None:
    before = read(words).until(datetime.fromisoformat(data).replace(tzinfo=UTC)).previous()
    assert (shape(before), before.label, before.running) == (expected, label, False)


@pytest.mark.parametrize("data", ["2026-03-29T06:00", "2026-03-30", "2026-03-31", "2026-03-31T06:00"])
def test_the_month_before_is_clipped_to_its_own_length(data: str) -> None:
    march = read("this month", datetime(2026, 3, 31, 9, tzinfo=UTC))
    before = march.until(datetime.fromisoformat(data).replace(tzinfo=UTC)).previous()
    assert shape(before) == "2026-02-01..2026-02-28"
    assert before.end == march.start


def test_the_29th_of_february_is_compared_with_the_whole_february_before() -> None:
    leap = read("this year", datetime(2028, 2, 29, 12, tzinfo=UTC)).until(datetime(2028, 3, 1, tzinfo=UTC))
    assert shape(leap.previous()) == "2027-01-01..2027-02-28"


def test_half_a_day_is_compared_with_the_same_half_of_the_day_before() -> None:
    today = read("today", zone="Europe/Berlin").until(datetime(2026, 11, 22, 13, tzinfo=UTC))
    assert today.previous().end == datetime(2026, 11, 21, 13, tzinfo=UTC)
    assert today.previous().label == "21 Nov until 14:00"


def test_a_period_without_data_yet_has_an_empty_one_before_it() -> None:
    empty = read("this month").until(datetime(2026, 11, 1, tzinfo=UTC))
    assert days(empty) == []
    assert empty.previous().start == empty.previous().end == datetime(2026, 10, 1, tzinfo=UTC)


def test_a_period_kept_in_local_time_or_backwards_is_refused() -> None:
    period = read("today")
    with pytest.raises(ValueError, match="UTC"):
        replace(period, start=period.start.astimezone(ZoneInfo("Europe/Berlin")))
    with pytest.raises(ValueError, match="after it starts"):
        replace(period, start=period.end, end=period.start)


@given(st.sampled_from(SAYINGS), instants, st.sampled_from(ZONES))
def test_every_period_is_aware_and_half_open_and_its_days_follow_each_other(
    words: str, now: datetime, zone: str
) -> None:
    period = read(words, now, zone)
    touched = days(period)
    assert period.start < period.end
    assert period.start.tzinfo is UTC
    assert period.end.tzinfo is UTC
    assert period.running == (period.start <= now < period.end)
    assert touched == [touched[0] + timedelta(n) for n in range(len(touched))]
    assert period.start.astimezone(ZoneInfo(zone)).date() == touched[0]
    assert period.end.astimezone(ZoneInfo(zone)).date() == touched[-1] + timedelta(1)
    assert read(period.words, now, zone) == period


@given(st.sampled_from(SAYINGS), instants, st.sampled_from(ZONES), st.floats(0, 1))
def test_the_period_before_ends_where_this_one_starts_or_earlier(
    words: str, now: datetime, zone: str, part: float
) -> None:
    whole = read(words, now, zone)
    cut = whole.until(whole.start + (whole.end - whole.start) * part)
    before = cut.previous()
    assert before.start < cut.start
    assert before.start <= before.end <= cut.start
    if cut.unit in (Unit.DAY, Unit.DAYS, Unit.WEEK, Unit.RANGE):
        assert len(days(before)) == len(days(cut))
    else:
        assert len(days(before)) <= max(len(days(cut)), {Unit.MONTH: 31, Unit.QUARTER: 92, Unit.YEAR: 366}[cut.unit])


@given(st.text(max_size=80), instants)
def test_any_text_is_a_period_or_none_or_wrong_words(text: str, now: datetime) -> None:
    try:
        period = parse_period(text, now=now, zone="Europe/Berlin")
    except WordsError:
        return
    assert period is None or period.start < period.end


def test_a_question_without_a_period_is_about_the_month_to_date() -> None:
    assert month_to_date(now=NOW, zone="Europe/Berlin") == read("mtd", zone="Europe/Berlin")
