"""Signed command → final answer, beside the same SQL run by hand in the same process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event

from bot import process, wiring
from bot.core.question import parse
from bot.demo.main import ANA, APP_TOKEN, BOT_TOKEN, CHANNELS, SIGNING_SECRET, USERS
from bot.demo.serving import serve
from bot.demo.slack_server import COMMAND, SlackStandIn
from bot.services.asking.ask import answer
from bot.settings import Settings
from bot.store.database import Database
from tests.bench.store import fill

TEAMS, DAYS, REQUESTS = 100, 400, 500
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUESTIONS = ("team team-{}", "", "teams last week", "model opus-5-5", "keys top 10", "team team-{} 7d by day")


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    cuts = quantiles(sorted(seconds), n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


async def measure(folder: Path) -> list[str]:
    url = f"sqlite:///{folder / 'bench.db'}"
    slack = SlackStandIn(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        users=USERS,
        channels=CHANNELS,
        clock=lambda: NOW,
    )
    lines = []
    async with serve(slack.app) as page, wiring.parts(_settings(url, page), NOW) as parts:
        slack.base_url = page
        started = time.perf_counter()
        entries = fill(parts.database, teams=TEAMS, days=DAYS, until=TODAY)
        seconds = time.perf_counter() - started
        size = (folder / "bench.db").stat().st_size
        lines.append(
            f"store: {TEAMS} teams × {DAYS} days, {entries:,} entries written in {seconds:.1f} s "
            f"({entries / seconds:,.0f} a second), {size / entries:.0f} bytes an entry with its sums"
        )
        wired = wiring.listening(parts)
        server = process.Server(
            app=wired.app,
            connection=None,
            replies=wired.replies,
            scheduler=None,
            database=parts.database,
            host="127.0.0.1",
            port=0,
        )
        stop = asyncio.Event()
        serving = asyncio.create_task(server.serve(stop))
        slack.bot_url = f"http://127.0.0.1:{await server.port()}/slack/events"
        of_a_team = [await _ask(slack, f"team team-{n % TEAMS}") for n in range(REQUESTS)]
        answered = [await _ask(slack, _question(n)) for n in range(REQUESTS)]
        by_hand = [_by_hand(parts.database, _question(n)) for n in range(60)]
        stop.set()
        await serving
    hand50, hand99 = percentiles(by_hand)
    for what, seconds_each in (("`team NAME`", of_a_team), ("a mix with organisation-wide ones", answered)):
        p50, p99 = percentiles(seconds_each)
        lines.append(
            f"signed command → final answer, {REQUESTS} × {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms (mark: 150)"
        )
    lines.append(
        f"the mix's SQL by hand: p50 {hand50:.1f} ms, p99 {hand99:.1f} ms → the answer takes {p50 / hand50:.2f} × of it"
    )
    return lines


def _settings(url: str, page: str) -> Settings:
    return Settings(
        _env_file=None,
        anthropic_admin_api_key=SecretStr("sk-ant-admin01-bench"),
        slack_bot_token=SecretStr(BOT_TOKEN),
        slack_signing_secret=SecretStr(SIGNING_SECRET),
        slack_api_url=f"{page}/api/",
        database_url=SecretStr(url),
        port=0,
        log_level="error",
    )


def _question(n: int) -> str:
    return QUESTIONS[n % len(QUESTIONS)].format(n % TEAMS)


async def _ask(slack: SlackStandIn, text: str) -> float:
    before = len(slack.messages)
    started = time.perf_counter()
    with slack.watching() as changed:
        await slack.command(ANA, "C0ALPHA", COMMAND, text)
        while len(slack.messages) == before:
            await asyncio.wait_for(changed.wait(), 30)
            changed.clear()
    seconds = time.perf_counter() - started
    if "Data through" not in slack.messages[-1].text:
        raise RuntimeError(f"{text!r} was not answered")
    return seconds


def _by_hand(database: Database, text: str) -> float:
    """Run once through the bot to learn the statements, then only the statements, on a bare connection."""
    with _recorded(database) as statements:
        database.read_now(_answer, text)
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        started = time.perf_counter()
        for statement, values in statements:
            cursor.execute(statement, values)
            cursor.fetchall()
        return time.perf_counter() - started
    finally:
        connection.close()


def _answer(connection: Any, text: str) -> None:
    answer(connection, parse(text, now=NOW, zone="UTC"), NOW, "UTC")


@contextmanager
def _recorded(database: Database) -> Iterator[list[tuple[str, Any]]]:
    statements: list[tuple[str, Any]] = []

    def record(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        statements.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", record)
