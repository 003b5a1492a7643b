"""A call as programs write it, read: all its fields, older logs' names, and Anthropic's own usage.

What can't be true is refused by name, in a sentence for whoever wrote the program. Whatever is not listed here is left
behind: prompts, answers and free metadata get no further than this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.core.calls import own_prices
from bot.core.calls.call import UNKNOWN_ERROR, UNKNOWN_MODEL, Call, Origin, RateLimit
from bot.core.calls.fields import Wrong, count, instant, number, odd_count, shown, text
from bot.core.money import Money

MOST_SEARCHES = 10_000
LONGEST_MS = 7 * 86_400_000
MOST_LIMIT = 10**12
_SUCCEEDED = frozenset({"success", "succeeded", "ok", "completed"})
_FAILED = frozenset({"error", "errored", "failed", "failure", "timeout", "cancelled", "canceled", "expired"})
_SECRET = "sk-ant-"  # noqa: S105  (how Anthropic's keys begin, which is why one is not kept)
NO_LIMIT = RateLimit()


class Refusal(NamedTuple):
    """Why a call was not taken, in a sentence that names the field."""

    reason: str


def read(
    said: object,
    now: datetime,
    *,
    origin: Origin = Origin.RECORDER,
    zone: ZoneInfo | None = None,
) -> Call | Refusal:
    """One call, or why it is none. `zone`: where times without a zone were written, if anybody knows."""
    if not isinstance(said, dict):
        return Refusal("A call is a JSON object.")
    try:
        return _call(said, now, origin, zone)
    except Wrong as wrong:
        return Refusal(str(wrong))


def _call(said: Mapping[str, Any], now: datetime, origin: Origin, zone: ZoneInfo | None) -> Call:
    """Calls come by the million: what is absent costs one look and no more."""
    get = said.get
    usage = get("usage")
    counts: Mapping[str, Any] = usage if isinstance(usage, dict) else said
    at = instant(get("timestamp"), now, zone)
    uncached = count(counts, "input_tokens", "prompt_tokens")
    output = count(counts, "output_tokens", "completion_tokens")
    whole = count(counts, "tokens_used", "total_tokens") if uncached is None and output is None else None
    status, success = _outcome(get("status"), get("success"), get("error_type"))
    error_type = "" if success else text(said, "error_type") or (f"status {status}" if status else UNKNOWN_ERROR)
    if uncached is None and output is None and whole is None and success:
        raise Wrong("The call has no token counts: send input_tokens and output_tokens.")
    model = text(said, "model")
    if not model:
        if whole is None and success:
            raise Wrong("The call has no model.")
        model = UNKNOWN_MODEL
    cache_5m, cache_1h = _cache_writes(counts)
    cache_read = count(counts, "cache_read_input_tokens") or 0
    prompt_price, completion_price = get("cost_per_token_prompt"), get("cost_per_token_completion")
    own = None
    if (prompt_price is not None or completion_price is not None) and not (cache_5m or cache_1h or cache_read):
        own = Money(own_prices.units(prompt_price, completion_price, uncached or 0, output or 0))
    limits = get("ratelimit")
    api_key = text(said, "api_key")
    return Call(
        text(said, "id") or text(said, "request_id"),
        at,
        model,
        uncached or 0,
        cache_5m,
        cache_1h,
        cache_read,
        output or 0,
        whole or 0,
        _searches(counts),
        text(said, "team"),
        text(said, "user") or text(said, "user_id"),
        text(said, "feature"),
        "" if api_key.startswith(_SECRET) else api_key,
        text(said, "endpoint") or "messages",
        text(said, "event_type") or "completion",
        text(said, "service_tier") or text(counts, "service_tier") or "standard",
        text(said, "inference_geo") or text(counts, "inference_geo"),
        text(said, "speed") or text(counts, "speed"),
        _duration(said),
        count(said, "first_token_ms", most=LONGEST_MS),
        status,
        error_type,
        own,
        _rate_limit(limits) if isinstance(limits, dict) else None,
        origin,
    )


def _searches(counts: Mapping[str, Any]) -> int:
    searches = count(counts, "web_search_requests", most=MOST_SEARCHES)
    if searches is None:
        tools = counts.get("server_tool_use")
        if isinstance(tools, dict):
            searches = count(tools, "web_search_requests", most=MOST_SEARCHES)
    return searches or 0


def _cache_writes(counts: Mapping[str, Any]) -> tuple[int, int]:
    """For 5 minutes and for an hour; where a program does not tell them apart, for 5 minutes, Anthropic's default."""
    five = count(counts, "cache_creation_5m_input_tokens")
    hour = count(counts, "cache_creation_1h_input_tokens")
    if five is None and hour is None:
        parts = counts.get("cache_creation")
        if isinstance(parts, dict):
            five, hour = count(parts, "ephemeral_5m_input_tokens"), count(parts, "ephemeral_1h_input_tokens")
    if five is None and hour is None:
        five = count(counts, "cache_creation_input_tokens")
    return five or 0, hour or 0


def _duration(said: Mapping[str, Any]) -> int | None:
    milliseconds = said.get("duration_ms")
    if type(milliseconds) is int and 0 <= milliseconds <= LONGEST_MS:
        return milliseconds
    for name, factor in (("duration_ms", 1), ("request_time", 1000)):
        value = said.get(name)
        if value is None or value == "":
            continue
        lasted = number(name, value) * factor
        if not 0 <= lasted <= LONGEST_MS:
            raise Wrong(f"{name} is {shown(value)}: a call takes between 0 and {LONGEST_MS // 86_400_000} days.")
        return round(lasted)
    return None


def _outcome(status: object, success: object, error_type: object) -> tuple[int | None, bool]:
    """The HTTP status if there is one, and whether the call succeeded: it says so, or its status, or its error."""
    code: int | None = None
    worded: bool | None = None
    if type(status) is int and 0 < status < 600:
        code = status
    elif status is not None and status != "":
        word = status.strip().lower() if isinstance(status, str) else status
        if isinstance(word, str) and word in _SUCCEEDED | _FAILED:
            worded = word in _SUCCEEDED
        else:
            code = odd_count("status", status, 599) or None
    if isinstance(success, str):
        success = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(success.lower())
    if isinstance(success, bool):
        return code, success
    if worded is not None:
        return code, worded
    if code is not None:
        return code, 200 <= code < 400
    return None, error_type in (None, "")


def _rate_limit(said: Mapping[str, Any]) -> RateLimit | None:
    limit = RateLimit(*[count(said, name, most=MOST_LIMIT) for name in RateLimit._fields])
    return None if limit == NO_LIMIT else limit
