"""Signed command → final answer, beside the SQL of the same figures, run on the bare driver in the same process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event

from bot import process, wiring
from bot.core.question import parse
from bot.demo.main import BOT_TOKEN, SIGNING_SECRET
from bot.services.asking.answering import answer
from bot.services.figures.inquiry import Inquiry
from bot.settings import Settings
from bot.store.database import Database
from tests.bench.asking import NOW, slack
from tests.bench.store import fill
from tests.databases import postgresql

TEAMS, DAYS, REQUESTS = 500, 1095, 600
RATE, RATE_SECONDS = 100, 60
"""Commands a second, and for how long."""
TODAY = date(2026, 11, 22)
_LEDGER = "FROM ledger_"
"""What the statements of figures have, and those of names, readings and versions have not."""
QUESTIONS = ("team team-{}", "", "teams last week", "model opus-5-5", "keys top 10", "team team-{} 7d by day", "ytd")


def percentiles(seconds: list[float]) -> str:
    """p50 and p99."""
    cuts = quantiles(sorted(seconds), n=100, method="inclusive")
    return f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms"


async def measure(folder: Path) -> list[str]:
    lines = await _on(f"sqlite:///{folder / 'bench.db'}", "SQLite")
    with postgresql() as server:
        return lines + await _on(server.get_uri(), "PostgreSQL")


async def _on(url: str, called: str) -> list[str]:
    async with slack() as asking, wiring.parts(_settings(url, asking.url), NOW) as parts:
        started = time.perf_counter()
        entries = fill(parts.database, teams=TEAMS, days=DAYS, until=TODAY)
        seconds = time.perf_counter() - started
        lines = [
            f"{called}: {TEAMS} teams × {DAYS} days, {entries:,} entries written in {seconds:.0f} s "
            f"({entries / seconds:,.0f} a second)"
        ]
        teams = [f"team team-{n % TEAMS}" for n in range(REQUESTS)]
        mix = [_question(n) for n in range(REQUESTS)]
        by_hand = {text: _by_hand(parts.database, text) for text in dict.fromkeys(mix)}
        async with _serving(parts) as bot_url:
            of_a_team = await asking.ask(bot_url, teams)
            answered = await asking.ask(bot_url, mix)
            at_rate = await asking.ask(bot_url, [f"team team-{n % TEAMS}" for n in range(RATE * RATE_SECONDS)], RATE)
    bare = [by_hand[text] for text in mix]
    return [
        *lines,
        f"  signed command → final answer, {REQUESTS} × `team NAME`: {percentiles(of_a_team.answers)} (mark: p99 50)",
        f"  the same, {REQUESTS} × a mix with organisation-wide ones: {percentiles(answered.answers)} (mark: p99 50)",
        f"  the mix's figures from the bare driver, nothing remembered: {percentiles(bare)}; all of the answers took "
        f"{sum(answered.answers) / sum(bare):.2f} × of all of it (mark: 1.5)",
        *_each(answered.answers, bare),
        f"  {RATE} commands a second for {RATE_SECONDS} s: ack {percentiles(at_rate.acks)} (mark: p99 100), "
        f"answer {percentiles(at_rate.answers)}, {RATE * RATE_SECONDS - len(at_rate.answers)} not answered",
    ]


def _each(answers: Sequence[float], bare: Sequence[float]) -> Iterator[str]:
    """A line for each kind of question in the mix: what is remembered is quicker than its SQL, what is small is not."""
    for at, words in enumerate(QUESTIONS):
        mine, its = (median(times[at :: len(QUESTIONS)]) for times in (answers, bare))
        yield (
            f"    `{words.format('N') or 'summary'}`: {mine * 1000:.1f} ms, its figures from the bare driver "
            f"{its * 1000:.1f} ms → {mine / its:.1f} ×"
        )


@asynccontextmanager
async def _serving(parts: wiring.Parts) -> AsyncIterator[str]:
    """Where the bot takes what Slack sends, without a scheduler."""
    wired = wiring.listening(parts)
    server = process.Server(
        app=wired.app,
        connection=None,
        replies=wired.replies,
        standing=wired.standing,
        scheduler=None,
        database=parts.database,
        intake=parts.intake,
        host="127.0.0.1",
        port=0,
    )
    stop = asyncio.Event()
    serving = asyncio.create_task(server.serve(stop))
    try:
        yield f"http://127.0.0.1:{await server.port()}/slack/events"
    finally:
        stop.set()
        await serving


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


def _by_hand(database: Database, text: str) -> float:
    """Answer once to learn the statements, then run those that carry its figures, and no others, on a bare connection.

    It is answered as a part of a write, so that nothing is remembered and all are learnt.
    """
    with _recorded(database) as statements:
        database.write_now(_answer, text)
    figures = [(statement, values) for statement, values in statements if _LEDGER in statement]
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        started = time.perf_counter()
        for statement, values in figures:
            cursor.execute(statement, values)
            cursor.fetchall()
        return time.perf_counter() - started
    finally:
        connection.close()


def _answer(connection: Any, text: str) -> None:
    answer(Inquiry(connection, parse(text, now=NOW, zone="UTC"), NOW, "UTC"))


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
