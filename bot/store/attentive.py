"""A connection to PostgreSQL that finds out when nobody is at the other end any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")

PATIENCE_SECONDS = 10.0
"""A statement may take longer, and may wait for another one's lock: it only is asked then whether the server lives."""
ALIVE: dict[str, int] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""A machine that is gone, as after a failover, is noticed within a minute instead of a quarter of an hour."""


class AttentiveConnection(psycopg.Connection[Any]):
    """Waits for an answer as long as the server lets anybody in.

    A server that hangs keeps its connections open: whoever waits for it would wait until it is killed.
    """

    another: Callable[[], psycopg.Connection[Any]]
    """Makes another connection to the same server."""
    _bound: float | None = None

    @contextmanager
    def at_once(self, seconds: float) -> Iterator[None]:
        """What is said in the block is answered within so long, or the connection is closed: a firewall or a pooler
        that forgot it while it lay idle takes every word and brings none back, and the server lives."""
        self._bound = seconds
        try:
            yield
        finally:
            self._bound = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(self._heard(gen), interval, timeout or self._bound)
        except psycopg.OperationalError:
            if self._bound is not None:
                self.close()  # what is still to come on it would be taken for the answer to something else
            raise

    def _heard(self, gen: PQGen[T]) -> PQGen[T]:
        """The same steps. Raises OperationalError where the server has said nothing for so long and lets nobody in."""
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    heard = time.monotonic()
                elif time.monotonic() - heard > PATIENCE_SECONDS:
                    if self._hangs():
                        self.close()
                        raise psycopg.OperationalError("the connection's server hangs")
                    heard = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result

    def _hangs(self) -> bool:
        """One that refuses, as it does at its most connections, does not."""
        try:
            self.another().close()
        except psycopg.errors.ConnectionTimeout:
            return True
        except psycopg.Error:
            return False
        return False
