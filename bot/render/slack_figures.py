"""Charts and tables as Slack draws them itself, and in letters of one width where it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.answers.answer import Cell, Chart, ChartKind, Table
from bot.core.wording import and_more
from bot.render import aligned
from bot.render.plain import cut, one_line, said
from bot.render.slack_blocks import (
    ALT_TEXT,
    CHART_LABEL,
    CHART_LABELS,
    CHART_SERIES,
    CHART_TITLE,
    CHARTS,
    SECTION,
    TABLE_COLUMNS,
    TABLE_LETTERS,
    TABLE_ROWS,
    Block,
    bold,
    one_width,
    remark,
    section,
)

Pictures = Mapping[Chart, str]
"""The ids under which Slack holds pictures of charts."""
CELL = 80
"""Not Slack's limit: a longer name pushes the figures off the screen."""
WIDTH, LINES = 64, 25
"""What a narrow window shows of letters of one width without breaking lines."""


def charts(drawn: Sequence[Chart], *, native: bool, pictures: Pictures) -> Iterator[Block]:
    """Each chart with its finding in words; those that Slack would refuse as pictures, or as bars of letters."""
    for chart, block in zip(drawn, _native(drawn) if native else [None] * len(drawn), strict=True):
        if shown := block or _picture(chart, pictures):
            yield shown
            if finding := one_line(chart.finding):
                yield remark(finding)
        else:
            yield from _bars(chart)


def undrawn(drawn: Sequence[Chart], *, native: bool) -> tuple[Chart, ...]:
    """The charts of which there must be pictures, because Slack will not draw them itself."""
    if not native:
        return tuple(drawn)
    return tuple(chart for chart, block in zip(drawn, _native(drawn), strict=True) if block is None)


def tables(drawn: Sequence[Table], *, native: bool) -> Iterator[Block]:
    """The first table as Slack's own; it takes one in a message, so the next are set in letters of one width.

    That keeps the columns of figures together, which a second kind of block with its own paging would not.
    """
    for at, table in enumerate(table for table in drawn if table.columns):
        if title := one_line(table.title):
            yield bold(cut(title, SECTION))
        yield from _native_table(table) if native and at == 0 else _aligned_table(table)


# --- charts


def _native(drawn: Sequence[Chart]) -> list[Block | None]:
    """Slack's own block for each chart; None for one it would refuse, and for any after the first two."""
    blocks = [_native_chart(chart) for chart in drawn]
    fit = [at for at, block in enumerate(blocks) if block][:CHARTS]
    return [block if at in fit else None for at, block in enumerate(blocks)]


def _native_chart(chart: Chart) -> Block | None:
    """A chart Slack draws itself; None for one it would refuse. It stacks no bars: their parts are lines."""
    if not (0 < len(chart.labels) <= CHART_LABELS and 0 < len(chart.series) <= CHART_SERIES) or chart.band:
        return None
    values = [[value for value in series.values if value is not None] for series in chart.series]
    if any(len(one) < len(chart.labels) for one in values):
        return None
    labels = _distinct(chart.labels)
    data = [
        [{"label": label, "value": _number(value)} for label, value in zip(labels, one, strict=True)] for one in values
    ]
    drawn: Block
    if chart.kind is ChartKind.PIE and len(values) == 1 and _is_pie(values[0]):
        drawn = {"type": "pie", "segments": data[0]}
    else:
        names = _distinct(series.name for series in chart.series)
        drawn = {
            "type": "line" if _is_lines(chart) else "bar",
            "series": [{"name": name, "data": points} for name, points in zip(names, data, strict=True)],
            "axis_config": {"categories": labels, "y_label": cut(one_line(chart.unit), CHART_TITLE) or "–"},
        }
    title = cut(one_line(chart.title), CHART_TITLE) or "Chart"
    return {"type": "data_visualization", "title": title, "chart": drawn}


def _picture(chart: Chart, pictures: Pictures) -> Block | None:
    """The chart as an uploaded file; the words for whoever can't see it are those under it."""
    file = pictures.get(chart)
    if file is None:
        return None
    words = ". ".join(filter(None, map(one_line, (chart.title, chart.finding))))
    return {"type": "image", "slack_file": {"id": file}, "alt_text": cut(words, ALT_TEXT) or "Chart"}


def _is_pie(pieces: Sequence[Decimal]) -> bool:
    """Slack's pies have few pieces, none of them nothing or negative; bars show the others in full."""
    return len(pieces) <= CHART_SERIES and all(value > 0 for value in pieces)


def _is_lines(chart: Chart) -> bool:
    return chart.kind is ChartKind.LINE or (chart.kind is ChartKind.STACK and len(chart.series) > 1)


def _number(value: Decimal) -> int | float:
    """What JSON can carry to a picture; the exact figure stays in the table."""
    return int(value) if value == value.to_integral_value() else float(value)


def _distinct(names: Iterable[str]) -> list[str]:
    """Names cut to a chart's labels and still all different: Slack refuses the same one twice."""
    found: list[str] = []
    for name in map(one_line, names):
        label, number = cut(name, CHART_LABEL) or "–", 1
        while label in found:
            number += 1
            mark = f" ({number})"
            label = cut(name, CHART_LABEL - len(mark)) + mark
        found.append(label)
    return found


def _bars(chart: Chart) -> Iterator[Block]:
    if words := ": ".join(filter(None, map(one_line, (chart.title, chart.finding)))):
        yield section(words)
    lines = aligned.bars(chart, WIDTH)
    if lines:
        yield one_width("\n".join(lines[:LINES]))
    if len(lines) > LINES:
        yield remark(and_more(len(lines) - LINES, "line"))


# --- tables


def _native_table(table: Table) -> Iterator[Block]:
    """All columns and rows that Slack takes, the total always among them."""
    columns = table.columns[:TABLE_COLUMNS]
    head = [bold(_text(column.title)) for column in columns]
    foot = [bold(_text(cell)) for cell in (table.total or ())[:TABLE_COLUMNS]]
    letters = TABLE_LETTERS - sum(len(_text(cell)) for cell in (*(c.title for c in columns), *(table.total or ())))
    rows: list[list[Block]] = []
    for row in table.rows[: TABLE_ROWS - (2 if foot else 1)]:
        texts = [_text(cell) for cell in row[:TABLE_COLUMNS]]
        letters -= sum(map(len, texts))
        if letters < 0:
            break
        rows.append([{"type": "raw_text", "text": text} for text in texts])
    settings = [{"align": "right"} if column.numeric else {"align": "left", "is_wrapped": True} for column in columns]
    yield {"type": "table", "column_settings": settings, "rows": [head, *rows, *([foot] if foot else [])]}
    yield from _left_out(rows=table.left_out(len(rows)), columns=len(table.columns) - len(columns))


def _aligned_table(table: Table) -> Iterator[Block]:
    """As many rows as fit into a section, however many letters each of them takes."""
    rows = table.rows[:LINES]
    while len(text := "\n".join(aligned.table(replace(table, rows=rows), WIDTH))) > SECTION and rows:
        rows = rows[: len(rows) // 2]
    yield one_width(text)
    yield from _left_out(rows=table.left_out(len(rows)), columns=0)


def _left_out(*, rows: int, columns: int) -> Iterator[Block]:
    hidden = [and_more(count, thing) for count, thing in ((rows, "row"), (columns, "column")) if count]
    if hidden:
        yield remark(", ".join(hidden))


def _text(cell: Cell) -> str:
    """What stands in a cell, which may not be empty: Slack refuses the whole message for it."""
    return cut(said(cell), CELL) or " "
