"""Reads call logs into the store, a piece in a transaction, so that a second run goes on where the first one ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.calls.batch import Batch
from bot.core.calls.client import IMPORTED
from bot.core.calls.log import Log
from bot.services.calls.reading import Reading
from bot.store import calls as store
from bot.store.calls import KnownSeries, Posted, Sent
from bot.store.database import Database

MOST_NAMED = 20
"""Bad lines named one by one; the others are counted by their reasons."""


@dataclass(slots=True)
class Imported:
    """What came of one file. `named` are the first bad lines, `refused` counts all of them by reason."""

    stored: int = 0
    duplicates: int = 0
    passed_over: int = 0
    """Calls of pieces that an earlier run brought in."""
    named: list[tuple[int, str]] = field(default_factory=list)
    refused: int = 0

    @property
    def known(self) -> int:
        """All that are in, by this run or an earlier one."""
        return self.stored + self.duplicates + self.passed_over


Progress = Callable[[int, int], None]
"""Bytes of the file read by now, and records."""


async def read(
    path: Path,
    kind: Log,
    database: Database,
    clock: Callable[[], datetime],
    *,
    zone: ZoneInfo | None = None,
    progress: Progress = lambda _bytes, _records: None,
) -> Imported:
    """Import one file; raises NotFound where it can't be read."""
    result, known = Imported(), KnownSeries()
    with Reading(path, kind) as reading:
        storing: asyncio.Task[None] | None = None
        try:
            while piece := await asyncio.to_thread(reading.next):
                now = clock()
                mark = f"{piece.sha256}{f' {zone}' if zone else ''}"
                before = await database.read(store.imported, mark)
                if before is None or before < piece.records:  # its bad lines are named each time
                    read = await asyncio.to_thread(reading.read, now, zone)
                    # One piece is stored while the next is read; never more: memory stays flat.
                    if storing:
                        await storing
                    storing = asyncio.create_task(_store(read, database, known, result, now, mark, before))
                else:
                    result.passed_over += before
                progress(piece.position, piece.records)
        finally:
            if storing:
                await storing
    return result


async def _store(
    read: Batch, database: Database, known: KnownSeries, result: Imported, now: datetime, mark: str, before: int | None
) -> None:
    if before == len(read):  # its calls may be let go by now: stored once more, they would count twice
        result.passed_over += before
        reasons = read.refused
    else:
        posted = await database.write(_post, read, now, known, mark)
        result.stored += posted.accepted
        result.duplicates += posted.duplicates
        reasons = read.refused | dict.fromkeys(posted.taken, store.TAKEN)
    result.refused += len(reasons)
    result.named += sorted(reasons.items())[: MOST_NAMED - len(result.named)]


def _post(connection: Connection, read: Batch, now: datetime, known: KnownSeries, mark: str) -> Posted:
    posted = store.post(connection, [Sent(read, IMPORTED)], now, known)[0] if read else Posted(0, 0, [])
    store.note_imported(connection, mark, len(read), now)
    return posted
