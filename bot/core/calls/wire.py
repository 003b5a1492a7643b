"""A call as programs write it, read: all its fields, older logs' names, and Anthropic's own usage.

What can't be true is refused by name, with a sentence for whoever wrote the program. Everything that is not listed here
is left behind: prompts, answers and free metadata never come further than this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import gcd, isfinite
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.core.calls.call import UNKNOWN_ERROR, UNKNOWN_MODEL, Call, Origin, RateLimit
from bot.core.money import UNITS_PER_DOLLAR, Money, half_even

MOST_TOKENS = 10_000_000
"""Of one type in one call: ten times the longest prompt there is."""
MOST_SEARCHES = 10_000
LONGEST_MS = 7 * 86_400_000
LONGEST_TEXT = 200
AHEAD = timedelta(minutes=10)
"""How far a program's clock may be ahead of ours."""
FIRST = datetime(2023, 1, 1, tzinfo=UTC)
"""Nobody called Claude before."""
_MILLISECONDS_SINCE = 10**11
"""A larger number is milliseconds since 1970, a smaller one seconds."""
MOST_LIMIT = 10**12
_HIGHEST_PRICE = Decimal(1)
"""Dollars for one token; above it somebody has written a price per thousand or million."""
_PER_UNIT = 10**20
"""Parts of a unit in which prices of a caller's own are held: nobody writes thirty places of a dollar."""
_SHOWN = 40
_SUCCEEDED = frozenset({"success", "succeeded", "ok", "completed"})
_FAILED = frozenset({"error", "errored", "failed", "failure", "timeout", "cancelled", "canceled", "expired"})
_SECRET = "sk-ant-"  # noqa: S105  (how Anthropic's keys begin, which is why one is not kept)
NO_LIMIT = RateLimit()


class Refusal(NamedTuple):
    """Why a call was not taken, in a sentence that names the field."""

    reason: str


class Wrong(Exception):
    """A field that can't be true; the text is the sentence."""


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
    at = _instant(get("timestamp"), now, zone)
    uncached = _count(counts, "input_tokens", "prompt_tokens")
    output = _count(counts, "output_tokens", "completion_tokens")
    whole = _count(counts, "tokens_used", "total_tokens") if uncached is None and output is None else None
    status, success = _outcome(get("status"), get("success"), get("error_type"))
    error_type = "" if success else _text(said, "error_type") or (f"status {status}" if status else UNKNOWN_ERROR)
    if uncached is None and output is None and whole is None and success:
        raise Wrong("The call has no token counts: send input_tokens and output_tokens.")
    model = _text(said, "model")
    if not model:
        if whole is None and success:
            raise Wrong("The call has no model.")
        model = UNKNOWN_MODEL
    cache_5m, cache_1h = _cache_writes(counts)
    cache_read = _count(counts, "cache_read_input_tokens") or 0
    prompt_price, completion_price = get("cost_per_token_prompt"), get("cost_per_token_completion")
    own = None
    if (prompt_price is not None or completion_price is not None) and not (cache_5m or cache_1h or cache_read):
        own = Money(_own_units(prompt_price, completion_price, uncached or 0, output or 0))
    limits = get("ratelimit")
    api_key = _text(said, "api_key")
    return Call(
        _text(said, "id") or _text(said, "request_id"),
        at,
        model,
        uncached or 0,
        cache_5m,
        cache_1h,
        cache_read,
        output or 0,
        whole or 0,
        _searches(counts),
        _text(said, "team"),
        _text(said, "user") or _text(said, "user_id"),
        _text(said, "feature"),
        "" if api_key.startswith(_SECRET) else api_key,
        _text(said, "endpoint") or "messages",
        _text(said, "event_type") or "completion",
        _text(said, "service_tier") or _text(counts, "service_tier") or "standard",
        _text(said, "inference_geo") or _text(counts, "inference_geo"),
        _text(said, "speed") or _text(counts, "speed"),
        _duration(said),
        _count(said, "first_token_ms", most=LONGEST_MS),
        status,
        error_type,
        own,
        _rate_limit(limits) if isinstance(limits, dict) else None,
        origin,
    )


