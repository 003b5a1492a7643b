"""Calls as lines of JSON, read in columns where they are written as the README shows it; else `wire` reads them one by
one, or says why nobody can.

Both read the same: what this file is not sure of, it leaves to `wire`, and its own work is to say of a call in two
microseconds what `wire` says in twenty.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import DecodeError, Meta, Raw, Struct
from msgspec.json import Decoder

from bot.core.calls import batch, wire
from bot.core.calls.batch import Batch, Column, Names, named
from bot.core.calls.call import Call, Origin, RateLimit
from bot.core.calls.wire import Refusal
from bot.core.utc import microseconds

MOST_BYTES = 2**20
"""Of one call: there are no longer ones, and what is no call must not fill the memory."""
_MOST_KINDS = 20_000
"""Names kept in memory; beyond that they are looked at anew."""

_Name = Annotated[str, Meta(max_length=wire.LONGEST_TEXT)] | None
_Count = Annotated[int, Meta(ge=0, le=wire.MOST_TOKENS)] | None
_Milliseconds = Annotated[int, Meta(ge=0, le=wire.LONGEST_MS)] | None
_Limit = Annotated[int, Meta(ge=0, le=wire.MOST_LIMIT)] | None
_Price = int | float | None


class _RateLimit(Struct, gc=False):
    requests_limit: _Limit = None
    requests_remaining: _Limit = None
    tokens_limit: _Limit = None
    tokens_remaining: _Limit = None


class _Written(Struct, gc=False):
    """The fields as most programs write them; anything else in one of them is `wire`'s to read."""

    timestamp: Annotated[str, Meta(min_length=17, max_length=40)]
    id: _Name = None
    request_id: _Name = None
    input_tokens: _Count = None
    prompt_tokens: _Count = None
    output_tokens: _Count = None
    completion_tokens: _Count = None
    cache_read_input_tokens: _Count = None
    cache_creation_5m_input_tokens: _Count = None
    cache_creation_1h_input_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    web_search_requests: Annotated[int, Meta(ge=0, le=wire.MOST_SEARCHES)] | None = None
    duration_ms: _Milliseconds = None
    first_token_ms: _Milliseconds = None
    cost_per_token_prompt: _Price = None
    cost_per_token_completion: _Price = None
    ratelimit: _RateLimit | None = None
    # Names, which come again and again.
    team: _Name = None
    user: _Name = None
    user_id: _Name = None
    feature: _Name = None
    api_key: _Name = None
    model: _Name = None
    endpoint: _Name = None
    event_type: _Name = None
    service_tier: _Name = None
    inference_geo: _Name = None
    speed: _Name = None
    status: int | None = None
    success: bool | None = None
    error_type: _Name = None
    # What only some programs write; where one does, `wire` reads it.
    usage: None = None
    request_time: None = None
    cache_creation: None = None
    server_tool_use: None = None
    tokens_used: None = None
    total_tokens: None = None


_NAMES = (
    *("team", "user", "user_id", "feature", "api_key", "model", "endpoint", "event_type", "service_tier"),
    *("inference_geo", "speed", "status", "success", "error_type"),
)
_named: Callable[[_Written], tuple[Any, ...]] = attrgetter(*_NAMES)
_limited = attrgetter(*RateLimit._fields)
_decode = Decoder(_Written).decode
_several = Decoder(list[Raw]).decode
_UNREADABLE = (DecodeError, ValueError, TypeError, RecursionError)
_FIRST = microseconds(wire.FIRST)
_NOWHERE = -1
"""When a call was made whose time is not written as most are."""
_BLANK = _Written(wire.FIRST.isoformat(), input_tokens=0, model="blank")
"""Stands in the columns for what `wire` is to read."""

Record = bytes | Raw | dict[str, Any] | object
"""JSON as it is written, or what was read of it already; a Refusal for what could not be."""


