"""From the program's threads to the intake: a bounded queue, and one thread in the background that empties it.

A call costs its caller a line of JSON and a place in the queue. Nothing of it is sent, compressed or written there.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import threading
import time
import uuid
import weakref
from collections.abc import Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from bot.recorder.courier import Courier, batch
from bot.recorder.spool import Batch, Spool
from bot.recorder.tally import Stats, Tally

_MOST_IN_A_BATCH = 500
_LINGER = 1.0
"""Seconds that calls are collected before they are sent: well within the ten in which a rule must fire."""
_GLANCE = 0.05
_LOOK_AGAIN = 60.0
"""Seconds after which an idle program looks for what another one has left behind."""
_AT_EXIT = 2.0
"""Seconds that a program's end may take longer because of us."""
_written = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""Made once: `json.dumps` makes one for each call."""


class Sender:
    """Its thread begins with the first call, so that a program may fork before it."""

    def __init__(self, url: str, token: str, spool: Spool, *, most_queued: int, seconds: float) -> None:
        self._spool = spool
        self._tally = Tally()
        self._courier = Courier(url, token, spool, self._tally, seconds)
        self._most_queued = most_queued
        self._begin()
        _senders.add(self)

    def _begin(self) -> None:
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = self._hurried = False
        self._handled = self._tally.recorded
        self._on_the_way: Batch | None = None

    def after_fork(self) -> None:
        """What the parent has not sent yet, it will send itself."""
        self._tally.renew()
        self._spool.forget()
        self._courier.renew()
        self._begin()

    def keep(self, call: Mapping[str, Any]) -> None:
        """Take one call; never raises, never waits."""
        try:
            line = _written(call if call.get("id") else {**call, "id": uuid.uuid4().hex})
            if self._closed:
                self.lost("the recorder was closed")
            elif self._queue.qsize() >= self._most_queued:
                self.lost("they come faster than they can be sent")
            else:
                self._tally.count(recorded=1)
                self._queue.put(line)
                if self._thread is None:
                    self._start()
        except Exception as error:
            self.lost(f"one could not be written ({type(error).__name__})")

    def lost(self, why: str) -> None:
        with suppress(Exception):
            self._tally.lost(why)

    def stats(self) -> Stats:
        waiting, tally = self._waiting(), self._tally  # in this order: what is sent meanwhile is in one of them
        return Stats(tally.recorded, tally.sent, tally.rejected, tally.dropped, waiting)

    def flush(self, seconds: float) -> bool:
        """Wait until all is sent, or waits for an intake that is away; False when the time was too short."""
        until, wanted = time.monotonic() + seconds, self._tally.recorded
        self._hurried = True
        while self._handled < wanted and time.monotonic() < until:
            time.sleep(0.002)
        self._hurried = False
        return self._handled >= wanted

    def close(self, seconds: float) -> None:
        """Send what there is, for so long; what is left then is written down, or counted where it can't be."""
        self._closed = True
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(seconds)
        if self._thread is None or not self._thread.is_alive():
            self._courier.close()
        left, on_the_way = self._drained(), self._on_the_way
        if on_the_way is not None:  # its answer may still come, and sent twice it does no harm
            self._courier.wait_for(on_the_way)
        if left:
            self._courier.wait_for(batch(left))
        self._handled = self._tally.recorded
        gone = self._spool.forget()
        if gone:
            self._tally.lost("the program ended while the intake was away", gone)

    def _waiting(self) -> int:
        """Those in the queue, those that the thread has taken from it, and those in the spool."""
        return max(0, self._tally.recorded - self._handled) + self._spool.calls()

    def _start(self) -> None:
        if self._starting.acquire(blocking=False):  # whoever comes second need not wait
            try:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="claude-usage-recorder", daemon=True)
                    thread.start()
                    self._thread = thread
            finally:
                self._starting.release()

    def _run(self) -> None:
        _keep_out_of_the_log(threading.get_ident())
        look = 0.0
        while not (self._closed and self._queue.empty()):
            lines = self._gathered()
            with suppress(Exception):  # nothing may end this thread: the next batch is another chance
                if lines:
                    self._on_the_way = batch(lines)
                    self._courier.send(self._on_the_way)
                    self._on_the_way = None
                    look = 0.0 if self._courier.pause else look
                if not self._closed and not self._courier.pause and time.monotonic() >= look:
                    self._courier.resend()
                    look = 0.0 if self._courier.pause else time.monotonic() + _LOOK_AGAIN
            self._handled += len(lines)

    def _gathered(self) -> list[str]:
        """Up to a batch of lines; none where for a while there were none."""
        try:
            first = self._queue.get(timeout=self._courier.pause or _LOOK_AGAIN)
        except Empty:
            return []
        lines = [first]
        until = time.monotonic() + _LINGER
        # Asleep and not at the queue: there every call would wake this thread, and then wait for it.
        while not self._closed and not self._hurried and self._queue.qsize() < _MOST_IN_A_BATCH:
            left = until - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(left, _GLANCE))
        with suppress(Empty):
            while len(lines) < _MOST_IN_A_BATCH:
                lines.append(self._queue.get_nowait())
        return [line for line in lines if line is not None]

    def _drained(self) -> list[str]:
        lines: list[str] = []
        with suppress(Empty):
            while True:
                line = self._queue.get_nowait()
                if line is not None:
                    lines.append(line)
        return lines


def _keep_out_of_the_log(thread: int) -> None:
    """httpx logs every request; a program that reads its own would find ours among them."""
    logging.getLogger("httpx").addFilter(lambda record: record.thread != thread)


_senders: weakref.WeakSet[Sender] = weakref.WeakSet()


def _at_exit() -> None:
    until = time.monotonic() + _AT_EXIT
    for sender in list(_senders):
        with suppress(Exception):
            sender.close(max(0.0, until - time.monotonic()))


def _after_fork() -> None:
    for sender in list(_senders):
        sender.after_fork()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
