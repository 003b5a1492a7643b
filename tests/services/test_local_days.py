"""Days as people count them: made of hours, adding up to the same total however they are cut, and said where not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from bot.core.entries import Entry
from bot.core.errors import WordsError
from bot.core.usage import LEDGER_SOURCES, Source, Surface
from bot.demo.anthropic_server import create_app
from bot.demo.serving import serve
from bot.render.json import document
from bot.services.asking.ask import Ask
from bot.services.asking.receipts import Receipts
from bot.services.books.verify import Outcome
from bot.store import ledger
from bot.store.database import Database
from tests.faults import Faults
from tests.outside import simulated
from tests.services.world import KEY, World, configured, dump, fresh

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOURCES = (*LEDGER_SOURCES, Source.HOURS)
ZONES = [
    "Europe/Berlin",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "America/Sao_Paulo",
]
NOW = datetime(2026, 11, 6, 9, 20, tzinfo=UTC)
"""A few days after Berlin (25 Oct) and Los Angeles (1 Nov) have set their clocks back."""
DAYS = 16
FEWER = ["Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu"]
"""Enough where it is not the zone that is tested."""
FIELDS = ("billed_cost", "list_cost")


@asynccontextmanager
async def opened(now: datetime, days: int) -> AsyncIterator[World]:
    organization = simulated(until=now, days=days)
    world: World
    faults = Faults(create_app(organization, clock=lambda: world.now, admin_key=KEY))
    async with serve(faults) as url:
        world = World(url, faults, organization, now=now)
        yield world
        while world.clients:
            await world.clients.pop().close()


async def read(world: World, database: Database, *, hourly_days: int, surface: Surface, days: int = DAYS) -> None:
    sync = world.sync(database, backfill_days=days, hourly_days=hourly_days, surface=surface)
    assert (await sync.run(world.now, sources=SOURCES)).failures == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    async with opened(NOW, DAYS) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Surface))
async def synced(
    world: World, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Database]:
    """Everything by the hour, from either kind of reports; only to be read."""
    with fresh(tmp_path_factory.mktemp("local")) as database:
        configured(database)
        await read(world, database, hourly_days=DAYS + 1, surface=request.param)
        yield database


async def told(database: Database, question: str, zone: str, now: datetime = NOW) -> dict[str, Any]:
    return document(await Ask(database, zone).answer(question, now))


def tokens_of(world: World, start: datetime, end: datetime) -> int:
    return sum(sum(row.tokens) for row in world.organization.usage(start, end))


def local(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("zone", ZONES)
async def test_a_day_is_the_local_one_to_the_last_token(world: World, synced: Database, zone: str) -> None:
    for day in (date(2026, 10, 24), date(2026, 10, 25), date(2026, 11, 1), date(2026, 11, 5)):
        found = await told(synced, f"summary {day}", zone)
        start, end = (local(one, zone).replace(minute=0) for one in (day, day + timedelta(days=1)))
        assert found["total"]["tokens"]["total"] == tokens_of(world, start, min(end, NOW.replace(minute=0)))
        assert found["query"]["period"]["timezone"] == zone
        assert found["query"]["period"]["start"] == f"{start:%Y-%m-%dT%H:%M:%SZ}"


async def test_a_day_is_explained_by_its_hours_beside_those_of_the_day_before(synced: Database) -> None:
    answer = await Ask(synced, "Europe/Berlin").answer("why 2026-11-04", NOW)
    (chart,) = answer.charts
    assert chart.title == "Change of each hour, 20 of 24 hours"
    assert "than the hour beside it" in str(chart)
    found = (await Ask(synced, "Europe/Berlin").answer("why 2026-11-04 by hour", NOW)).report
    before = (await Ask(synced, "Europe/Berlin").answer("2026-11-03 by hour", NOW)).report
    assert found
    assert before
    beside = [row.previous for row in found.rows]
    assert [one and one.billed_cost for one in beside] == [row.figures.billed_cost for row in before.rows]
    assert [row.name[-5:] for row in found.rows] == [f"{hour:02}:00" for hour in range(24)]


@pytest.mark.parametrize(
    ("zone", "day", "hours"), [("Europe/Berlin", "2026-10-25", 25), ("America/Los_Angeles", "2026-11-01", 25)]
)
async def test_the_day_on_which_clocks_go_back_has_25_hours(synced: Database, zone: str, day: str, hours: int) -> None:
    period = (await told(synced, f"summary {day}", zone))["query"]["period"]
    start, end = (datetime.fromisoformat(period[name]) for name in ("start", "end"))
    assert end - start == timedelta(hours=hours)


async def test_the_day_on_which_clocks_go_forward_has_23_hours(tmp_path: Path) -> None:
    now = datetime(2026, 3, 31, 9, 20, tzinfo=UTC)
    async with opened(now, 5) as world:
        with fresh(tmp_path) as database:
            await read(world, database, hourly_days=6, surface=Surface.CLASSIC, days=5)
            found = await told(database, "summary 2026-03-29", "Europe/Berlin", now)
            start = datetime(2026, 3, 28, 23, tzinfo=UTC)
            assert found["total"]["tokens"]["total"] == tokens_of(world, start, start + timedelta(hours=23))


@pytest.mark.parametrize("zone", FEWER)
@pytest.mark.parametrize("subject", ["summary", "team alpha", "workspace Default", "model claude-opus-5-5"])
async def test_local_days_and_weeks_add_up_to_the_period_to_the_last_digit(
    synced: Database, zone: str, subject: str
) -> None:
    for by in ("day", "week"):
        found = await told(synced, f"{subject} 2026-10-23..2026-11-05 by {by}", zone)
        for field in FIELDS:
            assert sum(Decimal(row[field]) for row in found["rows"]) == Decimal(found["total"][field])
        tokens = [row["tokens"]["total"] for row in found["rows"]]
        assert sum(tokens) == found["total"]["tokens"]["total"]


@pytest.mark.parametrize("by", ["team", "model", "key", "workspace", "product", "token-type", "tier"])
async def test_a_local_day_adds_up_by_every_dimension(synced: Database, by: str) -> None:
    found = await told(synced, f"summary 2026-10-25 by {by}", "America/Los_Angeles")
    for field in FIELDS:
        assert sum(Decimal(row[field]) for row in found["rows"] if row[field]) == Decimal(found["total"][field])


async def test_the_hours_of_every_entry_add_up_to_it_to_the_last_unit(synced: Database) -> None:
    def gather(connection: Connection) -> dict[date, tuple[list[Entry], list[tuple[int, Entry]]]]:
        (organization_id,) = connection.exec_driver_sql("SELECT id FROM organization").scalars()
        held = ledger.entries(connection, organization_id, date(2026, 10, 21), date(2026, 11, 7))
        return {day: (entries, ledger.hours(connection, organization_id, day)) for day, entries in held.items()}

    for entries, hours in synced.read_now(gather).values():
        left = {(entry.attribution, entry.charge, entry.basis): entry for entry in entries}
        for _, part in hours:
            key = (part.attribution, part.charge, part.basis)
            whole = left[key]
            assert (whole.billed_cost is None) == (part.billed_cost is None)
            left[key] = whole._replace(
                quantity=whole.quantity - part.quantity,
                list_cost=None if whole.list_cost is None else whole.list_cost - (part.list_cost or 0),
                billed_cost=None if whole.billed_cost is None else whole.billed_cost - (part.billed_cost or 0),
            )
        assert {(one.quantity, one.list_cost or 0, one.billed_cost or 0) for one in left.values()} <= {(0, 0, 0)}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles"])
async def test_a_course_by_day_says_what_each_day_says_by_itself(synced: Database, zone: str) -> None:
    course = await told(synced, "team alpha 2026-10-24..2026-11-05 by day", zone)
    assert len(course["rows"]) == 13
    for row in course["rows"]:
        alone = (await told(synced, f"team alpha {row['id']}", zone))["total"]
        assert {name: row[name] for name in (*FIELDS, "tokens")} == {name: alone[name] for name in (*FIELDS, "tokens")}


async def test_the_answer_says_whose_days_it_counts(synced: Database) -> None:
    async def notes(zone: str, question: str = "summary 2026-10-23..2026-11-05") -> str:
        return " ".join((await told(synced, question, zone))["notes"])

    assert "Days are days of Europe/Berlin" in await notes("Europe/Berlin")
    assert "Days are" not in await notes("UTC")
    assert "counted from 18:00 UTC, the whole hour before midnight in Asia/Kathmandu" in await notes("Asia/Kathmandu")


async def test_where_hours_are_not_known_days_are_utc_days_and_the_answer_says_so(world: World, tmp_path: Path) -> None:
    with fresh(tmp_path) as database:
        configured(database)
        await read(world, database, hourly_days=4, surface=Surface.CLASSIC)
        old = await told(database, "summary 2026-10-26..2026-10-28", "America/Los_Angeles")
        assert old["query"]["period"] == {
            "start": "2026-10-26T00:00:00Z",
            "end": "2026-10-29T00:00:00Z",
            "timezone": "UTC",
        }
        assert any("UTC days, not days of America/Los_Angeles" in note for note in old["notes"])
        mixed = await told(database, "summary 2026-10-26..2026-11-04 by day", "America/Los_Angeles")
        assert mixed["query"]["period"] == {
            "start": "2026-10-26T00:00:00Z",
            "end": "2026-11-05T08:00:00Z",
            "timezone": "America/Los_Angeles",
        }
        assert any("The first is counted from midnight UTC: 26 Oct" in note for note in mixed["notes"])
        for field in FIELDS:
            assert sum(Decimal(row[field]) for row in mixed["rows"]) == Decimal(mixed["total"][field])


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo"])
@pytest.mark.parametrize(
    "question", ["team alpha yesterday", "summary 2026-10-24..2026-10-26", "key website-chat today"]
)
async def test_a_receipt_of_local_days_verifies_to_the_last_digit(synced: Database, zone: str, question: str) -> None:
    made = await Receipts(synced, zone).make(question, NOW)
    assert made.receipt.residual.units == 0
    verdict = await Receipts(synced, zone).verify(made.id)
    assert (verdict.outcome, verdict.differences) == (Outcome.EQUAL, ())


@pytest.mark.parametrize("zone", ["UTC", *FEWER])
@pytest.mark.parametrize("subject", ["summary", "team alpha", "workspace Default", "model claude-opus-5-5"])
async def test_hours_add_up_to_the_period_to_the_last_digit(synced: Database, zone: str, subject: str) -> None:
    found = await told(synced, f"{subject} 2026-10-24..2026-10-26 by hour", zone)
    assert len(found["rows"]) > 40
    for field in FIELDS:
        assert sum(Decimal(row[field]) for row in found["rows"]) == Decimal(found["total"][field])
    assert sum(row["tokens"]["total"] for row in found["rows"]) == found["total"]["tokens"]["total"]


async def test_an_hour_holds_what_was_used_in_it(world: World, synced: Database) -> None:
    found = await told(synced, "summary 2026-10-24..2026-10-30 by hour", "Europe/Berlin")
    for row in found["rows"]:
        start = datetime.fromisoformat(row["id"])
        assert row["tokens"]["total"] == tokens_of(world, start, start + timedelta(hours=1))


@pytest.mark.parametrize(
    ("zone", "day", "count", "twice"),
    [
        ("Europe/Berlin", "2026-10-25", 25, ["Sun 25 Oct 02:00 CEST", "Sun 25 Oct 02:00 CET"]),
        ("America/Los_Angeles", "2026-11-01", 25, ["Sun 1 Nov 01:00 PDT", "Sun 1 Nov 01:00 PST"]),
        ("Asia/Kathmandu", "2026-10-25", 24, []),
        ("UTC", "2026-10-25", 24, []),
    ],
)
async def test_each_hour_of_the_clock_has_one_row_also_those_it_shows_twice(
    synced: Database, zone: str, day: str, count: int, twice: list[str]
) -> None:
    names = [row["name"] for row in (await told(synced, f"summary {day} by hour", zone))["rows"]]
    assert len(names) == len(set(names)) == count
    assert [name for name in names if not name.endswith(":00")] == twice
    assert (names[0].rpartition(" ")[2], names[-1].rpartition(" ")[2]) == ("00:00", "23:00")


async def test_a_day_that_is_not_known_by_the_hour_is_one_row_and_the_sum_stays(world: World, tmp_path: Path) -> None:
    with fresh(tmp_path) as database:
        configured(database)
        await read(world, database, hourly_days=4, surface=Surface.CLASSIC)
        found = await told(database, "summary 2026-10-31..2026-11-05 by hour", "Europe/Berlin")
        whole = [row["name"] for row in found["rows"] if "T" not in row["id"]]
        assert whole[0] == "Sat 31 Oct, the whole UTC day"
        assert 0 < len(whole) < len(found["rows"]) > 48
        assert any("not known by the hour, so each is one row" in note for note in found["notes"])
        for field in FIELDS:
            assert sum(Decimal(row[field]) for row in found["rows"]) == Decimal(found["total"][field])


async def test_hours_of_more_than_a_week_are_refused_with_what_to_ask_instead(synced: Database) -> None:
    with pytest.raises(WordsError, match=r"up to 7 days, not 16\. Say `yesterday by hour`"):
        await told(synced, "summary 2026-10-20..2026-11-04 by hour", "UTC")
    assert (await told(synced, "summary 7d by hour", "UTC"))["rows"]


async def test_list_cost_that_is_a_range_is_one_for_each_hour_too(synced: Database) -> None:
    day = await told(synced, "summary 2026-10-25 by day", "Europe/Berlin")
    hours = await told(synced, "summary 2026-10-25 by hour", "Europe/Berlin")
    high = [Decimal(row.get("list_cost_high") or row["list_cost"]) for row in hours["rows"]]
    assert sum(high) == pytest.approx(
        Decimal(day["total"].get("list_cost_high") or day["total"]["list_cost"]), abs=Decimal("0.0001")
    )


async def test_reading_the_hours_again_changes_no_row(world: World, tmp_path: Path) -> None:
    with fresh(tmp_path) as database:
        configured(database)
        await read(world, database, hourly_days=6, surface=Surface.ANALYTICS, days=5)
        before = hourly(database)
        await read(world, database, hourly_days=6, surface=Surface.ANALYTICS, days=5)
        assert hourly(database) == before != []
        assert dump(database)


async def test_local_days_are_cut_alike_on_every_database(world: World, any_database: Database) -> None:
    configured(any_database)
    await read(world, any_database, hourly_days=DAYS + 1, surface=Surface.CLASSIC)
    zone = "Europe/Berlin"
    for row in (await told(any_database, "summary 2026-10-24..2026-11-05 by day", zone))["rows"]:
        day = date.fromisoformat(row["id"])
        expected = tokens_of(world, local(day, zone), local(day + timedelta(days=1), zone))
        assert row["tokens"]["total"] == expected


def hourly(database: Database) -> list[tuple[object, ...]]:
    query = "SELECT * FROM ledger_hour_total ORDER BY 1, 2, 3, 4, 5, 6, 7"
    return database.read_now(lambda connection: [tuple(row) for row in connection.exec_driver_sql(query)])
