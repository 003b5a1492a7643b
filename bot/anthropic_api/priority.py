"""The priority tier taken out of all tiers together: its tokens have no cost and must take no share of any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter

from bot.core.errors import PageMalformed
from bot.core.usage import UsageRecord

_TOKENS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "web_search")
_APART = (*_TOKENS, "requests", "service_tier")
_Place = tuple[object, ...]
_place = itemgetter(*(at for at, name in enumerate(UsageRecord._fields) if name not in _APART))
"""What two records must have in common for one to be a part of the other."""


def set_apart(everything: Sequence[UsageRecord], part: list[UsageRecord], path: str) -> list[UsageRecord]:
    """All of `everything`, with what `part` says of it taken out and standing apart."""
    places = _merged(everything)
    if not part:
        return list(places.values())
    taken: dict[_Place, list[int]] = defaultdict(lambda: [0] * len(_TOKENS))
    calls: dict[_Place, list[int | None]] = defaultdict(list)
    for record in part:
        calls[_place(record)].append(record.requests)
        for position, name in enumerate(_TOKENS):
            taken[_place(record)][position] += getattr(record, name)
    rest = []
    for place, record in places.items():
        out = taken.pop(place, None)
        if out is None:
            rest.append(record)
            continue
        left = {name: getattr(record, name) - less for name, less in zip(_TOKENS, out, strict=True)}
        if min(left.values()) < 0:
            raise PageMalformed(
                f"{path}: the priority tier of {record.start:%Y-%m-%d} is more than all tiers together."
            )
        requests = _less(record.requests, calls[place])
        if any(left.values()) or requests:
            rest.append(record._replace(**left, requests=requests))
    if taken:
        raise PageMalformed(f"{path}: the priority tier has rows that are missing among all tiers together.")
    return rest + part


def _merged(records: Sequence[UsageRecord]) -> dict[_Place, UsageRecord]:
    """One record a place: actors without an id, such as federated identities, are rows apart and nobody here."""
    places: dict[_Place, UsageRecord] = {}
    for record in records:
        held = places.setdefault(place := _place(record), record)
        if held is not record:
            sums = {name: getattr(held, name) + getattr(record, name) for name in _TOKENS}
            counted = None not in (held.requests, record.requests)
            requests = (held.requests or 0) + (record.requests or 0) if counted else None
            places[place] = record._replace(**sums, requests=requests)
    return places


def _less(whole: int | None, parts: Sequence[int | None]) -> int | None:
    """The requests that are left; None where any of them were not counted."""
    counted = [count for count in parts if count is not None]
    return None if whole is None or len(counted) < len(parts) else max(0, whole - sum(counted))
