"""When a digest is due, across clock changes, downtimes and a whole year."""

import random
from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.core.periods import Unit
from bot.core.schedule import Cadence, Digest, Occurrence, Skip, newest_due, occurrence_on

QUARTER_HOUR = timedelta(minutes=15)
DAY = timedelta(days=1)
NO_SKIP = Skip()
WEEKENDS = Skip(frozenset({5, 6}))
AWKWARD = (
    *("Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "Asia/Gaza"),
    *("America/St_Johns", "Pacific/Chatham", "Africa/Casablanca", "America/Santiago", "Europe/Dublin", "Asia/Tehran"),
)


def digest(
    cadence: Cadence = Cadence.DAILY,
    at: str = "09:00",
    zone: str = "UTC",
    weekday: int = 0,
    skip: Skip = NO_SKIP,
) -> Digest:
    return Digest("d", "C0ALPHA", cadence, time.fromisoformat(at), zone, weekday=weekday, skip=skip)


@cache
def different(year: int) -> tuple[ZoneInfo, ...]:
    """One zone of each way in which clocks are set somewhere in the world during a year."""
    moments = [datetime(year, 1, 1, tzinfo=UTC) + n * timedelta(hours=12) for n in range(2 * 366)]
    zones = (ZoneInfo(name) for name in sorted(available_timezones()))
    return tuple({tuple(at.astimezone(zone).utcoffset() for at in moments): zone for zone in zones}.values())


def all_of(what: Digest, year: int) -> list[Occurrence]:
    """The occurrences that belong to a year's days, in their order."""
    days = (date(year, 1, 1) + n * DAY for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days))
    return [found for day in days if (found := occurrence_on(what, day))]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stepped(what: Digest, start: datetime, end: datetime) -> list[Occurrence]:
    """What a scheduler that knocks every quarter of an hour finds due."""
    found, since = [], start
    while since < end:
        now = since + QUARTER_HOUR
        if occurrence := newest_due(what, since=since, now=now):
            found.append(occurrence)
        since = now
    return found


@pytest.mark.parametrize(
    ("zone", "day", "at", "due"),
    [
        ("Europe/Berlin", "2026-03-28", "02:30", "2026-03-28T01:30"),
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:30"),  # skipped: 03:30 on the new clock
        ("Europe/Berlin", "2026-03-30", "02:30", "2026-03-30T00:30"),
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30"),  # comes twice: the first
        ("America/Sao_Paulo", "2018-11-04", "00:30", "2018-11-04T03:30"),  # midnight itself is skipped
        ("America/Sao_Paulo", "2018-02-17", "23:30", "2018-02-18T01:30"),  # comes twice: the first
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:45"),  # half an hour is skipped
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45"),  # half an hour comes twice
        ("Asia/Kathmandu", "2026-11-20", "09:00", "2026-11-20T03:15"),
        ("Pacific/Apia", "2011-12-29", "09:00", "2011-12-29T19:00"),
        ("Pacific/Apia", "2011-12-31", "09:00", "2011-12-30T19:00"),  # the 30th never was
    ],
)
def test_a_local_time_has_one_moment_whatever_the_clocks_do(zone: str, day: str, at: str, due: str) -> None:
    occurrence = occurrence_on(digest(at=at, zone=zone), date.fromisoformat(day))
    assert occurrence is not None
    assert occurrence.due == utc(due)


@pytest.mark.parametrize(
    ("zone", "year", "at"),
    [
        ("Europe/Berlin", 2026, "02:30"),
        ("America/Sao_Paulo", 2018, "00:15"),
        ("America/Sao_Paulo", 2018, "23:30"),
        ("Australia/Lord_Howe", 2026, "01:45"),
        ("Australia/Lord_Howe", 2026, "02:15"),
        ("Asia/Kathmandu", 2026, "00:00"),
        ("Pacific/Apia", 2011, "09:00"),
    ],
)
def test_every_day_of_a_year_comes_exactly_once(zone: str, year: int, at: str) -> None:
    start, end = (datetime(of, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) for of in (year, year + 1))
    found = [
        occurrence.day for occurrence in stepped(digest(at=at, zone=zone), start - QUARTER_HOUR, end - QUARTER_HOUR)
    ]
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    if zone == "Pacific/Apia":
        days.remove(date(2011, 12, 30))
    assert found == days


