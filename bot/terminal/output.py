"""Results to standard output, everything else to standard error."""

from __future__ import annotations

import re
import sys
from typing import Any

from bot.answers.answer import Answer
from bot.render import csv, json, markdown, slack, terminal

WIDTH = 80
_OBEYED = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
"""What a terminal would obey of a name: a file has it as it was, a screen goes without."""


def show(text: str) -> None:
    """One result, as it is."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()


def write(piece: bytes) -> None:
    """A piece of a file, byte for byte whatever the terminal's encoding; UTF-8."""
    if sys.stdout.isatty():
        piece = _OBEYED.sub(b"", piece)
    bytes_out = getattr(sys.stdout, "buffer", None)
    if bytes_out is None:
        sys.stdout.write(piece.decode())
    else:
        bytes_out.write(piece)


def say(text: str) -> None:
    """What a person at the terminal should know, out of the way of a pipe."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def rendered(answer: Answer, medium: str) -> str:
    """The answer in one of the formats of `--format`."""
    match medium:
        case "json":
            return json.dump(json.document(answer))
        case "csv":
            text = csv.text(answer)
            return (
                _OBEYED.sub(b"", text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
                if sys.stdout.isatty()
                else text
            )
        case "markdown":
            return markdown.text(answer)
        case "blocks":
            return json.dump(slack.message(answer))
        case _:
            return terminal.text(answer, width=WIDTH, color=sys.stdout.isatty())


def dumped(document: dict[str, Any]) -> str:
    return json.dump(document)
