"""`lab forecast`: the forecaster on anybody's numbers, JSON lines in, JSON lines out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from bot.core.errors import MoneyError
from bot.core.money import Money
from bot.core.outlook.forecast import Forecast, forecast
from bot.core.typed import shown
from bot.core.utc import month_after
from bot.terminal.output import say, show

_MOST_DAYS = 36_600
_MOST_DIGITS = 30


class _Unreadable(Exception):
    """A line that is no question; the message says why."""


def run(lines: Iterable[str]) -> int:
    """Answer each line; a bad one is reported with its number and reason, the rest goes on.

    Exit code 1 where nothing could be answered at all.
    """
    answered = refused = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            show(_answer(line))
            answered += 1
        except _Unreadable as reason:
            say(f"line {number}: {reason}")
            refused += 1
    return 1 if refused and not answered else 0


def _answer(line: str) -> str:
    """One line of JSON; amounts are numbers with all their digits."""
    asked = _object(line)
    first = _date(asked, "first_day", "2026-01-01", date.fromisoformat)
    start = _date(asked, "month", "2026-11", lambda text: date.fromisoformat(f"{text}-01"))
    end = month_after(start)
    said, name = forecast(_days(asked), first, start, end), json.dumps(asked["id"])
    if isinstance(said, Forecast):
        return f'{{"id": {name}, "total": {said.total}, "low": {said.low}, "high": {said.high}}}'
    return f'{{"id": {name}, "total": null, "low": null, "high": null, "reason": {json.dumps(said.value)}}}'


def _object(line: str) -> dict[str, Any]:
    try:
        asked = json.loads(line, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _Unreadable("it is no JSON. Write one object a line.") from None
    if not isinstance(asked, dict):
        raise _Unreadable("it is no JSON object.")
    missing = [key for key in ("id", "first_day", "days", "month") if key not in asked]
    if missing:
        raise _Unreadable(f'it has no "{missing[0]}".')
    if not isinstance(asked["id"], str | int):
        raise _Unreadable('"id" is neither text nor a whole number.')
    return asked


def _no_number(text: str) -> Decimal:
    raise ValueError(text)


def _date(asked: dict[str, Any], key: str, example: str, read: Any) -> date:
    try:
        if len(text := str(asked[key])) == len(example):
            day: date = read(text)
            if 1970 <= day.year <= 2200:
                return day
    except ValueError:
        pass
    raise _Unreadable(f'"{key}" is {shown(str(asked[key]))}, not a date such as {example}.')


def _days(asked: dict[str, Any]) -> list[Money | None]:
    days = asked["days"]
    if not isinstance(days, list) or len(days) > _MOST_DAYS:
        raise _Unreadable(f'"days" is not a list of at most {_MOST_DAYS:,} amounts.')
    return [_amount(day, number) for number, day in enumerate(days, 1)]


def _amount(day: object, number: int) -> Money | None:
    """Dollars of one day; null is a day that is not in yet."""
    if day is None:
        return None
    if isinstance(day, Decimal | int) and not isinstance(day, bool):
        try:
            # An exponent of millions would be written out in millions of digits.
            if abs(Decimal(day).adjusted()) <= _MOST_DIGITS:
                return Money.from_dollars(day)
        except MoneyError:
            pass
        raise _Unreadable(f"day {number} is no amount this bot can hold.")
    raise _Unreadable(f"day {number} is {shown(json.dumps(day, default=str))}, not an amount in dollars.")
