"""Results to standard output, everything else to standard error."""

from __future__ import annotations

import sys
from typing import Any

from bot.answers.answer import Answer
from bot.render import csv, json, markdown, slack, terminal

WIDTH = 80


def show(text: str) -> None:
    """One result, as it is."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()


def write(piece: bytes) -> None:
    """A piece of a file, byte for byte whatever the terminal's encoding; UTF-8."""
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
            return csv.text(answer)
        case "markdown":
            return markdown.text(answer)
        case "blocks":
            return json.dump(slack.message(answer))
        case _:
            return terminal.text(answer, width=WIDTH, color=sys.stdout.isatty())


def dumped(document: dict[str, Any]) -> str:
    return json.dump(document)
