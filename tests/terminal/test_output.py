"""Where results go: a file is what it is, and a screen obeys no name in it."""

import io
import sys

import pytest

from bot.terminal import output

NAME = "=1 \x1b]0;gone\x07 caf\u00e9 \x9b31m\r\n".encode()


class Screen(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("kind", "seen"),
    [(io.TextIOWrapper, NAME), (Screen, "=1 ]0;gone caf\u00e9 31m\n".encode())],
    ids=["file", "screen"],
)
def test_a_screen_gets_nothing_that_it_would_obey(
    monkeypatch: pytest.MonkeyPatch, kind: type[io.TextIOWrapper], seen: bytes
) -> None:
    paper = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", kind(paper, encoding="utf-8"))
    output.write(NAME)
    sys.stdout.flush()
    assert paper.getvalue() == seen
