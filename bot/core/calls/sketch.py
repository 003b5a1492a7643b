"""How long calls took, kept so that percentiles of an hour, a month or a team need no single call.

Durations fall into buckets whose edges are two percent apart, so a percentile is at most one percent off. Two sketches
are merged by adding their buckets, in any order, without losing anything (DDSketch's idea, in whole numbers).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import ceil, log
from struct import pack, unpack

_RELATIVE_ERROR = 0.01
_GAMMA = (1 + _RELATIVE_ERROR) / (1 - _RELATIVE_ERROR)
_PER_BUCKET = 1 / log(_GAMMA)
_BUCKET_BITS, _DIGIT_BITS, _DIGITS = 10, 3, 9
"""Of a written word, two bytes: its bucket (a week falls into 1,012), and one of nine octal digits of how many."""
_LAST, _SEVEN = 2**_BUCKET_BITS - 1, 2**_DIGIT_BITS - 1
_MANY = [0, *(digit << place * _DIGIT_BITS for place in range(_DIGITS) for digit in range(1, _SEVEN + 1))]
"""What the digits stand for, by how they are written: 1 to 7, then 8 to 56, and so on."""
_LOOSE_BYTES = 2**7
"""Up to so many, parts are written one after the other as they are; more are worth adding up."""
LONG_BYTES = 2**13
"""What grew beyond it by being appended to is to be written anew."""

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
    """Buckets in order; two sketches written one after the other are the sketch of both. A hundred calls take about 150
    bytes."""
    words: list[int] = []
    for number in sorted(buckets):
        many = buckets[number]
        for place in range(_DIGITS - 1):
            if digit := many & _SEVEN:
                words.append(number | place * _SEVEN + digit << _BUCKET_BITS)
            many >>= _DIGIT_BITS
            if not many:
                break
        # The last place may hold any number: it is written as often as that takes.
        while many:
            digit = min(many, _SEVEN)
            words.append(number | (_DIGITS - 1) * _SEVEN + digit << _BUCKET_BITS)
            many -= digit
    return pack(f"<{len(words)}H", *words)


def decode(written: bytes) -> Buckets:
    """What `encode` and `single` wrote, and `joined` put together."""
    found: Buckets = {}
    for word, times in Counter(unpack(f"<{len(written) // 2}H", written)).items():
        number = word & _LAST
        found[number] = found.get(number, 0) + times * _MANY[word >> _BUCKET_BITS]
    return found


@lru_cache(maxsize=65_536)
def single(milliseconds: int | None) -> bytes:
    """The sketch of one duration; of None, that of nothing."""
    return b"" if milliseconds is None else encode({bucket(milliseconds): 1})


def joined(parts: Sequence[bytes]) -> bytes:
    """All of them as one."""
    together = b"".join(parts)
    return together if len(together) <= _LOOSE_BYTES else encode(decode(together))


def _middle(number: int) -> int:
    """The duration that is at most one percent away from everything in the bucket."""
    return round(2 * _GAMMA ** (number - 1) / (_GAMMA + 1)) if number else 0
