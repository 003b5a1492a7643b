"""`make soak ARGS="--minutes 60"`: `claude-usage run` in a process of its own on loopback, with people who ask,
programs that report calls, a monitor that looks, a sync a minute, a digest a minute; what is measured is its memory and
its open files, from when it is warm: caches full, threads started, what is loaded once loaded.

Exit 1 if something asked for did not come, or if memory or files grow beyond what chance explains.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import fmean, linear_regression

import httpx

from bot.core.calls.client import fingerprint
from bot.core.words import Picture
from bot.demo.slack_server import COMMAND
from bot.store import schema
from bot.store.calls import tokens
from bot.store.database import Database
from tests.outside import ALPHA, ANA, BEN, NOW, TEAMS, Outside, opened, written

WORDS = (
    *("summary", "team alpha", "team t{n}", "teams last week", "model opus-5-5", "models", "workspaces", "keys top 10"),
    *("workspace support-prod", "key alpha-backend", "user ana@example.com", "users", "feature search", "features"),
    *("endpoint messages", "endpoints", "calls", "why", "why team alpha", "plan", "code", "limits", "alerts", "budget"),
    *("forecast", "advice", "trend", "team t{n} 7d by day", "compare alpha beta", "export cost", "status", "help"),
    *("team t{n} yesterday", "what is this", *(f"chart {picture}" for picture in Picture)),
)
"""Every subject, every picture, and words that nobody can read; {n} is one of MANY teams."""
FORMS = ("subscribe", "settings")
"""They open instead of being answered."""
MANY = 500
COMMANDS_A_SECOND, CALLS_AT_ONCE = 3, 50
LOOK_SECONDS = 5
TOKEN = "cub_for_the_soak"
WARM_MINUTES = 20.0
"""Until then Python's own heap still grows to what the busiest moment takes, a megabyte at a time."""
STRETCHES = 10
"""What the measured time is cut into: memory goes up and down with what is collected about once a minute, so that one
second says nothing new after the one before."""
STUDENT = 2.31
"""Of STRETCHES less two: what the growth is within, 19 times of 20."""
MOST_MB_AN_HOUR = 2.0


@dataclass(slots=True)
class Seen:
    """What was sent, what came back, and how large the bot was meanwhile: seconds, MB, open files."""

    asked: int = 0
    answered: int = 0
    calls: int = 0
    turned_away: int = 0
    sizes: list[tuple[float, float, int]] = field(default_factory=list)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--minutes", type=float, default=60, help="that are measured (60)")
    parser.add_argument("--warm-up", type=float, default=WARM_MINUTES, help=f"minutes first ({WARM_MINUTES:.0f})")
    given = parser.parse_args(words)
    with opened() as outside, tempfile.TemporaryDirectory() as folder:
        outside.fresh()
        seen = asyncio.run(_soak(outside, Path(folder), (given.warm_up + given.minutes) * 60))
    seen.sizes = [one for one in seen.sizes if one[0] >= given.warm_up * 60]
    return _report(seen)


async def _soak(outside: Outside, folder: Path, seconds: float) -> Seen:
    url, seen = f"sqlite:///{folder / 'soak.db'}", Seen()
    _lay_out(url)
    digests = "".join(
        f'  - {{id: d{n}, channel: C0GENERAL, cadence: daily, at: "{9 + n // 60:02}:{n % 60:02}"}}\n'
        for n in range(1, 600)
    )
    teams = "".join(f"  - {{id: t{n}, matches: [{{workspace: t{n}-*}}]}}\n" for n in range(MANY))
    file = written(folder, TEAMS.replace("digests:\n", f"{teams}digests:\n{digests}"))
    with _running(outside.environment(url, CONFIG_FILE=str(file), SYNC_EVERY="1m"), folder) as (pid, address):
        outside.slack.bot_url = f"{address}/slack/events"
        began = time.monotonic()
        ends = began + seconds
        async with (
            # What was idle for five seconds the server closes, at times just as the next request leaves.
            httpx.AsyncClient(
                base_url=address, trust_env=False, timeout=30, limits=httpx.Limits(keepalive_expiry=2)
            ) as http,
            asyncio.TaskGroup() as load,
        ):
            load.create_task(_people(outside, seen, ends))
            load.create_task(_programs(http, seen, ends))
            load.create_task(_monitor(http, seen, ends))
            while time.monotonic() < ends:
                outside.clock.now = NOW + timedelta(seconds=time.monotonic() - began)
                seen.sizes.append((time.monotonic() - began, *_size(pid)))
                await asyncio.sleep(1)
        await asyncio.sleep(5)
    seen.answered = len([one for one in outside.posted() if one.ephemeral_to or one.channel.startswith("D")])
    return seen


