"""What starting costs: imports, the time to /readyz, and the memory of a bot with nothing to do."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bot.demo.anthropic_server import create_app
from bot.demo.main import ADMIN_KEY, APP_TOKEN, BOT_TOKEN, CHANNELS, SIGNING_SECRET, USERS
from bot.demo.organization import Organization
from bot.demo.serving import serve
from bot.demo.slack_server import SlackStandIn

IDLE_SECONDS = 5


async def measure(folder: Path) -> list[str]:
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
    async with serve(app) as anthropic, serve(slack.app) as page:
        slack.base_url = page
        environment = {
            "PATH": os.environ["PATH"],
            "ANTHROPIC_ADMIN_API_KEY": ADMIN_KEY,
            "ANTHROPIC_BASE_URL": anthropic,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": f"{page}/api/",
            "DATABASE_URL": f"sqlite:///{folder / 'start.db'}",
            "BACKFILL_DAYS": "10",
            "PORT": "0",
            "LOG_FORMAT": "json",
        }
        log = folder / "start.log"
        started = time.perf_counter()
        with log.open("wb") as out:
            bot = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=environment, cwd=folder, stderr=out
            )
        try:
            ready = await _ready(log, started)
            await asyncio.sleep(IDLE_SECONDS)
            memory = _resident_megabytes(bot.pid)
        finally:
            bot.terminate()
            await bot.wait()
    return [
        f"import of the whole package: {_import_milliseconds():.0f} ms",
        f"`claude-usage run` → /readyz 200 on an empty database: {ready:.2f} s (mark: 2)",
        f"resident memory of the idle bot after its first sync: {memory:.0f} MB (mark: 150)",
    ]


async def _ready(log: Path, started: float) -> float:
    async with httpx.AsyncClient() as http:
        while time.perf_counter() - started < 30:
            port = re.search(r'"port": (\d+)', log.read_text())
            if port:
                try:
                    response = await http.get(f"http://127.0.0.1:{port[1]}/readyz")
                except httpx.TransportError:
                    continue
                if response.status_code == 200:
                    return time.perf_counter() - started
            await asyncio.sleep(0.01)
    raise RuntimeError(f"not ready in 30 s: {log.read_text()}")


def _resident_megabytes(pid: int) -> float:
    kilobytes = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes[1]) / 1024 if kilobytes else float("nan")


def _import_milliseconds() -> float:
    command = [sys.executable, "-X", "importtime", "-c", "import bot.__main__"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return int(said.strip().splitlines()[-1].split("|")[1]) / 1000
