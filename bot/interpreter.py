"""How Python and the C library keep memory in a process that runs for weeks."""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import cache


@cache
def calm_collector() -> None:
    """Have the garbage collector look rarely. Once in a process: what is frozen is never collected, garbage included.

    A sync makes hundreds of thousands of records, alive until they are stored and in no cycle: at the usual thresholds
    the collector walks over them so often that reading takes twice as long. So it looks at new objects rarely, and at
    those that survived soon again, because what has died among them would stay."""
    gc.freeze()
    gc.set_threshold(50_000, 5, 10)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""glibc's numbers for them (`malloc.h`)."""


def thrifty_allocator() -> None:
    """Have glibc use freed memory again or give it back. Left alone it makes a heap for each thread, which no other
    thread may use, and keeps free blocks as large as the largest ever freed, such as a picture's: unused memory grew
    for hours. Other C libraries have no such settings."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for word, value in ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, 128 * 1024), (_M_TRIM_THRESHOLD, 1024 * 1024)):
            mallopt(word, value)
