"""Reads call logs into the store, a piece in a transaction, so that a second run goes on where the first one ended."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.calls import log
from bot.core.calls.batch import Batch
from bot.core.calls.client import IMPORTED
from bot.core.calls.log import Log
from bot.core.errors import NotFound
from bot.services.calls.reading import Readers
from bot.store import calls as store
from bot.store.calls import KnownSeries, Posted, Sent
from bot.store.database import Database

MOST_NAMED = 20
"""Bad lines named one by one; the others are counted by their reasons."""
_BLOCK = 2**16
_GZIP = b"\x1f\x8b"


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
    with _opened(path) as (file, position), Readers(path) as readers:
        if kind is Log.AUTO:
            kind = log.kind_of(file.peek(512))
        blocks = iter(lambda: file.read(_BLOCK), b"") if kind is Log.JSON else file
        storing: asyncio.Task[None] | None = None
        try:
            for piece in log.pieces(blocks, kind):
                now = clock()
                mark = f"{piece.sha256}{f' {zone}' if zone else ''}"
                before = await database.read(store.imported, mark)
                read = None if before is not None else await asyncio.to_thread(readers.read, piece, now, zone)
                # One piece is stored while the next is read; never more: memory stays flat.
                if storing:
                    await storing
                    storing = None
                if read is None:
                    result.passed_over += before or 0
                else:
                    storing = asyncio.create_task(_store(read, database, known, result, now, mark))
                progress(position(), len(piece.records))
        finally:
            if storing:
                await storing
    return result


async def _store(
    read: Batch, database: Database, known: KnownSeries, result: Imported, now: datetime, mark: str
) -> None:
    posted = await database.write(_post, read, now, known, None if read.refused else mark)
    result.stored += posted.accepted
    result.duplicates += posted.duplicates
    reasons = read.refused | dict.fromkeys(posted.taken, store.TAKEN)
    result.refused += len(reasons)
    result.named += sorted(reasons.items())[: MOST_NAMED - len(result.named)]


def _post(connection: Connection, read: Batch, now: datetime, known: KnownSeries, mark: str | None) -> Posted:
    posted = store.post(connection, [Sent(read, IMPORTED)], now, known)[0] if read else Posted(0, 0, [])
    if mark:
        store.note_imported(connection, mark, len(read), now)
    return posted


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BufferedReader, Callable[[], int]]]:
    """The file, unpacked, and how far it is read in bytes of its own."""
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == _GZIP
            yield (BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw), raw.tell
    except OSError as error:
        raise NotFound(f"{path} can't be read: {error.strerror or error}.") from error
    except EOFError:
        raise NotFound(f"{path} ends too early: it is a gzip file that was cut off.") from None
