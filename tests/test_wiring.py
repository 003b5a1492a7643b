"""What holds everything together: a clock that starts where it is told, and logs that give nothing away."""

import io
import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import logs, wiring
from bot.core.errors import SchemaMismatch, SettingsError
from bot.settings import Settings
from tests.outside import own_logging

HOOK = "https://hooks.slack.com/commands/T123/456/hunter2"
GIVEAWAYS = {
    "bot token": "xoxb-1-hunter2",
    "app token": "xapp-1-hunter2",
    "admin key": "sk-ant-admin01-hunter2_x",
    "partial key": "sk-ant-api03-hunter2",
    "response_url": HOOK,
    "action's response_url": "https://hooks.slack.com/actions/T123/456/hunter2",
    "stand-in's response_url": "http://127.0.0.1:3000/response/hunter2",
    "database password": "postgresql://bot:hunter2@db.example.com/usage",
    "driver and password": "postgresql+psycopg://bot:hunter2@db.example.com/usage",
    "connection ticket": "wss://wss-primary.slack.com/link/?ticket=hunter2&app_id=x",
}


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    with own_logging(), redirect_stderr(io.StringIO()) as pipe:
        logs.configure(Settings(_env_file=None))
        yield pipe.getvalue


@pytest.mark.parametrize("giveaway", GIVEAWAYS.values(), ids=GIVEAWAYS.keys())
def test_no_line_gives_a_secret_away_whoever_wrote_it_and_every_line_stays_json(
    logged: Callable[[], str], giveaway: str
) -> None:
    ours, theirs = structlog.get_logger(), logging.getLogger("slack_sdk.web")
    ours.info("Said.", action="said", at=giveaway, nested={"url": [giveaway]})
    theirs.warning("Unhandled request (%s)", {"response_url": giveaway, "text": "team alpha"})
    theirs.warning('{"response_url": "%s"}\nand more', giveaway)
    for log in (ours, theirs):
        try:
            raise RuntimeError(f"could not reach {giveaway}\nat all")
        except RuntimeError:
            log.exception("Broke.")
    lines: list[dict[str, Any]] = [json.loads(line) for line in logged().splitlines()]
    assert len(lines) == 5
    assert "hunter2" not in logged()
    assert [line["level"] for line in lines] == ["info", "warning", "warning", "error", "error"]
    assert all("timestamp" in line for line in lines)
    assert "team alpha" in lines[1]["event"]
    assert "at all" in lines[3]["exception"]


def test_every_line_names_its_action_a_librarys_too(logged: Callable[[], str]) -> None:
    with structlog.contextvars.bound_contextvars(organization="org-1"):
        structlog.get_logger().warning("Failed.", action="source_failed")
        logging.getLogger("uvicorn").info("Started server process [1]")
        logging.getLogger("slack_sdk.web").warning("Unhandled request.")
    lines: list[dict[str, Any]] = [json.loads(line) for line in logged().splitlines()]
    assert [line["action"] for line in lines] == ["source_failed", "library"]
    assert lines[1]["logger"] == "slack_sdk.web"
    assert {line["organization"] for line in lines} == {"org-1"}


def test_what_is_no_secret_is_logged_as_it_is(logged: Callable[[], str]) -> None:
    structlog.get_logger().info("Started.", host="127.0.0.1", url="https://api.anthropic.com/v1/organizations/me")
    assert "https://api.anthropic.com/v1/organizations/me" in logged()
    said = "Set ANTHROPIC_ADMIN_API_KEY (it begins with sk-ant-admin), not an ordinary key (sk-ant-api…)."
    structlog.get_logger().warning("The sync failed.", error=said)
    assert json.loads(logged().splitlines()[-1])["error"] == said
    assert "[secret]" not in logged()


def test_a_clock_without_a_start_is_the_time_and_with_one_goes_on_from_there() -> None:
    assert abs(datetime.now(UTC) - wiring.Clock()()) < timedelta(seconds=5)
    start = datetime(2026, 11, 22, 9, tzinfo=UTC)
    clock = wiring.Clock(start)
    first = clock()
    assert start <= first < start + timedelta(seconds=5)
    assert clock() >= first


async def test_parts_are_built_on_a_current_schema_and_closed_again(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path / 'new.db'}")
    async with wiring.parts(settings) as parts:
        assert (await parts.ask.answer("status", parts.clock())).title
        with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN"):
            wiring.listening(parts)
    with pytest.raises(RuntimeError):
        await parts.ask.answer("status", parts.clock())


async def test_a_schema_is_left_alone_where_the_settings_say_so(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite:///{tmp_path / 'new.db'}",
        auto_migrate=False,
    )
    with pytest.raises(SchemaMismatch, match="claude-usage migrate"):
        async with wiring.parts(settings):
            pass


USES_AND_FREES = r"""
import asyncio, re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot import wiring
from bot.settings import Settings


def held():
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def pieces(size, count):
    large = [(b"." * size, bytes(1_000 + n)) for n in range(count)]
    return [small for _, small in large]


async def main():
    async with wiring.parts(Settings(_env_file=None)):
        threads = [ThreadPoolExecutor(1) for _ in range(8)]
        before = held()
        kept = [thread.submit(pieces, 30_000, 400).result() for thread in threads]
        print(held() - before)
        pieces(20_000_000, 1)
        before = held()
        kept.append(pieces(4_000_000, 8))
        print(held() - before)


asyncio.run(main())
"""
"""What eight threads free one after the other, 12 MB each, and what is as large as pictures: MB still held of both."""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no other allocator is told")
def test_what_is_freed_is_used_by_the_next_thread_or_given_back(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", USES_AND_FREES],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1])},
        check=True,
        capture_output=True,
    )
    of_threads, of_pictures = map(float, done.stdout.split())
    assert of_threads < 30
    assert of_pictures < 10
