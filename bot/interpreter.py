"""How Python and the C library keep memory in a process that runs for weeks."""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import cache


@cache
def calm_collector() -> None:
    """Once in a process: what is frozen is never looked at again, so whatever has died by then would stay.

    A sync makes records by the hundred thousand, all alive until they are stored and none of them in a circle: at
    its usual thresholds the collector walks over them so often that reading takes twice the time. To look at the young
    seldom is enough for that; at those that outlive a look it comes back soon, or what has died since would stay."""
    gc.freeze()
    gc.set_threshold(50_000, 5, 10)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""glibc's numbers for them (`malloc.h`)."""


def thrifty_allocator() -> None:
    """What was freed is used by whoever comes next, or given back. glibc would make a heap for each thread, none of
    which lends to the others, and keep pieces as large as the largest that was ever freed, such as a picture's: what
    lay free grew for hours. No other C library has these words."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for word, value in ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, 128 * 1024), (_M_TRIM_THRESHOLD, 1024 * 1024)):
            mallopt(word, value)
