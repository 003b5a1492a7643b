"""Bad days of the machine: memory short, suspended, stopped in the middle, its clock turned."""

import asyncio
import re
import resource
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import wiring
from bot.demo.slack_server import COMMAND
from bot.services.deliver import Deliverer, Message
from bot.slack.notifier import SlackNotifier, web_client
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.terminal import config
from tests.bad_days.table import LINES, proves
from tests.crash.messages import states
from tests.outside import ALPHA, ANA, BOT_TOKEN, GENERAL, NOW, Outside, synced, wait_until, written
from tests.running import Run, Start

pytestmark = pytest.mark.proof

ONE_DAY = timedelta(days=1)
MEMORY, SUSPENDED = "memory short", "suspended for a minute"
DEPLOY, CLOCK = "a deploy in the middle of a digest", "the clock set back, or forth and back"


@pytest.fixture
def running(outside: Outside, start: Start, tmp_path: Path) -> Run:
    """`run` over signed HTTP, with figures, right after its first knock."""
    url = asyncio.run(synced(outside, tmp_path))
    run = start(url)
    address = run.started()
    outside.slack.bot_url = f"{address}/slack/events"
    return run


def asks(outside: Outside, words: str) -> str:
    """What Ana reads of her own in her team's channel."""
    before = len(outside.posted(ALPHA))
    assert outside.now(outside.slack.command(ANA, ALPHA, COMMAND, words)).status == 200
    wait_until(lambda: len(outside.posted(ALPHA)) > before)
    return outside.posted(ALPHA)[-1].text


@proves(MEMORY)
def test_without_memory_a_picture_is_missing_and_the_rest_is_answered(outside: Outside, running: Run) -> None:
    pid = running.process.pid
    asks(outside, "teams")
    held = re.search(r"VmSize:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    assert held
    room = int(held[1]) * 1024 + 48 * 2**20  # a picture takes hundreds, a thread or two to answer with eight each
    resource.prlimit(pid, resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
    outside.now(outside.slack.command(ANA, ALPHA, COMMAND, "chart trend"))
    wait_until(lambda: {"picture_broke", "answer_failed"} & {line.get("action") for line in running.lines()})
    assert "Team Alpha" in asks(outside, "team alpha")
    asyncio.run(LINES[MEMORY].holds(running.started()))
    resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert "Team Alpha" in asks(outside, "team alpha")
    assert running.process.poll() is None


@proves(SUSPENDED)
def test_who_is_suspended_answers_late_and_once(outside: Outside, running: Run) -> None:
    asks(outside, "teams")
    running.process.send_signal(signal.SIGSTOP)
    under_way = asyncio.run_coroutine_threadsafe(
        outside.slack.command(ANA, ALPHA, COMMAND, "team alpha"), outside._loop
    )
    time.sleep(1)
    assert len(outside.posted(ALPHA)) == 1
    running.process.send_signal(signal.SIGCONT)
    under_way.result(10)
    wait_until(lambda: len(outside.posted(ALPHA)) == 2)
    asyncio.run(LINES[SUSPENDED].holds(running.started()))
    assert "Team Alpha" in asks(outside, "team alpha")
    assert len(outside.posted(ALPHA)) == 3


async def test_a_message_that_was_taken_up_while_we_were_suspended_is_left_to_the_other(
    outside: Outside, tmp_path: Path
) -> None:
    url = await synced(outside, tmp_path)
    async with wiring.parts(outside.settings(url), NOW) as parts:
        deliverer = Deliverer(parts.database, SlackNotifier(web_client(BOT_TOKEN, f"{outside.slack_url}/api/")))
        await parts.database.write(deliveries.owe, "share/x/1", NOW)
        example = await parts.digests.preview("morning", NOW)
        later = NOW + deliveries.ABANDONED_AFTER + timedelta(seconds=1)

        async def build(_key: str) -> Message:
            return Message(example.answer, channel=GENERAL)

        async def slowly(key: str) -> Message:
            assert await deliverer.send(key, build, later), "the other replica, once the claim looks abandoned"
            return await build(key)

        assert not await deliverer.send("share/x/1", slowly, NOW)
    assert len(outside.posted(GENERAL)) == 1


@proves(DEPLOY)
def test_a_stop_in_the_middle_of_a_digest_lets_it_end_and_the_next_process_sends_none_again(
    outside: Outside, start: Start, tmp_path: Path
) -> None:
    url = asyncio.run(_owing(outside, tmp_path))
    go_on = threading.Event()

    async def held_up(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.to_thread(go_on.wait)
        await app(scope, receive, send)

    outside.slack_faults.next("chat.postMessage", held_up)
    before = outside.slack_faults.count("chat.postMessage")
    first = start(url)
    address = first.started()
    wait_until(lambda: outside.slack_faults.count("chat.postMessage") > before)
    first.process.send_signal(signal.SIGTERM)
    wait_until(lambda: '"stopping"' in first.said)
    asyncio.run(LINES[DEPLOY].holds(address))
    go_on.set()
    assert first.ends() == 0
    assert {line.get("action") for line in first.lines()} >= LINES[DEPLOY].actions
    second = start(url)
    second.started()
    second.process.send_signal(signal.SIGTERM)
    assert second.ends() == 0
    database = Database(url)
    assert set(states(database, "digest/").values()) == {"sent"}
    database.close()
    marks = [str(one.metadata) for one in outside.posted(GENERAL)]
    assert len(marks) == len(set(marks)) == 2, "the headline and its details"


async def _owing(outside: Outside, folder: Path) -> str:
    """A database in which a digest has been due for a while."""
    url = await synced(outside, folder)
    async with wiring.parts(outside.settings(url), NOW) as parts:
        await parts.database.write(_long_configured)
        await parts.alerts.run(NOW)
    return url


def _long_configured(connection: Connection) -> None:
    connection.execute(text("INSERT INTO milestone (name, at) VALUES ('digest/morning', '2026-11-01 00:00:00.000000')"))


@proves(CLOCK)
async def test_a_clock_that_jumps_forth_and_back_tells_nothing_twice(outside: Outside, tmp_path: Path) -> None:
    url = await synced(outside, tmp_path)
    async with wiring.parts(outside.settings(url), NOW) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        for days in (0, 1, -3, 1, 40, 1, 2, 40, 41):
            await parts.digests.run(NOW + days * ONE_DAY)
        digests = [str(one.metadata) for one in outside.headlines(GENERAL)]
        keys = await parts.database.read(_sent)
        assert len(set(digests)) == len(digests) == len(keys) == 4, "of the days 1, 2, 40 and 41"
        for hours in (0, 1, -2, 1, 0, 3, -1, 3):
            await parts.alerts.run(NOW + timedelta(hours=hours))
            await parts.sync.run(NOW + timedelta(hours=hours))
    alerts = [str(one.metadata) for one in outside.posted(outside.slack.dms[ANA])]
    assert len(alerts) == len(set(alerts)) == 1


def _sent(connection: Connection) -> list[str]:
    query = "SELECT key FROM delivery WHERE state = 'sent' AND key LIKE 'digest/%' AND key NOT LIKE '%/details'"
    return list(connection.execute(text(query)).scalars())
