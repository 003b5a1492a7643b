"""How long calls took, kept so that percentiles of an hour, a month or a team need no single call.

Durations fall into buckets whose edges are two percent apart, so a percentile is at most one percent off. Two sketches
are merged by adding their buckets, in any order, without losing anything (DDSketch's idea, in whole numbers).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import ceil, log

_RELATIVE_ERROR = 0.01
_GAMMA = (1 + _RELATIVE_ERROR) / (1 - _RELATIVE_ERROR)
_PER_BUCKET = 1 / log(_GAMMA)
_LOW_BITS, _MORE = 0x7F, 0x80

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
    written, before = bytearray(), 0
    for number in sorted(buckets):
        _write(written, number - before)
        _write(written, buckets[number])
        before = number
    return bytes(written)


def decode(written: bytes) -> Buckets:
    """What `encode` wrote."""
    buckets: Buckets = {}
    number = position = 0
    while position < len(written):
        step, position = _read(written, position)
        many, position = _read(written, position)
        number += step
        buckets[number] = many
    return buckets


def _middle(number: int) -> int:
    """The duration that is at most one percent away from everything in the bucket."""
    return round(2 * _GAMMA ** (number - 1) / (_GAMMA + 1)) if number else 0


def _write(into: bytearray, value: int) -> None:
    while value > _LOW_BITS:
        into.append(value & _LOW_BITS | _MORE)
        value >>= 7
    into.append(value)


def _read(written: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while written[position] & _MORE:
        value |= (written[position] & _LOW_BITS) << shift
        shift += 7
        position += 1
    return value | written[position] << shift, position + 1
