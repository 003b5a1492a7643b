"""From a call's arrival at the intake to the direct message of the alert that it sets off: through the whole bot."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bot.core.calls.client import fingerprint
from bot.demo.main import USERS
from bot.store.calls import tokens
from bot.store.database import Database
from tests.bench import whole

TOKEN = "cub_bench"
TEAMS = 8
MARK_SECONDS = 10
_GIVE_UP_SECONDS = 60
OWNER = USERS[0].email


async def measure(folder: Path) -> list[str]:
    took = []
    async with whole.running(folder, _configuration()) as bot:
        database = Database(bot.database_url)
        await database.write(tokens.create, "bench", fingerprint(TOKEN), None, datetime.now(UTC))
        database.close()
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(base_url=bot.address, headers=headers, trust_env=False, timeout=30) as http:
            for n in range(TEAMS):
                began = time.perf_counter()
                (await http.post("/v1/calls", json=_call(n))).raise_for_status()
                await _told(bot, f"Team {n} made a call of more than")
                took.append(time.perf_counter() - began)
                await asyncio.sleep(0.37)  # to meet the minute's knock and the looks at calls in many ways
    took.sort()
    return [
        f"a call's arrival → its alert in a direct message, {TEAMS} times: median {took[len(took) // 2]:.1f} s, "
        f"longest {took[-1]:.1f} s (mark: {MARK_SECONDS})"
    ]


def _configuration() -> str:
    teams = "".join(f"  - {{id: t{n}, name: Team {n}, owners: [{OWNER}]}}\n" for n in range(TEAMS))
    rule = "  - {id: dear, metric: output_tokens, kind: threshold, above: 10000, per: call, severity: critical}\n"
    return f"admins: [{OWNER}]\nteams:\n{teams}alerts:\n{rule}"


def _call(n: int) -> dict[str, object]:
    now = datetime.now(UTC).isoformat()
    return {"timestamp": now, "team": f"t{n}", "model": "claude-sonnet-5-5", "output_tokens": 10_001 + n}


async def _told(bot: whole.Whole, words: str) -> None:
    """Until somebody reads this."""
    until = time.perf_counter() + _GIVE_UP_SECONDS
    while time.perf_counter() < until:
        if any(one.from_bot and words in one.text for one in bot.slack.messages):
            return
        await asyncio.sleep(0.01)
    raise RuntimeError(f"nobody was told within {_GIVE_UP_SECONDS} s: {words}")
