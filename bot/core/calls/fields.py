"""One field of a call as programs write it, read; what can't be true is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

MOST_TOKENS = 10_000_000
"""Of one type in one call: ten times the longest prompt there is."""
LONGEST_TEXT = 200
AHEAD = timedelta(minutes=10)
"""How far a program's clock may be ahead of ours."""
FIRST = datetime(2023, 1, 1, tzinfo=UTC)
"""Nobody called Claude before."""
_MILLISECONDS_SINCE = 10**11
"""A larger number is milliseconds since 1970, a smaller one seconds."""
_SHOWN = 40


class Wrong(Exception):
    """A field that can't be true; the text is the sentence."""


def count(said: Mapping[str, Any], *names: str, most: int = MOST_TOKENS) -> int | None:
    """The first of these that is there; null and absent are the same."""
    for name in names:
        value = said.get(name)
        if type(value) is int and 0 <= value <= most:
            return value
        if value is not None and value != "":
            return odd_count(name, value, most)
    return None


def odd_count(name: str, value: object, most: int) -> int:
    """A count that is no plain small integer: a float without a fraction or digits in a string will do."""
    found = number(name, value)
    if found < 0:
        raise Wrong(f"{name} is {shown(value)}: a count can't be negative.")
    if found > most:
        raise Wrong(f"{name} is {shown(value)}: more than one call can have ({most:,}).")
    if found != int(found):
        raise Wrong(f"{name} is {shown(value)}: a count is a whole number.")
    return int(found)


def number(name: str, value: object) -> Decimal:
    """A finite number of any spelling."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal) or len(str(value)[:400]) > 60:
        raise Wrong(f"{name} is {shown(value)}: that is no number.")
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise Wrong(f"{name} is {shown(value)}: that is no number.") from None
    if not found.is_finite() or found.adjusted() > 30:
        raise Wrong(f"{name} is {shown(value)}: that is no count of anything.")
    return found


def text(said: Mapping[str, Any], name: str) -> str:
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
    """Kept, since most names come again and again."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text.strip()


def instant(value: object, now: datetime, zone: ZoneInfo | None) -> datetime:
    """ISO 8601 with a zone, or seconds or milliseconds since 1970."""
    if value is None or value == "":
        raise Wrong("The call has no timestamp.")
    if isinstance(value, str):
        digits = 10 <= len(value) <= 16 and value.isascii() and value.isdigit()
        at = _counted(int(value)) if digits else _written(value, zone)
    else:
        at = _counted(value)
    if at < FIRST:
        raise Wrong(f"timestamp is {shown(value)}: nobody called Claude before {FIRST.year}.")
    if at > now + AHEAD:
        raise Wrong(f"timestamp is {shown(value)}: that is in the future. Check the clock of that machine.")
    return at


def _written(text: str, zone: ZoneInfo | None) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Wrong(f"timestamp is {shown(text)}: write it as 2026-11-18T09:30:00Z.") from None
    if at.tzinfo is None:
        if zone is None:
            raise Wrong(f"timestamp is {shown(text)}, without a time zone: write Z or +01:00 after it.")
        at = at.replace(tzinfo=zone)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Wrong(f"timestamp is {shown(text)}: write it as 2026-11-18T09:30:00Z.") from None


def _counted(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or abs(value) > 10**14:
        raise Wrong(f"timestamp is {shown(value)}: write it as 2026-11-18T09:30:00Z.")
    return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS_SINCE else value, UTC)


def shown(value: object) -> str:
    """A value in a sentence, cut: somebody may have put a whole prompt into the wrong field."""
    text = value if isinstance(value, str) else str(value)[:_SHOWN] if isinstance(value, int | float) else "no number"
    cut = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return "".join(letter if letter.isprintable() else " " for letter in cut)
