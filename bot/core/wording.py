"""How figures are said to people: one way each, the same in every medium."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from bot.core.money import Money

UNKNOWN = "not in yet"
MINUS = "−"
"""As wide as a plus and a digit; a hyphen is lost before a dollar sign."""
_CENT = Decimal("0.01")
_MOVED = Decimal("0.01")
"""A smaller change of a total is not worth a reader's thought."""
_SHOWN = Decimal("0.0005")
"""What `percent` would call less than 0.1 %, which a sign before it makes a riddle."""
_PLACES = 10
"""Money has no digit beyond these: 10⁻¹⁰ dollars."""


def dollars(amount: Money | None) -> str:
    """$1,284 · $12.34 · $0.0042 · −$3.10: cents below a thousand, more digits only where cents would say nothing."""
    if amount is None:
        return UNKNOWN
    value = abs(amount.dollars)
    sign = MINUS if amount.units < 0 else ""
    # Round first, choose the form second: else $999.995 is $1,000.00 beside $1,000, and $0.009999 is $0.0100.
    cents = value.quantize(_CENT, ROUND_HALF_EVEN)
    if cents >= 1000:
        return f"{sign}${value.quantize(Decimal(1), ROUND_HALF_EVEN):,}"
    if value >= _CENT or value == 0:
        return f"{sign}${cents}"
    places = min(1 - value.adjusted(), _PLACES)
    small = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return f"{sign}${_CENT if small >= _CENT else small.normalize():f}"


def to_the_cent(amount: Money | None) -> str:
    """$1,284.37 · $0.0042: for tables, where figures stand below each other and must add up before people's eyes."""
    if amount is None or abs(amount.dollars) < _CENT:
        return dollars(amount)
    sign = MINUS if amount.units < 0 else ""
    return f"{sign}${abs(amount.dollars).quantize(_CENT, ROUND_HALF_EVEN):,}"


def count(number: int | None) -> str:
    """950 · 12.3k · 4.56M · 1.20B: three digits are what people compare."""
    if number is None:
        return UNKNOWN
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        # Half a thousandth below the next size is that size already: 999,950 is 1.00M, not 1000k.
        if abs(number) * 2000 >= size * 1999:
            return f"{_three_digits(Decimal(number) / size):,}{letter}"
    return str(number)


def counted(number: int, thing: str) -> str:
    """1 call · 950 calls · 12.3k calls."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def exactly(number: int, thing: str) -> str:
    """1 key · 1,250 keys: for things that people could count themselves."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _three_digits(value: Decimal) -> Decimal:
    """0.9996 → 1.00, 9.996 → 10.0, 123.4 → 123: as many places as leave three digits after rounding."""
    for places, limit in ((2, 10), (1, 100)):
        rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
        if abs(rounded) < limit:
            return rounded
    return value.quantize(Decimal(1), ROUND_HALF_EVEN)


def percent(part: float | None) -> str:
    """0.123 → 12 %, 0.004 → 0.4 %, 0.00001 → < 0.1 %; None → –."""
    if part is None:
        return "–"
    hundredths = part * 100
    if 0 < abs(hundredths) < 0.05:
        return "< 0.1 %" if hundredths > 0 else f"> {MINUS}0.1 %"
    return f"{hundredths:.1f} %" if 0 < abs(hundredths) < 0.95 else f"{hundredths:.0f} %"


def change(now: Money | None, before: Money | None) -> str:
    """How `now` compares, to be followed by a time: "12 % more than", "about the same as"; "" where one is unknown.

    "after nothing" where there was nothing before, whatever there is now.
    """
    if now is None or before is None:
        return ""
    if before.units <= 0:
        return "after nothing"
    part = Decimal(now.units - before.units) / Decimal(before.units)
    if part >= 2:
        return f"{_times(part)} times as much as"
    if abs(part) < _MOVED:
        return "the same as" if now == before else "about the same as"
    return f"{abs(part):.0%} {'more' if part > 0 else 'less'} than".replace("%", " %")


def delta(now: Money | None, before: Money | None) -> str:
    """`change` for a table cell: "+12 %", "−0.4 %", "×3.2", "0 %", "new"; a dash where there is nothing to compare."""
    if now is None or before is None or now.units == before.units == 0:
        return "–"
    if before.units <= 0:
        return "new"
    part = Decimal(now.units - before.units) / Decimal(before.units)
    if part >= 2:
        return f"×{_times(part)}"
    if abs(part) < _SHOWN:
        return "0 %"
    return f"{'+' if part > 0 else MINUS}{percent(float(abs(part)))}"


def _times(part: Decimal) -> str:
    """2.2 more is 3.2 times as much: one decimal while it says something."""
    times = 1 + part
    return f"{times:.1f}" if times < 10 else count(int(times))


def instant(at: datetime | None, zone: str = "UTC") -> str:
    """2026-11-21 00:00 UTC, or on the clocks of another zone; None → not in yet."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}" if at else UNKNOWN


def listed(names: Sequence[str]) -> str:
    """A · A and B · A, B and C."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def spread(low: Money | None, high: Money | None) -> str:
    """$12.00 to $15.40; one amount where there is no other end."""
    return to_the_cent(low) if high is None or high == low else f"{to_the_cent(low)} to {to_the_cent(high)}"


def and_more(hidden: int, thing: str = "") -> str:
    """The visible end of a list that was cut: "and 12 more", "and 1 more row"."""
    return f"and {exactly(hidden, f'more {thing}')}" if thing else f"and {hidden:,} more"
