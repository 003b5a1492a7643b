"""Reading ahead: while one thing is stored the next ones are read, and they are handed over in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")


async def ahead(
    wanted: Iterable[A], read: Callable[[A], Awaitable[R]], *, at_once: int
) -> AsyncGenerator[tuple[A, R], None]:
    """Each wanted thing with what was read for it, in their order; `at_once` bounds what is held in memory.

    Raises what `read` raises when it is that one's turn. What is still being read when nobody asks on is dropped.
    """
    waiting = deque(wanted)
    reading: deque[tuple[A, asyncio.Future[R]]] = deque()
    try:
        while waiting or reading:
            while waiting and len(reading) < at_once:
                reading.append((waiting[0], asyncio.ensure_future(read(waiting.popleft()))))
            one, found = reading[0]
            yield one, await found
            reading.popleft()
    finally:
        for _, found in reading:
            found.cancel()
        await asyncio.gather(*(found for _, found in reading), return_exceptions=True)
