"""Planted faults go through the real sync and are caught and named; the admins are told once; the rest is explained."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from bot.answers.reconcile import Held
from bot.core import prices
from bot.core.books.reconciliation import Cause, Fault, Stage
from bot.core.directory import Directory
from bot.core.money import Money
from bot.core.usage import (
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    LEDGER_SOURCES,
    CostRecord,
    DayTotal,
    Source,
    Surface,
    UsageRecord,
)
from bot.services.asking.ask import Ask
from bot.services.books import reconcile
from bot.services.books.reconcile import Reconcile
from bot.services.deliver import Deliverer
from bot.services.syncing.rebuild import rebuild
from bot.slack.notifier import SlackNotifier, web_client
from bot.store import directory
from bot.store.database import Database
from bot.store.readings import reported, snapshots
from bot.terminal.period import period as said
from tests import databases
from tests.faults import mutate, status
from tests.outside import ANA, BEN, BOT_TOKEN, Outside, opened
from tests.services.books import MODEL, ORGANIZATION, Books
from tests.services.world import FIRST, NOW, TODAY, World, days

Json = dict[str, Any]
Change = Callable[[list[Json]], list[Json]]
DAY = timedelta(days=1)
WHOLE = days(FIRST, TODAY)
CLASSIC, NEWER = Surface.CLASSIC, Surface.ANALYTICS
with_the_server = pytest.mark.asyncio(loop_scope="module")


async def held(database: Database, period: str = "30d", at: datetime = NOW) -> dict[date, Held]:
    return {one.found.day: one for one in await Reconcile(database, None).days(said(period, at), at)}


async def faults(database: Database, at: datetime = NOW) -> dict[date, tuple[Fault, ...]]:
    """The days that nothing explains, with what each looks like."""
    return {day: one.found.faults for day, one in (await held(database, at=at)).items() if not one.found.explained}


def grouped(change: Change) -> Callable[[Json], Json]:
    """A change of the rows of every grouped page of cost; Anthropic's own sums stay as they are."""

    def changed(body: Json) -> Json:
        for bucket in body["data"]:
            if bucket.get("results", [{}])[:1] and bucket["results"][0]["cost_type"]:
                bucket["results"] = change(bucket["results"])
        return body

    return changed


def newer_grouped(change: Change) -> Callable[[Json], Json]:
    def changed(body: Json) -> Json:
        if body["data"] and body["data"][0]["group"]["cost_type"]:
            body["data"] = change(body["data"])
        return body

    return changed


def without_the_first(rows: list[Json]) -> list[Json]:
    return rows[1:]


def without_yesterdays_largest(rows: list[Json]) -> list[Json]:
    at = next((n for n, row in enumerate(rows) if row["starting_at"].startswith(str(TODAY - DAY))), None)
    return rows if at is None else rows[:at] + rows[at + 1 :]


def first_twice(rows: list[Json]) -> list[Json]:
    return [rows[0], *rows]


def without_null_workspace(rows: list[Json]) -> list[Json]:
    return [row for row in rows if row["workspace_id"] is not None]


def in_dollars(rows: list[Json]) -> list[Json]:
    """Amounts a hundred times too high."""
    return [{**row, "amount": f"{Decimal(row['amount']) * 100:f}"} for row in rows]


def newer_in_dollars(rows: list[Json]) -> list[Json]:
    """The same where the list amount stands beside the billed one."""

    def hundredfold(cost: Json) -> Json:
        return {**cost, **{name: f"{Decimal(cost[name]) * 100:f}" for name in ("amount", "list_amount")}}

    return [{**row, "cost": hundredfold(row["cost"])} for row in rows]


# --- planted faults


@with_the_server
@pytest.mark.parametrize("surface", [CLASSIC, NEWER])
async def test_a_sound_month_adds_up_to_the_last_unit(world: World, any_database: Database, surface: Surface) -> None:
    await world.sync(any_database, surface=surface).run(NOW, sources=LEDGER_SOURCES)
    found = await held(any_database)
    assert list(found) == days()
    for day, one in found.items():
        assert one.found.explained
        assert one.found.reported == one.found.ledger == Money(world.billed(day))
    assert [found[TODAY - n * DAY].found.stage for n in (0, 1, 4, 5)] == [
        *(Stage.RUNNING, Stage.SETTLING, Stage.SETTLING, Stage.SETTLED)
    ]
    assert {one.found.apart for one in found.values()} == {None}


