"""How many requests may be under way at once, and who goes first where more want to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count


class Politeness:
    """Lets `in_flight` requests be under way at once; the others wait, the lowest turn first, then the longest waiting.

    In turn, a report of many pages ends as soon as it can; taken by all alike, all reports would end together, the
    newest days as late as the oldest, with nothing left to read while they are stored.
    """

    def __init__(self, in_flight: int) -> None:
        self._free = in_flight
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._came = count()

    @asynccontextmanager
    async def request(self, turn: int) -> AsyncIterator[None]:
        """One request of this turn, once it may begin."""
        if self._free:
            self._free -= 1
        else:
            called = asyncio.get_running_loop().create_future()
            heappush(self._waiting, (turn, next(self._came), called))
            try:
                await called
            except asyncio.CancelledError:
                if not called.cancelled():  # called and cancelled at once
                    self._call_next()
                raise
        try:
            yield
        finally:
            self._call_next()

    def _call_next(self) -> None:
        while self._waiting:
            *_, called = heappop(self._waiting)
            if not called.done():
                called.set_result(None)
                return
        self._free += 1
