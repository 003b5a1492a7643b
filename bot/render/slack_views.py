"""What stands in Slack outside of messages: App Home, and the dialog in which one asks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.answers.answer import Answer, Bar, Cell, Column, Table
from bot.render import slack
from bot.render.plain import cut, lines, one_line, said, uncoded
from bot.render.slack_blocks import (
    BUTTONS,
    HEADER,
    LABEL,
    OPTION,
    OPTION_VALUE,
    PLACEHOLDER,
    SECTION,
    VIEW_TITLE,
    Block,
    button,
    context,
    date,
    escaped,
    modal,
    mrkdwn,
    plain_text,
    remark,
    section,
    sentence,
    within,
)
from bot.render.slack_figures import Pictures, tables

View = dict[str, Any]

DIALOG = "ask"
"""The dialog's callback_id."""
WORDS = "words"
"""Block and field of what is asked in it."""
NAMES = "names"
"""The action_id of the field that finds teams and models as one types; its value is the question."""
REFRESH, OPEN = "refresh", "open"
_TITLE = "Claude usage"
_MOST_WORDS = 2000
_LINE = 1000
_CHANNEL_OR_USER = re.compile(r"(?=\w*\d)[CGUW][A-Z0-9]{5,20}")
_WAITING = "Still adding up…"


def home(answer: Answer, *, native: bool = True) -> View:
    """The answer as an App Home: one table of Slack's own, the other rows as lines, since letters of one width do not
    fit a telephone; not `native`: all of them as lines."""
    top, *rest = answer.tables
    body: list[Block] = [{"type": "header", "text": plain_text(one_line(answer.title), HEADER)}]
    body += [section("\n".join(lines(answer.headline))), _controls(), {"type": "divider"}]
    body += [*tables((top,), native=True)] if native and top.title else _listed(top)
    if buttons := _buttons(answer):
        body.append(buttons)
    for table in rest:
        body += [{"type": "divider"}, *_listed(table)]
    body += [sentence("\n".join(written)) for written in map(lines, answer.paragraphs) if written]
    fresh = [mrkdwn(f"Data through {date(answer.data_through)}")] if answer.data_through else []
    notes = [*(plain_text(one_line(note), _LINE) for note in answer.notes), *fresh]
    return {"type": "home", "blocks": within([*body, *([context(notes)] if notes else [])])}


def home_without_figures(words: str, reference: str | None = None) -> View:
    """Home when something is wrong: what, and the button that tries again."""
    return {"type": "home", "blocks": [_head(), *slack.sorry(words, reference)["blocks"], _controls()]}


def home_waiting() -> View:
    """Home while its figures take their time."""
    return {"type": "home", "blocks": [_head(), remark(_WAITING)]}


def asking(examples: Sequence[str]) -> View:
    """The dialog before anything was asked; `examples` are questions that answer at a press."""
    pressed = [
        button(example, f"{slack.ASK}:{number}", example)
        for number, example in enumerate(filter(slack.fits_a_button, examples))
    ]
    body: list[Block] = [{"type": "actions", "block_id": "examples", "elements": pressed}] if pressed else []
    return _dialog("", [remark("Or press one of these:"), *body] if body else [])


def answered(answer: Answer, pictures: Pictures = slack.NO_PICTURES) -> View:
    """The dialog with an answer under the field; it takes no native charts and tables."""
    message = slack.unshared(slack.plain(answer, pictures))
    return _dialog(answer.question, [{"type": "divider"}, *message["blocks"]])


def sorry(asked: str, words: str, reference: str | None = None) -> View:
    """The dialog with an apology under the field that still holds what was asked."""
    return _dialog(asked, [{"type": "divider"}, *slack.sorry(words, reference)["blocks"]])


def waiting() -> View:
    """The dialog while an answer takes its time: nothing in it can be pressed."""
    return modal(DIALOG, _TITLE, [section(_WAITING)])


def note() -> dict[str, Any]:
    """The message while an answer takes its time."""
    return {"text": _WAITING, "blocks": [remark(_WAITING)]}


def field_error(words: str) -> dict[str, str]:
    """An apology at the field itself, which has no letters for code."""
    return {WORDS: uncoded(one_line(words))}


def choices(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> list[dict[str, Any]]:
    """Groups of a typeahead, each (label, [(name, question)]); what can't be carried whole is left out."""
    found = []
    for label, pairs in groups:
        options = [
            {"text": plain_text(one_line(name) or "–", OPTION), "value": question}
            for name, question in pairs
            if len(question) <= OPTION_VALUE
        ]
        if options:
            found.append({"label": plain_text(label, OPTION), "options": options})
    return found


def _dialog(asked: str, below: Sequence[Block]) -> View:
    field: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": WORDS,
        "max_length": _MOST_WORDS,
        "placeholder": plain_text("team alpha last week by model", PLACEHOLDER),
    }
    if asked:
        field["initial_value"] = cut(asked, _MOST_WORDS)
    blocks: list[Block] = [
        {
            "type": "input",
            "block_id": WORDS,
            "label": plain_text("What do you want to know?", LABEL),
            "element": field,
        },
        {"type": "actions", "block_id": NAMES, "elements": [_finder()]},
        *below,
    ]
    return modal(DIALOG, _TITLE, blocks) | {"submit": plain_text("Ask", VIEW_TITLE)}


def _head() -> Block:
    return {"type": "header", "text": plain_text(_TITLE, HEADER)}


def _controls() -> Block:
    ask = button("Ask a question", OPEN, OPEN) | {"style": "primary"}
    return {
        "type": "actions",
        "block_id": "controls",
        "elements": [ask, button("Refresh", REFRESH, REFRESH), _finder()],
    }


def _finder() -> Block:
    return {
        "type": "external_select",
        "action_id": NAMES,
        "min_query_length": 0,
        "placeholder": plain_text("Find a team or a model", PLACEHOLDER),
    }


def _buttons(answer: Answer) -> Block | None:
    shown = [action for action in answer.actions if slack.fits_a_button(action.question)][:BUTTONS]
    pressed = [
        button(one_line(action.label) or action.question, f"{slack.ASK}:{number}", action.question)
        for number, action in enumerate(shown)
    ]
    return {"type": "actions", "block_id": "questions", "elements": pressed} if pressed else None


def _listed(table: Table) -> list[Block]:
    """A line for each row, its name in bold; as many sections as they need."""
    title = f"*{escaped(one_line(table.title), _LINE)}*"
    sections = [title]
    for row in table.rows:
        line = f"• {_line(table.columns, row)}"
        if len(sections[-1]) + len(line) >= SECTION:
            sections.append(line)
        else:
            sections[-1] += f"\n{line}"
    return [{"type": "section", "text": mrkdwn(text)} for text in sections]


def _line(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    name, *others = zip(columns, row, strict=True)
    rest = " · ".join(_said(column, cell) for column, cell in others)
    return f"*{escaped(said(name[1]) or '–', _LINE // 2)}*  {rest}"


def _said(column: Column, cell: Cell) -> str:
    """A figure with what it is, a bar as it is, and Slack's own ids as the names they stand for."""
    if isinstance(cell, Bar):
        return said(cell)
    if column.numeric:
        return f"{one_line(column.title).lower()} {escaped(said(cell), _LINE // 4)}"
    return ", ".join(_named(part) for part in said(cell).split(", "))


def _named(text: str) -> str:
    if _CHANNEL_OR_USER.fullmatch(text):
        return f"<{'@' if text[0] in 'UW' else '#'}{text}>"
    return escaped(text, _LINE // 2)
