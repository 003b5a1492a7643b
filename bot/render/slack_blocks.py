"""Slack's limits, and the smallest parts of its blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.core import wording
from bot.render.plain import ELLIPSIS, coded, cut

Block = dict[str, Any]

BLOCKS, VIEW_BLOCKS = 50, 100
HEADER, SECTION, FIELDS, FIELD, CONTEXT = 150, 3000, 10, 2000, 10
BUTTONS, BUTTON, VALUE = 25, 75, 2000
TABLE_ROWS, TABLE_COLUMNS, TABLE_LETTERS = 100, 20, 10_000
CHARTS, CHART_TITLE, CHART_LABEL, CHART_LABELS, CHART_SERIES = 2, 50, 20, 20, 6
ALT_TEXT = 2000
VIEW_TITLE, LABEL, HINT, PLACEHOLDER = 24, 2000, 2000, 150
OPTION, OPTION_VALUE, OPTIONS = 75, 150, 100
TEXT = 4000
"""Slack cuts a message's text at 40,000 characters and recommends 4,000."""

_NO_FORMAT = "\u034f"
"""Combining grapheme joiner: invisible, and Slack no longer takes the character after it for markup."""
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": f"{_NO_FORMAT}&gt;"} | {sign: _NO_FORMAT + sign for sign in "*_~`"}
_SIGN = re.compile(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|[&<>*~`]")
"""What Slack may take for markup. An underscore within a word begins no italics, so `day_cap` stays as it is copied."""


def escaped(text: str, most: int) -> str:
    """Text that mrkdwn shows as it stands (no mention, link, bold, code or quote), cut between characters."""
    whole = _SIGN.sub(lambda sign: _MARKUP[sign[0]], text)
    if len(whole) <= most:
        return whole
    signs = {sign.start() for sign in _SIGN.finditer(text)}
    pieces = [_MARKUP[character] if at in signs else character for at, character in enumerate(text)]
    length = len(whole)
    while length > most - len(ELLIPSIS):
        length -= len(pieces.pop())
    return "".join(pieces) + ELLIPSIS


def italic(text: str) -> str:
    """One line of `escaped` text in italics, which an underscore within a word would end."""
    return f"_{re.sub(f'(?<!{_NO_FORMAT})_', f'{_NO_FORMAT}_', text)}_"


def date(at: datetime) -> str:
    """An instant in mrkdwn that Slack shows in each reader's own zone."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{wording.instant(at)}>"


def plain_text(text: str, most: int) -> Block:
    return {"type": "plain_text", "text": cut(text, most), "emoji": False}


def mrkdwn(text: str) -> Block:
    """Markup of our own, with everything from outside in it `escaped`."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str) -> Block:
    return {"type": "section", "text": plain_text(text, SECTION)}


def sentence(text: str) -> Block:
    """A section whose `code` is shown as code, and everything else letter by letter."""
    letters = [
        {"type": "text", "text": piece, **({"style": {"code": True}} if code else {})}
        for piece, code in coded(cut(text, SECTION))
    ]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": letters}]}


def titled(title: str, text: str) -> Block:
    """A sentence under a line in bold."""
    block = sentence(cut(text, SECTION - len(title)))
    head = {"type": "text", "text": f"{title}\n", "style": {"bold": True}}
    block["elements"][0]["elements"].insert(0, head)
    return block


def context(elements: Sequence[Block]) -> Block:
    return {"type": "context", "elements": list(elements)}


def remark(text: str) -> Block:
    """One small grey line."""
    return context([plain_text(text, FIELD)])


def bold(text: str) -> Block:
    """A line in bold, letter by letter: also what a table's header cell is."""
    letters = {"type": "text", "text": text, "style": {"bold": True}}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [letters]}]}


def one_width(text: str) -> Block:
    """Lines in letters of one width."""
    letters = {"type": "text", "text": cut(text, SECTION)}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [letters]}]}


def modal(callback_id: str, title: str, blocks: Sequence[Block], *, close: str = "Close") -> Block:
    """A dialog; what it has no room for is cut visibly."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, VIEW_TITLE),
        "close": plain_text(close, VIEW_TITLE),
        "blocks": within(blocks),
    }


def within(blocks: Sequence[Block]) -> list[Block]:
    """As many blocks as a view takes."""
    if len(blocks) <= VIEW_BLOCKS:
        return list(blocks)
    return [*blocks[: VIEW_BLOCKS - 1], remark(wording.and_more(len(blocks) - VIEW_BLOCKS + 1, "part"))]


def button(label: str, action_id: str, value: str) -> Block:
    return {"type": "button", "text": plain_text(label, BUTTON), "action_id": action_id, "value": value}
