"""Pieces of a call log, read: in a process of its own where a log is long, so that both cores work on it.

Threads would share one interpreter, and reading and storing take about as long. The other process knows no database:
it is sent pieces, answers with what they say, and ends with us.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from itertools import compress
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from zoneinfo import ZoneInfo

from bot.core.calls.batch import Batch
from bot.core.calls.call import Origin
from bot.core.calls.line import Reader
from bot.core.calls.log import Piece

LONG_BYTES = 2**24
"""From so large a file on the other process is worth its start, a tenth of a second."""


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


class Readers:
    """Reads the pieces of one file, one at a time; another process does where that is worth while and it lives."""

    def __init__(self, file: Path) -> None:
        self._elsewhere: subprocess.Popen[bytes] | None = None
        if file.stat().st_size >= LONG_BYTES and (os.cpu_count() or 1) > 1:
            # Its own session: an interrupt from the keyboard is ours to answer, and it ends with its input.
            words = [sys.executable, "-m", "bot.services.calls.reading"]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self._elsewhere = subprocess.Popen(words, **pipes, start_new_session=True)  # type: ignore[call-overload]  # noqa: S603

    def read(self, piece: Piece, now: datetime, zone: ZoneInfo | None) -> Batch:
        """As `read`; blocks until it is done."""
        other = self._elsewhere
        if other is not None and other.stdin and other.stdout:
            try:
                pickle.dump((piece, now, zone), other.stdin, pickle.HIGHEST_PROTOCOL)
                other.stdin.flush()
                found: Batch = pickle.load(other.stdout)  # noqa: S301  (our own process wrote it)
            except (EOFError, OSError, pickle.UnpicklingError):  # it was ended: nothing is stored of this piece
                self._end()
            else:
                return found
        return read(piece, now, zone)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        other, self._elsewhere = self._elsewhere, None
        if other is not None:
            other.kill()
            with suppress(BrokenPipeError), other:  # waits for its end and closes its pipes
                pass


def _serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    while True:
        try:
            piece, now, zone = pickle.load(asked)  # noqa: S301  (our own process wrote it)
        except EOFError:
            return
        pickle.dump(read(piece, now, zone), answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
