"""Whether this replica's clock can be trusted: claims and occurrences of all replicas are held against it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.core.errors import ClockWrong
from bot.store import clock
from bot.store.database import Database

BOUND = timedelta(seconds=60)
"""Far below the five minutes after which a claim counts as abandoned: a clock that far ahead would send what another
replica is sending."""


class Timekeeping:
    """Holds this machine's clock against the database's. `now` is the machine's own, whatever `--now` says."""

    def __init__(self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now

    async def ahead(self) -> timedelta | None:
        """How far this machine's clock is ahead; None on SQLite. Raises StoreUnavailable."""
        return await self._database.read(clock.ahead, self._now)

    async def check(self) -> None:
        """Raises ClockWrong where the two are further apart than BOUND, StoreUnavailable."""
        ahead = await self.ahead()
        if ahead is not None and abs(ahead) > BOUND:
            side = "ahead of" if ahead > timedelta() else "behind"
            raise ClockWrong(
                f"This machine's clock is {abs(ahead).total_seconds():.0f} seconds {side} the database's. Switch time "
                "synchronisation on; until then this replica reads, judges and sends nothing by itself."
            )
