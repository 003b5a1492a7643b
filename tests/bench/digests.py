"""A thousand digests due at the same minute, each with its details, against a Slack that keeps its limits."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx

from bot.services.deliver import Deliverer
from bot.services.digests.digests import Digests
from bot.slack.notifier import SlackNotifier, web_client
from bot.store.database import Database
from tests import databases
from tests.crash.slack import TOKEN
from tests.services.books import Books

CHANNELS = 1000
A_MINUTE = 1200
"""What the whole workspace takes; Slack says "several hundred" and no number."""
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


async def measure(folder: Path) -> list[str]:
    """How long it took, and how long Slack's limits make it take."""
    database = Database(databases.sqlite(folder / "digests.db"))
    books = Books(database)
    books.configure(_configuration())
    for n in range(30):
        books.spend(date(2026, 10, 21) + n * timedelta(days=1), alpha=f"{5 + n % 7}.00", beta="3.00")
    async with _slack() as url:
        notifier = SlackNotifier(web_client(TOKEN, f"{url}/api/"))
        digests = Digests(database, Deliverer(database, notifier), "UTC")
        await digests.run(NINE - timedelta(minutes=1))
        began, used = time.perf_counter(), time.process_time()
        sent = await digests.run(NINE)
        took, cpu = time.perf_counter() - began, time.process_time() - used
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            said = (await http.get("/said")).json()
    times = Counter(message["mark"] for message in said)
    best = 2 * CHANNELS / A_MINUTE * 60 - 10
    database.close()
    return [
        f"{CHANNELS} digests due at once, {len(said)} messages ({sent} digests, {sum(n > 1 for n in times.values())} "
        f"doubled): {took:.0f} s and {cpu:.0f} s of CPU; Slack at {A_MINUTE} a minute takes {best:.0f} s at best"
    ]


def _configuration() -> str:
    lines = [f"  - {{id: d{n}, channel: C{n:04}, cadence: daily, scope: {{team: alpha}}}}" for n in range(CHANNELS)]
    teams = "  - {id: alpha, matches: [{workspace: alpha}]}\n  - {id: beta, matches: [{workspace: beta}]}"
    budget = "  - {id: month, team: alpha, amount: 500.00}"
    return "\n".join(("teams:", teams, "budgets:", budget, "digests:", *lines))


@asynccontextmanager
async def _slack() -> AsyncIterator[str]:
    """The stand-in in a process of its own, with as many channels and Slack's limits."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.crash.slack", str(CHANNELS), str(A_MINUTE)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    try:
        yield (await server.stdout.readline()).decode().strip()
    finally:
        server.stdin.close()
        await server.wait()
