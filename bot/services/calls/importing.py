"""Reads call logs into the store, a piece in a transaction, so that a second run goes on where the first one ended."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.calls import log
from bot.core.calls.call import Origin
from bot.core.calls.client import IMPORTED
from bot.core.calls.line import Reader
from bot.core.calls.log import Log, Piece
from bot.core.calls.wire import Refusal
from bot.core.errors import NotFound
from bot.store import calls as store
from bot.store.call_series import SeriesIds
from bot.store.calls import Arrival, Fate
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
    result, known = Imported(), SeriesIds()
    with _opened(path) as (file, position):
        if kind is Log.AUTO:
            kind = log.kind_of(file.peek(512))
        blocks = iter(lambda: file.read(_BLOCK), b"") if kind is Log.JSON else file
        storing: asyncio.Task[None] | None = None
        try:
            for piece in log.pieces(blocks, kind):
                now = clock()
                mark = f"{piece.sha256}{f' {zone}' if zone else ''}"
                before = await database.read(store.imported, mark)
                read = None if before is not None else await asyncio.to_thread(_read, piece, now, zone)
                # One piece is stored while the next is read, on the other core; never more: memory stays flat.
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


@dataclass(slots=True)
class _Read:
    """What a piece says; the lines of its calls, and of those that are none."""

    arrivals: list[Arrival] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


async def _store(read: _Read, database: Database, known: SeriesIds, result: Imported, now: datetime, mark: str) -> None:
    fates = await database.write(_post, read.arrivals, now, known, None if read.refused else mark)
    result.stored += fates.count(Fate.ACCEPTED)
    result.duplicates += fates.count(Fate.DUPLICATE)
    if Fate.TAKEN in fates:
        reason = "Its id belongs to another call, with another model or other token counts."
        taken = (number for number, fate in zip(read.numbers, fates, strict=True) if fate is Fate.TAKEN)
        read.refused = sorted([*read.refused, *((number, reason) for number in taken)])
    result.refused += len(read.refused)
    result.named += read.refused[: MOST_NAMED - len(result.named)]


def _read(piece: Piece, now: datetime, zone: ZoneInfo | None) -> _Read:
    """Equal lines without an id are as many calls, each told by its turn."""
    read = _Read()
    reader = Reader(now, origin=Origin.IMPORT, zone=zone, turns={})
    for number, record in enumerate(piece.records, piece.first):
        if isinstance(record, bytes):
            if record.isspace():
                continue
            call = reader.line(record)
        elif record:
            call = record if isinstance(record, Refusal) else reader.said(record)
        else:
            continue
        if isinstance(call, Refusal):
            read.refused.append((number, call.reason))
        else:
            read.numbers.append(number)
            read.arrivals.append(Arrival(call, IMPORTED))
    return read


def _post(
    connection: Connection, arrivals: Sequence[Arrival], now: datetime, known: SeriesIds, mark: str | None
) -> list[Fate]:
    fates = store.post(connection, arrivals, now, known)
    if mark:
        store.note_imported(connection, mark, len(arrivals), now)
    return fates


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
