"""`run` as a real process against real servers: what ends its start, what does not, and how it stops."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import process
from bot.demo.slack_server import COMMAND
from bot.store import schema
from tests import databases
from tests.outside import (
    ALPHA,
    ANA,
    APP_TOKEN,
    DAYS,
    NOW,
    Outside,
    bot,
    simulated,
    wait_until,
    without_secrets,
    written,
)
from tests.running import Start

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return databases.sqlite(tmp_path / "test.db")


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


REFUSED = {
    "admin key": ({"ANTHROPIC_ADMIN_API_KEY": "sk-ant-admin01-wrong"}, "admin key"),
    "bot token": ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "SLACK_BOT_TOKEN"),
    "app token": ({"SLACK_APP_TOKEN": "xapp-wrong"}, "SLACK_APP_TOKEN"),
    "database server": ({"DATABASE_URL": "postgresql://bot:hunter2@127.0.0.1:9/x"}, "DATABASE_URL"),
    "no bot token": ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_a_wrong_or_missing_credential_ends_the_start_at_once_with_a_sentence(
    start: Start, url: str, wrong: str
) -> None:
    environment, sentence = REFUSED[wrong]
    began = time.monotonic()
    run = start(url, **environment)
    assert run.ends() == 3
    assert time.monotonic() - began < 10
    sentences = [line for line in run.said.splitlines() if not line.startswith("{")]
    assert len(sentences) == 1, run.said
    assert sentence in sentences[0]
    assert "Traceback" not in run.said
    assert without_secrets(run.said, "hunter2", "wrong") == {}


def test_a_start_with_a_time_of_its_own_says_so(start: Start, url: str) -> None:
    run = start(url)
    run.started()
    (line,) = [line for line in run.lines() if line["action"] == "clock_set"]
    assert str(line["now"]).startswith(NOW.isoformat()[:16])


def test_a_start_that_waits_while_another_replica_migrates_says_so(start: Start, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as migrating:
        migrating.execute("SELECT pg_advisory_xact_lock(%s)", [schema.MIGRATION_LOCK])
        run = start(postgresql_url)
        wait_until(lambda: bool(run.lines()), 15)
        assert [line["action"] for line in run.lines()] == ["migration_waits"]
    run.started()
    assert [line["action"] for line in run.lines()].count("migration_waits") == 1


def test_a_port_in_use_ends_the_start_with_a_sentence(start: Start, url: str) -> None:
    with taken_port() as port:
        run = start(url, PORT=str(port))
        assert run.ends() == 3
    assert f"127.0.0.1:{port}" in run.said
    assert "Traceback" not in run.said


def test_a_slack_that_is_away_does_not_keep_it_from_starting_or_stopping(
    outside: Outside, start: Start, url: str
) -> None:
    away = start(url, SLACK_API_URL=f"{NOWHERE}/api/", SLACK_APP_TOKEN=APP_TOKEN)
    address = away.started()
    assert httpx.get(f"{address}/healthz", trust_env=False).status_code == 200
    ready = httpx.get(f"{address}/readyz", trust_env=False)
    assert (ready.status_code, "Slack" in ready.json()["status"]) == (503, True)
    assert "start_unchecked" in {line.get("action") for line in away.lines()}
    wait_until(lambda: "Failed to connect" in away.said)
    assert "Traceback" not in away.said
    away.process.send_signal(signal.SIGTERM)
    assert away.ends(10) == 0
    assert without_secrets(away.said) == {}


def test_a_command_under_way_is_answered_before_sigterm_ends_it(
    outside: Outside, start: Start, postgresql_url: str, tmp_path: Path
) -> None:
    run = start(postgresql_url, CONFIG_FILE=str(written(tmp_path)))
    address = run.started()
    outside.slack.bot_url = f"{address}/slack/events"
    with psycopg.connect(postgresql_url) as holder:
        holder.execute("LOCK TABLE configuration IN ACCESS EXCLUSIVE MODE")
        delivery = outside.now(outside.slack.command(ANA, ALPHA, COMMAND, "teams"))
        assert delivery.status == 200
        run.process.send_signal(signal.SIGTERM)
        wait_until(lambda: '"stopping"' in run.said)
        time.sleep(0.3)
        assert run.process.poll() is None
        codes = [httpx.get(f"{address}/{path}", trust_env=False).status_code for path in ("healthz", "readyz")]
        assert codes == [200, 503], "alive, and to be left alone by a balancer"
        assert outside.posted(ALPHA) == []
        holder.rollback()
    assert run.ends() == 0
    (answer,) = outside.posted(ALPHA)
    assert "Team Alpha" in answer.text
    assert {line.get("action") for line in run.lines()} >= {"started", "stopping", "stopped", "configured"}


def test_an_answer_that_slack_takes_slowly_is_waited_for_over_socket_mode(
    outside: Outside, start: Start, url: str
) -> None:
    run = start(url, SLACK_APP_TOKEN=APP_TOKEN, SLACK_SIGNING_SECRET="")
    run.started()
    wait_until(lambda: outside.slack.connections)
    outside.slack_faults.next("/response/", _slowly)
    assert outside.now(outside.slack.command(ANA, ALPHA, COMMAND, "help")).status == 200
    wait_until(lambda: outside.slack_faults.count("/response/") and '"synced"' in run.said)
    run.process.send_signal(signal.SIGTERM)
    assert run.ends() == 0
    assert len(outside.posted(ALPHA)) == 1
    for line in run.lines():
        assert {"action", "event", "level", "timestamp"} <= set(line)
    (chosen,) = [line for line in run.lines() if line["action"] == "surface_chosen"]
    assert chosen["organization"] == simulated(days=DAYS, until=NOW).id
    (synced,) = [line for line in run.lines() if line["action"] == "synced"]
    assert (synced["failures"], '"usage": ' in run.said) == (0, True)
    assert without_secrets(run.said) == {}


def test_who_never_ends_a_request_does_not_keep_it_from_stopping(
    outside: Outside, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "DRAIN_SECONDS", 0.2)

    async def begun() -> None:
        async with asyncio.timeout(5), AsyncExitStack() as stack, bot(outside, url) as address:
            host, _, port = address.removeprefix("http://").partition(":")
            _, half = await asyncio.open_connection(host, int(port))
            half.write(b"POST /v1/calls HTTP/1.1\r\nHost: bot\r\nAuthorization: Bearer x\r\nContent-Length: 9\r\n\r\n[")
            await half.drain()
            await asyncio.sleep(0.1)
            stack.callback(half.transport.abort)

    asyncio.run(begun())


async def _slowly(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(1)
    await app(scope, receive, send)
