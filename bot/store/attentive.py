"""A connection to PostgreSQL that finds out when nothing comes from the other end any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")

PATIENCE_SECONDS = 10.0
"""A statement may take longer, and may wait for another one's lock: it only is asked then whether the server works on
it."""
LOOK_SECONDS = 5.0
"""How long the server may take to say so."""
ALIVE: dict[str, int] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""A machine that is gone, as after a failover, is noticed within a minute instead of a quarter of an hour."""


_HOME = "SELECT pg_backend_pid(), pg_postmaster_start_time()"
_LOST = """
SELECT pg_postmaster_start_time() = %(started)s AND NOT EXISTS (
    SELECT FROM pg_stat_activity WHERE pid = %(process)s AND wait_event_type IS DISTINCT FROM 'Client'
)
"""
"""Whether a process of this server is gone or waits for its client, which waits for it. One that waits for a lock does
not. Another server that answers at the same address knows nothing of it."""


class AttentiveConnection(psycopg.Connection[Any]):
    """Waits for an answer as long as the server works on it.

    A server that hangs keeps its connections open, and a proxy that has lost one goes on taking every word of it:
    whoever waits for them would wait until it is killed.
    """

    another: Callable[[], AttentiveConnection]
    """Makes another connection to the same server."""
    _process: int | None = None
    _started: datetime | None = None
    _bound: float | None = None

    def find_home(self) -> None:
        """Learn which process of which server works for it; behind a pooler that is another one each time."""
        with self.at_once(LOOK_SECONDS):
            process, self._started = self.execute(_HOME).fetchone() or (None, None)
        self._process = process if process == self.info.backend_pid else None

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
        if self._bound is None:
            return super().wait(self._heard(gen), interval, timeout)
        try:
            return super().wait(gen, interval, self._bound)
        except psycopg.OperationalError:
            self.close()  # what is still to come on it would be taken for the answer to something else
            raise

    def _heard(self, gen: PQGen[T]) -> PQGen[T]:
        """The same steps. Raises OperationalError where nothing has come for so long, and nothing will."""
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    heard = time.monotonic()
                elif time.monotonic() - heard > PATIENCE_SECONDS:
                    if self._in_vain():
                        self.close()
                        raise psycopg.OperationalError("nothing answers on this connection any more")
                    heard = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result

    def _in_vain(self) -> bool:
        """Whether the server hangs, or has nothing left to say here. One that refuses, as at its most connections, does
        not hang."""
        try:
            with closing(self.another()) as look, look.at_once(LOOK_SECONDS):
                if self._process is None:
                    return False
                (lost,) = look.execute(_LOST, {"process": self._process, "started": self._started}).fetchone() or (
                    False,
                )
                return bool(lost)
        except psycopg.errors.ConnectionTimeout:
            return True
        except psycopg.Error:
            return False