def _searches(counts: Mapping[str, Any]) -> int:
    searches = _count(counts, "web_search_requests", most=MOST_SEARCHES)
    if searches is None:
        tools = counts.get("server_tool_use")
        if isinstance(tools, dict):
            searches = _count(tools, "web_search_requests", most=MOST_SEARCHES)
    return searches or 0


def _count(said: Mapping[str, Any], *names: str, most: int = MOST_TOKENS) -> int | None:
    """The first of these that is there; null and absent are the same."""
    for name in names:
        value = said.get(name)
        if type(value) is int and 0 <= value <= most:
            return value
        if value is not None and value != "":
            return _odd_count(name, value, most)
    return None


def _odd_count(name: str, value: object, most: int) -> int:
    """What is no plain small integer: a float without a fraction or digits in a string will do."""
    number = _number(name, value)
    if number < 0:
        raise Wrong(f"{name} is {_shown(value)}: a count can't be negative.")
    if number > most:
        raise Wrong(f"{name} is {_shown(value)}: more than one call can have ({most:,}).")
    if number != int(number):
        raise Wrong(f"{name} is {_shown(value)}: a count is a whole number.")
    return int(number)


def _number(name: str, value: object) -> Decimal:
    """A finite number of any spelling."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal) or len(str(value)[:400]) > 60:
        raise Wrong(f"{name} is {_shown(value)}: that is no number.")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise Wrong(f"{name} is {_shown(value)}: that is no number.") from None
    if not number.is_finite() or number.adjusted() > 30:
        raise Wrong(f"{name} is {_shown(value)}: that is no count of anything.")
    return number


def _cache_writes(counts: Mapping[str, Any]) -> tuple[int, int]:
    """For 5 minutes and for an hour; what a program does not tell apart is for 5 minutes, as Anthropic's default is."""
    five = _count(counts, "cache_creation_5m_input_tokens")
    hour = _count(counts, "cache_creation_1h_input_tokens")
    if five is None and hour is None:
        parts = counts.get("cache_creation")
        if isinstance(parts, dict):
            five, hour = _count(parts, "ephemeral_5m_input_tokens"), _count(parts, "ephemeral_1h_input_tokens")
    if five is None and hour is None:
        five = _count(counts, "cache_creation_input_tokens")
    return five or 0, hour or 0


def _duration(said: Mapping[str, Any]) -> int | None:
    milliseconds = said.get("duration_ms")
    if type(milliseconds) is int and 0 <= milliseconds <= LONGEST_MS:
        return milliseconds
    for name, factor in (("duration_ms", 1), ("request_time", 1000)):
        value = said.get(name)
        if value is None or value == "":
            continue
        number = _number(name, value) * factor
        if not 0 <= number <= LONGEST_MS:
            raise Wrong(f"{name} is {_shown(value)}: a call takes between 0 and {LONGEST_MS // 86_400_000} days.")
        return round(number)
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
            code = _odd_count("status", status, 599) or None
    if isinstance(success, str):
        success = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(success.lower())
    if isinstance(success, bool):
        return code, success
    if worded is not None:
        return code, worded
    if code is not None:
        return code, 200 <= code < 400
    return None, error_type in (None, "")


def _text(said: Mapping[str, Any], name: str) -> str:
    """A name without what can't be printed or stored; "" where there is none."""
    value = said.get(name)
    if value is None:
        return ""
    if type(value) is not str:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
            raise Wrong(f"{name} is no text.")
        value = str(value)
    clean = _clean(value) if len(value) <= LONGEST_TEXT else _clean(value[: LONGEST_TEXT * 2])
    if len(clean) > LONGEST_TEXT:
        raise Wrong(f"{name} is longer than {LONGEST_TEXT} characters.")
    return clean


