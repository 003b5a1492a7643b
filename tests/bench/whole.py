"""The whole bot in a process of its own, between the stand-ins of Anthropic and Slack."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bot.demo.anthropic_server import create_app
from bot.demo.main import ADMIN_KEY, APP_TOKEN, BOT_TOKEN, CHANNELS, SIGNING_SECRET, USERS
from bot.demo.organization import Organization
from bot.demo.serving import serve
from bot.demo.slack_server import SlackStandIn


@dataclass(frozen=True, slots=True)
class Whole:
    """A bot that is ready, and how many seconds that took."""

    address: str
    pid: int
    slack: SlackStandIn
    database_url: str
    ready: float


@asynccontextmanager
async def running(folder: Path, configuration: str = "") -> AsyncIterator[Whole]:
    """`claude-usage run` on an empty database, with ten days of reports to read."""
    organization = Organization.simulate(days=10, until=datetime.now(UTC))
    slack = SlackStandIn(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        users=USERS,
        channels=CHANNELS,
        clock=lambda: datetime.now(UTC),
    )
    app = create_app(organization, clock=lambda: datetime.now(UTC), admin_key=ADMIN_KEY)
    database_url = f"sqlite:///{folder / 'whole.db'}"
    async with serve(app) as anthropic, serve(slack.app) as page:
        slack.base_url = page
        environment = {
            "PATH": os.environ["PATH"],
            "ANTHROPIC_ADMIN_API_KEY": ADMIN_KEY,
            "ANTHROPIC_BASE_URL": anthropic,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": f"{page}/api/",
            "DATABASE_URL": database_url,
            "BACKFILL_DAYS": "10",
            "PORT": "0",
            "LOG_FORMAT": "json",
        }
        if configuration:
            (folder / "teams.yml").write_text(configuration, encoding="utf-8")
            environment["CONFIG_FILE"] = str(folder / "teams.yml")
        log = folder / "whole.log"
        started = time.perf_counter()
        with log.open("wb") as out:
            bot = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=environment, cwd=folder, stderr=out
            )
        try:
            address = await _ready(log, started)
            yield Whole(address, bot.pid, slack, database_url, time.perf_counter() - started)
        finally:
            bot.terminate()
            await bot.wait()


async def _ready(log: Path, started: float) -> str:
    """Where it listens, once /readyz says 200."""
    async with httpx.AsyncClient(trust_env=False) as http:
        while time.perf_counter() - started < 30:
            port = re.search(r'"port": (\d+)', log.read_text())
            if port:
                address = f"http://127.0.0.1:{port[1]}"
                try:
                    response = await http.get(f"{address}/readyz")
                except httpx.TransportError:
                    continue
                if response.status_code == 200:
                    return address
            await asyncio.sleep(0.01)
    raise RuntimeError(f"not ready in 30 s: {log.read_text()}")
