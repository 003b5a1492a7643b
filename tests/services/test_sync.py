"""The road from Anthropic's reports to the ledger: whole, in order, after every interruption, and to the last unit."""

import asyncio
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from bot.core.allocation import allocate
from bot.core.entries import Entry
from bot.core.errors import AnthropicUnavailable, CredentialRefused, PageMalformed, StoreError
from bot.core.question import Dimension
from bot.core.usage import LEDGER_SOURCES, Source
from bot.services.syncing import holder, reading, rebuild, spans
from bot.services.syncing import turn as syncing_turn
from bot.services.syncing.reading import Finished
from bot.services.syncing.turn import SYNC, turn
from bot.store import directory, turns
from bot.store.database import Database
from bot.store.readings import pages, restatements, snapshots, syncs
from bot.store.tables import TurnRow, table
from tests.faults import cut_in_half, hang, mutate, status
from tests.outside import until
from tests.services.world import (
    DAYS,
    FIRST,
    NOW,
    TODAY,
    TOMORROW,
    World,
    billed,
    by_source,
    configured,
    days,
    dump,
    figures,
    finished,
    fresh,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
DAY = timedelta(days=1)
CHUNK = 25
"""Days that are read of the simulated organisation at once."""


def every_result(change: Callable[[Json], None]) -> Callable[[Json], Json]:
    """A change of each result of a report's page."""

    def changed(body: Json) -> Json:
        for bucket in body["data"]:
            for result in bucket["results"]:
                change(result)
        return body

    return changed


def _held_at(connection: Connection) -> datetime:
    at: datetime = connection.execute(select(table(TurnRow).c.held_at)).scalar_one()
    return at


def rests_on(database: Database, world: World) -> dict[date, tuple[pages.Kept, ...]]:
    """The pages of the cost report that each day came from."""
    return database.read_now(pages.of_days, world.organization.id, Source.COST, FIRST, TOMORROW)


@contextmanager
def written(database: Database) -> Iterator[set[str]]:
    """The tables that are written to meanwhile."""
    tables: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        changed = re.match(r"(?:INSERT INTO|DELETE FROM|UPDATE) (\w+)", statement)
        tables.update(changed.groups() if changed else ())

    event.listen(database.engine, "before_cursor_execute", note)
    yield tables
    event.remove(database.engine, "before_cursor_execute", note)


def renamed(old: str, new: str) -> Callable[[Json], Json]:
    """A directory list in which one thing has another name."""

    def changed(body: Json) -> Json:
        for item in body["data"]:
            item["name"] = new if item["name"] == old else item["name"]
        return body

    return changed


async def test_every_day_of_the_ledger_is_what_anthropic_reported_for_it(world: World, any_database: Database) -> None:
    result = await world.synced(any_database)
    assert result.failures == []
    held = figures(any_database, Dimension.DAY)
    assert list(held) == [day.isoformat() for day in days()]
    for day in days():
        found = held[day.isoformat()]
        assert found.billed_cost is not None
        assert found.billed_cost.units == world.billed(day), day
        assert found.total_tokens == world.tokens(day), day


async def test_the_first_run_reads_the_backfill_newest_first(world: World, database: Database) -> None:
    done: list[Finished | int] = []
    await world.sync(database, backfill_days=40).run(NOW, progress=done.append, sources=LEDGER_SOURCES)
    assert done[0] == 2 * 41
    chunks = by_source([one for one in done if isinstance(one, Finished)])
    newest, oldest = TOMORROW - CHUNK * DAY, TODAY - 40 * DAY
    assert chunks == {"usage": [(newest, TOMORROW), (oldest, newest)], "cost": [(newest, TOMORROW), (oldest, newest)]}


async def test_a_second_run_reads_only_the_recent_days_and_changes_no_row(world: World, any_database: Database) -> None:
    await world.synced(any_database)
    before = dump(any_database)
    chunks: list[Finished] = []
    await world.synced(any_database, finished(chunks))
    assert by_source(chunks) == {"usage": [(TODAY - 3 * DAY, TOMORROW)], "cost": [(TODAY - 3 * DAY, TOMORROW)]}
    assert dump(any_database) == before


async def test_a_refresh_that_finds_nothing_new_writes_no_row_of_a_report_or_of_the_ledger(
    world: World, any_database: Database
) -> None:
    await world.synced(any_database)
    kept, held = rests_on(any_database, world), dump(any_database)
    world.now += timedelta(minutes=10)  # within the same hour the simulated organisation says the same
    with written(any_database) as tables:
        await world.synced(any_database)
    reports, made_of_them = {"usage_snapshot", "cost_snapshot", "bucket_page"}, {"ledger_entry", "ledger_total"}
    assert not tables & {*reports, *made_of_them, "restatement"}
    assert "bucket" in tables
    fetched = any_database.read_now(snapshots.fetched, world.organization.id, Source.COST, FIRST, TOMORROW)
    assert {day for day, at in fetched.items() if at == world.now} == set(days(TODAY - 3 * DAY))
    assert (rests_on(any_database, world), dump(any_database)) == (kept, held)


async def test_only_the_day_that_changed_rests_on_other_pages(world: World, database: Database) -> None:
    def dearer_on(body: Json) -> Json:
        for bucket in body["data"]:
            if bucket["starting_at"].startswith((TODAY - 2 * DAY).isoformat()):
                bucket["results"][0]["amount"] += "1" if "." in bucket["results"][0]["amount"] else ".1"
        return body

    await world.synced(database)
    before = rests_on(database, world)
    world.faults.next("cost_report", mutate(dearer_on))
    await world.synced(database)
    after = rests_on(database, world)
    assert [day for day in before if before[day] != after[day]] == [TODAY - 2 * DAY]


async def test_a_large_organisation_is_read_day_by_day(world: World, database: Database) -> None:
    def many(body: Json) -> Json:
        first = body["data"][0]
        return {**body, "data": [{**first, "id": f"apikey_{n}", "name": f"key-{n}"} for n in range(400)]}

    world.faults.next("api_keys", mutate(many))
    chunks: list[Finished] = []
    await world.synced(database, finished(chunks))
    lengths = {source: [(until - since).days for since, until in found] for source, found in by_source(chunks).items()}
    assert lengths["usage"] == lengths["cost"] == [1] * len(days())
    assert sum(part or 0 for part in billed(database, Dimension.DAY).values()) == sum(map(world.billed, days()))


async def test_a_day_that_was_restated_is_replaced(world: World, database: Database) -> None:
    def dearer(result: Json) -> None:
        result["amount"] = f"{result['amount'].partition('.')[0]}9.5"

    world.faults.next("cost_report", mutate(every_result(dearer)))
    await world.synced(database)
    wrong = billed(database, Dimension.DAY)
    await world.synced(database)
    right = billed(database, Dimension.DAY)
    for day in days():
        restated = day >= TODAY - 3 * DAY
        assert (right[day.isoformat()] == world.billed(day)) is restated
        assert (right[day.isoformat()] != wrong[day.isoformat()]) is restated
    await world.sync(database).run(NOW, since=FIRST, sources=LEDGER_SOURCES)
    assert billed(database, Dimension.DAY) == {day.isoformat(): world.billed(day) for day in days()}


async def test_what_a_restatement_changed_is_written_down_once_and_a_day_that_still_grows_is_none(
    world: World, database: Database
) -> None:
    def dearer(result: Json) -> None:
        result["amount"] = f"{result['amount'].partition('.')[0]}9.5"

    world.faults.next("cost_report", mutate(every_result(dearer)))
    await world.synced(database)
    wrong = billed(database, Dimension.DAY)
    assert database.read_now(restatements.latest, 100) == []
    await world.synced(database)
    await world.synced(database)
    noticed = database.read_now(restatements.latest, 100)
    whole = [TODAY - n * DAY for n in (1, 2, 3)]
    assert [(one.day, one.before, one.after) for one in noticed] == [
        (day, wrong[day.isoformat()], world.billed(day)) for day in whole
    ]
    assert {one.source for one in noticed} == {Source.COST}


async def test_a_sync_killed_half_way_resumes_and_ends_as_if_nothing_had_happened(
    world: World, any_database: Database, tmp_path: Path
) -> None:
    done: list[Finished] = []

    def kill(progress: Finished | int) -> None:
        if isinstance(progress, Finished):
            done.append(progress)
        if len(done) == 2:  # of four
            killed.cancel()

    killed = asyncio.create_task(
        world.sync(any_database, backfill_days=40).run(NOW, progress=kill, sources=LEDGER_SOURCES)
    )
    with pytest.raises(asyncio.CancelledError):
        await killed
    assert any_database.read_now(snapshots.days_held, world.organization.id)

    await world.sync(any_database, backfill_days=40).run(NOW, sources=LEDGER_SOURCES)
    with fresh(tmp_path) as undisturbed:
        await world.sync(undisturbed, backfill_days=40).run(NOW, sources=LEDGER_SOURCES)
        assert dump(any_database) == dump(undisturbed)


async def test_a_page_that_breaks_later_leaves_the_chunks_before_it(world: World, database: Database) -> None:
    newest = (TOMORROW - CHUNK * DAY).isoformat()
    world.faults.next("cost_report", mutate(lambda body: body))
    world.faults.next("cost_report", cut_in_half(), times=None)
    result = await world.sync(database, backfill_days=60).run(NOW, sources=LEDGER_SOURCES)
    (failure,) = result.failures
    assert isinstance(failure, PageMalformed)
    held = database.read_now(snapshots.fetched, world.organization.id, Source.COST, TODAY - 60 * DAY, TOMORROW)
    assert min(held).isoformat() == newest
    assert len(held) == CHUNK


async def test_one_source_that_fails_leaves_the_other_and_says_why(world: World, database: Database) -> None:
    world.faults.next("cost_report", status(500), times=None)
    result = await world.synced(database)
    (failure,) = result.failures
    assert isinstance(failure, AnthropicUnavailable)
    assert {chunk.source for chunk in result.finished} == {Source.USAGE}
    cost, usage = database.read_now(syncs.statuses)
    assert (cost.source, cost.through, cost.succeeded_at, cost.error) == (Source.COST, None, None, str(failure))
    assert (usage.source, usage.error, usage.succeeded_at) == (Source.USAGE, None, NOW)
    (whole,) = figures(database).values()
    assert (whole.billed_cost, whole.total_tokens) == (None, sum(map(world.tokens, days())))

    world.faults.heal()
    assert (await world.synced(database)).failures == []
    assert billed(database, Dimension.DAY) == {day.isoformat(): world.billed(day) for day in days()}
    assert [one.error for one in database.read_now(syncs.statuses)] == [None, None]


async def test_cost_without_usage_is_all_there_and_belongs_to_no_key(world: World, database: Database) -> None:
    world.faults.next("usage_report", status(500), times=None)
    await world.synced(database)
    assert billed(database, Dimension.DAY) == {day.isoformat(): world.billed(day) for day in days()}
    assert list(billed(database, Dimension.KEY)) == [""]


async def test_a_directory_that_cannot_be_read_changes_nothing(world: World, database: Database) -> None:
    await world.synced(database)
    before = dump(database)
    world.faults.next("api_keys", status(401), times=None)
    result = await world.synced(database)
    assert [type(failure) for failure in result.failures] == [CredentialRefused]
    assert dump(database) == before


async def test_a_day_that_was_not_read_is_unknown_and_not_zero(world: World, database: Database) -> None:
    hole = TODAY - 5 * DAY
    await world.sync(database).run(NOW, sources=[Source.USAGE])
    await world.sync(database).run(NOW, sources=[Source.COST], until=hole)
    await world.sync(database).run(NOW, sources=[Source.COST], since=hole + DAY)
    found = billed(database, Dimension.DAY)
    assert found.pop(hole.isoformat()) is None
    assert all(found.values())
    await world.synced(database)
    assert billed(database, Dimension.DAY)[hole.isoformat()] == world.billed(hole)


async def test_today_grows_and_is_whole_only_once_it_is_over(world: World, database: Database) -> None:
    await world.synced(database)
    running = figures(database, Dimension.DAY)[TODAY.isoformat()]
    assert {status.through.date() for status in database.read_now(syncs.statuses) if status.through} == {TODAY}

    world.now = NOW + timedelta(hours=3)
    await world.synced(database)
    later = figures(database, Dimension.DAY)[TODAY.isoformat()]
    assert (later.total_tokens or 0) > (running.total_tokens or 0) > 0
    assert later.billed_cost is not None
    assert later.billed_cost.units == world.billed(TODAY)

    world.now = NOW + DAY
    await world.synced(database)
    over = figures(database, Dimension.DAY, until=TOMORROW + DAY)
    assert {status.through.date() for status in database.read_now(syncs.statuses) if status.through} == {TOMORROW}
    assert over[TODAY.isoformat()].total_tokens == world.tokens(TODAY)


async def test_the_order_of_chunks_sources_and_rows_changes_nothing(
    world: World, database: Database, tmp_path: Path
) -> None:
    await world.synced(database)

    def backwards(body: Json) -> Json:
        for bucket in body["data"]:
            bucket["results"].reverse()
        return body

    world.faults.next("_report", mutate(backwards), times=None)
    with fresh(tmp_path) as other:
        middle = FIRST + 7 * DAY
        await world.sync(other).run(NOW, sources=[Source.COST], until=middle)
        await world.sync(other).run(NOW, sources=[Source.USAGE], since=middle)
        await world.sync(other).run(NOW, sources=[Source.COST], since=middle)
        await world.sync(other).run(NOW, sources=[Source.USAGE], until=middle)
        assert dump(other) == dump(database)


async def test_two_replicas_that_sync_at_once_end_with_the_same_ledger_as_one(
    world: World, migrated_url: str, any_database: Database, tmp_path: Path
) -> None:
    replica = Database(migrated_url)
    results = await asyncio.gather(world.synced(any_database), world.synced(replica))
    assert [result.failures for result in results] == [[], []]
    with fresh(tmp_path) as alone:
        await world.synced(alone)
        assert dump(replica) == dump(alone)
    replica.close()


async def test_a_renamed_key_or_workspace_moves_its_whole_past(world: World, database: Database) -> None:
    configured(database)
    await world.synced(database)
    before = billed(database, Dimension.TEAM)
    keys, spaces = billed(database, Dimension.KEY), billed(database, Dimension.WORKSPACE)
    held = database.read_now(directory.read, world.organization.id)
    assert held is not None
    key = next(id_ for id_, one in held.api_keys.items() if one.name == "gamma-etl")
    space = next(id_ for id_, one in held.workspaces.items() if one.name == "legal-review")

    world.faults.next("api_keys", mutate(renamed("gamma-etl", "alpha-etl")))
    await world.synced(database)
    moved = billed(database, Dimension.TEAM)
    assert moved["alpha"] == (before["alpha"] or 0) + (keys[key] or 0)
    assert moved["unallocated"] == (before["unallocated"] or 0) - (keys[key] or 0)

    for _ in range(2):  # once with the default workspace, once without
        world.faults.next("workspaces", mutate(renamed("legal-review", "search-legal")))
    await world.synced(database)
    again = billed(database, Dimension.TEAM)
    assert again["beta"] == (before["beta"] or 0) + (spaces[space] or 0)
    assert again["alpha"] == before["alpha"]  # and the key has its old name back
    assert sum(part or 0 for part in again.values()) == sum(map(world.billed, days()))


async def test_a_ledger_that_would_lose_money_is_refused_whole(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.synced(database)
    before = dump(database)

    def lossy(*args: Any, **options: Any) -> list[Entry]:
        return allocate(*args, **options)[:-1]

    monkeypatch.setattr(rebuild, "allocate", lossy)  # the proof guards against a mistake we have not made yet
    world.now += DAY  # a day that is over by now is made anew
    result = await world.synced(database)
    assert {type(failure) for failure in result.failures} == {StoreError}
    assert str(result.failures[0]).startswith("The ledger of 2026-11-")
    assert "nothing was changed" in str(result.failures[0])
    assert dump(database) == before


async def test_a_chunk_that_cannot_be_stored_leaves_those_that_were_to_be_stored_with_it(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "ROWS_A_CHUNK", spans.ROWS_A_CHUNK * 5 // CHUNK)
    at_fault = TODAY - 12 * DAY  # in the third chunk of four, of five days each

    def lossy(day: date, *args: Any, **options: Any) -> list[Entry]:
        entries = allocate(day, *args, **options)
        return entries[:-1] if day == at_fault else entries

    monkeypatch.setattr(rebuild, "allocate", lossy)
    alone = database.write

    async def slowly(function: Any, *args: Any, **options: Any) -> Any:
        await asyncio.sleep(0.3 if function is reading._store else 0)  # so that all four are there by the second time
        return await alone(function, *args, **options)

    monkeypatch.setattr(database, "write", slowly)
    chunks: list[Finished] = []
    sync = world.sync(database, backfill_days=19)
    result = await sync.run(NOW, sources=LEDGER_SOURCES, progress=finished(chunks))
    assert {type(failure) for failure in result.failures} == {StoreError}
    assert len(result.failures) == 2  # of usage and cost, once each
    assert len(by_source(chunks)["cost"]) == 2
    held = database.read_now(snapshots.days_held, world.organization.id)
    assert min(held) == TODAY - 9 * DAY


async def test_the_next_sync_is_due_after_its_interval(world: World, database: Database) -> None:
    sync, hour = world.sync(database, backfill_days=3), timedelta(hours=1)
    assert await sync.run_if_due(lambda: NOW, hour)
    assert await sync.run_if_due(lambda: NOW + hour - timedelta(seconds=1), hour) is None
    assert await sync.run_if_due(lambda: NOW + hour, hour)


async def test_of_two_replicas_that_find_a_sync_due_one_does_it(world: World, any_database: Database) -> None:
    hour, asked = timedelta(hours=1), world.faults.count("cost_report")
    replicas = [world.sync(any_database, backfill_days=3) for _ in range(2)]
    results = await asyncio.gather(*(replica.run_if_due(lambda: world.now, hour) for replica in replicas))
    assert sorted(result is not None for result in results) == [False, True]
    alone = world.faults.count("cost_report") - asked
    assert [await replica.run_if_due(lambda: world.now, hour) for replica in replicas] == [None, None]
    world.now += hour
    assert await replicas[0].run_if_due(lambda: world.now, hour)  # whoever did it before
    assert world.faults.count("cost_report") - asked == 2 * alone


async def test_a_replica_that_was_killed_at_a_sync_keeps_the_others_from_it_for_two_minutes_at_most(
    world: World, any_database: Database
) -> None:
    hour, sync = timedelta(hours=1), world.sync(any_database, backfill_days=3)
    assert any_database.write_now(turns.take, SYNC, "killed", NOW)
    late = NOW + turns.ABANDONED_AFTER
    assert await sync.run_if_due(lambda: late, hour) is None
    assert await sync.run_if_due(lambda: late + timedelta(seconds=1), hour)
    assert any_database.write_now(turns.take, SYNC, "another", late)  # it was left at the end


async def test_a_sync_that_was_cut_off_is_gone_on_with_at_once_by_another_process(
    world: World, any_database: Database
) -> None:
    hour, asked = timedelta(hours=1), world.faults.count("cost_report")
    world.faults.next("cost_report", hang(30), times=None)
    cut = asyncio.create_task(world.sync(any_database, hourly_days=3).run_if_due(lambda: world.now, hour))
    await until(lambda: world.faults.count("cost_report") > asked and any_database.read_now(syncs.last_attempt))
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    world.faults.heal()
    other = world.sync(any_database, hourly_days=3)
    result = await other.run_if_due(lambda: world.now, hour)
    assert result is not None
    assert {done.source for done in result.finished} >= {Source.COST}
    assert await other.run_if_due(lambda: world.now, hour) is None
    assert await world.sync(any_database).run_if_due(lambda: world.now, hour) is None


async def test_whoever_starts_where_the_holder_was_killed_takes_its_turn_over(any_database: Database) -> None:
    name = "from bot.services.syncing import holder; print(holder.new(), flush=True); input()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", name, stdin=PIPE, stdout=PIPE)
    assert process.stdout
    killed = (await process.stdout.readline()).decode().strip()
    assert any_database.write_now(turns.take, SYNC, killed, NOW)
    async with turn(any_database, holder.new(), lambda: NOW) as mine:
        assert not mine, "it is alive"
    process.kill()
    await process.communicate()
    async with turn(any_database, holder.new(), lambda: NOW) as mine:
        assert mine


async def test_nobody_is_gone_unless_it_is_known() -> None:
    token, boot, space, number, start = holder.new().split("/")
    assert holder.gone(f"{token}/{boot}/{space}/{number}/{int(start) - 1}"), "another process has its number"
    for other in (
        f"{token}/{boot}/{space}/{number}/{start}",
        f"{token}/another-boot/{space}/999999999/1",
        f"{token}/{boot}/pid:[1]/999999999/1",
        *(token, "", "x/y", "///", f"{token}/{boot}/{space}"),
    ):
        assert not holder.gone(other), other


async def test_a_turn_is_held_as_long_as_the_sync_lasts(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing_turn, "SAID_AGAIN_SECONDS", 0.001)
    now = NOW

    def clock() -> datetime:
        return now

    async with turn(any_database, "one", clock) as mine:
        assert mine
        now += 10 * turns.ABANDONED_AFTER
        await until(lambda: any_database.read_now(_held_at) == now)
        async with turn(any_database, "other", clock) as others:
            assert not others
    async with turn(any_database, "other", clock) as others:
        assert others


async def test_the_days_named_are_the_days_read(world: World, database: Database) -> None:
    chunks: list[Finished] = []
    span = TODAY - 9 * DAY, TODAY - 7 * DAY
    await world.sync(database).run(NOW, since=span[0], until=span[1], sources=[Source.USAGE], progress=finished(chunks))
    assert by_source(chunks) == {"usage": [span]}
    chunks.clear()
    ahead = TODAY + 99 * DAY
    await world.sync(database).run(NOW, since=TODAY, until=ahead, progress=finished(chunks), sources=LEDGER_SOURCES)
    assert by_source(chunks) == {"usage": [(TODAY, TOMORROW)], "cost": [(TODAY, TOMORROW)]}


async def test_a_hole_in_the_past_is_read_again(world: World, database: Database) -> None:
    await world.sync(database).run(NOW, until=TODAY - 9 * DAY, sources=LEDGER_SOURCES)
    await world.sync(database).run(NOW, since=TODAY - 5 * DAY, sources=LEDGER_SOURCES)
    chunks: list[Finished] = []
    await world.synced(database, finished(chunks))
    assert by_source(chunks)["cost"] == [(TODAY - 3 * DAY, TOMORROW), (TODAY - 9 * DAY, TODAY - 5 * DAY)]
    assert len(figures(database, Dimension.DAY)) == DAYS + 1
