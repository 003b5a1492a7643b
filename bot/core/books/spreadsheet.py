"""Lines of CSV as RFC 4180 has them, safe to open in a program that runs formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO

_FORMULA = re.compile("[\t\r\n]|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]*[=+@＝＋－＠-]")
"""Spreadsheets may drop what nobody sees in front of one; the wide ones count where people type Chinese or Japanese."""


class Number(Decimal):
    """A decimal that stands in a sheet digit by digit, never with an exponent; no str, so its sign is no formula.

    A whole one keeps a point: a reader that guesses types takes a column without any for integers, and refuses it.
    """

    def __str__(self) -> str:
        whole, _, fraction = format(self, "f").partition(".")
        return f"{whole}.{fraction.rstrip('0') or '0'}"


def written(rows: Iterable[Iterable[object]]) -> str:
    """The rows as text; lines end in CR LF, None is an empty cell."""
    paper = StringIO()
    csv.writer(paper).writerows([_safe(value) for value in row] for row in rows)
    return paper.getvalue()


def _safe(value: object) -> object:
    """A name that a spreadsheet would run as a formula gets an apostrophe in front; money, no str, keeps its sign."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