def test_every_week_and_every_month_of_a_year_comes_exactly_once() -> None:
    start, end = utc("2026-01-01T00:00") - QUARTER_HOUR, utc("2027-01-01T00:00") - QUARTER_HOUR
    weekly = stepped(digest(Cadence.WEEKLY, weekday=4, zone="Europe/Berlin"), start, end)
    assert len(weekly) == 52
    assert {occurrence.day.weekday() for occurrence in weekly} == {4}
    monthly = stepped(digest(Cadence.MONTHLY, zone="Europe/Berlin"), start, end)
    assert [occurrence.day for occurrence in monthly] == [date(2026, month, 1) for month in range(1, 13)]


@pytest.mark.parametrize("cadence", Cadence)
def test_after_a_downtime_only_the_newest_occurrence_is_due(cadence: Cadence) -> None:
    now = utc("2026-11-22T12:00")
    found = newest_due(digest(cadence), since=utc("2026-08-01T00:00"), now=now)
    newest = {
        Cadence.DAILY: "2026-11-22",
        Cadence.WEEKLY: "2026-11-16",
        Cadence.MONTHLY: "2026-11-01",
        Cadence.QUARTERLY: "2026-10-01",
    }[cadence]
    assert found is not None
    assert str(found.day) == newest
    assert newest_due(digest(cadence), since=found.due, now=now) is None


@pytest.mark.parametrize("at", ["00:00", "02:30", "23:45"])
def test_in_every_zone_of_the_world_a_years_occurrences_are_as_many_as_they_should_be(at: str) -> None:
    """One moment a day, week, month and quarter, in order, on its own local date, at its time where that exists."""
    for here in different(2026):
        zone = here.key
        for cadence, count in ((Cadence.DAILY, 365), (Cadence.WEEKLY, 52), (Cadence.MONTHLY, 12)):
            found = all_of(digest(cadence, at, zone), 2026)
            assert len(found) == count, zone
            assert all(one.due < other.due for one, other in pairwise(found)), zone
            for one in found:
                local = one.due.astimezone(here)
                jumped = datetime.combine(one.day, time.fromisoformat(at), here).utcoffset() != local.utcoffset()
                assert (local.date(), local.time()) == (one.day, time.fromisoformat(at)) or jumped, (zone, one)


@pytest.mark.parametrize("zone", AWKWARD)
@pytest.mark.parametrize("cadence", Cadence)
def test_whenever_the_bot_is_awake_each_occurrence_is_found_at_most_once_and_the_newest_always(
    zone: str, cadence: Cadence
) -> None:
    """A year of knocks: minutes apart, hours, or after days of downtime; the bot remembers what it found last."""
    year = 2011 if zone == "Pacific/Apia" else 2018 if zone == "America/Sao_Paulo" else 2026
    what = digest(cadence, "00:30", zone, weekday=4, skip=WEEKENDS if cadence is Cadence.DAILY else NO_SKIP)
    # Samoa had no 30 December 2011: what belongs to it is due with the 31st, and only the newest of both is found.
    due = {one.due: one for of in (year - 1, year, year + 1) for one in all_of(what, of)}
    moments, chance = sorted(due), random.Random(f"{zone}{cadence}")
    now = last = datetime(year, 1, 2, tzinfo=UTC)
    found, expected = [], []
    while now < datetime(year, 12, 31, tzinfo=UTC):
        before, now = now, now + timedelta(minutes=chance.choice((1, 15, 60, 600, 1440, 4320)))
        newest = moments[bisect_right(moments, now) - 1]
        if newest > before:
            expected.append(due[newest].key)
        if occurrence := newest_due(what, since=last, now=now):
            last = occurrence.due
            found.append(occurrence.key)
    assert found == expected
    assert len(set(found)) == len(found)


