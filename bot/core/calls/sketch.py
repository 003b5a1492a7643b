"""How long calls took, kept so that percentiles of an hour, a month or a team need no single call.

Durations fall into buckets whose edges are two percent apart, so a percentile is at most one percent off. Two sketches
are merged by adding their buckets, in any order, without losing anything (DDSketch's idea, in whole numbers).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate, chain
from math import ceil, log
from operator import sub

from msgspec import msgpack

_RELATIVE_ERROR = 0.01
_GAMMA = (1 + _RELATIVE_ERROR) / (1 - _RELATIVE_ERROR)
_PER_BUCKET = 1 / log(_GAMMA)
_decode = msgpack.Decoder(list[int]).decode

Buckets = dict[int, int]
"""Bucket → how many. Bucket 0 holds 0 ms; bucket n > 0 holds what lies between γⁿ⁻² and γⁿ⁻¹ ms."""


@lru_cache(maxsize=65_536)
def bucket(milliseconds: int) -> int:
    """Where a duration falls."""
    return ceil(log(milliseconds) * _PER_BUCKET) + 1 if milliseconds > 0 else 0


def merge(into: Buckets, other: Buckets) -> None:
    """Add the second to the first."""
    for number, many in other.items():
        into[number] = into.get(number, 0) + many


def quantile(buckets: Buckets, part: float) -> int | None:
    """The duration in ms that this part of the calls did not exceed (0.95: p95); None where there are no calls."""
    total = sum(buckets.values())
    if not total:
        return None
    rank, seen = max(1, ceil(part * total)), 0
    for number in sorted(buckets):
        seen += buckets[number]
        if seen >= rank:
            return _middle(number)
    raise AssertionError("the last bucket holds the last rank")


def counted(buckets: Buckets, edges: Iterable[int]) -> list[int]:
    """How many lie up to each of the edges (ms, ascending) and above the one before; the last: above all of them."""
    limits = [bucket(edge) for edge in edges]
    found = [0] * (len(limits) + 1)
    for number, many in buckets.items():
        found[sum(number > limit for limit in limits)] += many
    return found


def encode(buckets: Buckets) -> bytes:
    """Buckets in order as small integers: how far from the one before, and how many. A hundred calls take about 80
    bytes."""
    if not buckets:
        return b""
    numbers = sorted(buckets)
    steps = map(sub, numbers, chain((0,), numbers))
    return msgpack.encode([*chain.from_iterable(zip(steps, map(buckets.__getitem__, numbers), strict=True))])


def decode(written: bytes) -> Buckets:
    """What `encode` wrote."""
    if not written:
        return {}
    numbers = _decode(written)
    return dict(zip(accumulate(numbers[::2]), numbers[1::2], strict=True))


def together(written: bytes, other: bytes) -> bytes:
    """Both as one."""
    if not (written and other):
        return written or other
    buckets = decode(written)
    merge(buckets, decode(other))
    return encode(buckets)


def _middle(number: int) -> int:
    """The duration that is at most one percent away from everything in the bucket."""
    return round(2 * _GAMMA ** (number - 1) / (_GAMMA + 1)) if number else 0
