"""The knock: sync, alerts and digests in turn, each in spite of what became of the others."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot import wiring
from bot.core.calls import batch
from bot.core.calls.call import Call
from bot.core.calls.client import IMPORTED
from bot.scheduler import Scheduler
from bot.services.timekeeping import Timekeeping
from bot.store import calls
from bot.store.calls import Sent
from bot.terminal import config
from tests.faults import hang, mutate, status
from tests.outside import ANA, BEN, GENERAL, NOW, Outside, until, written


@pytest.fixture
async def parts(outside: Outside, tmp_path: Path) -> AsyncIterator[wiring.Parts]:
    settings = outside.settings(f"sqlite:///{tmp_path / 'test.db'}", backfill_days=3)
    async with wiring.parts(settings, NOW) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        yield parts


@pytest.fixture
def scheduler(outside: Outside, parts: wiring.Parts) -> Scheduler:
    return Scheduler(
        parts.sync,
        parts.alerts,
        parts.digests,
        parts.reconcile,
        parts.weekly,
        parts.forgetting,
        Timekeeping(parts.database),
        every=timedelta(hours=1),
        clock=outside.clock,
    )


async def test_one_knock_syncs_alerts_and_posts_what_is_due(outside: Outside, scheduler: Scheduler) -> None:
    await scheduler.knock()
    assert [message.channel for message in outside.posted()] == [outside.slack.dms[ANA]]
    outside.clock.pass_(timedelta(hours=23, minutes=1))
    await scheduler.knock()
    (digest,) = outside.headlines(GENERAL)
    assert "22 Nov" in digest.text


async def test_each_part_is_counted_with_what_became_of_it_and_a_knock_that_hangs_grows_old(
    outside: Outside, parts: wiring.Parts, scheduler: Scheduler
) -> None:
    def parts_done(part: str, outcome: str) -> float:
        value = REGISTRY.get_sample_value("claude_usage_knock_parts_total", {"part": part, "outcome": outcome})
        assert value is not None, "an alert rule must see it rise from 0"
        return value

    def age(knock: str) -> float:
        return REGISTRY.get_sample_value("claude_usage_knock_age_seconds", {"knock": knock}) or 0.0

    before = {(part, how): parts_done(part, how) for part in ("sync", "alerts") for how in ("ok", "failed", "broken")}
    outside.anthropic.next("/v1", hang(2))
    scheduler.start()
    await asyncio.sleep(0.5)
    await scheduler.post()
    assert age("watch") >= age("post") + 0.4, "the sync hangs, the digests do not"
    await until(lambda: age("watch") < age("post"))
    outside.anthropic.next("/v1", status(401), times=None)
    outside.clock.pass_(timedelta(hours=1))
    await scheduler.knock()
    await scheduler.stop(5)
    done = {key: parts_done(*key) - value for key, value in before.items()}
    assert [done["sync", how] for how in ("ok", "failed", "broken")] == [1, 1, 0]
    assert [done["alerts", how] for how in ("ok", "failed", "broken")] == [2, 0, 0]


async def test_knocking_again_within_the_hour_asks_anthropic_nothing(outside: Outside, scheduler: Scheduler) -> None:
    await scheduler.knock()
    asked = outside.anthropic.count()
    outside.clock.pass_(timedelta(minutes=59))
    await scheduler.knock()
    assert outside.anthropic.count() == asked
    outside.clock.pass_(timedelta(minutes=1))
    await scheduler.knock()
    assert outside.anthropic.count() > asked


async def test_single_calls_are_forgotten_whichever_way_they_came_and_when_none_comes_any_more(
    outside: Outside, parts: wiring.Parts, scheduler: Scheduler
) -> None:
    retained, call = timedelta(days=parts.settings.retain_calls_days), Call("1", outside.clock(), "claude-sonnet-5-5")
    parts.database.write_now(calls.post, [Sent(batch.of([call]), IMPORTED)], outside.clock(), {})
    await scheduler.knock()
    outside.clock.pass_(retained)
    await scheduler.knock()
    assert parts.database.read_now(calls.any_stored, outside.clock())
    outside.clock.pass_(timedelta(days=1))
    await scheduler.knock()
    assert not parts.database.read_now(calls.any_stored, outside.clock())


async def test_a_sync_that_fails_does_not_keep_alerts_and_digests_from_their_turn(
    outside: Outside, scheduler: Scheduler
) -> None:
    await scheduler.knock()
    outside.anthropic.next("/v1/", status(403), times=None)
    outside.clock.pass_(timedelta(hours=23, minutes=1))
    await scheduler.knock()
    assert len(outside.headlines(GENERAL)) == 1


async def test_a_part_that_breaks_does_not_keep_the_others_from_their_turn(
    outside: Outside, parts: wiring.Parts, scheduler: Scheduler, tmp_path: Path
) -> None:
    await scheduler.knock()
    with sqlite3.connect(tmp_path / "test.db") as connection:
        connection.execute("ALTER TABLE episode_event RENAME COLUMN what TO happened")
    connection.close()
    outside.clock.pass_(timedelta(hours=23, minutes=1))
    await scheduler.knock()
    assert len(outside.headlines(GENERAL)) == 1


async def test_what_does_not_add_up_pages_the_admins_once(outside: Outside, scheduler: Scheduler) -> None:
    def halved(body: dict[str, Any]) -> dict[str, Any]:
        grouped = body["data"] and body["data"][0]["group"]["cost_type"]
        return {**body, "data": body["data"][::2]} if grouped else body

    outside.anthropic.next("analytics/cost", mutate(halved), times=None)
    await scheduler.knock()
    (page,) = outside.posted(outside.slack.dms[BEN])
    assert "the cost report were lost" in str(page.blocks)
    for hours in (1, 2):
        outside.clock.pass_(timedelta(hours=hours))
        await scheduler.knock()
    pages = [one for one in outside.posted(outside.slack.dms[BEN]) if "do not add up" in one.text]
    assert len(pages) == 1


async def test_starting_knocks_at_once_and_stopping_waits_for_the_knock(outside: Outside, scheduler: Scheduler) -> None:
    scheduler.start()
    await until(lambda: outside.anthropic.count())
    await scheduler.stop(20)
    assert len(outside.posted()) == 1, "the alert of the knock that was under way"


async def test_stopping_does_not_wait_for_ever(
    outside: Outside, scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    outside.anthropic.next("/v1/", hang(30))
    scheduler.start()
    await until(lambda: outside.anthropic.count())
    began = asyncio.get_running_loop().time()
    with capture_logs() as said:
        await scheduler.stop(0.2)
    assert asyncio.get_running_loop().time() - began < 2
    assert [line["action"] for line in said] == ["cut_off"]
    assert "apscheduler" not in {record.name.split(".")[0] for record in caplog.records if record.levelname == "ERROR"}


async def test_stopping_what_never_started_is_nothing(scheduler: Scheduler) -> None:
    await scheduler.stop(20)


async def test_a_stop_in_the_middle_of_a_pile_of_digests_leaves_the_rest_to_the_next_process(
    outside: Outside, parts: wiring.Parts, scheduler: Scheduler, tmp_path: Path
) -> None:
    many = "".join(f"  - {{id: d{n}, channel: C0GENERAL, cadence: daily}}\n" for n in range(5))
    await config.apply_file(written(tmp_path, f"digests:\n{many}", "many.yml"), parts.database, NOW)
    await scheduler.knock()
    outside.clock.pass_(timedelta(days=1))
    scheduler.start()
    await until(lambda: outside.headlines(GENERAL))
    await scheduler.stop(20)
    said = len(outside.headlines(GENERAL))
    assert said < 5, "what was not begun is left"
    async with wiring.parts(parts.settings, outside.clock.now) as others:
        await others.digests.run(outside.clock.now + timedelta(seconds=30))
    marks = [str(one.metadata) for one in outside.posted(GENERAL)]
    assert len(set(marks)) == len(marks) == 10, "five digests with their details, each once"
