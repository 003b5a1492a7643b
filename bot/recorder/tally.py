"""What became of the calls, in numbers, and a warning when some are lost."""

from __future__ import annotations

import logging
import threading
import time
from typing import NamedTuple

log = logging.getLogger("bot.recorder")

_BETWEEN_WARNINGS = 600.0


class Stats(NamedTuple):
    """Calls since the program began, and those that wait."""

    recorded: int
    sent: int
    """Taken by the intake, or known there already."""
    rejected: int
    """Refused by it, each with a reason."""
    dropped: int
    """Lost here; a warning said why."""
    waiting: int
    """In the queue, or until the intake answers; of other programs too where they share a folder."""


class Tally:
    def __init__(self) -> None:
        self.recorded = self.sent = self.rejected = self.dropped = 0
        self._warned: dict[str, float] = {}
        self.renew()

    def renew(self) -> None:
        """A lock of this process: a fork copies one as it is, held or not.

        It may be taken twice by one thread, since the collector may drop a stream in the middle of counting.
        """
        self._lock = threading.RLock()

    def count(self, *, recorded: int = 0, sent: int = 0, rejected: int = 0) -> None:
        with self._lock:
            self.recorded += recorded
            self.sent += sent
            self.rejected += rejected

    def lost(self, why: str, calls: int = 1) -> None:
        with self._lock:
            self.dropped += calls
            self.warn(why, f"{self.dropped} calls of Claude were not recorded so far, the last because {why}.")

    def warn(self, kind: str, sentence: str) -> None:
        """Once, and again when it goes on: a program's log is not ours to fill."""
        now = time.monotonic()
        if now >= self._warned.get(kind, 0.0):
            self._warned[kind] = now + _BETWEEN_WARNINGS
            log.warning(sentence)