def _lay_out(url: str) -> None:
    """A migrated database that knows the programs' token."""
    database = Database(url)
    schema.migrate(database)
    database.write_now(tokens.create, "soak", fingerprint(TOKEN), None, NOW)
    database.close()


@contextmanager
def _running(environment: dict[str, str], folder: Path) -> Iterator[tuple[int, str]]:
    """The bot; its process id and its address."""
    log = folder / "log"
    command = [sys.executable, "-m", "bot", "run", "--now", NOW.isoformat()]
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    with log.open("wb") as stderr:
        bot = subprocess.Popen(command, cwd=folder, env=path | environment, stderr=stderr)
    try:
        while '"started"' not in (said := log.read_text(encoding="utf-8")):
            if bot.poll() is not None:
                raise RuntimeError(said)
            time.sleep(0.1)
        port = next(one["port"] for one in map(json.loads, said.splitlines()) if one.get("action") == "started")
        yield bot.pid, f"http://127.0.0.1:{port}"
    finally:
        bot.send_signal(signal.SIGTERM)
        bot.wait(60)


async def _people(outside: Outside, seen: Seen, ends: float) -> None:
    for number, words in enumerate(itertools.cycle((*WORDS, *FORMS))):
        if time.monotonic() > ends:
            return
        person = (ANA, BEN)[number // len(WORDS) % 2]
        await outside.does(outside.slack.command(person, ALPHA, COMMAND, words.format(n=number % MANY)))
        seen.asked += words not in FORMS
        await asyncio.sleep(1 / COMMANDS_A_SECOND)


async def _programs(http: httpx.AsyncClient, seen: Seen, ends: float) -> None:
    for number in itertools.count():
        if time.monotonic() > ends:
            return
        at = (NOW + timedelta(seconds=number)).isoformat()
        said = [
            {"id": f"{number}-{n}", "timestamp": at, "team": "alpha", "model": "claude-sonnet-5-5", "input_tokens": 9}
            for n in range(CALLS_AT_ONCE)
        ]
        answer = await http.post("/v1/calls", json=said, headers={"authorization": f"Bearer {TOKEN}"})
        seen.calls += CALLS_AT_ONCE
        seen.turned_away += answer.status_code != 202
        await asyncio.sleep(1)


async def _monitor(http: httpx.AsyncClient, seen: Seen, ends: float) -> None:
    while time.monotonic() < ends:
        for page in ("/metrics", "/healthz", "/readyz"):
            seen.turned_away += (await http.get(page)).status_code != 200
        await asyncio.sleep(LOOK_SECONDS)


def _size(pid: int) -> tuple[float, int]:
    """MB in memory, and open files."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    held = re.search(r"VmRSS:\s+(\d+) kB", status)
    return (int(held[1]) / 1024 if held else 0.0), len(list(Path(f"/proc/{pid}/fd").iterdir()))


def stretched(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The mean of each stretch."""
    cuts = [len(points) * n // STRETCHES for n in range(STRETCHES + 1)]
    stretches = [points[since:until] for since, until in pairwise(cuts)]
    return [(fmean(x for x, _ in some), fmean(y for _, y in some)) for some in stretches]


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The growth per unit that fits best, and by how much it may be wrong, 19 times of 20."""
    means = stretched(points)
    grows, base = linear_regression([x for x, _ in means], [y for _, y in means])
    middle = fmean(x for x, _ in means)
    spread = sum((x - middle) ** 2 for x, _ in means)
    left = sum((y - base - grows * x) ** 2 for x, y in means) / (STRETCHES - 2)
    return grows, STUDENT * (left / spread) ** 0.5


def _report(seen: Seen) -> int:
    hourly = [(seconds / 3600, size) for seconds, size, _ in seen.sizes]
    grows, error = slope(hourly)
    sizes, files = [size for _, size, _ in seen.sizes], [many for *_, many in seen.sizes]
    half = len(files) // 2
    print(f"in all {seen.asked} commands, {seen.calls} calls, {seen.turned_away} requests turned away")
    print(f"answers, alerts and files: {seen.answered}")
    print(f"memory {min(sizes):.0f} to {max(sizes):.0f} MB, {grows:+.1f} ± {error:.1f} MB an hour (95 %)")
    print(f"by tenths of the time: {', '.join(f'{size:.1f}' for _, size in stretched(hourly))} MB")
    print(
        f"open files {min(files)} to {max(files)}, first half at most {max(files[:half])}, second {max(files[half:])}"
    )
    leaks = grows - error > MOST_MB_AN_HOUR or max(files[half:]) > max(files[:half]) + 8
    unanswered = seen.answered < seen.asked
    return 1 if leaks or unanswered or seen.turned_away else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