class Reader:
    """Reads the calls of one request, or of one piece of a log; `now` and `zone` are as for `wire.read`.

    Calls that say exactly the same are one, unless they are told `apart` by their order.
    """

    def __init__(
        self, now: datetime, *, origin: Origin = Origin.RECORDER, zone: ZoneInfo | None = None, apart: bool = False
    ) -> None:
        self._now = now
        self._latest = microseconds(now + wire.AHEAD)
        self._origin = origin
        self._zone = zone
        self._apart = apart

    def several(self, body: bytes) -> list[Raw] | None:
        """The elements of a list as they are written; None for what is no list of JSON."""
        try:
            return _several(body)
        except (DecodeError, ValueError, RecursionError):
            return None

    def read(self, records: Sequence[Record]) -> Batch:
        """The calls among these, and why the others are none."""
        found, odd = self._plain(_decoded(records))
        if odd:
            rest = sorted(odd)
            found = found.only([position for position in range(len(records)) if position not in odd])
            found.add(batch.gathered((self._one(records[position]) for position in rest), rest))
            found = found.only(sorted(range(len(found)), key=found.positions.__getitem__))
        found.price()
        found.identify(apart=self._apart)
        return found

    def _one(self, record: Record) -> Call | Refusal:
        """One call, or why it is none, by `wire`."""
        if isinstance(record, Refusal):
            return record
        if isinstance(record, bytes | Raw):
            if len(written := bytes(record)) > MOST_BYTES:
                return Refusal("The line is longer than 1 MiB.")
            try:
                record = json.loads(written)
            except (ValueError, RecursionError):
                return Refusal("The line is not JSON.")
        return wire.read(record, self._now, origin=self._origin, zone=self._zone)

    def _plain(self, lines: list[_Written | None]) -> tuple[Batch, set[int]]:
        """All of them in columns, and the positions of those that `wire` has to read."""
        odd = {position for position, one in enumerate(lines) if one is None}
        some = [one or _BLANK for one in lines]
        kinds = _Kinds(self._origin)
        numbers = list(map(kinds.__getitem__, map(_named, some)))
        if None in kinds.likes:
            odd |= {position for position, kind in enumerate(numbers) if kinds.likes[kind] is None}
        at = _times(some)
        if at and not (min(at) >= _FIRST and max(at) <= self._latest):
            odd |= {position for position, when in enumerate(at) if not _FIRST <= when <= self._latest}
        ids = [one.id or one.request_id or "" for one in some]
        if not "".join(ids).isprintable() or list(map(str.strip, ids)) != ids:
            odd |= {position for position, one in enumerate(ids) if not one.isprintable() or one != one.strip()}
        uncached, output = (
            _column(some, "input_tokens", "prompt_tokens"),
            _column(some, "output_tokens", "completion_tokens"),
        )
        if None in uncached and None in output:
            odd |= {
                position for position, pair in enumerate(zip(uncached, output, strict=True)) if pair == (None, None)
            }
        five, hour = _column(some, "cache_creation_5m_input_tokens"), _column(some, "cache_creation_1h_input_tokens")
        together = _column(some, "cache_creation_input_tokens")
        if _any(together):
            five = [
                whole if one is None and other is None else one
                for one, other, whole in zip(five, hour, together, strict=True)
            ]
        read = _counted(_column(some, "cache_read_input_tokens"))
        uncached, output, five, hour = map(_counted, (uncached, output, five, hour))
        limits: Column = _column(some, "ratelimit")
        return Batch(
            list(range(len(some))),
            ids,
            at,
            numbers,
            [like.names if like else ("",) * len(batch.NAMED) for like in kinds.likes],
            {
                "uncached_input": uncached,
                "cache_write_5m": five,
                "cache_write_1h": hour,
                "cache_read": read,
                "output": output,
                "untyped": [0] * len(some),
                "web_search": _counted(_column(some, "web_search_requests")),
                "duration_ms": _column(some, "duration_ms"),
                "first_token_ms": _column(some, "first_token_ms"),
                "status": [like and like.status for like in map(kinds.likes.__getitem__, numbers)],
                "list_cost": [None] * len(some),  # `price` says it of all
                "own_cost": _own_costs(some, uncached, output, (five, hour, read), odd),
            },
            [_limit(one) for one in limits] if _any(limits) else limits,
        ), odd


class _Like(NamedTuple):
    names: Names
    status: int | None


class _Kinds(dict[tuple[Any, ...], int]):
    """Numbers of what calls are written with, and what that says: None for `wire` to say why it can't be."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.likes: list[_Like | None] = []

    def __missing__(self, names: tuple[Any, ...]) -> int:
        self.likes.append(_like(names, self._origin))
        self[names] = len(self.likes) - 1
        return self[names]


@lru_cache(maxsize=_MOST_KINDS)
def _like(names: tuple[Any, ...], origin: Origin) -> _Like | None:
    said = dict(zip(_NAMES, names, strict=True))
    call = wire.read({**said, "timestamp": wire.FIRST.isoformat(), "input_tokens": 0}, wire.FIRST, origin=origin)
    return None if isinstance(call, Refusal) else _Like(named(call), call.status)


def _decoded(records: Sequence[Record]) -> list[_Written | None]:
    """None for what is not written as most are."""
    try:
        return list(map(_decode, records))  # type: ignore[arg-type]
    except _UNREADABLE:
        return [_decoded_one(record) if isinstance(record, bytes | Raw) else None for record in records]


def _decoded_one(record: bytes | Raw) -> _Written | None:
    try:
        return _decode(record)
    except _UNREADABLE:
        return None


def _times(some: Sequence[_Written]) -> list[int]:
    """In microseconds since 1970."""
    texts = [one.timestamp for one in some]
    try:
        return [microseconds(at) for at in map(datetime.fromisoformat, texts)]
    except (ValueError, TypeError):  # a time without a zone can't be counted from one that has one
        return [_time(text) for text in texts]


def _time(text: str) -> int:
    try:
        return microseconds(datetime.fromisoformat(text))
    except (ValueError, TypeError):
        return _NOWHERE


def _column(some: Sequence[_Written], *names: str) -> Column:
    """The first of these that is there."""
    first, *others = (list(map(attrgetter(name), some)) for name in names)
    for other in others:
        if None in first:
            first = [two if one is None else one for one, two in zip(first, other, strict=True)]
    return first


def _counted(column: Column) -> Column:
    return [count or 0 for count in column] if None in column else column


def _any(column: Column) -> bool:
    return column.count(None) < len(column)


def _own_costs(
    some: Sequence[_Written], uncached: Column, output: Column, cached: tuple[Column, ...], odd: set[int]
) -> Column:
    """By the callers' own prices, which know of no cache; adds to `odd` where a price is wrong."""
    prompt, completion = _column(some, "cost_per_token_prompt"), _column(some, "cost_per_token_completion")
    costs: Column = [None] * len(some)
    if not (_any(prompt) or _any(completion)):
        return costs
    some_cached = list(map(any, zip(*cached, strict=True))) if any(map(any, cached)) else costs
    for position, (one, other, tokens, more) in enumerate(zip(prompt, completion, uncached, output, strict=True)):
        if not some_cached[position] and (one is not None or other is not None):
            try:
                costs[position] = wire.own_units(one, other, tokens, more)
            except wire.Wrong:
                odd.add(position)
    return costs


def _limit(said: _RateLimit | None) -> RateLimit | None:
    limit = None if said is None else RateLimit._make(_limited(said))
    return None if limit == wire.NO_LIMIT else limit
