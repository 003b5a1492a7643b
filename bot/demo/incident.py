"""Something goes wrong while one watches: a program of Team Alpha makes one far too long call of Claude."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from bot.core.calls.client import PREFIX, fingerprint
from bot.recorder import Recorder
from bot.store import tokens
from bot.store.database import Database

PROGRAM, TEAM = "ticket-summaries", "alpha"
LONG = 48_200
"""Output tokens, above the limit of `dear_call` in teams.yml."""


class Incident:
    """Tells the bot of such a call in the way a real program would: with the recorder, over HTTP, with a token."""

    def __init__(self, recorder: Recorder, clock: Callable[[], datetime]) -> None:
        self._recorder = recorder
        self._clock = clock

    async def __call__(self) -> None:
        self._recorder.record(
            model="claude-opus-5-5",
            timestamp=self._clock(),
            feature="ticket-summary",
            input_tokens=31_000,
            output_tokens=LONG,
            duration_ms=412_000,
        )
        await asyncio.to_thread(self._recorder.flush)


async def prepared(database: Database, bot_url: str, clock: Callable[[], datetime]) -> Incident:
    """The program has its token; nothing has gone wrong yet."""
    token = f"{PREFIX}{secrets.token_urlsafe(32)}"
    await database.write(_create, token, clock())
    return Incident(Recorder(bot_url, token, team=TEAM, spool=None), clock)


def _create(connection: Connection, token: str, now: datetime) -> None:
    tokens.create(connection, PROGRAM, fingerprint(token), TEAM, now)
