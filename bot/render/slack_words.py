"""An answer in a message without blocks: the last resort in a workspace that refuses every layout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.answers.answer import Answer
from bot.core.wording import and_more
from bot.render import aligned
from bot.render.plain import data_through, lines, one_line, uncoded
from bot.render.slack_blocks import TEXT, escaped

_LINE = 600
_WIDTH, _ROWS = 64, 25


def message(answer: Answer) -> dict[str, Any]:
    """`{"text", "blocks": []}`: title, sentences and notes, and the tables in letters of one width."""
    parts = [escaped(line, _LINE) for line in (one_line(answer.title), *lines(answer.headline)) if line]
    for table in answer.tables:
        shown = replace(table, rows=table.rows[:_ROWS])
        drawn = "\n".join(escaped(line, _LINE) for line in aligned.table(shown, _WIDTH))
        hidden = table.left_out(_ROWS)
        parts += [
            escaped(one_line(table.title), _LINE),
            f"```\n{drawn}\n```",
            *([and_more(hidden, "row")] if hidden else []),
        ]
    written = [f"• {one_line(item.words)}" for item in answer.items]
    for part in answer.parts:
        written += [one_line(part.title), *lines(part.headline), *map(uncoded, part.paragraphs)]
    written += [uncoded(line) for paragraph in answer.paragraphs for line in lines(paragraph)]
    parts += [escaped(line, _LINE) for line in (*written, *map(one_line, answer.notes), data_through(answer)) if line]
    return {"text": _fitting(parts), "blocks": []}


def _fitting(parts: list[str]) -> str:
    """Whole parts only: half a table would leave the rest of the message in letters of one width."""
    if len(whole := "\n".join(parts)) <= TEXT:
        return whole
    room = TEXT - len(and_more(len(parts), "part")) - 1
    kept: list[str] = []
    for part in parts:
        if len(part) + 1 <= room:
            kept.append(part)
            room -= len(part) + 1
    return "\n".join([*kept, and_more(len(parts) - len(kept), "part")])
