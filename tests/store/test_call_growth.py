"""Sums of calls that grow: by the hour and by the day they come to what the single calls do, and stay whole numbers."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select, union_all

from bot.core.calls import batch, sketch, sums
from bot.core.calls.call import Call
from bot.core.calls.client import Client
from bot.core.errors import StoreUnavailable
from bot.core.money import LARGEST, Money
from bot.core.periods import local_date
from bot.store import calls as store
from bot.store.calls import Sent
from bot.store.database import Database
from bot.store.tables import CallDay, CallHour, table

_day, _hour = table(CallDay), table(CallHour)
NOW = datetime(2026, 10, 28, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def made(how_many: int, seed: int, days: int) -> list[Call]:
    dice = random.Random(seed)
    return [
        Call(
            f"req_{seed}_{n}",
            NOW - timedelta(minutes=dice.randrange(days * 1440)),
            "claude-sonnet-5-5",
            dice.randrange(9),
            feature=f"f{n % 2}",
            duration_ms=dice.choice([None, dice.randrange(90_000)]),
            error_type=dice.choice(["", "overloaded_error"]),
        )
        for n in range(how_many)
    ]


def post(database: Database, calls: list[Call]) -> None:
    database.write_now(store.post, [Sent(batch.of(calls), Client("test"))], NOW, {})


def lengths(connection: Connection) -> list[int]:
    """Of the written sketches of hours and days."""
    return [
        *connection.execute(union_all(*(select(func.length(kept.c.durations)) for kept in (_hour, _day)))).scalars()
    ]


def test_any_whole_hours_come_to_what_their_calls_do_and_so_do_local_days(database: Database) -> None:
    calls = made(300, 1, days=5)
    for at in range(0, len(calls), 60):
        post(database, calls[at : at + 60])
    dice = random.Random(2)
    midnight = datetime(2026, 10, 25, tzinfo=UTC)
    spans = [(NOW - dice.randrange(120) * HOUR, NOW - dice.randrange(-5, 60) * HOUR) for _ in range(12)]
    for since, until in [*spans, (midnight, midnight + DAY), (midnight, midnight + DAY + HOUR), (NOW - 6 * DAY, NOW)]:
        wanted = [one for one in calls if since <= one.at < until]
        held = database.read_now(store.by_series, since, until)
        kinds = {(one.feature, one.error_type) for one in wanted}
        assert {(one.series.feature, one.series.error_type): one.sums for one in held} == {
            kind: sums.of(one for one in wanted if (one.feature, one.error_type) == kind) for kind in kinds
        }
        ids = {one.series_id for one in held}
        for zone in ("UTC", "Europe/London", "America/New_York"):  # London leaves its summer time on the 25th
            found = database.read_now(store.by_day, since, until, zone, ids)
            assert {day: (some.calls, some.tokens, some.errors) for day, some in found.items()} == {
                day: (some.calls, some.tokens, some.errors)
                for day in {local_date(one.at, zone) for one in wanted}
                if (some := sums.of(one for one in wanted if local_date(one.at, zone) == day))
            }


def test_a_sketch_that_was_appended_to_for_long_is_written_anew_and_says_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sketch, "LONG_BYTES", 40)
    calls = [one._replace(duration_ms=n % 7, error_type="", feature="") for n, one in enumerate(made(200, 3, days=1))]
    for at in range(0, len(calls), 10):
        post(database, calls[at : at + 10])
    assert max(database.read_now(lengths)) <= 40
    (held,) = database.read_now(store.by_series, NOW - DAY, NOW)
    assert held.sums == sums.of(calls)


def test_sums_that_no_longer_fit_are_refused_and_change_nothing(database: Database) -> None:
    calls = [one._replace(own_cost=Money(LARGEST // 2 + n), at=NOW) for n, one in enumerate(made(3, 4, days=1))]
    calls = [one._replace(feature="", error_type="", duration_ms=None) for one in calls]
    for one in calls[:1]:
        post(database, [one])
    with pytest.raises(StoreUnavailable, match=r"larger than any"):
        post(database, [calls[2]])
    (held,) = database.read_now(store.by_series, NOW, NOW + HOUR)
    assert held.sums == sums.of(calls[:1])
