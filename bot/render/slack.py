"""An answer as a Slack message: plain dicts, within Slack's limits, with nothing in it that formats by accident.

Names and other text from outside go into plain_text, raw_text and rich_text, which Slack shows letter by letter.
Only field labels and dates need mrkdwn, and there `escaped` takes the meaning out of every character that has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any

from bot.answers.answer import Action, Answer, Control, Fact, Item, Tone
from bot.core.wording import and_more
from bot.render import slack_alerts
from bot.render.plain import cut, data_through, lines, one_line, said, uncoded
from bot.render.slack_blocks import (
    BLOCKS,
    BUTTON,
    BUTTONS,
    CONTEXT,
    FIELD,
    FIELDS,
    HEADER,
    TEXT,
    VALUE,
    Block,
    button,
    context,
    date,
    escaped,
    mrkdwn,
    plain_text,
    remark,
    section,
    sentence,
    titled,
)
from bot.render.slack_figures import Pictures, charts, tables
from bot.render.slack_text import text

ASK = "ask"
"""A button's action_id is `ask:<n>`, its value the question."""
DO = "do"
"""What does something: its action_id is `do:<act>`."""
SHARE = "share"
RECEIPT = "receipt"
CSV = "csv"
NO_PICTURES: Pictures = MappingProxyType({})
_WARNING = "⚠️ "
_REFERENCE = 100


def message(answer: Answer, pictures: Pictures = NO_PICTURES) -> dict[str, Any]:
    """`{"text", "blocks"}`, with native charts and the first table native; pictures where Slack does not draw."""
    return {"text": text(answer, _title(answer)), "blocks": _blocks(answer, pictures, native=True)}


def plain(answer: Answer, pictures: Pictures = NO_PICTURES) -> dict[str, Any]:
    """The same message for workspaces that refuse native tables and charts (`invalid_blocks`)."""
    return {"text": text(answer, _title(answer)), "blocks": _blocks(answer, pictures, native=False)}


