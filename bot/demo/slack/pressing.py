"""Finding in blocks what can be pressed, and what a press sends."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bot.demo.slack.values import Json


def with_block_ids(blocks: Sequence[Json]) -> list[Json]:
    """The blocks as Slack hands them back: every one has a `block_id`."""
    filled = []
    for index, block in enumerate(blocks):
        more = {"child_blocks": with_block_ids(block["child_blocks"])} if "child_blocks" in block else {}
        filled.append({"block_id": f"auto{index}"} | block | more)
    return filled


def pressed(blocks: Sequence[Json], action_id: str, value: str | None, block_id: str | None) -> Json:
    """The action of the element that offers `value`; raises LookupError when none does."""
    for block, element in _elements(blocks):
        if element["action_id"] == action_id and block_id in (None, block["block_id"]):
            action = _chosen(element, value)
            if action is not None:
                return action | {"action_id": action_id, "block_id": block["block_id"]}
    raise LookupError(f"No element {action_id!r} with value {value!r} is there to press.")


def state_of(blocks: Sequence[Json], action: Json) -> Json:
    """What every menu of these blocks stands at once the action has happened: block id, action id, choice."""
    values: defaultdict[str, Json] = defaultdict(dict)
    for block, element in _elements(blocks):
        if element["type"] in ("static_select", "radio_buttons"):
            pressed = (block["block_id"], element["action_id"]) == (action["block_id"], action["action_id"])
            chosen = action["selected_option"] if pressed else element.get("initial_option")
            values[block["block_id"]][element["action_id"]] = {"type": element["type"], "selected_option": chosen}
    return dict(values)


def block_of(blocks: Sequence[Json], action_id: str) -> str:
    """The block in which an element sits; raises LookupError when none does."""
    for block, element in _elements(with_block_ids(blocks)):
        if element["action_id"] == action_id:
            return str(block["block_id"])
    raise LookupError(f"No element {action_id!r} is there.")


def typed_into(view: Json, typed: Mapping[str, str]) -> Json:
    """What the fields of a dialog hold: block id, action id, value. What was not touched stays.

    Several choices of one field stand in `typed` with commas between them, as the page sends them.
    """
    values: Json = {}
    for block in with_block_ids(view["blocks"]):
        element = block.get("element") or {}
        if block["type"] == "input" and element.get("type") in _FIELDS:
            values[block["block_id"]] = {element["action_id"]: _held(element, typed.get(block["block_id"]))}
    return values


_FIELDS: Mapping[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
}
"""What each kind of field calls what it holds, and what it held when it was drawn."""


def _held(element: Json, typed: str | None) -> Json:
    kind = element["type"]
    key, initial = _FIELDS[kind]
    several = key in ("selected_options", "selected_users")
    if typed is None:
        value = element.get(initial, [] if several else None)
    elif several:
        chosen = [part for part in typed.split(",") if part]
        value = [_option(element, part) for part in chosen] if key == "selected_options" else chosen
    elif key == "selected_option":
        value = _option(element, typed) if typed else None
    else:
        value = typed or None
    return {"type": kind, key: value}


def _option(element: Json, value: str) -> Json:
    """A choice as it was offered; those of an external select are the bot's to give, and are not kept."""
    offered = next((option for option in element.get("options", []) if option["value"] == value), None)
    if offered is None and element["type"] != "external_select":
        raise LookupError(f"{element['action_id']!r} offers no {value!r}.")
    return offered or {"text": {"type": "plain_text", "text": value}, "value": value}


def _elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with the block it sits in."""
    for block in blocks:
        yield from _elements(block.get("child_blocks", []))
        inside = [block.get("accessory"), block.get("element"), *block.get("elements", []), *block.get("actions", [])]
        inside += [cell.get("element") for row in block.get("rows", []) for cell in row]
        for element in inside:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def _chosen(element: Json, value: str | None) -> Json | None:
    """The action this element sends for this choice, or None if it does not offer it."""
    kind = element["type"]
    if kind in ("static_select", "overflow", "radio_buttons"):
        grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
        for option in [*element.get("options", []), *grouped]:
            if option["value"] == value:
                return {"type": kind, "selected_option": option}
        return None
    if kind == "external_select":  # its options were the bot's to give, and are not kept
        return {"type": kind, "selected_option": {"text": {"type": "plain_text", "text": value}, "value": value}}
    if kind == "datepicker":
        return {"type": kind, "selected_date": value}
    if kind == "feedback_buttons":
        offered = [element["positive_button"], element["negative_button"]]
        return next(({"type": kind, "value": value} for button in offered if button.get("value") == value), None)
    if value not in (None, element.get("value")):
        return None
    kept = {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    return {"type": kind} | kept
