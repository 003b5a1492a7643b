"""Batches that wait for the intake: files that outlive the program, or memory where there is nowhere to write."""

from __future__ import annotations

import itertools
import os
import stat
import time
from pathlib import Path
from typing import NamedTuple

_SUFFIX = ".gz"


class Batch(NamedTuple):
    """Calls ready to be sent: `body` is gzipped NDJSON. Sent twice it does no harm, because every call has an id."""

    body: bytes
    calls: int


class Spool:
    """Files of one folder, the oldest first; its programs share it, and each sends what it finds.

    At most `most` bytes wait: what is oldest goes first, and whoever put in what pushed it out hears how many.
    """

    def __init__(self, folder: Path | None, most: int) -> None:
        self._folder = folder
        self._most = most
        self._number = itertools.count()
        self._held: dict[str, Batch] = {}
        """In memory."""

    def put(self, batch: Batch) -> int:
        """How many calls had to go to make room."""
        name = f"{time.time_ns():020}-{os.getpid()}-{next(self._number)}-{batch.calls}{_SUFFIX}"
        if not self._write(name, batch):
            self._held[name] = batch
        return self._trim()

    def waiting(self) -> list[str]:
        """The names of what waits, the oldest first."""
        return sorted({*self._held, *self._files()})

    def read(self, name: str) -> Batch | None:
        """None where another program was faster."""
        if name in self._held:
            return self._held[name]
        if self._folder is None:
            return None
        try:
            return Batch((self._folder / name).read_bytes(), _calls(name))
        except OSError:
            return None

    def remove(self, name: str) -> None:
        self._held.pop(name, None)
        if self._folder is not None:
            try:
                (self._folder / name).unlink(missing_ok=True)
            except OSError:
                return

    def forget(self) -> int:
        """Let go of what is in memory: how many calls that were."""
        gone = sum(batch.calls for batch in self._held.values())
        self._held.clear()
        return gone

    def calls(self) -> int:
        return sum(_calls(name) for name in self.waiting())

    def _write(self, name: str, batch: Batch) -> bool:
        if self._folder is None:
            return False
        unfinished = self._folder / f".{name}"
        try:
            _own(self._folder)
            unfinished.write_bytes(batch.body)
            unfinished.replace(self._folder / name)
        except OSError:
            return False
        return True

    def _files(self) -> list[str]:
        if self._folder is None:
            return []
        try:
            _own(self._folder, make=False)
            return [one.name for one in self._folder.iterdir() if one.suffix == _SUFFIX and one.name[0] != "."]
        except OSError:
            return []

    def _trim(self) -> int:
        gone = 0
        names = self.waiting()
        sizes = {name: self._size(name) for name in names}
        total = sum(sizes.values())
        for name in names:
            if total <= self._most:
                break
            total -= sizes[name]
            gone += _calls(name)
            self.remove(name)
        return gone

    def _size(self, name: str) -> int:
        if name in self._held:
            return len(self._held[name].body)
        try:
            return (self._folder / name).stat().st_size if self._folder else 0
        except OSError:
            return 0


def _own(folder: Path, *, make: bool = True) -> None:
    """Somebody else's folder under our name could feed us anything: raises OSError unless it is ours alone."""
    if make:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        raise PermissionError(f"{folder} is not ours")


def _calls(name: str) -> int:
    count = name.removesuffix(_SUFFIX).rpartition("-")[2]
    return int(count) if count.isdecimal() else 0