@with_the_server
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (without_the_first, Fault.ROWS_LOST),
        (lambda rows: rows[: len(rows) // 2], Fault.ROWS_LOST),
        (first_twice, Fault.ROWS_DOUBLED),
        (lambda rows: rows + rows, Fault.ROWS_DOUBLED),
        (in_dollars, Fault.CENTS_AS_DOLLARS),
        (without_null_workspace, Fault.DEFAULT_WORKSPACE_LOST),
    ],
    ids=[
        "a dropped row",
        "half a page",
        "a doubled row",
        "a doubled page",
        "cents as dollars",
        "a lost null workspace",
    ],
)
async def test_a_fault_in_the_grouped_report_is_caught_on_every_whole_day_and_named(
    world: World, database: Database, change: Change, named: Fault
) -> None:
    world.faults.next("cost_report", mutate(grouped(change)), times=None)
    with capture_logs() as logs:
        await world.synced(database)
    found = await faults(database)
    assert list(found) == WHOLE
    assert all(named in looks for looks in found.values())
    assert {log["day"] for log in logs if log.get("action") == "not_reconciled"} == {str(day) for day in WHOLE}
    world.faults.heal()
    await world.sync(database).run(NOW, since=FIRST, sources=LEDGER_SOURCES)
    assert await faults(database) == {}, "read again, it adds up"


@with_the_server
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (without_yesterdays_largest, Fault.ROWS_LOST),
        (lambda rows: rows[: len(rows) // 2], Fault.ROWS_LOST),
        (newer_in_dollars, Fault.CENTS_AS_DOLLARS),
    ],
    ids=["a dropped row", "half a page", "cents as dollars"],
)
async def test_a_fault_in_the_newer_report_is_caught_and_named(
    world: World, database: Database, change: Change, named: Fault
) -> None:
    """Its pages end in the middle of a day, so a lost one leaves no gap that its reader could see."""
    world.faults.next("analytics/cost", mutate(newer_grouped(change)), times=None)
    await world.sync(database, surface=NEWER).run(NOW, sources=LEDGER_SOURCES)
    found = await faults(database)
    assert found
    assert {looks[0] for looks in found.values()} == {named}


@with_the_server
async def test_cents_as_dollars_in_both_readings_are_caught_against_the_list_price(
    world: World, database: Database
) -> None:
    def everywhere(body: Json) -> Json:
        for bucket in body["data"]:
            bucket["results"] = in_dollars(bucket["results"])
        return body

    world.faults.next("cost_report", mutate(everywhere), times=None)
    await world.synced(database)
    assert await faults(database) == dict.fromkeys(WHOLE, (Fault.CENTS_AS_DOLLARS,))
    assert {one.found.apart for one in (await held(database)).values()} == {None}


@with_the_server
async def test_cents_as_dollars_everywhere_in_the_newer_reports_are_caught_against_our_own_list_price(
    world: World, database: Database
) -> None:
    world.faults.next(
        "analytics/cost", mutate(lambda body: {**body, "data": newer_in_dollars(body["data"])}), times=None
    )
    await world.sync(database, surface=NEWER).run(NOW, sources=LEDGER_SOURCES)
    assert await faults(database) == dict.fromkeys(WHOLE, (Fault.CENTS_AS_DOLLARS,))


