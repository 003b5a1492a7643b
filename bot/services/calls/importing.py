"""Reads call logs into the store, a piece in a transaction, so that a second run goes on where the first one ended."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.calls import log, wire
from bot.core.calls.call import Call, Origin
from bot.core.calls.client import IMPORTED
from bot.core.calls.log import Log, Piece
from bot.core.calls.wire import Refusal
from bot.core.errors import NotFound
from bot.store import calls as store
from bot.store.calls import Arrival, Fate, SeriesIds
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
        for piece in log.pieces(blocks, kind):
            now = clock()
            await _take(piece, database, known, result, now, zone)
            progress(position(), len(piece.records))
    return result


async def _take(
    piece: Piece, database: Database, known: SeriesIds, result: Imported, now: datetime, zone: ZoneInfo | None
) -> None:
    mark = f"{piece.sha256}{f' {zone}' if zone else ''}"
    before = await database.read(store.imported, mark)
    if before is not None:
        result.passed_over += before
        return
    refused = result.refused
    numbers, calls = _read(piece, result, now, zone)
    whole = result.refused == refused
    fates = await database.write(_post, calls, now, known, mark if whole else None)
    result.stored += fates.count(Fate.ACCEPTED)
    result.duplicates += fates.count(Fate.DUPLICATE)
    for number, fate in zip(numbers, fates, strict=True):
        if fate is Fate.TAKEN:
            _refuse(result, number, "Its id belongs to another call, with another model or other token counts.")


def _read(piece: Piece, result: Imported, now: datetime, zone: ZoneInfo | None) -> tuple[list[int], list[Call]]:
    """The calls of a piece and their lines. Equal lines without an id are as many calls, each told by its turn."""
    numbers, calls = list[int](), list[Call]()
    turns = Counter[str]()
    for number, said in _records(piece):
        call = said if isinstance(said, Refusal) else wire.read(said, now, origin=Origin.IMPORT, zone=zone)
        if isinstance(call, Refusal):
            _refuse(result, number, call.reason)
            continue
        if not (said.get("id") or said.get("request_id")):
            turn = turns[call.id]
            turns[call.id] += 1
            if turn:
                call = cast(Call, wire.read(said, now, origin=Origin.IMPORT, zone=zone, nth=turn))
        numbers.append(number)
        calls.append(call.under(IMPORTED.own(call.id)))
    return numbers, calls


def _records(piece: Piece) -> Iterator[tuple[int, Any]]:
    """Without empty lines."""
    for number, record in enumerate(piece.records, piece.first):
        if isinstance(record, bytes) and record.isspace():
            continue
        said = log.said(record)
        if said != {}:
            yield number, said


def _refuse(result: Imported, number: int, reason: str) -> None:
    result.refused += 1
    if len(result.named) < MOST_NAMED:
        result.named.append((number, reason))


def _post(
    connection: Connection, calls: Sequence[Call], now: datetime, known: SeriesIds, mark: str | None
) -> list[Fate]:
    fates = store.post(connection, [Arrival(call) for call in calls], now, known)
    if mark:
        store.note_imported(connection, mark, len(calls), now)
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
