"""Rounds of workers that die: each is a day on which digests are due, and ends when all of them are out."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import psycopg

from bot.store.database import Database
from tests.crash.slack import ARCHIVED, CHANNELS, PEOPLE
from tests.crash.worker import STEPS, Death, Task, start
from tests.services.books import Books

FIRST_DAY = date(2026, 1, 2)
ROUND_SECONDS = 60
_DIGESTS = (
    *(f"  - {{id: all{n}, channel: {channel}, cadence: daily}}" for n, channel in enumerate(CHANNELS)),
    *(f"  - {{id: to-{name}, to: {name}@example.com, scope: all, cadence: daily}}" for name in PEOPLE),
    f"  - {{id: refused, channel: {ARCHIVED}, cadence: daily}}",
)
CONFIGURATION = "\n".join(
    (
        "admins: [ana@example.com]",
        "teams:",
        "  - {id: alpha, matches: [{workspace: alpha}]}",
        "  - {id: beta, matches: [{workspace: beta}]}",
        "digests:",
        *_DIGESTS,
    )
)
SENDABLE = len(_DIGESTS) - 1
_FAULTS: tuple[dict[str, Any], ...] = (
    {"method": "chat.postMessage", "status": 503},
    {"method": "chat.postMessage", "status": 500, "after_accepting": True},
    {"method": "chat.postMessage", "retry_after": 1},
    {"method": "conversations.history", "status": 503},
)


@dataclass(slots=True)
class Count:
    """What a series of rounds came to."""

    rounds: int = 0
    workers: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    sent: int = 0
    doubled: int = 0
    unmarked: int = 0
    """Doubled ones that do not say so."""
    lost: int = 0
    strange: int = 0
    """Messages of which no row knows, details outside of their thread, rows that did not end."""
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        steps = ", ".join(f"{step}: {times}" for step, times in sorted(self.killed.items()))
        yield f"rounds {self.rounds}, workers {self.workers}, killed {self.killed.total()} ({steps})"
        yield (
            f"messages expected {self.expected}, sent {self.sent}, doubled {self.doubled} "
            f"(without saying so {self.unmarked}), lost {self.lost}, strange {self.strange}; {self.seconds:.0f} s"
        )


class Arena:
    """One database and one Slack, on which round follows round. `history`: the bot may read the channels."""

    def __init__(self, database_url: str, slack_url: str, *, history: bool, chance: random.Random) -> None:
        self._url, self._slack_url, self._chance = database_url, slack_url, chance
        self._slack = httpx.Client(base_url=slack_url)
        self._slack.post("/grant", json={"history": history})
        self._database = Database(database_url)
        self._books = Books(self._database)
        self._books.configure(CONFIGURATION)
        self._seen = len(self._said())
        self._told = False
        self.count = Count()

    def close(self) -> None:
        self._database.close()
        self._slack.close()

    def round(self, number: int, *, faults: bool = True) -> None:
        """One day's digests, by two to eight workers of which most die; the dead are replaced."""
        began, day = time.monotonic(), FIRST_DAY + number * timedelta(days=1)
        self._books.spend(day - timedelta(days=1), alpha=f"{self._chance.randint(1, 99)}.00", beta="5.00")
        with suppress(psycopg.Error):
            self._database.engine.dispose()  # a child must not speak on its parent's connections
        if number == 0:
            self._remember_the_first_start(day)
        task = Task(self._url, self._slack_url, datetime(day.year, day.month, day.day, 9, tzinfo=UTC), time.time())
        if faults and self._chance.random() < 0.3:
            self._slack.post("/order", json=self._chance.choice(_FAULTS))
        living: dict[int, str] = {}
        for _ in range(self._chance.randint(2, 8)):
            self._fork(task, living)
        ends = time.monotonic() + ROUND_SECONDS
        while not self._is_over(day) and time.monotonic() < ends:
            self._bury(living)
            if self._chance.random() < 0.005 and living:
                pid = self._chance.choice(list(living))
                living[pid] = "from outside"
                os.kill(pid, signal.SIGKILL)
            while len(living) < 2:
                self._fork(task, living)
            time.sleep(0.02)
        for pid in living:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.count.rounds += 1
        self.count.seconds += time.monotonic() - began
        self._reckon(day)

    def _fork(self, task: Task, living: dict[int, str]) -> None:
        step = self._chance.choice(STEPS) if self._chance.random() < 0.8 else ""
        living[start(task, Death(step, self._chance.randint(1, 4)))] = step
        self.count.workers += 1

    def _bury(self, living: dict[int, str]) -> None:
        for pid in list(living):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                died_at = living.pop(pid)
                if os.WIFSIGNALED(status):
                    self.count.killed[died_at or "from outside"] += 1
                else:
                    self.count.strange += 1

    def _remember_the_first_start(self, day: date) -> None:
        """As a worker before the first occurrence would have."""
        long_ago = datetime(day.year, day.month, day.day, tzinfo=UTC)
        ids = [line.split("id: ")[1].split(",")[0] for line in _DIGESTS]
        with psycopg.connect(self._url) as connection:
            for id_ in ids:
                connection.execute("INSERT INTO milestone (name, at) VALUES (%s, %s)", (f"digest/{id_}", long_ago))

    def _rows(self, day: date) -> list[tuple[str, str]]:
        with psycopg.connect(self._url) as connection:
            query = "SELECT key, state FROM delivery WHERE key LIKE %s OR key LIKE 'undelivered/%%'"
            return list(connection.execute(query, (f"digest/%/{day}%",)))

    def _is_over(self, day: date) -> bool:
        rows = self._rows(day)
        ended = all(state in ("sent", "failed", "skipped") for _, state in rows)
        return ended and len([key for key, _ in rows if key.startswith("digest/")]) == 2 * SENDABLE + 1

    def _said(self) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = self._slack.get("/said").json()
        return said

    def _reckon(self, day: date) -> None:
        """Hold what Slack has against the rows: every row once, nothing else, and every detail in its thread."""
        said = self._said()
        new, self._seen = said[self._seen :], len(said)
        rows, count = dict(self._rows(day)), self.count
        keys = {_mark(key): key for key in rows if not key.startswith("digest/refused/")}
        if self._told:
            keys = {mark: key for mark, key in keys.items() if key.startswith("digest/")}
        self._told = True
        times = Counter(message["mark"] for message in new)
        count.expected += 2 * SENDABLE + (len(keys) - 2 * SENDABLE)
        count.sent += sum(min(1, times[mark]) for mark in keys)
        count.lost += sum(times[mark] == 0 for mark in keys)
        count.doubled += sum(max(0, times[mark] - 1) for mark in keys)
        for mark, more in times.items():
            again = sum(message["again"] for message in new if message["mark"] == mark)
            count.unmarked += max(0, more - 1 - again)
        count.strange += sum(mark not in keys for mark in times)
        count.strange += sum(state not in ("sent", "failed") for state in rows.values())
        count.strange += sum(keys.get(one["mark"], "").endswith("/details") != bool(one["thread"]) for one in new)


def _mark(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


@contextmanager
def slack() -> Iterator[str]:
    """The stand-in, in its own process."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.slack"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        assert server.stdin is not None
        server.stdin.close()
        server.wait(10)
