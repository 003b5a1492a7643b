"""Lets go of single calls after RETAIN_CALLS_DAYS, however they came in; their hourly sums stay for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bot.store import calls as store
from bot.store.database import Database

log = structlog.get_logger()

EVERY = timedelta(days=1)
A_PIECE = 20_000
"""Calls in one transaction: whoever wants to write meanwhile waits for no more than that."""


class Forgetting:
    """Once a day of a process that goes on, and once at its start."""

    def __init__(self, database: Database, retain: timedelta) -> None:
        self._database = database
        self._retain = retain
        self._done: datetime | None = None

    async def run(self, now: datetime) -> None:
        """Forget what is old enough, if that is due."""
        if self._done is None or now - self._done >= EVERY:
            if gone := await forget(self._database, now - self._retain):
                log.info("Old calls were let go.", action="calls_forgotten", calls=gone)
            self._done = now


async def forget(database: Database, before: datetime) -> int:
    """All single calls that were stored before this; how many those were."""
    gone = 0
    while await database.read(store.any_stored, before):
        gone += await database.write(store.forget, before, A_PIECE)
    return gone