def test_on_days_to_be_skipped_there_is_no_daily_digest_and_the_next_reports_on_all_of_them() -> None:
    holidays = Skip(frozenset({5, 6}), frozenset({date(2026, 12, 24), date(2026, 12, 25)}))
    what = digest(skip=holidays)
    december = [one for one in all_of(what, 2026) if one.day >= date(2026, 12, 18)]
    assert [one.day.day for one in december] == [18, 21, 22, 23, 28, 29, 30, 31]
    monday, after_christmas = december[1].period("UTC"), december[4].period("UTC")
    assert (monday.label, monday.unit, monday.words) == ("18–20 Dec", Unit.RANGE, "2026-12-18..2026-12-20")
    assert after_christmas.label == "23–27 Dec"


def test_any_other_digest_waits_for_the_next_day_that_is_not_skipped_and_keeps_its_name() -> None:
    new_year = Skip(frozenset({5, 6}), frozenset({date(2027, 1, 1)}))
    monthly = occurrence_on(digest(Cadence.MONTHLY, skip=new_year), date(2027, 1, 1))
    assert monthly is not None
    assert (monthly.due, monthly.key) == (utc("2027-01-04T09:00"), "digest/d/2027-01-01")
    assert monthly.period("UTC").label == "December 2026"
    assert newest_due(digest(Cadence.MONTHLY, skip=new_year), since=utc("2026-12-31T00:00"), now=monthly.due) == monthly


def test_nothing_is_due_from_before_the_bots_time() -> None:
    due = utc("2026-11-22T09:00")
    assert newest_due(digest(), since=due, now=utc("2026-11-22T20:00")) is None
    assert newest_due(digest(Cadence.MONTHLY), since=utc("2026-11-02T00:00"), now=utc("2026-11-30T23:59")) is None


def test_an_occurrence_is_due_at_its_moment_and_not_before() -> None:
    since, due = utc("2026-11-22T08:00"), utc("2026-11-22T09:00")
    assert newest_due(digest(), since=since, now=due - timedelta.resolution) is None
    found = newest_due(digest(), since=since, now=due)
    assert found is not None
    assert found.key == "digest/d/2026-11-22"


def test_days_without_an_occurrence_have_none() -> None:
    assert occurrence_on(digest(Cadence.WEEKLY, weekday=0), date(2026, 11, 22)) is None  # a Sunday
    assert occurrence_on(digest(Cadence.MONTHLY), date(2026, 11, 2)) is None


@pytest.mark.parametrize(
    ("cadence", "day", "start", "end", "label", "unit"),
    [
        (Cadence.DAILY, "2026-11-22", "2026-11-20T23:00", "2026-11-21T23:00", "Saturday 21 November", Unit.DAY),
        (Cadence.DAILY, "2026-03-30", "2026-03-28T23:00", "2026-03-29T22:00", "Sunday 29 March", Unit.DAY),
        (Cadence.WEEKLY, "2026-11-20", "2026-11-08T23:00", "2026-11-15T23:00", "9–15 Nov", Unit.WEEK),
        (Cadence.MONTHLY, "2026-01-01", "2025-11-30T23:00", "2025-12-31T23:00", "December 2025", Unit.MONTH),
        (Cadence.MONTHLY, "2026-11-01", "2026-09-30T22:00", "2026-10-31T23:00", "October 2026", Unit.MONTH),
        (Cadence.QUARTERLY, "2026-10-01", "2026-06-30T22:00", "2026-09-30T22:00", "Q3 2026", Unit.QUARTER),
        (Cadence.QUARTERLY, "2026-01-01", "2025-09-30T22:00", "2025-12-31T23:00", "Q4 2025", Unit.QUARTER),
    ],
)
def test_a_digest_reports_on_the_complete_period_before_it(
    cadence: Cadence, day: str, start: str, end: str, label: str, unit: Unit
) -> None:
    on = date.fromisoformat(day)
    occurrence = occurrence_on(digest(cadence, weekday=on.weekday(), zone="Europe/Berlin"), on)
    assert occurrence is not None
    period = occurrence.period("Europe/Berlin")
    assert (period.start, period.end) == (utc(start), utc(end))
    assert (period.label, period.unit, period.running) == (label, unit, False)


def test_the_day_before_is_one_that_people_there_lived() -> None:
    occurrence = occurrence_on(digest(zone="Pacific/Apia"), date(2011, 12, 31))
    assert occurrence is not None
    period = occurrence.period("Pacific/Apia")
    assert (period.label, period.end - period.start) == ("Thursday 29 December", DAY)
