"""How the bot's own work stands, in figures for a monitor: data, messages owed, restatements, what is unexplained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from bot.answers.status import SourceLine
from bot.services.books import reconcile
from bot.services.syncing import sources
from bot.store import directory as directories
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.store.readings import restatements


@dataclass(frozen=True, slots=True)
class Vitals:
    """As of one instant; nothing in it names a person."""

    sources: Sequence[SourceLine]
    deliveries: Mapping[tuple[str, deliveries.State], int]
    """By kind and state."""
    owed_since: datetime | None
    """Since when the oldest message that is still to go out is owed."""
    restatements: Mapping[str, int]
    """By source, ever noticed."""
    unexplained_days: int
    """Of the last week, in all organisations."""


class Pulse:
    """Feels the pulse. What only a sync can change is not worked out again until there was one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reconciled: tuple[tuple[datetime | None, date], int] | None = None

    async def read(self, now: datetime) -> Vitals:
        """Raises StoreUnavailable where the database can't be asked."""
        return await self._database.read(self._vitals, now)

    def _vitals(self, connection: Connection, now: datetime) -> Vitals:
        called = {one.organization_id: one.organization_name for one in directories.read_all(connection)}
        lines = sources.lines(connection, called)
        newest = max((line.succeeded_at for line in lines if line.succeeded_at), default=None)
        return Vitals(
            lines,
            deliveries.counted(connection),
            deliveries.owed_since(connection, now),
            Counter({source.value: count for source, count in restatements.counted(connection).items()}),
            self._unexplained(connection, (newest, now.date()), now),
        )

    def _unexplained(self, connection: Connection, basis: tuple[datetime | None, date], now: datetime) -> int:
        if self._reconciled is None or self._reconciled[0] != basis:
            held = reconcile.recent(connection, now)
            self._reconciled = basis, sum(not one.found.explained for one in held)
        return self._reconciled[1]
