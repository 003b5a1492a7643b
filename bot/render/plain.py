"""What every medium shares: cells in words or exact, text on one line, and cuts that can be seen."""

from __future__ import annotations

import re

from bot.answers.answer import Amount, Answer, Bar, Cell, Percent, Tokens
from bot.core import wording

ELLIPSIS = "…"
_JOINER = "\u200d"
_TURNS_TEXT_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Unicode's direction overrides: one of them left open in a name writes the figures after it backwards."""
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HALVES = re.compile("[\ud800-\udfff]")
_RATE_PLACES = 6
_CODE = re.compile(r"`([^`]+)`")
_BAR = 10
"""Letters of a bar: each is a tenth."""


def said(cell: Cell) -> str:
    """A cell as people read it: $1,284.37 · 4.56M · 61 %, names on one line."""
    match cell:
        case Amount(money):
            return wording.to_the_cent(money)
        case Tokens(count):
            return wording.count(count)
        case Percent(part):
            return wording.percent(part)
        case Bar(part):
            return _bar(part)
        case _:
            return one_line(cell)


def exact(cell: Cell) -> str | int | float | None:
    """A cell as programs read it: money as a decimal string, unknown as None."""
    match cell:
        case Amount(money):
            return None if money is None else str(money)
        case Tokens(count):
            return count
        case Percent(part) | Bar(part):
            return rate(part)
        case _:
            return cell


def rate(part: float | None) -> float | None:
    """A share or rate to six places: more is noise of the division."""
    return None if part is None else round(part, _RATE_PLACES)


def one_line(text: str) -> str:
    """Text without line breaks, control characters and half characters, which no medium can show."""
    if not text.isprintable():
        text = _TURNS_TEXT_AROUND.sub("", _HALVES.sub("\ufffd", _CONTROLS.sub(" ", text)))
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """At most `most` characters, the last of them … where any are missing."""
    if len(text) <= most:
        return text
    return text[: most - len(ELLIPSIS)].rstrip(_JOINER + " \n") + ELLIPSIS


def lines(text: str) -> list[str]:
    """Text on the lines it was written on, each of them cleaned, the blank ones left out."""
    return [line for line in map(one_line, text.splitlines()) if line]


def coded(text: str) -> list[tuple[str, bool]]:
    """A sentence in pieces, each with whether it stood in backticks, which are gone."""
    return [(piece, at % 2 == 1) for at, piece in enumerate(_CODE.split(text)) if piece]


def uncoded(text: str) -> str:
    """A sentence without the backticks around its code, for a medium that has no other letters for it."""
    return _CODE.sub(r"\1", text)


def data_through(answer: Answer) -> str:
    """How far the figures go, in UTC; empty for an answer without figures."""
    if answer.data_through:
        return f"Data through {wording.instant(answer.data_through)}"
    return f"Data through: {wording.UNKNOWN}" if answer.report else ""


def _bar(part: float | None) -> str:
    """███████░░░ 71 %: a tenth is filled once it is used, so that only what is over looks full."""
    if part is None:
        return wording.UNKNOWN
    filled = min(_BAR, max(0, int(part * _BAR)))
    return f"{'█' * filled}{'░' * (_BAR - filled)} {wording.percent(part)}"
