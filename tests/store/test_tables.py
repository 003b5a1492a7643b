"""What a column keeps: instants in UTC and nothing naive, money to the last unit of 64 bits."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import StatementError

from bot.core.alerts.episode import Episode
from bot.core.alerts.rule import Kind
from bot.core.money import LARGEST, Money
from bot.store import preferences
from bot.store.alerts import episodes
from bot.store.database import Database
from bot.store.tables import EpisodeRow, table

_episode = table(EpisodeRow)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "instant",
    [
        NOW,
        datetime(2026, 11, 22, 9, 30, 1, 123456, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("America/New_York")),
        datetime(2026, 1, 1, 0, 15, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_an_instant_comes_back_as_the_same_instant_in_utc(database: Database, instant: datetime) -> None:
    database.write_now(preferences.first_time, "then", instant)
    found = database.write_now(preferences.first_time, "then", NOW)
    assert found == instant
    assert found.utcoffset() == timedelta()


def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        database.write_now(preferences.first_time, "then", datetime(2026, 11, 22, 9))  # noqa: DTZ001


def test_instants_are_compared_as_instants_whatever_zone_they_came_in(database: Database) -> None:
    east = NOW.astimezone(timezone(timedelta(hours=9)))

    def both(connection: Connection) -> list[str]:
        for name, at in (("early", east - timedelta(hours=1)), ("late", NOW + timedelta(hours=1))):
            episodes.store(connection, Episode(name, "all", Kind.THRESHOLD, at, at, at, 1, 1))
        query = select(_episode.c.rule_id).where(_episode.c.since < east)
        return list(connection.execute(query).scalars())

    assert database.write_now(both) == ["early"]


@pytest.mark.parametrize("units", [LARGEST, -LARGEST - 1, 0, 1, -1, 2**53 + 1, 10**18 + 7])
def test_money_is_kept_to_the_last_unit_of_64_bits(database: Database, units: int) -> None:
    def keep(connection: Connection) -> tuple[int, int]:
        episodes.store(connection, Episode("rule", "all", Kind.THRESHOLD, NOW, NOW, NOW, units, 0))
        (found,) = episodes.newest_of_all(connection)
        return found.value, int(connection.execute(select(func.sum(_episode.c.value))).scalar_one())

    assert database.write_now(keep) == (units, units)


def test_the_largest_amount_anthropic_may_report_fits() -> None:
    assert Money.from_cents("92233720368.54775807").units == LARGEST
