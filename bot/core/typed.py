"""What people type: how it splits into words, and how it is written back."""

import re
import unicodedata
from dataclasses import dataclass

_DOUBLE = '"“”„‟«»'
_SINGLE = "'‘’‚‛"
_PUNCTUATION = ",;?!"
_PASTED = dict.fromkeys(map(ord, "\u034f\u200b\u2060\ufeff"))
"""Joiners and spaces of no width, which come along when a name is copied from a message and are no part of any."""
_OWNS = re.compile(r"['’]s$")
_ECHO = 40


@dataclass(frozen=True, slots=True)
class Word:
    """One word as typed, without its quotes; a quoted one is never a keyword and may hold spaces."""

    text: str
    quoted: bool = False

    @property
    def key(self) -> str:
        """What a keyword is compared with, `week` for `week's`: empty for a quoted word."""
        return "" if self.quoted else _OWNS.sub("", self.text.casefold())

    def __str__(self) -> str:
        return quote(self.text) if self.quoted else self.text


def copied(text: str) -> str:
    """A text without what came along when it was copied and nobody sees."""
    return text.translate(_PASTED)


def split(text: str) -> list[Word]:
    """The words of a sentence; quotes of any shape hold one together, and one left open is ignored."""
    text = copied(text)
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    words: list[Word] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        close = _closing(text, at)
        if close is not None:
            word, at = Word(" ".join(text[at + 1 : close].split()), quoted=True), close + 1
        else:
            end = next((i for i in range(at, len(text)) if text[i].isspace()), len(text))
            # A single quote stays: `Developers' Guild` is a name.
            word, at = Word(text[at:end].strip(_DOUBLE).rstrip(_PUNCTUATION + _DOUBLE)), end
        if word.text:
            words.append(word)
    return words


def quote(text: str) -> str:
    """The text in quotes that `split` reads back as one word."""
    marked = f'"{text}"'
    return marked if _closing(marked, 0) == len(marked) - 1 else f"'{text}'"


def shown(text: str) -> str:
    """Typed text made fit for a sentence: one line, no backticks or invisible characters, at most 40 characters."""
    visible = "".join("'" if c == "`" else " " if unicodedata.category(c).startswith("C") else c for c in text)
    line = " ".join(visible.split())
    return line if len(line) <= _ECHO else line[: _ECHO - 1] + "…"


def _closing(text: str, at: int) -> int | None:
    """Where the quote that opens at `at` closes: before a space or the end, so that `'Ana's team'` is one name."""
    marks = _DOUBLE if text[at] in _DOUBLE else _SINGLE
    if text[at] not in marks:
        return None
    for i in range(at + 1, len(text)):
        if text[i] in marks and (text[i + 1 :].lstrip(_PUNCTUATION) + " ")[0].isspace():
            return i
    return None
