"""Programs of two teams that tell the bot of their calls; one of them makes a far too long call while one watches."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.core.calls.client import PREFIX, fingerprint
from bot.core.utc import midnight
from bot.demo.simulation.chance import noise
from bot.recorder import Recorder
from bot.store.calls import tokens
from bot.store.database import Database

TOLD = timedelta(hours=6)
"""Of so much of the past, but of today alone: of yesterday the reports have every call, and these few would not fit."""
LONG = 48_200
"""Output tokens, above the limit of `dear_call` in teams.yml."""
_FAILS = 41
"""Every so many calls one finds Anthropic overloaded."""


@dataclass(frozen=True, slots=True)
class Program:
    """What one program does: so many calls an hour, the usual one with so many tokens, in so many milliseconds."""

    team: str
    feature: str
    event_type: str
    model: str
    hourly: int
    uncached: int
    cached: int
    output: int
    duration: int

    def calls(self, since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Its calls from `since` to `until`, as `Recorder.record` takes them; the same ones every time."""
        for number in range(int((until - since) / timedelta(hours=1) * self.hourly)):
            size, length, pace = noise(f"{self.feature} {number}", 3, spread=0.6)
            call = {
                "model": self.model,
                "timestamp": since + number * timedelta(hours=1) / self.hourly,
                "feature": self.feature,
                "event_type": self.event_type,
                "duration_ms": round(self.duration * pace**2),
            }
            if number % _FAILS == _FAILS - 1:
                yield call | {"status": 529, "success": False, "error_type": "overloaded_error"}
            else:
                read = {"input_tokens": round(self.uncached * size), "cache_read_input_tokens": self.cached}
                yield call | read | {"output_tokens": round(self.output * length), "status": 200}


PROGRAMS = (
    Program("alpha", "ticket-summary", "streaming", "claude-opus-5-5", 30, 2_400, 9_000, 620, 5_200),
    Program("alpha", "autotriage", "tool_use", "claude-sonnet-5-5", 50, 900, 6_500, 180, 1_900),
    Program("beta", "search-answers", "streaming", "claude-sonnet-5-5", 40, 5_200, 3_000, 410, 3_300),
)


class Incident:
    """Tells the bot of one call in the way a real program would: with the recorder, over HTTP, with a token."""

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
    """The programs have their tokens and have told of today; nothing has gone wrong yet."""
    now = clock()
    recorders = {}
    for team in {program.team for program in PROGRAMS}:
        token = f"{PREFIX}{secrets.token_urlsafe(32)}"
        await database.write(_create, f"{team}-programs", token, team, now)
        recorders[team] = Recorder(bot_url, token, team=team, spool=None)
    for program in PROGRAMS:
        for call in program.calls(max(now - TOLD, midnight(now.date())), now):
            recorders[program.team].record(**call)
    for recorder in recorders.values():
        await asyncio.to_thread(recorder.flush)
    return Incident(recorders["alpha"], clock)


def _create(connection: Connection, name: str, token: str, team: str, now: datetime) -> None:
    tokens.create(connection, name, fingerprint(token), team, now)