@with_the_server
async def test_one_hour_writes_priced_as_five_minute_ones_are_caught_and_named(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = prices._unit_rate
    monkeypatch.setattr(
        prices, "_unit_rate", lambda charge, *of: right(CACHE_WRITE_5M if charge == CACHE_WRITE_1H else charge, *of)
    )
    await world.synced(database)
    assert await faults(database) == dict.fromkeys(WHOLE, (Fault.ONE_HOUR_AS_FIVE_MINUTES,))


@with_the_server
async def test_usage_that_takes_one_hour_writes_for_five_minute_ones_is_caught(
    world: World, database: Database
) -> None:
    def mixed_up(body: Json) -> Json:
        for row in (row for bucket in body["data"] for row in bucket["results"]):
            written = row["cache_creation"]
            written["ephemeral_5m_input_tokens"] += written["ephemeral_1h_input_tokens"]
            written["ephemeral_1h_input_tokens"] = 0
        return body

    world.faults.next("usage_report", mutate(mixed_up), times=None)
    await world.synced(database)
    assert await faults(database) == dict.fromkeys(WHOLE, (Fault.USAGE_LOST,))


@with_the_server
async def test_a_null_workspace_lost_from_the_usage_report_is_caught(world: World, database: Database) -> None:
    def lost(body: Json) -> Json:
        for bucket in body["data"]:
            bucket["results"] = without_null_workspace(bucket["results"])
        return body

    world.faults.next("usage_report", mutate(lost), times=None)
    await world.synced(database)
    assert await faults(database) == dict.fromkeys(WHOLE, (Fault.USAGE_LOST,))


# --- what is no error


def own_sums_fail(body: Json) -> Json:
    """The ungrouped report is malformed, the grouped one is sound."""
    for bucket in body["data"]:
        if bucket["results"] and bucket["results"][0]["cost_type"] is None:
            del bucket["results"][0]["amount"]
    return body


@with_the_server
async def test_a_day_restated_after_anthropics_own_sum_was_read_is_restated_since(
    world: World, database: Database
) -> None:
    await world.synced(database)
    world.now = NOW + DAY

    def dearer(body: Json) -> Json:
        return own_sums_fail(grouped(lambda rows: [{**rows[0], "amount": "99999"}, *rows[1:]])(body))

    world.faults.next("cost_report", mutate(dearer), times=None)
    assert (await world.synced(database)).failures == []
    found = (await held(database, at=world.now))[TODAY - 2 * DAY].found
    assert found.reported is not None
    assert found.reported < found.ledger
    assert found.apart is Cause.RESTATED
    assert Fault.ROWS_DOUBLED not in found.faults


@with_the_server
async def test_anthropics_own_sum_read_after_the_rows_is_restated_since(world: World, database: Database) -> None:
    await world.synced(database)
    day = TODAY - 9 * DAY
    restated = DayTotal(datetime(day.year, day.month, day.day, tzinfo=UTC), "12345.678", Money.from_cents("12345.678"))
    database.write_now(reported.replace, world.organization.id, [restated], NOW + DAY)
    found = (await held(database))[day].found
    assert (found.apart, found.explained, found.reported) == (Cause.RESTATED, True, restated.amount)
    assert database.write_now(reconcile.look, world.organization.id, days(), NOW) == []


@with_the_server
async def test_own_sums_that_cannot_be_read_harm_nothing_and_are_read_the_next_time(
    world: World, database: Database
) -> None:
    world.faults.next("cost_report", mutate(own_sums_fail), times=None)
    result = await world.synced(database)
    assert result.failures == []
    found = await held(database)
    assert {one.found.reported for one in found.values()} == {None}
    assert all(one.found.explained and one.found.ledger.units == world.billed(day) for day, one in found.items())
    world.faults.heal()
    await world.synced(database)
    assert all(one.found.reported == one.found.ledger for one in (await held(database)).values())


@with_the_server
async def test_a_cost_report_that_fails_leaves_the_day_not_in_yet(world: World, database: Database) -> None:
    world.faults.next("cost_report", status(500), times=None)
    await world.synced(database)
    found = await held(database)
    assert {one.found.stage for one in found.values()} == {Stage.UNREAD}
    assert all(set(one.found.causes) <= {Cause.NOT_IN_YET, Cause.PRIORITY} for one in found.values())
    assert await faults(database) == {}


@with_the_server
async def test_days_asked_for_again_read_their_sums_again_and_no_others(world: World, database: Database) -> None:
    await world.synced(database)
    world.faults.seen.clear()
    await world.sync(database).run(NOW, since=TODAY - 9 * DAY, until=TODAY - 7 * DAY, sources=LEDGER_SOURCES)
    asked = [dict(seen.query) for seen in world.faults.seen if "cost_report" in seen.path]
    assert [(query["starting_at"][:10], query["ending_at"][:10], "group_by[]" in query) for query in asked] == [
        (str(TODAY - 9 * DAY), str(TODAY - 7 * DAY), True),
        (str(TODAY - 9 * DAY), str(TODAY - 7 * DAY), False),
    ]


# --- who is told


NIGHT = date(2026, 11, 18)
MORNING = datetime(2026, 11, 19, 7, tzinfo=UTC)
ADMINS = """\
admins: [ben@example.com, U0BEN, ana@example.com]
teams:
  - {id: alpha, name: Team Alpha, matches: [{workspace: alpha}]}
"""
Told = Callable[[Database], Reconcile]


@pytest.fixture(scope="module")
def running_slack() -> Iterator[Outside]:
    with opened() as outside:
        yield outside


@pytest.fixture
def outside(running_slack: Outside) -> Outside:
    return running_slack.fresh()


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with ExitStack() as stack:
        database = Database(databases.sqlite(tmp_path / "books.db"))
        stack.callback(database.close)
        books = Books(database)
        books.configure(ADMINS)
        yield books


@pytest.fixture
def service(outside: Outside, books: Books) -> Reconcile:
    client = web_client(BOT_TOKEN, f"{outside.slack_url}/api/")
    return Reconcile(books.database, Deliverer(books.database, SlackNotifier(client, seconds_between_posts=0)))


def spent(books: Books, day: date, said: str = "10.00") -> None:
    """Ten dollars at list price, of which Anthropic's own sum says `said`."""
    books.spend(day, alpha="10.00", tokens=10**6)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    cents = f"{Decimal(said) * 100:f}"
    read_at = start + timedelta(days=1, hours=6)
    books.database.write_now(reported.replace, ORGANIZATION, [DayTotal(start, cents, Money.from_cents(cents))], read_at)


def looked(books: Books, *touched: date, at: datetime = MORNING) -> list[date]:
    return books.database.write_now(reconcile.look, ORGANIZATION, touched, at)


async def test_the_admins_are_told_once_what_is_wrong_and_what_to_do(
    outside: Outside, books: Books, service: Reconcile
) -> None:
    spent(books, NIGHT, "12.50")
    assert looked(books, NIGHT) == [NIGHT]
    assert await service.run(MORNING) == 2
    ana, ben = (outside.posted(outside.slack.dms[who]) for who in (ANA, BEN))
    assert (len(ana), len(ben)) == (1, 1), "one person under two names is told once"
    for words in ("18 Nov", "rows or a page of the cost report were lost", "$12.50", "$10.00"):
        assert words in str(ana[0].blocks) + ana[0].text
    assert "claude-usage sync --since 2026-11-18 --until 2026-11-19" in str(ana[0].blocks)
    for later in range(3):
        assert looked(books, NIGHT) == [NIGHT]
        assert await service.run(MORNING + timedelta(hours=later)) == 0
    assert len(outside.posted()) == 2


async def test_days_found_together_are_one_message_and_a_new_day_is_another(
    outside: Outside, books: Books, service: Reconcile
) -> None:
    for back in range(5):
        spent(books, NIGHT - back * DAY, "12.50")
    assert len(looked(books, *(NIGHT - back * DAY for back in range(5)))) == 5
    assert await service.run(MORNING) == 2
    (message,) = outside.posted(outside.slack.dms[ANA])
    assert "5 days from 14 Nov to 18 Nov" in str(message.blocks)
    spent(books, NIGHT + DAY, "9.00")
    looked(books, NIGHT + DAY, at=MORNING + DAY)
    assert await service.run(MORNING + DAY) == 2
    states = books.deliveries()
    assert states["reconcile/2026-11-18/ana@example.com"] == states["reconcile/2026-11-19/ana@example.com"] == "sent"
    assert states["reconcile/2026-11-14/ana@example.com"] == "skipped"


async def test_what_adds_up_before_anybody_was_told_is_not_told(
    outside: Outside, books: Books, service: Reconcile
) -> None:
    spent(books, NIGHT, "12.50")
    looked(books, NIGHT)
    spent(books, NIGHT)
    assert await service.run(MORNING) == 0
    assert outside.posted() == []
    assert set(books.errors().values()) == {"2026-11-18 adds up by now."}


async def test_a_day_that_is_explained_is_nobodys_business(outside: Outside, books: Books, service: Reconcile) -> None:
    spent(books, NIGHT)
    assert looked(books, NIGHT) == []
    assert await service.run(MORNING) == 0
    assert books.deliveries() == {}


async def test_a_day_no_sync_touched_is_looked_at_until_it_has_settled(books: Books) -> None:
    """Five per cent above list may be a report that lags behind; after some days it is not."""
    books.bill(NIGHT, alpha="10.50")
    books.use(NIGHT, alpha=10**6)
    assert looked(books, at=MORNING) == []
    assert looked(books, at=MORNING + 3 * DAY) == []
    assert looked(books, at=MORNING + 4 * DAY) == [NIGHT]


@pytest.mark.parametrize("offset", [-8, 1, 13])
def test_a_local_day_taken_for_a_utc_day_is_caught_and_named(books: Books, offset: int) -> None:
    """Daily buckets that begin at a local midnight, where the hours of the same report are right."""
    first, read_at = date(2026, 11, 10), datetime(2026, 11, 20, tzinfo=UTC)
    starts = [datetime(2026, 11, 9, tzinfo=UTC) + timedelta(hours=n) for n in range(5 * 24)]
    each = {start: 1000 + 7 * n for n, start in enumerate(starts)}
    by_the_hour = [used(start, count) for start, count in each.items()]
    midnights = starts[::24]
    books.database.write_now(snapshots.replace, ORGANIZATION, Source.HOURS, midnights, by_the_hour, read_at)
    for day in (first, first + DAY, first + 2 * DAY):
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=offset)
        count = sum(each[begin + timedelta(hours=n)] for n in range(24))
        books.use(day, read_at=read_at, alpha=count)
        books.bill(day, read_at=read_at, alpha="0.01")
    found = books.database.read_now(reconcile.recent, datetime(2026, 11, 13, 9, tzinfo=UTC))
    assert {one.found.day for one in found if Fault.LOCAL_DAY in one.found.faults} == {
        first,
        first + DAY,
        first + 2 * DAY,
    }


