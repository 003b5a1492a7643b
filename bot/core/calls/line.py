"""Calls as lines of JSON, read in columns where they are written as the README shows it; else `wire` reads them one by
one, or says why nobody can.

Both read the same: what this file is not sure of, it leaves to `wire`, and its own work is to say of a call in two
microseconds what `wire` says in twenty.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import DecodeError, Raw
from msgspec.json import Decoder

from bot.core.calls import batch, own_prices, wire, written
from bot.core.calls.batch import Batch, Column, Names, named
from bot.core.calls.call import Call, Origin, RateLimit
from bot.core.calls.fields import AHEAD, FIRST
from bot.core.calls.wire import Refusal
from bot.core.calls.written import Lines, Written, WrittenLimit
from bot.core.utc import microseconds

MOST_BYTES = 2**20
"""Of one call: there are no longer ones, and what is no call must not fill the memory."""
_MOST_KINDS = 20_000
"""Names kept in memory; beyond that they are looked at anew."""

_NO_PRICES = (None, None)
_NAMES = (
    *("team", "user", "user_id", "feature", "api_key", "model", "endpoint", "event_type", "service_tier"),
    *("inference_geo", "speed", "status", "success", "error_type"),
)
_limited = attrgetter(*RateLimit._fields)
_several = Decoder(list[Raw]).decode
_FIRST = microseconds(FIRST)
_NOWHERE = -1
"""When a call was made whose time is not written as most are."""
_BLANK = Written(FIRST.isoformat(), input_tokens=0, model="blank")
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
        self._latest = microseconds(now + AHEAD)
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
        found, odd = self._plain(written.decoded(records))
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
            if len(line := bytes(record)) > MOST_BYTES:
                return Refusal("The line is longer than 1 MiB.")
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                return Refusal("The line is not JSON.")
        return wire.read(record, self._now, origin=self._origin, zone=self._zone)

    def _plain(self, lines: Lines) -> tuple[Batch, set[int]]:
        """All of them in columns, and the positions of those that `wire` has to read."""
        odd = {position for position, one in enumerate(lines.each) if one is None}
        some = [one or _BLANK for one in lines.each]
        column = partial(written.column, some, lines.fields)
        kinds = _Kinds(self._origin, lines.fields)
        numbers = list(map(kinds.__getitem__, map(attrgetter(*kinds.said), some)))
        if None in kinds.likes:
            odd |= {position for position, kind in enumerate(numbers) if kinds.likes[kind] is None}
        at = _times(column("timestamp"))
        if at and not (min(at) >= _FIRST and max(at) <= self._latest):
            odd |= {position for position, when in enumerate(at) if not _FIRST <= when <= self._latest}
        ids = [one or other or "" for one, other in zip(column("id"), column("request_id"), strict=True)]
        if not "".join(ids).isprintable() or list(map(str.strip, ids)) != ids:
            odd |= {position for position, one in enumerate(ids) if not one.isprintable() or one != one.strip()}
        uncached, output = column("input_tokens", "prompt_tokens"), column("output_tokens", "completion_tokens")
        if None in uncached and None in output:
            odd |= {
                position for position, pair in enumerate(zip(uncached, output, strict=True)) if pair == (None, None)
            }
        five, hour = column("cache_creation_5m_input_tokens"), column("cache_creation_1h_input_tokens")
        together = column("cache_creation_input_tokens")
        if _any(together):
            five = [
                whole if one is None and other is None else one
                for one, other, whole in zip(five, hour, together, strict=True)
            ]
        read = _counted(column("cache_read_input_tokens"))
        uncached, output, five, hour = map(_counted, (uncached, output, five, hour))
        prices = column("cost_per_token_prompt"), column("cost_per_token_completion")
        limits = column("ratelimit")
        statuses = [like and like.status for like in kinds.likes]
        return Batch(
            list(range(len(some))),
            ids,
            at,
            numbers,
            [like.names if like else ("",) * len(batch.NAMED) for like in kinds.likes],
            batch.present(
                {
                    "uncached_input": uncached,
                    "cache_write_5m": five,
                    "cache_write_1h": hour,
                    "cache_read": read,
                    "output": output,
                    "web_search": _counted(column("web_search_requests")),
                    "duration_ms": column("duration_ms"),
                    "first_token_ms": column("first_token_ms"),
                    "status": list(map(statuses.__getitem__, numbers)),
                    "own_cost": _own_costs(*prices, uncached, output, (five, hour, read), odd),
                }
            ),
            [_limit(one) for one in limits] if _any(limits) else limits,
        ), odd


class _Like(NamedTuple):
    names: Names
    status: int | None


class _Kinds(dict[tuple[Any, ...], int]):
    """Numbers of what calls are written with, as tuples of `said`, and what that says: None for `wire` to say why it
    can't be."""

    def __init__(self, origin: Origin, fields: Collection[str]) -> None:
        self._origin = origin
        # One name alone would come without its tuple.
        self.said = [name for name in _NAMES if name in fields or name in ("team", "model")]
        self.likes: list[_Like | None] = []

    def __missing__(self, names: tuple[Any, ...]) -> int:
        said = dict(zip(self.said, names, strict=True))
        self.likes.append(_like(tuple(map(said.get, _NAMES)), self._origin))
        self[names] = len(self.likes) - 1
        return self[names]


@lru_cache(maxsize=_MOST_KINDS)
def _like(names: tuple[Any, ...], origin: Origin) -> _Like | None:
    said = dict(zip(_NAMES, names, strict=True))
    call = wire.read({**said, "timestamp": FIRST.isoformat(), "input_tokens": 0}, FIRST, origin=origin)
    return None if isinstance(call, Refusal) else _Like(named(call), call.status)


def _times(texts: Sequence[str]) -> list[int]:
    """In microseconds since 1970."""
    try:
        return [microseconds(at) for at in map(datetime.fromisoformat, texts)]
    except (ValueError, TypeError):  # a time without a zone can't be counted from one that has one
        return [_time(text) for text in texts]


def _time(text: str) -> int:
    try:
        return microseconds(datetime.fromisoformat(text))
    except (ValueError, TypeError):
        return _NOWHERE


def _counted(column: Column) -> Column:
    if None not in column:
        return column
    return [count or 0 for count in column] if _any(column) else [0] * len(column)


def _any(column: Column) -> bool:
    return column.count(None) < len(column)


def _own_costs(
    prompt: Column, completion: Column, uncached: Column, output: Column, cached: tuple[Column, ...], odd: set[int]
) -> Column:
    """By the callers' own prices, which know of no cache; adds to `odd` where one is missing or wrong."""
    if not (_any(prompt) or _any(completion)):
        return prompt
    prices = list(zip(prompt, completion, strict=True))
    if any(map(any, cached)):
        prices = [_NO_PRICES if any(tokens) else pair for pair, *tokens in zip(prices, *cached, strict=True)]
    rates = {pair: own_prices.rates(*pair) for pair in set(prices)}
    wrong = {pair for pair, rate in rates.items() if rate is None} - {_NO_PRICES}
    if wrong:
        odd |= {position for position, pair in enumerate(prices) if pair in wrong}
    return [
        rate and rate.units(tokens, more)
        for rate, tokens, more in zip(map(rates.__getitem__, prices), uncached, output, strict=True)
    ]


def _limit(said: WrittenLimit | None) -> RateLimit | None:
    limit = None if said is None else RateLimit._make(_limited(said))
    return None if limit == wire.NO_LIMIT else limit
