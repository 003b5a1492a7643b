"""Forms and settings as Slack's dialogs: plain dicts, within Slack's limits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.answers.answer import Answer
from bot.answers.form import Field, Form, Kind, Option, Press
from bot.answers.settings import TITLES, Line, Settings
from bot.answers.unowned import TEAM, Unowned
from bot.core import wording
from bot.core.configuration.merged import What
from bot.core.receivers import is_channel, is_slack_id
from bot.render import slack
from bot.render.plain import cut, lines, one_line, uncoded
from bot.render.slack_blocks import (
    HINT,
    LABEL,
    OPTION,
    OPTION_VALUE,
    OPTIONS,
    SECTION,
    VIEW_BLOCKS,
    VIEW_TITLE,
    Block,
    button,
    context,
    escaped,
    italic,
    modal,
    mrkdwn,
    plain_text,
    remark,
    section,
    sentence,
)

View = dict[str, Any]

FORM, SETTINGS = "form", "settings"
"""The callback_ids of their dialogs."""
PRESS, OPEN, CHANGE, CLAIM = "form:press", "form:open", "form:change", "form:claim"
"""action_ids; that of a field that finds is `form:find:<what>`."""
FIND = "form:find"
EDIT, REMOVE = "edit", "remove"
"""What a line of the settings offers; the value is that, the kind and the id."""
_LONGEST = 300
_ADMINS = 15
"""As many as fit a remark, however long their addresses."""
_NEW = {
    What.DIGEST: "Digest",
    What.BUDGET: "Budget",
    What.RULE: "Alert rule",
    What.SILENCE: "Silence",
    What.OWNERS: "Owners",
}


def form(form: Form, state: Mapping[str, str] = MappingProxyType({})) -> View:
    """A form as a dialog; what it holds at first stands in its fields. `state` comes back with the form's own."""
    pressed = {"type": "actions", "block_id": "presses", "elements": list(_presses(form.presses))}
    presses = [pressed] if form.presses else []
    found = [*map(_said, form.below)]
    if form.warning:
        found.append({"type": "alert", "level": "warning", "text": plain_text(one_line(form.warning), SECTION)})
    filled = [*map(_field, form.fields), *presses, *found] if form.fields else [*found, *presses]
    blocks = [*map(_said, form.said), *filled]
    shown = modal(FORM, form.title, blocks, close="Cancel" if form.submit else "Close")
    submit = {"submit": plain_text(form.submit, VIEW_TITLE)} if form.submit else {}
    return shown | submit | {"private_metadata": json.dumps({**form.state, **state}, ensure_ascii=False)}


def errors(fields: Mapping[str, str], known: Sequence[str]) -> dict[str, str]:
    """What is wrong under each field; what stands under none goes to the first."""
    found: dict[str, str] = {}
    for key, words in fields.items():
        at = key if key in known else known[0]
        found[at] = " ".join(filter(None, (found.get(at), cut(uncoded(one_line(words)), _LONGEST))))
    return found


def sorry(words: str, reference: str | None = None) -> View:
    """A dialog with an apology, where there is nothing to fill in."""
    return modal(FORM, "Settings", slack.sorry(words, reference)["blocks"])


def waiting() -> View:
    return modal(FORM, "Settings", [section("One moment…")])


def preview(answer: Answer) -> View:
    """An answer in a dialog of its own; it takes no native charts and tables."""
    message = slack.unshared(slack.plain(answer, slack.NO_PICTURES))
    blocks = [block for block in message["blocks"] if block["type"] != "actions"]
    return modal(FORM, "Preview", blocks)


