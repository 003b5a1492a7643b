"""An answer as a page of Markdown: for a wiki, a ticket or a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.answers.answer import Answer, Chart, Fact, Table
from bot.render.aligned import figure
from bot.render.plain import coded, data_through, lines, one_line, said

_MEANT = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
"""Letters that Markdown or HTML would take for something else; a name may hold any of them."""


def text(answer: Answer) -> str:
    """The answer from top to bottom, parts with a blank line between them, no line break at its end."""
    return "\n\n".join(filter(None, _parts(answer)))


def _parts(answer: Answer) -> Iterator[str]:
    yield f"# {_plain(answer.title)}"
    yield "\n".join(map(_plain, lines(answer.headline)))
    yield "\n".join(map(_fact, answer.facts))
    yield from map(_chart, answer.charts)
    yield from (_table(table) for table in answer.tables if table.columns)
    yield "\n".join(f"- {_plain(item.words)}" for item in answer.items)
    for part in answer.parts:
        yield from _parts(replace(part, data_through=None))
    yield from ("\n".join(map(_sentence, lines(paragraph))) for paragraph in answer.paragraphs)
    yield "\n".join(f"> {_plain(note)}" for note in (*answer.notes, data_through(answer)) if note)


def _fact(fact: Fact) -> str:
    note = f" ({_plain(fact.note)})" if fact.note else ""
    return f"- **{_plain(fact.label)}:** {_plain(said(fact.value))}{note}"


def _chart(chart: Chart) -> str:
    """Its numbers; a picture needs a file beside the page."""
    columns = ("", *(series.name for series in chart.series))
    rows = [
        (label, *("–" if value is None else figure(value, chart.unit) for value in values))
        for label, *values in zip(chart.labels, *(series.values for series in chart.series), strict=True)
    ]
    numeric = [False, *(True for _ in chart.series)]
    grid = _grid(columns, rows, numeric)
    return "\n\n".join(filter(None, (f"## {_plain(chart.title)}", _plain(chart.finding), grid)))


def _table(table: Table) -> str:
    rows = [tuple(map(said, row)) for row in (*table.rows, *((table.total,) if table.total else ()))]
    grid = _grid([column.title for column in table.columns], rows, [column.numeric for column in table.columns])
    return f"## {_plain(table.title)}\n\n{grid}" if table.title else grid


def _grid(titles: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    written = [titles, ["---:" if one else "---" for one in numeric], *rows]
    return "\n".join(
        f"| {' | '.join(cell if at == 1 else _plain(cell) for cell in row)} |" for at, row in enumerate(written)
    )


def _sentence(line: str) -> str:
    return "".join(f"`{piece}`" if code else _plain(piece, trim=False) for piece, code in coded(line))


def _plain(words: str, *, trim: bool = True) -> str:
    """Words that read letter by letter; `trim`: without spaces at their ends."""
    clean = one_line(words)
    if not trim:
        clean = f"{' ' if words[:1].isspace() else ''}{clean}{' ' if words[-1:].isspace() and clean else ''}"
    return _MEANT.sub(r"\\\1", clean)