def used(start: datetime, count: int) -> UsageRecord:
    return UsageRecord(start, "alpha", "apikey_alpha", MODEL, "standard", "global", count, 0, 0, 0, 0, 0)


async def test_two_organisations_do_not_make_up_for_each_other(books: Books) -> None:
    """One has five dollars too many, the other the same five too few: together they would add up."""
    spent(books, NIGHT, "15.00")
    read_at = datetime(2026, 11, 19, 6, tzinfo=UTC)
    start = datetime(2026, 11, 18, tzinfo=UTC)

    def other(connection: Connection) -> None:
        directory.replace(connection, Directory("org_other", "Other Org"))
        for source in LEDGER_SOURCES:
            snapshots.replace(connection, "org_other", source, [start], [], read_at)
        cost = CostRecord(
            start, None, "code_execution", None, None, None, None, None, "", "500", Money.from_cents("500")
        )
        snapshots.replace(connection, "org_other", Source.COST, [start], [cost], read_at)
        rebuild(connection, "org_other", [NIGHT])
        reported.replace(connection, "org_other", [DayTotal(start, "0", Money(0))], read_at)

    books.database.write_now(other)
    found = await Reconcile(books.database, None).days(said("2026-11-18", MORNING), MORNING)
    assert {one.organization: one.found.faults for one in found} == {
        "Example Org": (Fault.ROWS_LOST,),
        "Other Org": (Fault.ROWS_DOUBLED,),
    }


async def test_status_says_in_a_line_how_the_last_reconciliation_went(books: Books) -> None:
    ask = Ask(books.database, "UTC")
    assert "Reconciliation" not in str((await ask.answer("status", MORNING)).facts)
    for back in range(3):
        spent(books, NIGHT - back * DAY)
    facts = {fact.label: fact.value for fact in (await ask.answer("status", MORNING)).facts}
    assert facts["Reconciliation"] == "All 3 days add up."
    spent(books, NIGHT, "12.50")
    facts = {fact.label: fact.value for fact in (await ask.answer("status", MORNING)).facts}
    assert facts["Reconciliation"] == "Nothing explains a difference on 1 of 3 days: 18 Nov."