def settings(settings: Settings) -> View:
    """What is in force, by kind; what Slack has can be changed here by whoever may, and new things can be made."""
    blocks: list[Block] = [{"type": "actions", "block_id": "new", "elements": list(_new(settings))}]
    file = f"{settings.file}, applied {wording.instant(settings.applied_at)}" if settings.file else "none applied yet"
    shown = [_referred(one) for one in settings.admins[:_ADMINS]]
    unshown = [wording.and_more(len(settings.admins) - _ADMINS)] if len(settings.admins) > _ADMINS else []
    about = f"Time zone {settings.zone}. Configuration file: {escaped(one_line(file), _LONGEST)}."
    blocks.append(context([mrkdwn(f"{about} Admins: {', '.join([*shown, *unshown]) or 'nobody'}.")]))
    for what, title in TITLES.items():
        of_kind = [line for line in settings.lines if line.what is what]
        if of_kind:
            blocks += [{"type": "divider"}, _bold(title), *_lines(of_kind)]
    if settings.unowned:
        blocks += [{"type": "divider"}, _bold("What nobody owns"), *map(_claimable, settings.unowned)]
    if settings.log:
        logged = (
            f"{wording.instant(one.at)} {_referred(one.by)}: {escaped(f'{one.what} {one.id} {one.did}', _LONGEST)}"
            for one in settings.log
        )
        blocks += [{"type": "divider"}, _bold("Changes in Slack"), *_paragraphs(logged)]
    if len(blocks) > VIEW_BLOCKS:
        blocks = [*blocks[: VIEW_BLOCKS - 1], remark("There is more: `settings` in words has all.")]
    return modal(SETTINGS, "Settings", blocks)


def _claimable(thing: Unowned) -> Block:
    """One thing that nobody owns, with the button that opens the form to give it to a team."""
    spent = f"{wording.to_the_cent(thing.spent)} in the last 30 days"
    words = f"*{escaped(one_line(thing.name) or thing.id, _LONGEST)}*  {thing.called} · {spent}"
    label, act = ("Owners", OPEN) if thing.kind == TEAM else ("Claim", CLAIM)
    value = f"{What.OWNERS}/{thing.id}" if thing.kind == TEAM else f"{thing.kind}/{thing.id}"
    return {"type": "section", "text": mrkdwn(words), "accessory": button(label, act, value)}


def options(found: Sequence[tuple[str, Sequence[Option]]]) -> dict[str, Any]:
    """What a field that finds offers, in groups; what can't be carried whole is left out."""
    groups = [
        {"label": plain_text(label, OPTION), "options": fitting}
        for label, some in found
        if (fitting := [_option(one) for one in some if len(one.value) <= OPTION_VALUE][:OPTIONS])
    ]
    return {"option_groups": groups} if groups else {"options": []}


