"""An answer as a page of text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from bot.answers.answer import Answer, Chart, Fact, Table, Tone
from bot.render import aligned
from bot.render.aligned import GAP, pad
from bot.render.plain import data_through, lines, one_line, said, uncoded

_NARROWEST = 20
_LONGEST_LABEL, _LONGEST_FIGURE = 24, 16
_HEADINGS = {Tone.PLAIN: "bold", Tone.WARNING: "bold yellow", Tone.SORRY: "bold red"}


def text(answer: Answer, *, width: int = 80, color: bool = False) -> str:
    """The answer from top to bottom, no line break at its end; only a figure may be wider than `width`: none is cut."""
    width = max(width, _NARROWEST)
    paper = StringIO()
    # An empty environment: NO_COLOR, COLUMNS and their like are for whoever calls this to read.
    console = Console(
        file=paper,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        _environ={},
    )
    for line in _page(answer, width):
        line.rstrip()
        console.print(line, soft_wrap=True)
    return paper.getvalue().removesuffix("\n")


def _page(answer: Answer, width: int) -> Iterator[Text]:
    """The parts that have anything to say, one blank line between them."""
    heading = _HEADINGS[answer.tone]
    parts: list[list[Text]] = [
        [*_wrapped(one_line(answer.title), width, heading), *_all_wrapped(lines(answer.headline), width)],
        _facts(answer.facts, width),
        *(_chart(chart, width) for chart in answer.charts),
        *(_table(table, width) for table in answer.tables),
        _all_wrapped([f"• {one_line(item.words)}" for item in answer.items], width),
        *([*_page(replace(part, data_through=None), width)] for part in answer.parts),
        *(_all_wrapped([*map(uncoded, lines(paragraph))], width) for paragraph in answer.paragraphs),
        _all_wrapped([*map(one_line, answer.notes), data_through(answer)], width, "dim"),
    ]
    for at, part in enumerate(filter(None, parts)):
        if at:
            yield Text()
        yield from part


def _facts(facts: Sequence[Fact], width: int) -> list[Text]:
    """Labels, figures and notes below each other; a long one goes on under where it began."""
    labels = [one_line(fact.label) for fact in facts]
    figures = [said(fact.value) for fact in facts]
    label_width = min(_LONGEST_LABEL, max(map(cell_len, labels), default=0), width // 2)
    figure_width = max((cell_len(figure) for figure in figures if cell_len(figure) <= _LONGEST_FIGURE), default=0)
    page: list[Text] = []
    for label, figure, fact in zip(labels, figures, facts, strict=True):
        note = one_line(fact.note)
        room = width - label_width - len(GAP)
        figure = figure + " " * (figure_width - cell_len(figure)) if note else figure
        for at, line in enumerate(_wrapped(f"{figure}{GAP}{note}".rstrip(), room)):
            page.append(Text(pad("" if at else label, label_width) + GAP, end="").append_text(line))
    return page


def _chart(chart: Chart, width: int) -> list[Text]:
    title = f"{one_line(chart.title)} ({one_line(chart.unit)})"
    drawn = [Text(line) for line in aligned.bars(chart, width)]
    return [*_wrapped(title, width, "bold"), *_wrapped(one_line(chart.finding), width), *drawn]


def _table(table: Table, width: int) -> list[Text]:
    if not table.columns:
        return []
    return [*_wrapped(one_line(table.title), width, "bold"), *(Text(line) for line in aligned.table(table, width))]


def _all_wrapped(written: Sequence[str], width: int, style: str = "") -> list[Text]:
    return [line for one in written for line in _wrapped(one, width, style)]


def _wrapped(written: str, width: int, style: str = "") -> list[Text]:
    """A text broken into lines between words; nothing for an empty one."""
    if not written:
        return []
    return list(Text(written, style=style).wrap(Console(file=StringIO(), width=width, _environ={}), width))