def sorry(words: str, reference: str | None = None) -> dict[str, Any]:
    """A sentence or two of apology, its `code` as code, and the reference to quote when asking for help."""
    said_lines = [one_line(words) or "Something broke."]
    blocks = [sentence(said_lines[0])]
    if reference:
        said_lines.append(f"Reference {cut(one_line(reference), _REFERENCE)}")
        blocks.append(remark(said_lines[1]))
    return {"text": "\n".join(escaped(uncoded(line), TEXT // 2) for line in said_lines), "blocks": blocks}


def unshared(message: dict[str, Any]) -> dict[str, Any]:
    """The message for a place that is no channel, without the button that shows it to one."""
    blocks = []
    for block in message["blocks"]:
        if block["type"] == "actions":
            elements = [element for element in block["elements"] if element["action_id"] != SHARE]
            blocks += [block | {"elements": elements}] if elements else []
        else:
            blocks.append(block)
    return message | {"blocks": blocks}


def _blocks(answer: Answer, pictures: Pictures, *, native: bool) -> list[Block]:
    """Title, headline, facts, charts, tables and paragraphs; then notes and buttons, which are never pushed out."""
    drawn = charts(answer.charts, native=native, pictures=pictures)
    body = [*_top(answer), *drawn, *tables(answer.tables, native=native), *map(_item, answer.items)]
    said_last = [sentence("\n".join(written)) for written in map(lines, answer.paragraphs) if written]
    end = [*_notes(answer), *_controls(answer), *_buttons(answer)]
    if answer.parts:
        end = [*said_last, *end]
        body += _parts(answer.parts, BLOCKS - len(body) - len(end))
    else:
        body += said_last
    room = BLOCKS - len(end)
    if len(body) > room:
        body = [*body[: room - 1], remark(and_more(len(body) - room + 1, "part"))]
    return body + end


def _title(answer: Answer) -> str:
    """The title with the one emoji a message may carry; the sentence below says the same in words."""
    title = cut(one_line(answer.title), HEADER - len(_WARNING))
    return _WARNING + title if title and answer.tone is Tone.WARNING else title


def _top(answer: Answer) -> Iterator[Block]:
    if title := _title(answer):
        yield {"type": "header", "text": plain_text(title, HEADER)}
    if headline := lines(answer.headline):
        yield section("\n".join(headline))
    for start in range(0, len(answer.facts), FIELDS):
        yield {"type": "section", "fields": [_field(fact) for fact in answer.facts[start : start + FIELDS]]}


def _field(fact: Fact) -> Block:
    written = [f"*{escaped(one_line(fact.label) or '–', FIELD // 4)}*", escaped(said(fact.value) or "–", FIELD // 4)]
    if note := one_line(fact.note):
        written.append(escaped(note, FIELD // 4))
    return mrkdwn("\n".join(written))


def _notes(answer: Answer) -> Iterator[Block]:
    notes = [note for note in map(one_line, answer.notes) if note]
    fresh = [_fresh(words, answer)] if (words := data_through(answer)) else []
    room = CONTEXT - len(fresh)
    if len(notes) > room:
        notes = [*notes[: room - 1], and_more(len(notes) - room + 1, "note")]
    if notes or fresh:
        yield context([*(plain_text(note, FIELD) for note in notes), *fresh])


def _fresh(words: str, answer: Answer) -> Block:
    """The same words with the instant in each reader's own zone, where there is one."""
    return mrkdwn(f"Data through {date(answer.data_through)}") if answer.data_through else plain_text(words, FIELD)


def _parts(parts: Sequence[Answer], room: int) -> Iterator[Block]:
    """As many as there is room for, each whole: what is said of a thing without its buttons would look done."""
    written = [[*_part(part)] for part in parts]
    if sum(map(len, written)) > room:
        shown = 0
        while sum(map(len, written[: shown + 1])) < room:
            shown += 1
        written = [*written[:shown], [remark(and_more(len(written) - shown))]]
    for blocks in written:
        yield from blocks


def _part(part: Answer) -> Iterator[Block]:
    """Three blocks: what it is and who did what, its figures, its buttons."""
    yield titled(one_line(part.title), "\n".join(lines("\n".join((part.headline, *part.paragraphs)))))
    figures = " · ".join(f"{one_line(fact.label)} {said(fact.value)}" for fact in part.facts)
    yield context([plain_text(words, FIELD) for words in (figures, *map(one_line, part.notes[: CONTEXT - 1])) if words])
    pressed = [_control(one) for one in _every_control(part)]
    asked = [_ask(number, action) for number, action in enumerate(part.actions) if fits_a_button(action.question)]
    if buttons := [*pressed, *asked][:BUTTONS]:
        yield {"type": "actions", "elements": buttons}


def _item(item: Item) -> Block:
    return section(one_line(item.words)) | {"accessory": _control(item.control)}


def _controls(answer: Answer) -> Iterator[Block]:
    if every := _every_control(answer):
        yield {"type": "actions", "elements": [_control(one) for one in every[:BUTTONS]]}


def _every_control(answer: Answer) -> tuple[Control, ...]:
    if answer.episode is None:
        return answer.controls
    return (*slack_alerts.controls(answer.episode, acknowledged=answer.acknowledged), *answer.controls)


def _control(one: Control) -> Block:
    named = {"action_id": f"{DO}:{one.act}"}
    if one.date:
        return {"type": "datepicker", "placeholder": plain_text(one.label, BUTTON)} | named
    if one.options:
        offered = [{"text": plain_text(label, BUTTON), "value": value} for value, label in one.options]
        return {"type": "static_select", "placeholder": plain_text(one.label, BUTTON), "options": offered} | named
    style = {"style": "primary"} if one.primary else {}
    return button(one.label, f"{DO}:{one.act}", one.value) | style


def _buttons(answer: Answer) -> Iterator[Block]:
    share = fits_a_button(answer.question)
    figures = share and answer.report is not None
    possible = [action for action in answer.actions if fits_a_button(action.question)]
    shown = possible[: BUTTONS - share - 2 * figures]
    buttons = [_ask(number, action) for number, action in enumerate(shown)]
    if figures:
        buttons += [button("Receipt", RECEIPT, answer.question), button("CSV", CSV, answer.question)]
    if share:
        buttons.append(button("Share to channel", SHARE, answer.question))
    if buttons:
        yield {"type": "actions", "elements": buttons}
    if hidden := len(answer.actions) - len(shown):
        yield remark(and_more(hidden, "question"))


def fits_a_button(question: str) -> bool:
    """Whether Slack would carry it whole: a cut or mended question would ask something else."""
    return 0 < len(question) <= VALUE and not any("\ud800" <= character <= "\udfff" for character in question)


def _ask(number: int, action: Action) -> Block:
    act = RECEIPT if action.receipt else f"{ASK}:{number}"
    return button(one_line(action.label) or action.question, act, action.question)
