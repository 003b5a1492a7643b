"""Lets go of single calls after RETAIN_CALLS_DAYS, however they came in; their hourly sums stay for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import repeat

import structlog

from bot.store import calls as store
from bot.store.database import Database

log = structlog.get_logger()

EVERY = timedelta(days=1)
A_PIECE = 20_000
"""Calls in one transaction: whoever wants to write meanwhile waits for no more than that."""
PIECES = 10
"""A knock. Where RETAIN_CALLS_DAYS was made shorter on a full store, there are thousands."""


class Forgetting:
    """Once a day of a process that goes on, and once at its start; what is too much for one knock goes on at the next,
    so that no alert waits for it."""

    def __init__(self, database: Database, retain: timedelta) -> None:
        self._database = database
        self._retain = retain
        self._done: datetime | None = None

    async def run(self, now: datetime) -> None:
        """Forget what is old enough, if that is due, and no more than a knock may."""
        if self._done is not None and now - self._done < EVERY:
            return
        gone = await forget(self._database, now - self._retain, PIECES)
        if gone < PIECES * A_PIECE:
            self._done = now

    async def finish(self, now: datetime) -> None:
        """Forget all that is old enough."""
        await forget(self._database, now - self._retain)


async def forget(database: Database, before: datetime, pieces: int | None = None) -> int:
    """All single calls that were stored before this, or those of some pieces; how many those were."""
    gone = 0
    for _ in repeat(None) if pieces is None else repeat(None, pieces):
        if not await database.read(store.any_stored, before):
            break
        gone += await database.write(store.forget, before, A_PIECE)
    if gone:
        log.info("Old calls were let go.", action="calls_forgotten", calls=gone)
    return gone
