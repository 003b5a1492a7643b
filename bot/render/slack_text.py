"""A message's text: the whole answer in words, for notifications and for who hears the screen read aloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.answers.answer import Answer, Table
from bot.core.wording import and_more
from bot.render.plain import data_through, lines, one_line, said, uncoded
from bot.render.slack_blocks import TEXT, escaped

LINE = 1500
ROWS = 10


def text(answer: Answer, title: str) -> str:
    """Everything but the buttons, escaped, at most 4,000 characters and its end visibly cut."""
    said_lines = [escaped(line, LINE) for line in (title, *_words(answer)) if line]
    if len(whole := "\n".join(said_lines)) <= TEXT:
        return whole
    room = TEXT - len(and_more(len(said_lines), "line"))
    kept = 0
    while (room := room - len(said_lines[kept]) - 1) >= 0:
        kept += 1
    return "\n".join([*said_lines[:kept], and_more(len(said_lines) - kept, "line")])


def _words(answer: Answer) -> Iterator[str]:
    yield from lines(answer.headline)
    for fact in answer.facts:
        note = one_line(fact.note)
        yield f"{one_line(fact.label)}: {said(fact.value)}" + (f" ({note})" if note else "")
    for chart in answer.charts:
        yield ": ".join(filter(None, map(one_line, (chart.title, chart.finding))))
    for table in answer.tables:
        yield from _rows(table)
    for item in answer.items:
        yield f"• {one_line(item.words)}"
    for part in answer.parts:
        yield one_line(part.title)
        yield from _words(replace(part, data_through=None))
    for paragraph in answer.paragraphs:
        yield from map(uncoded, lines(paragraph))
    yield from map(one_line, answer.notes)
    yield data_through(answer)


def _rows(table: Table) -> Iterator[str]:
    """A line for each of the first rows and for the total, its figures named, as one reads a table aloud."""
    yield f"{one_line(table.title) or 'Table'}:" if table.rows else f"{one_line(table.title) or 'Table'}: no rows"
    titles = [one_line(column.title) for column in table.columns]
    for row in table.rows[:ROWS]:
        yield _aloud(titles, [said(cell) for cell in row])
    if hidden := table.left_out(ROWS):
        yield and_more(hidden, "row")
    if table.total:
        yield _aloud(titles, [said(cell) for cell in table.total])


def _aloud(titles: list[str], texts: list[str]) -> str:
    figures = ", ".join(f"{title} {text}" for title, text in zip(titles[1:], texts[1:], strict=True) if text)
    return f"{texts[0]}: {figures}" if figures else "".join(texts[:1])
