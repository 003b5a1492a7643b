"""Reading ahead: while one thing is stored the next ones are read, and they are handed over in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from itertools import islice, takewhile
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")


async def ahead(
    wanted: Iterable[A], read: Callable[[A], Awaitable[R]], *, at_once: int, together: int
) -> AsyncGenerator[list[tuple[A, R]], None]:
    """Each wanted thing with what was read for it, in order: all that are ready once the next one is, at most so many
    `together`. `at_once` bounds how many are held in memory.

    Raises what `read` raised, when it is that one's turn. Reads still under way when the caller stops are cancelled.
    """
    waiting = deque(wanted)
    reading: deque[tuple[A, asyncio.Future[R]]] = deque()
    try:
        while waiting or reading:
            while waiting and len(reading) < at_once:
                reading.append((waiting[0], asyncio.ensure_future(read(waiting.popleft()))))
            await reading[0][1]
            there = takewhile(lambda pair: _is_there(pair[1]), islice(reading, together))
            some = [(one, found.result()) for one, found in there]
            yield some
            for _ in some:
                reading.popleft()
    finally:
        for _, found in reading:
            found.cancel()
        await asyncio.gather(*(found for _, found in reading), return_exceptions=True)


def _is_there(found: asyncio.Future[R]) -> bool:
    return found.done() and not found.cancelled() and found.exception() is None
