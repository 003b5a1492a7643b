"""A call as a line of JSON, read in one go where it is written as the README shows it; else `wire` reads it, or says
why nobody can.

Both read the same: what this file is not sure of, it leaves to `wire`, and its own work is to say of a call in two
microseconds what `wire` says in twenty.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import DecodeError, Meta, Raw, Struct
from msgspec.json import Decoder

from bot.core.calls import wire
from bot.core.calls.call import Call, Origin, RateLimit
from bot.core.calls.wire import Refusal, Turns

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
_FIRST_NAME, _AFTER_NAMES = Call._fields.index("team"), Call._fields.index("duration_ms")
_decode = Decoder(_Written).decode
_several = Decoder(list[Raw]).decode


class Reader:
    """Reads the calls of one request, or of one piece of a log; `now`, `zone` and `turns` are as for `wire.read`."""

    def __init__(
        self,
        now: datetime,
        *,
        origin: Origin = Origin.RECORDER,
        zone: ZoneInfo | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._now = now
        self._latest = now + wire.AHEAD
        self._origin = origin
        self._zone = zone
        self._turns = turns

    def several(self, body: bytes) -> list[Raw] | None:
        """The elements of a list as they are written; None for what is no list of JSON."""
        try:
            return _several(body)
        except (DecodeError, ValueError, RecursionError):
            return None

    def line(self, written: bytes | Raw) -> Call | Refusal:
        """One call, or why it is none."""
        try:
            call = self._plain(_decode(written))
        except (DecodeError, ValueError, OverflowError, RecursionError, wire.Wrong):
            call = None
        if call is not None:
            return call
        if len(written := bytes(written)) > MOST_BYTES:
            return Refusal("The line is longer than 1 MiB.")
        try:
            return self.said(json.loads(written))
        except (ValueError, RecursionError):
            return Refusal("The line is not JSON.")

    def said(self, said: object) -> Call | Refusal:
        """The same of what is no JSON any more."""
        return wire.read(said, self._now, origin=self._origin, zone=self._zone, turns=self._turns)

    def _plain(self, one: _Written) -> Call | None:
        """The call where nothing about it is odd."""
        like, text = _like(_named(one)), one.timestamp
        if like is None or text[4] != "-":
            return None
        at = datetime.fromisoformat(text)
        if at.tzinfo is not UTC:
            if at.tzinfo is None:
                return None
            at = at.astimezone(UTC)
        uncached = one.input_tokens
        if uncached is None:
            uncached = one.prompt_tokens
        output = one.output_tokens
        if output is None:
            output = one.completion_tokens
        if (uncached is None and output is None) or not wire.FIRST <= at <= self._latest:
            return None
        five, hour = one.cache_creation_5m_input_tokens, one.cache_creation_1h_input_tokens
        if five is None and hour is None:
            five = one.cache_creation_input_tokens
        uncached, output, five, hour = uncached or 0, output or 0, five or 0, hour or 0
        read = one.cache_read_input_tokens or 0
        own, prompt, completion = None, one.cost_per_token_prompt, one.cost_per_token_completion
        if (prompt is not None or completion is not None) and not (five or hour or read):
            own = wire.own_cost(prompt, completion, uncached, output)
        call_id = one.id or one.request_id or ""
        if not call_id.isprintable() or call_id != call_id.strip():
            return None
        model, names, status, error_type = like
        said = (
            *(model, uncached, five, hour, read, output, 0, one.web_search_requests or 0),
            *names,
            *(one.duration_ms, one.first_token_ms, status, error_type),
        )
        limit = None if one.ratelimit is None else RateLimit._make(_limited(one.ratelimit))
        return Call._make(
            (
                call_id or wire.derived_id(at, said, own, self._turns),
                at,
                *said,
                *(own, None if limit == wire.NO_LIMIT else limit, self._origin),
            )
        )


_Like = tuple[str, tuple[Any, ...], int | None, str]


@lru_cache(maxsize=_MOST_KINDS)
def _like(names: tuple[Any, ...]) -> _Like | None:
    """Model, names, status and error type of every call that is written with these; None for `wire` to say why not."""
    said = dict(zip(_NAMES, names, strict=True))
    call = wire.read({**said, "timestamp": wire.FIRST.isoformat(), "input_tokens": 0}, wire.FIRST)
    if isinstance(call, Refusal):
        return None
    return call.model, tuple(call[_FIRST_NAME:_AFTER_NAMES]), call.status, call.error_type
