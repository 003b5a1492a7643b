"""The sources beside the ledger, from the simulated organisation to the store; a key that may not is no failure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from bot.answers.answer import Answer
from bot.core.coding import CodeRecord, total
from bot.core.errors import AnthropicUnavailable, CredentialRefused
from bot.core.usage import LEDGER_SOURCES, Source, Surface
from bot.services.asking.ask import Ask
from bot.services.syncing.reading import Finished, SyncResult
from bot.store.database import Database
from bot.store.readings import coding, limits, refusals, snapshots, syncs
from tests.faults import mutate, status
from tests.services.world import NOW, TODAY, TOMORROW, World, by_source, days, dump, finished, fresh

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = timedelta(days=1)
DAYS = 9
FIRST = TODAY - DAYS * DAY
CODE = "usage_report/claude_code"
WITHIN = [TODAY - n * DAY for n in range(4)]
"""The days that every sync reads again, newest first."""


async def synced(world: World, database: Database, **options: Any) -> SyncResult:
    """A sync of both, as a sync of everything does it: what was refused is not asked for again."""
    return await world.sync(database, backfill_days=DAYS, surface=Surface.CLASSIC).run(world.now, **options)


def held(database: Database) -> list[CodeRecord]:
    return [one.record for one in database.read_now(coding.read, date.min, date.max)]


def asked(world: World) -> list[str]:
    """The days that were asked for, in their order."""
    return [dict(seen.query)["starting_at"] for seen in world.faults.seen if CODE in seen.path]


async def told(database: Database, question: str, now: datetime = NOW) -> Answer:
    return await Ask(database, "UTC").answer(question, now)


async def test_a_sync_reads_every_day_of_the_backfill_newest_first(world: World, any_database: Database) -> None:
    chunks: list[Finished] = []
    result = await synced(world, any_database, progress=finished(chunks))
    assert (result.failures, result.refused) == ([], [])
    assert by_source(chunks)["claude_code"] == [(day, day + DAY) for day in reversed(days(FIRST))]
    fetched = any_database.read_now(snapshots.fetched, world.organization.id, Source.CODE, FIRST, TOMORROW)
    assert sorted(fetched) == days(FIRST)
    used = sum(
        sum(row.tokens)
        for row in world.organization.usage(
            datetime.combine(FIRST, time(), UTC), NOW.replace(minute=0) - timedelta(hours=1)
        )
        if row.product == "claude_code"
    )
    assert total(held(any_database)).tokens == used > 0


async def test_reading_again_reads_the_last_days_and_changes_nothing(world: World, any_database: Database) -> None:
    await synced(world, any_database)
    before = held(any_database)
    world.faults.seen.clear()
    chunks: list[Finished] = []
    await synced(world, any_database, progress=finished(chunks))
    assert [since for since, _ in by_source(chunks)["claude_code"]] == WITHIN
    assert held(any_database) == before
    assert len(asked(world)) == 1 + len(WITHIN)  # one question whether the key may


async def test_the_ledger_is_the_same_with_and_without_what_stands_beside_it(
    world: World, database: Database, tmp_path: Any
) -> None:
    await synced(world, database)
    with fresh(tmp_path) as other:
        await world.sync(other, backfill_days=DAYS).run(world.now, sources=LEDGER_SOURCES)
        assert dump(other) == dump(database)


async def test_today_is_partial_and_whole_only_an_hour_after_its_end(world: World, database: Database) -> None:
    midnight = datetime.combine(TOMORROW, time(), UTC)
    for minutes, through in ((-30, TODAY), (30, TODAY), (61, TOMORROW)):
        world.now = midnight + timedelta(minutes=minutes)
        await synced(world, database, sources=[Source.CODE])
        (line,) = (one for one in database.read_now(syncs.statuses) if one.source is Source.CODE)
        assert line.through == datetime.combine(through, time(), UTC), minutes


async def test_a_day_that_breaks_fails_the_source_and_leaves_the_days_before_it(
    world: World, database: Database
) -> None:
    world.faults.next(CODE, mutate(lambda body: body))  # the question whether the key may
    for _ in range(8):
        world.faults.next(CODE, mutate(lambda body: body))
    world.faults.next(CODE, status(500), times=None)
    result = await synced(world, database)
    (failure,) = result.failures
    assert isinstance(failure, AnthropicUnavailable)
    fetched = database.read_now(snapshots.fetched, world.organization.id, Source.CODE, FIRST, TOMORROW)
    assert sorted(fetched) == days(TOMORROW - 8 * DAY)
    world.faults.heal()
    assert (await synced(world, database)).failures == []
    assert len(database.read_now(snapshots.fetched, world.organization.id, Source.CODE, FIRST, TOMORROW)) == DAYS + 1


@pytest.mark.parametrize("code", [400, 403, 404])
async def test_a_key_that_may_not_is_asked_once_a_day_and_fails_nothing(
    world: World, database: Database, code: int
) -> None:
    world.faults.next(CODE, status(code), times=None)
    result = await synced(world, database)
    assert (result.failures, result.refused) == ([], [Source.CODE])
    assert len(asked(world)) == 1
    for hours in (1, 23):
        world.now = NOW + timedelta(hours=hours)
        assert (await synced(world, database)).failures == []
    assert len(asked(world)) == 1
    world.now = NOW + timedelta(hours=24)
    await synced(world, database)
    assert len(asked(world)) == 2

    answer = await told(database, "status", world.now)
    (note,) = (note for note in answer.notes if "claude_code" in note)
    assert "broken by the test" in note
    assert answer.headline == "All sources are in through 2026-11-23 00:00 UTC."
    states = {row[1]: row[-1] for row in answer.tables[0].rows}
    assert states == {"claude_code": "not allowed", "cost": "ok", "limits": "ok", "usage": "ok"}
    assert "broken by the test" in (await told(database, "code", world.now)).headline


async def test_naming_the_source_asks_again_at_once_and_a_new_permission_is_used(
    world: World, database: Database
) -> None:
    world.faults.next(CODE, status(403), times=None)
    await synced(world, database)
    world.faults.heal()
    assert held(database) == []
    result = await synced(world, database, sources=[Source.CODE])
    assert (result.failures, result.refused) == ([], [])
    assert database.read_now(refusals.read) == []
    assert len(held(database)) > 0
    states = {row[1]: row[-1] for row in (await told(database, "status")).tables[0].rows}
    assert states["claude_code"] == "ok"


async def test_a_key_that_is_revoked_is_a_failure_and_no_refusal(world: World, database: Database) -> None:
    world.faults.next(CODE, status(401), times=None)
    result = await synced(world, database)
    assert [type(failure) for failure in result.failures] == [CredentialRefused]
    assert database.read_now(refusals.read) == []


async def test_a_day_too_old_for_the_report_is_a_failure_and_no_refusal(world: World, database: Database) -> None:
    world.faults.next(CODE, mutate(lambda body: body))
    world.faults.next(CODE, status(400), times=None)
    result = await synced(world, database, since=FIRST, until=FIRST + DAY, sources=[Source.CODE])
    assert len(result.failures) == 1
    assert result.refused == []
    assert database.read_now(refusals.read) == []


async def test_limits_are_read_once_a_sync(world: World, any_database: Database) -> None:
    chunks: list[Finished] = []
    await synced(world, any_database, progress=finished(chunks), sources=[Source.LIMITS])
    found = any_database.read_now(limits.read, world.organization.id)
    assert [one.records for one in chunks] == [len(found.rates) + len(found.spends)]
    assert {one.workspace_id for one in found.rates} == {"", world.organization.ids("wrkspc", "sandbox")}
    assert len(found.spends) == 5
    assert world.faults.count("spend_limits") == 1
    archived = [space.id for space in world.organization.workspaces if space.archived_at or space.is_default]
    assert not any(id_ in seen.path for seen in world.faults.seen for id_ in archived)
    await synced(world, any_database)
    assert any_database.read_now(limits.read, world.organization.id) == found


async def test_spend_limits_that_may_not_be_read_leave_the_rate_limits(world: World, database: Database) -> None:
    await synced(world, database)
    assert database.read_now(limits.read, world.organization.id).spends
    world.faults.next("spend_limits", status(404), times=None)
    result = await synced(world, database)
    assert (result.failures, result.refused) == ([], [])
    found = database.read_now(limits.read, world.organization.id)
    assert found.rates
    assert found.spends == []
    answer = await told(database, "status")
    assert {row[1]: row[-1] for row in answer.tables[0].rows}["limits"] == "in part"
    assert len([note for note in answer.notes if "spend_limits" in note]) == 1


async def test_limits_that_cannot_be_read_now_stay_as_they_were(world: World, database: Database) -> None:
    await synced(world, database)
    before = database.read_now(limits.read, world.organization.id)
    world.faults.next("spend_limits", status(500), times=None)
    result = await synced(world, database)
    assert [type(failure) for failure in result.failures] == [AnthropicUnavailable]
    assert database.read_now(limits.read, world.organization.id) == before
    states = {row[1]: row[-1] for row in (await told(database, "status")).tables[0].rows}
    assert (states["limits"], states["cost"]) == ("failing", "ok")


async def test_a_key_that_may_read_no_limits_at_all_says_so(world: World, database: Database) -> None:
    world.faults.next("_limits", status(403), times=None)
    result = await synced(world, database)
    assert (result.failures, result.refused) == ([], [Source.LIMITS])
    assert (await told(database, "limits")).headline == "Anthropic does not let this key read any limits."
    states = {row[1]: row[-1] for row in (await told(database, "status")).tables[0].rows}
    assert states["limits"] == "not allowed"


async def test_what_is_read_is_the_total_that_progress_was_told(world: World, database: Database) -> None:
    steps: list[Finished | int] = []
    await synced(world, database, progress=steps.append)
    totals = [step for step in steps if isinstance(step, int)]
    assert totals[-1] == sum(step.span.days for step in steps if isinstance(step, Finished)) == 3 * (DAYS + 1)
