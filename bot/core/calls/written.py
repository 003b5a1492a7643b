"""Calls as programs write them in lines of JSON, decoded: those of one log or request have the same few fields, and a
decoder that knows of no others takes half the time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, get_type_hints

from msgspec import DecodeError, Meta, Raw, Struct, defstruct
from msgspec.json import Decoder

from bot.core.calls import wire
from bot.core.calls.batch import Column
from bot.core.calls.fields import LONGEST_TEXT, MOST_TOKENS

MANY = 100
"""From so many lines on it is worth while to look which fields they have."""
_LOOKED_AT = 10
_MOST_MEMBERS = 50

_Name = Annotated[str, Meta(max_length=LONGEST_TEXT)] | None
_Count = Annotated[int, Meta(ge=0, le=MOST_TOKENS)] | None
_Milliseconds = Annotated[int, Meta(ge=0, le=wire.LONGEST_MS)] | None
_Limit = Annotated[int, Meta(ge=0, le=wire.MOST_LIMIT)] | None
_Price = int | float | None


class WrittenLimit(Struct, gc=False):
    requests_limit: _Limit = None
    requests_remaining: _Limit = None
    tokens_limit: _Limit = None
    tokens_remaining: _Limit = None


class Written(Struct, gc=False):
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
    ratelimit: WrittenLimit | None = None
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


FIELDS = tuple(Written.__struct_fields__)
_TYPES = get_type_hints(Written, include_extras=True)
_REQUIRED = {"timestamp": _TYPES["timestamp"]}
_Decode = Callable[[Any], Any]
_decode: _Decode = Decoder(Written).decode
_members: Callable[[Any], dict[str, Raw]] = Decoder(dict[str, Raw]).decode
_UNREADABLE = (DecodeError, ValueError, TypeError, RecursionError)


class Lines(NamedTuple):
    """Lines, decoded."""

    each: list[Written | None]
    """None for what is not written as most are."""
    fields: Collection[str]
    """What any of them may say; the others are None everywhere."""


def decoded(records: Sequence[Any]) -> Lines:
    """Of bytes, or of what is none and so is not written as most are."""
    for decode, fields in _ways(records):
        try:
            return Lines(list(map(decode, records)), fields)
        except _UNREADABLE:
            continue
    return Lines([_decoded_one(record) if isinstance(record, bytes | Raw) else None for record in records], FIELDS)


def column(some: Sequence[Written], fields: Collection[str], *names: str) -> Column:
    """The first of these that is there."""
    there = [list(map(attrgetter(name), some)) for name in names if name in fields]
    first, *others = there or [[None] * len(some)]
    for other in others:
        if None in first:
            first = [two if one is None else one for one, two in zip(first, other, strict=True)]
    return first


def _ways(records: Sequence[Any]) -> Iterator[tuple[_Decode, Collection[str]]]:
    """To decode all of them in one go: as some of them are written, then as any may be."""
    if len(records) >= MANY:
        with suppress(*_UNREADABLE):
            said = tuple(dict.fromkeys(chain.from_iterable(map(_members, records[:: len(records) // _LOOKED_AT or 1]))))
            yield _decoder(said), said
    yield _decode, FIELDS


@lru_cache(maxsize=256)
def _decoder(said: Sequence[str]) -> _Decode:
    """Of lines that have no other members than these."""
    if len(said) > _MOST_MEMBERS:
        raise ValueError("too many for a decoder of their own")
    known = [(name, _TYPES[name], None) for name in said if name in _TYPES and name not in _REQUIRED]
    ignored = {f"ignored_{number}": name for number, name in enumerate(said) if name not in _TYPES}
    fields: list[Any] = [*_REQUIRED.items(), *known, *((name, Raw, None) for name in ignored)]
    silent = dict.fromkeys(_TYPES.keys() - set(said) - _REQUIRED.keys())
    return Decoder(
        defstruct("Said", fields, rename=ignored, namespace=silent, forbid_unknown_fields=True, gc=False)
    ).decode


def _decoded_one(record: bytes | Raw) -> Written | None:
    with suppress(*_UNREADABLE):
        one: Written = _decode(record)
        return one
    return None