def held(state: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """What the fields of a dialog hold, by their keys."""
    return {key: _held(next(iter(block.values()))) for key, block in state.get("values", {}).items() if block}


def _held(field: Mapping[str, Any]) -> str | tuple[str, ...]:
    if "selected_options" in field:
        return tuple(str(one["value"]) for one in field["selected_options"] or ())
    if "selected_users" in field:
        return tuple(map(str, field["selected_users"] or ()))
    if "selected_option" in field:
        return str((field["selected_option"] or {}).get("value", ""))
    keys = ("value", "selected_conversation", "selected_date", "selected_time")
    return str(next((field[key] for key in keys if field.get(key)), ""))


def _said(words: str) -> Block:
    return sentence("\n".join(lines(words)))


def _bold(title: str) -> Block:
    return {"type": "section", "text": mrkdwn(f"*{title}*")}


def _presses(presses: Sequence[Press]) -> Iterator[Block]:
    for press in presses:
        yield button(press.label, f"{PRESS}:{press.act}", press.value or press.act)


def _new(settings: Settings) -> Iterator[Block]:
    """Everybody may have a digest; the rest is for admins and owners."""
    for what, label in _NEW.items():
        if what is What.DIGEST or settings.admin or settings.owner:
            yield button(f"New {label.lower()}" if what is not What.OWNERS else label, f"{OPEN}:{what}", f"{what}/")


def _lines(of_kind: Sequence[Line]) -> Iterator[Block]:
    """What can be changed has a block of its own with its menu, the rest goes together."""
    pressed = [line for line in of_kind if line.changeable and len(f"{REMOVE}/{_value(line)}") <= OPTION_VALUE]
    yield from _paragraphs(_line(line) for line in of_kind if line not in pressed)
    for line in pressed:
        menu = {"type": "overflow", "action_id": CHANGE, "options": list(_choices(line))}
        yield {"type": "section", "block_id": _value(line), "text": mrkdwn(_line(line)), "accessory": menu}


def _choices(line: Line) -> Iterator[Block]:
    """What can be done to it: claims and silences are only taken back."""
    if line.what not in (What.CLAIM, What.SILENCE):
        yield _option(Option(f"{EDIT}/{_value(line)}", "Change"))
    yield _option(Option(f"{REMOVE}/{_value(line)}", "End it" if line.what is What.SILENCE else "Remove"))


def _value(line: Line) -> str:
    return f"{line.what}/{line.key or line.id}"


def _line(line: Line) -> str:
    words = f"*{escaped(one_line(line.id), 80)}*  {_naming(line)}"
    if line.by is None:
        return f"{words}\n{italic('in the configuration file')}"
    made = f"by {_referred(line.by)}" + (f", {wording.instant(line.at)}" if line.at else "")
    note = f"not in force: {escaped(line.aside, _LONGEST)} ({made})" if line.aside else made
    return f"{words}\n{italic(note)}"


def _naming(line: Line) -> str:
    """What a line says, with the names that Slack knows for the ids in it."""
    words = escaped(one_line(line.said), _LONGEST)
    ids = "|".join(map(re.escape, line.named))
    return re.sub(rf"(?<!\w)(?:{ids})(?!\w)", lambda id_: _referred(id_[0]), words) if ids else words


def _referred(receiver: str) -> str:
    """Somebody or a channel: by the name that Slack shows for an id, else as it stands."""
    if is_slack_id(receiver):
        return f"<{'#' if is_channel(receiver) else '@'}{receiver}>"
    return escaped(one_line(receiver), 80)


def _paragraphs(written: Iterable[str]) -> Iterator[Block]:
    """Lines in as few sections as hold them."""
    text = ""
    for line in written:
        if text and len(text) + len(line) >= SECTION:
            yield {"type": "section", "text": mrkdwn(text)}
            text = ""
        text = f"{text}\n{line}" if text else line
    if text:
        yield {"type": "section", "text": mrkdwn(text)}


def _field(field: Field) -> Block:
    block: Block = {
        "type": "input",
        "block_id": field.key,
        "label": plain_text(field.label, LABEL),
        "element": _ELEMENTS[field.kind](field) | {"action_id": f"{FIND}:{field.find}" if field.find else field.key},
        "optional": field.optional,
    }
    return block | ({"hint": plain_text(field.hint, HINT)} if field.hint else {})


def _words(field: Field) -> Block:
    return {"type": "plain_text_input"} | ({"initial_value": field.value} if field.value else {})


def _choice(field: Field) -> Block:
    offered = [_option(one) for one in field.options]
    chosen = next((one for one in offered if one["value"] == field.value), None)
    return {"type": "static_select", "options": offered} | ({"initial_option": chosen} if chosen else {})


def _ticks(field: Field) -> Block:
    offered = [_option(one) for one in field.options]
    chosen = [one for one in offered if one["value"] in field.value]
    return {"type": "checkboxes", "options": offered} | ({"initial_options": chosen} if chosen else {})


def _find(field: Field) -> Block:
    found: Block = {"type": "external_select", "min_query_length": 0}
    if isinstance(field.value, str) and 0 < len(field.value) <= OPTION_VALUE:
        found["initial_option"] = _option(Option(field.value, field.shown or field.value))
    return found


def _channel(field: Field) -> Block:
    kinds = {"include": ["public", "private"], "exclude_bot_users": True}
    return {"type": "conversations_select", "filter": kinds} | _initial("initial_conversation", field)


def _people(field: Field) -> Block:
    chosen = [one for one in field.value if "@" not in one]  # Slack takes its own ids alone
    return {"type": "multi_users_select"} | ({"initial_users": chosen} if chosen else {})


def _initial(key: str, field: Field) -> Block:
    return {key: field.value} if field.value else {}


_ELEMENTS: Mapping[Kind, Callable[[Field], Block]] = {
    Kind.WORDS: _words,
    Kind.CHOICE: _choice,
    Kind.TICKS: _ticks,
    Kind.FIND: _find,
    Kind.CHANNEL: _channel,
    Kind.PEOPLE: _people,
    Kind.DATE: lambda field: {"type": "datepicker"} | _initial("initial_date", field),
    Kind.TIME: lambda field: {"type": "timepicker"} | _initial("initial_time", field),
}


def _option(one: Option) -> Block:
    return {"text": plain_text(one_line(one.label) or "–", OPTION), "value": one.value}
