"""The table of bad days in docs/operations.md, and which tests prove which line of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

ROOT = Path(__file__).parents[2]
F = TypeVar("F", bound=Callable[..., Any])


Page = Mapping[str, Sequence[Sample]]
"""What /metrics shows, by name."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A metric as the document names it: `name`, `name{label}` or `name{label="value"}`, which then is above zero."""

    name: str
    labels: Mapping[str, str]
    """Without a value where it says none."""

    def on(self, page: Page) -> bool:
        return any(
            all(
                one.labels.get(label) == value if value else label in one.labels for label, value in self.labels.items()
            )
            and (one.value > 0 or not any(self.labels.values()))
            for one in page.get(self.name, ())
        )


@dataclass(frozen=True, slots=True)
class Line:
    """What the document promises of one bad day."""

    codes: tuple[int, int] | None
    """Of healthz and readyz; None where there is no process to ask."""
    socketless: int | None
    """Of readyz, where in Socket Mode it is another one."""
    actions: frozenset[str]
    """What the log says."""
    metrics: tuple[Shown, ...]

    async def holds(
        self, address: str, log: Collection[Mapping[str, Any]] | None = None, *, without_a_socket: bool = False
    ) -> Page:
        """Ask the bot at this address; `log`: what it has said meanwhile, where that is looked at here."""
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            codes = (await http.get("/healthz")).status_code, (await http.get("/readyz")).status_code
            text = (await http.get("/metrics")).text
        page: dict[str, list[Sample]] = defaultdict(list)
        for one in [sample for family in text_string_to_metric_families(text) for sample in family.samples]:
            page[one.name].append(one)
        assert self.codes is not None
        assert codes == ((self.codes[0], self.socketless) if without_a_socket and self.socketless else self.codes)
        assert [one for one in self.metrics if not one.on(page)] == []
        if log is not None:
            assert self.actions - {line.get("action") for line in log} == set()
        return page


def _read() -> dict[str, Line]:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = text.partition("## Bad days\n")[2].partition("\n## ")[0]
    found = {}
    for row in re.findall(r"^\| (.+) \|$", table, re.MULTILINE)[1:]:
        what, _people, _itself, codes, said = row.split(" | ")
        answers = re.match(r"(\d{3}) · (\d{3})(?:; (\d{3}) without a socket)?", codes)
        names = re.findall(r"`([a-z_]+)(?:\{([^`}]*)\})?`", said)
        found[what] = Line(
            (int(answers[1]), int(answers[2])) if answers else None,
            int(answers[3]) if answers and answers[3] else None,
            frozenset(name for name, _ in names if not name.startswith(_METRICS)),
            tuple(Shown(name, _labels(labels)) for name, labels in names if name.startswith(_METRICS)),
        )
    return found


def _labels(said: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in said.split(",") if one]
    return {name: value.strip('"') for name, _, value in pairs}


_METRICS = ("claude_usage_", "process_")
LINES = _read()
PROVED: set[str] = set()


def proves(what: str) -> Callable[[F], F]:
    """The test holds the bot against this line."""
    assert what in LINES, f"docs/operations.md has no line “{what}”"

    def marked(test: F) -> F:
        PROVED.add(what)
        return test

    return marked
