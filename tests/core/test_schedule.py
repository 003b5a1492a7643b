"""When a digest is due, across clock changes, downtimes and a whole year."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.periods import Unit
from bot.core.schedule import Cadence, Digest, Occurrence, newest_due, occurrence_on

QUARTER_HOUR = timedelta(minutes=15)


def digest(cadence: Cadence = Cadence.DAILY, at: str = "09:00", zone: str = "UTC", weekday: int = 0) -> Digest:
    return Digest("d", "C0ALPHA", cadence, time.fromisoformat(at), zone, weekday=weekday)


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
    newest = {Cadence.DAILY: "2026-11-22", Cadence.WEEKLY: "2026-11-16", Cadence.MONTHLY: "2026-11-01"}[cadence]
    assert found is not None
    assert str(found.day) == newest
    assert newest_due(digest(cadence), since=found.due, now=now) is None


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
