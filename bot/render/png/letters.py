"""What the letters of a picture can show, and how wide that is."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font

from bot.render.plain import ELLIPSIS, one_line

_UNSEEN = "\u25a1"
POINT = 0.72
"""Points in a pixel of the drawing, of which an inch has a hundred."""
SHARPNESS = 2.5
"""Pixels of the file for each of the drawing: sharp on a large screen and in print."""


@cache
def font(*, bold: bool = False) -> Path:
    """The file that comes with matplotlib: the same picture on every machine, whatever is installed there."""
    return Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


def properties(size: float, *, bold: bool = False) -> FontProperties:
    """Letters of so many pixels."""
    return FontProperties(fname=font(bold=bold), size=size * POINT)


def legible(text: str, otherwise: str = "") -> str:
    """The text without what these letters lack: emoji are left out, other signs become an empty box.

    Where no letter is left, `otherwise`: a box says less than the place in the table beside the picture.
    """
    shown = "".join(_shown(character) for character in one_line(text))
    shown = " ".join(shown.split())
    return shown if any(sign.isalnum() for sign in shown) or not otherwise else otherwise


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How many pixels of the drawing a text takes, as the file's own letters have it: hinting makes them wider."""
    pen: Any = RendererAgg(1, 1, 100 * SHARPNESS)  # type: ignore[no-untyped-call]
    wide, _, _ = pen.get_text_width_height_descent(text, properties(size, bold=bold), ismath=False)
    return float(wide) / SHARPNESS


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, cut with … where it is wider than the room."""
    if width(text, size, bold=bold) <= room:
        return text
    least, most = 0, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        if width(text[:middle].rstrip() + ELLIPSIS, size, bold=bold) <= room:
            least = middle
        else:
            most = middle - 1
    return text[:least].rstrip() + ELLIPSIS


def wrapped(text: str, room: float, size: float, most: int) -> list[str]:
    """The text on at most so many lines, the last of them cut where words are left."""
    found: list[str] = []
    words = text.split()
    while words and len(found) < most:
        count = 1
        while count < len(words) and width(" ".join(words[: count + 1]), size) <= room:
            count += 1
        last = len(found) == most - 1
        found.append(fitted(" ".join(words if last else words[:count]), room, size))
        words = [] if last else words[count:]
    return found


@cache
def _known() -> frozenset[int]:
    return frozenset(FT2Font(font()).get_charmap()) & frozenset(FT2Font(font(bold=True)).get_charmap())


def _shown(character: str) -> str:
    if ord(character) in _known():
        return character
    kind = unicodedata.category(character)
    return _UNSEEN if kind[0] in "LN" else ""
