"""A call log, read a piece after the other: in a process of its own where it is long, so that both cores work on it.

Threads would share one interpreter, and reading and storing take about as long. The other process knows no database:
it tells of each piece, answers with what it says if that is wanted, and ends with us.
"""

from __future__ import annotations

import gzip
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BufferedReader
from itertools import compress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self, TypeVar
from zoneinfo import ZoneInfo

from bot.core.calls import log
from bot.core.calls.batch import Batch
from bot.core.calls.call import Origin
from bot.core.calls.line import Reader
from bot.core.calls.log import Cut, Log, Piece
from bot.core.errors import NotFound

LONG_BYTES = 2**24
"""From so large a file on the other process is worth its start, a tenth of a second."""
_BLOCK = 2**16
_GZIP = b"\x1f\x8b"
_ENDED = (EOFError, OSError, pickle.UnpicklingError)
"""What comes of asking a process that was ended."""
_T = TypeVar("_T")


class _Source(Protocol):
    def next(self) -> Cut | None: ...

    def read(self, now: datetime, zone: ZoneInfo | None) -> Batch: ...


class Reading:
    """Reads one file; another process does where that is worth while and it lives. Raises NotFound where nobody can."""

    def __init__(self, file: Path, kind: Log) -> None:
        self._file = file
        self._kind = kind
        self._told = 0
        self._source: _Source = _Here(file, kind)
        if file.is_file() and file.stat().st_size >= LONG_BYTES and (os.cpu_count() or 1) > 1:
            self._source = _Elsewhere(file, kind)

    def next(self) -> Cut | None:
        """The piece after the one before; None after the last. Blocks until it is cut."""
        found = self._asked(lambda source: source.next())
        self._told += 1
        return found

    def read(self, now: datetime, zone: ZoneInfo | None) -> Batch:
        """What that piece says, as `read` has it."""
        return self._asked(lambda source: source.read(now, zone))

    def _asked(self, ask: Callable[[_Source], _T]) -> _T:
        try:
            return ask(self._source)
        except _ENDED:
            self._end()
            self._source = _Here(self._file, self._kind)
            for _ in range(self._told):
                self._source.next()
            return ask(self._source)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        if isinstance(self._source, _Elsewhere):
            self._source.end()


class _Here:
    """In this process."""

    def __init__(self, file: Path, kind: Log) -> None:
        self._pieces = _pieces(file, kind)

    def next(self) -> Cut | None:
        found = next(self._pieces, None)
        if found is None:
            return None
        self._piece, position = found
        return Cut(self._piece.sha256, len(self._piece.records), position)

    def read(self, now: datetime, zone: ZoneInfo | None) -> Batch:
        return read(self._piece, now, zone)


class _Elsewhere:
    """In another process, which cuts the next piece while we store this one."""

    def __init__(self, file: Path, kind: Log) -> None:
        # Its own session: an interrupt from the keyboard is ours to answer, and it ends with its input.
        words = [sys.executable, "-m", "bot.services.calls.reading", str(file), kind]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(words, **pipes, start_new_session=True)  # type: ignore[call-overload]  # noqa: S603
        self._waits = False

    def next(self) -> Cut | None:
        if self._waits:
            self._say(None)
        self._waits = True
        cut: Cut | None = self._answer()
        return cut

    def read(self, now: datetime, zone: ZoneInfo | None) -> Batch:
        self._waits = False
        self._say((now, zone))
        found: Batch = self._answer()
        return found

    def end(self) -> None:
        self._process.kill()
        with suppress(BrokenPipeError), self._process:  # waits for its end and closes its pipes
            pass

    def _say(self, when: tuple[datetime, ZoneInfo | None] | None) -> None:
        pickle.dump(when, self._process.stdin, pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()

    def _answer(self) -> Any:
        said = pickle.load(self._process.stdout)  # noqa: S301  (our own process wrote it)
        if isinstance(said, NotFound):
            raise said
        return said


def read(piece: Piece, now: datetime, zone: ZoneInfo | None) -> Batch:
    """What a piece says, by the numbers of its lines; empty ones say nothing. Equal lines without an id are as many
    calls, each told by its turn."""
    records, numbers = piece.records, list(range(piece.first, piece.first + len(piece.records)))
    said = [bool(one) and not (isinstance(one, bytes) and one.isspace()) for one in records]
    if not all(said):
        numbers, records = list(compress(numbers, said)), list(compress(records, said))
    found = Reader(now, origin=Origin.IMPORT, zone=zone, apart=True).read(records)
    found.positions = [numbers[position] for position in found.positions]
    found.refused = {numbers[position]: reason for position, reason in found.refused.items()}
    return found


def _pieces(file: Path, kind: Log) -> Iterator[tuple[Piece, int]]:
    """Each with how far the file is read then, in bytes of its own."""
    with _opened(file) as (lines, position):
        if kind is Log.AUTO:
            kind = log.kind_of(lines.peek(512))
        blocks = iter(lambda: lines.read(_BLOCK), b"") if kind is Log.JSON else lines
        for piece in log.pieces(blocks, kind):
            yield piece, position()


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


def _serve(source: _Here, asked: IO[bytes], answers: IO[bytes]) -> None:
    """Tell of each piece, and read it if we are then told when that is."""

    def say(said: Cut | Batch | NotFound | None) -> None:
        pickle.dump(said, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()

    try:
        while cut := source.next():
            say(cut)
            if when := pickle.load(asked):  # noqa: S301  (our own process wrote it)
                say(source.read(*when))
        say(None)
    except NotFound as error:
        say(error)
    except EOFError:  # nobody asks any more
        return


if __name__ == "__main__":
    _serve(_Here(Path(sys.argv[1]), Log(sys.argv[2])), sys.stdin.buffer, sys.stdout.buffer)
