"""Slack and the database held against each other: every message once, under its own mark."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import httpx

from bot.store.database import Database
from tests.crash.arena import Count

FAULTS: tuple[dict[str, Any], ...] = (
    {"method": "chat.postMessage", "status": 503},
    {"method": "chat.postMessage", "status": 500, "after_accepting": True},
    {"method": "chat.postMessage", "retry_after": 1},
    {"method": "conversations.history", "status": 503},
)
ENDED = ("sent", "failed", "skipped")


class Said:
    """What the bot said in one Slack."""

    def __init__(self, slack_url: str) -> None:
        self._http = httpx.Client(base_url=slack_url)

    def close(self) -> None:
        self._http.close()

    def grant(self, *, history: bool) -> None:
        """Let the bot read channels, or not."""
        self._http.post("/grant", json={"history": history})

    def order(self, fault: Mapping[str, Any]) -> None:
        self._http.post("/order", json=fault)

    def reckon(
        self,
        count: Count,
        expected: Collection[str],
        states: Mapping[str, str],
        alerts: Mapping[str, Counter[str]] | None = None,
    ) -> None:
        """Hold it against the keys that should have been sent, and their rows. The count is of all rounds so far.

        `alerts`: which ones each of them tells of, by key.
        """
        messages = defaultdict(list)
        for one in self._http.get("/said").json():
            messages[one["mark"]].append(one)
        keys = {_mark(key): key for key in expected}
        times = Counter({mark: len(some) for mark, some in messages.items() if mark in keys})
        count.expected = len(keys)
        count.found = len(times)
        count.lost = len(keys) - len(times)
        count.doubled = times.total() - len(times)
        said_so = {mark: sum(one["again"] for one in messages[mark]) for mark in times}
        count.unmarked = sum(max(0, many - 1 - said_so[mark]) for mark, many in times.items())
        count.strange = len(messages.keys() - keys.keys()) + sum(state not in ENDED for state in states.values())
        count.strange += sum(
            keys[mark].endswith("/details") != bool(one["thread"]) for mark in times for one in messages[mark]
        )
        for key, wanted in (alerts or {}).items():
            for one in messages[_mark(key)]:
                told = Counter(one["alerts"])
                count.lost += (wanted - told).total()
                count.strange += (told - wanted).total()


def states(database: Database, *kinds: str) -> dict[str, str]:
    """The state of every message of these kinds, by its key."""
    rows = database.read_now(lambda connection: connection.exec_driver_sql("SELECT key, state FROM delivery").all())
    return {key: state for key, state in rows if key.startswith(kinds)}


def carriers(database: Database) -> dict[str, str]:
    """By the key of each message that went out in another one, the key of that one."""
    query = "SELECT key, carried_by FROM delivery WHERE carried_by IS NOT NULL"
    return dict(database.read_now(lambda connection: [(key, by) for key, by in connection.exec_driver_sql(query)]))


def _mark(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
