"""Brings batches to the intake, and keeps them while it does not take any."""

from __future__ import annotations

import hashlib
import os
import random
import time
import zlib
from pathlib import Path

import httpx

from bot.recorder.post import Outcome, Reply, post
from bot.recorder.spool import Batch, Spool
from bot.recorder.tally import Tally

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
_GZIP = 31
"""What zlib calls a gzip header and footer."""


class Courier:
    """Used by one thread, but for `wait_for`."""

    def __init__(self, url: str, token: str, spool: Spool, tally: Tally, seconds: float) -> None:
        self._url = url
        self._headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/x-ndjson",
            "content-encoding": "gzip",
        }
        self._spool = spool
        self._tally = tally
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """Connections of this process.

        Made here and not in the thread: httpx imports some of itself when its first client is made, and a fork in the
        middle of an import leaves the child waiting for it for ever.
        """
        self._http = httpx.Client(timeout=self._seconds, headers=self._headers)
        self._failures = 0
        self._not_before = 0.0

    def close(self) -> None:
        self._http.close()

    @property
    def pause(self) -> float:
        """Seconds until another try makes sense; 0 where the last one went well."""
        return max(0.0, self._not_before - time.monotonic())

    def send(self, batch: Batch) -> None:
        """A new batch. While the intake is away it joins what waits, so that it is written down at once."""
        if self.pause or not self._post(batch):
            self.wait_for(batch)

    def resend(self) -> None:
        """What waits, the oldest first, as long as the intake answers."""
        for name in self._spool.waiting():
            batch = self._spool.read(name)
            if batch is not None:
                if not self._post(batch):
                    return
                self._spool.remove(name)

    def wait_for(self, batch: Batch) -> None:
        """Where there is no room for it, the oldest goes and is counted."""
        gone = self._spool.put(batch)
        if gone:
            self._tally.lost("the intake is away and there is no room for more", gone)

    def _post(self, batch: Batch) -> bool:
        """Whether that is done with, one way or another."""
        reply = post(self._http, self._url, batch.body)
        match reply.outcome:
            case Outcome.TAKEN:
                self._failures, self._not_before = 0, 0.0
                self._tally.count(sent=batch.calls - reply.rejected, rejected=reply.rejected)
                if reply.rejected:
                    self._tally.warn("rejected", f"The intake refused {reply.rejected} calls. {reply.reason}")
                return True
            case Outcome.TOO_LARGE if batch.calls > 1:
                for half in _halves(batch):
                    if not self._post(half):
                        self.wait_for(half)
                return True
            case Outcome.REFUSED | Outcome.TOO_LARGE:
                self._tally.lost(f"the intake refused them ({reply.reason})", batch.calls)
                return True
            case Outcome.AWAY:
                self._be_patient(reply)
        return False

    def _be_patient(self, reply: Reply) -> None:
        pause = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(self._failures, 10))
        pause *= random.uniform(0.7, 1.3)  # noqa: S311  (so that a hundred programs don't come back at once)
        self._failures += 1
        self._not_before = time.monotonic() + max(pause, min(reply.retry_after, _LONGEST_WAIT))
        self._tally.warn("away", f"Calls of Claude wait to be sent, because the intake {reply.reason}.")


def batch(lines: list[str]) -> Batch:
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)  # a third of the time for a tenth more bytes
    return Batch(packer.compress("\n".join(lines).encode()) + packer.flush(), len(lines))


def folder(url: str, token: str, base: Path) -> Path:
    """Where what waits for this intake is kept: apart for each token, because a token may stand for a team."""
    mark = hashlib.sha256(f"{url} {token}".encode()).hexdigest()[:16]
    owner = os.getuid() if hasattr(os, "getuid") else "me"
    return base / f"claude-usage-recorder-{owner}-{mark}"


def _halves(whole: Batch) -> tuple[Batch, Batch]:
    lines = zlib.decompress(whole.body, _GZIP).decode().split("\n")
    half = len(lines) // 2
    return batch(lines[:half]), batch(lines[half:])