@lru_cache(maxsize=4096)
def _clean(text: str) -> str:
    """Most names come again and again."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text.strip()


def _instant(value: object, now: datetime, zone: ZoneInfo | None) -> datetime:
    """ISO 8601 with a zone, or seconds or milliseconds since 1970."""
    if value is None or value == "":
        raise Wrong("The call has no timestamp.")
    if isinstance(value, str):
        digits = 10 <= len(value) <= 16 and value.isascii() and value.isdigit()
        at = _counted(int(value)) if digits else _written(value, zone)
    else:
        at = _counted(value)
    if at < FIRST:
        raise Wrong(f"timestamp is {_shown(value)}: nobody called Claude before {FIRST.year}.")
    if at > now + AHEAD:
        raise Wrong(f"timestamp is {_shown(value)}: that is in the future. Check the clock of that machine.")
    return at


def _written(text: str, zone: ZoneInfo | None) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Wrong(f"timestamp is {_shown(text)}: write it as 2026-11-18T09:30:00Z.") from None
    if at.tzinfo is None:
        if zone is None:
            raise Wrong(f"timestamp is {_shown(text)}, without a time zone: write Z or +01:00 after it.")
        at = at.replace(tzinfo=zone)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Wrong(f"timestamp is {_shown(text)}: write it as 2026-11-18T09:30:00Z.") from None


def _counted(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or abs(value) > 10**14:
        raise Wrong(f"timestamp is {_shown(value)}: write it as 2026-11-18T09:30:00Z.")
    return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS_SINCE else value, UTC)


class OwnRates(NamedTuple):
    """A caller's own prices in units of 10⁻¹⁰ dollars for `divisor` tokens, in lowest terms."""

    prompt: int
    completion: int
    divisor: int

    def units(self, uncached: int, output: int) -> int:
        """Tokens × these prices, rounded half-even."""
        prompt, completion, divisor = self
        units = uncached * prompt + output * completion
        return units if divisor == 1 else half_even(units, divisor)


def _own_units(prompt: object, completion: object, uncached: int, output: int) -> int:
    """A price may be missing where nothing needs it."""
    try:
        rates = own_rates(prompt, completion)
        if rates is not None:
            return rates.units(uncached, output)
        units = uncached * _own_price("cost_per_token_prompt", prompt) if uncached else 0
        if output:
            units += output * _own_price("cost_per_token_completion", completion)
    except TypeError:  # an object for a price: it can't be a key of the cache
        raise Wrong("cost_per_token_prompt and cost_per_token_completion are numbers of dollars.") from None
    return half_even(units, _PER_UNIT)


@lru_cache(maxsize=1024, typed=True)
def own_rates(prompt: object, completion: object) -> OwnRates | None:
    """Most calls of a log have the same two prices. None where one is missing or wrong."""
    try:
        prices = _own_price("cost_per_token_prompt", prompt), _own_price("cost_per_token_completion", completion)
    except Wrong:
        return None
    common = gcd(*prices, _PER_UNIT)
    return OwnRates(*(parts // common for parts in (*prices, _PER_UNIT)))


@lru_cache(maxsize=1024, typed=True)
def _own_price(name: str, price: object) -> int:
    """Of a token, in parts of a unit: whole numbers add up exactly, and quickly."""
    if price is None or price == "":
        raise Wrong(f"{name} is missing, and the call has tokens of that kind.")
    number = _number(name, price)
    if not 0 <= number <= _HIGHEST_PRICE:
        raise Wrong(f"{name} is {_shown(price)}: dollars for one token are between 0 and {_HIGHEST_PRICE}.")
    return int((number * UNITS_PER_DOLLAR * _PER_UNIT).to_integral_value())


def _rate_limit(said: Mapping[str, Any]) -> RateLimit | None:
    limit = RateLimit(*[_count(said, name, most=MOST_LIMIT) for name in RateLimit._fields])
    return None if limit == NO_LIMIT else limit


def _shown(value: object) -> str:
    """A value in a sentence, cut: somebody may have put a whole prompt into the wrong field."""
    text = value if isinstance(value, str) else str(value)[:_SHOWN] if isinstance(value, int | float) else "no number"
    cut = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return "".join(letter if letter.isprintable() else " " for letter in cut)
