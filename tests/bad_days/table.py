"""The table of bad days in docs/operations.md, and which tests prove which line of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

ROOT = Path(__file__).parents[2]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Line:
    """What the document promises of one bad day."""

    codes: tuple[int, int] | None
    """Of healthz and readyz; None where there is no process to ask."""
    said: frozenset[str]
    """The actions in the log and the names of metrics."""

    async def holds(self, address: str, log: Collection[Mapping[str, Any]] = ()) -> None:
        """Ask the bot at this address; `log`: what it has said meanwhile."""
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            codes = (await http.get("/healthz")).status_code, (await http.get("/readyz")).status_code
            page = (await http.get("/metrics")).text
        assert codes == self.codes
        missing = [name for name in self.said if name.startswith("claude_usage_") and name not in page]
        assert missing == []
        if log:
            actions = {name for name in self.said if not name.startswith("claude_usage_")}
            assert actions <= {line.get("action") for line in log}


def _read() -> dict[str, Line]:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = text.partition("## Bad days\n")[2].partition("\n## ")[0]
    found = {}
    for row in re.findall(r"^\| (.+) \|$", table, re.MULTILINE)[1:]:
        what, _people, _itself, codes, said = row.split(" | ")
        answers = re.match(r"(\d{3}) · (\d{3})", codes)
        names = re.findall(r"`([a-z_]+)(?:\{[^`]*)?`", said)
        found[what] = Line((int(answers[1]), int(answers[2])) if answers else None, frozenset(names))
    return found


LINES = _read()
PROVED: set[str] = set()


def proves(what: str) -> Callable[[F], F]:
    """The test holds the bot against this line."""
    assert what in LINES, f"docs/operations.md has no line “{what}”"

    def marked(test: F) -> F:
        PROVED.add(what)
        return test

    return marked
