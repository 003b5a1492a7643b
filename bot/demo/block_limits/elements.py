"""Elements: what sits inside sections, actions and inputs."""

from collections.abc import Collection, Iterator, Mapping

from bot.demo.block_limits import numbers
from bot.demo.block_limits.checks import (
    MARKUP,
    PLAIN,
    Check,
    Json,
    count,
    listed,
    one_of,
    optional,
    optional_text,
    problem,
    string,
    text,
)


def check(element: object, at: str, allowed: Collection[str]) -> Iterator[str]:
    """Anything that may sit in a block; `allowed` are the types this place takes."""
    if not isinstance(element, dict):
        yield problem("must be an element object", at)
        return
    kind = element.get("type")
    if not isinstance(kind, str) or kind not in allowed:
        yield problem(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from optional(element, "action_id", at, numbers.IDENTIFIER)
    yield from optional_text(element, "placeholder", at, numbers.PLACEHOLDER, PLAIN)
    if element.get("confirm") is not None:
        yield from _confirm(element["confirm"], f"{at}/confirm")
    if kind in _ELEMENTS:
        yield from _ELEMENTS[kind](element, at)


def _confirm(confirm: object, at: str) -> Iterator[str]:
    if not isinstance(confirm, dict):
        yield problem("must be a confirmation object", at)
        return
    yield from text(confirm.get("title"), f"{at}/title", numbers.CONFIRM_TITLE, PLAIN)
    yield from text(confirm.get("text"), f"{at}/text", numbers.CONFIRM_TEXT)
    for key in ("confirm", "deny"):
        yield from optional_text(confirm, key, at, numbers.CONFIRM_BUTTON, PLAIN)


def _button(element: Json, at: str) -> Iterator[str]:
    yield from text(element.get("text"), f"{at}/text", numbers.BUTTON_TEXT, PLAIN)
    yield from optional(element, "value", at, numbers.BUTTON_VALUE)
    yield from optional(element, "url", at, numbers.URL)
    yield from optional(element, "accessibility_label", at, numbers.ACCESSIBILITY_LABEL)
    if "style" in element:
        yield from one_of(element["style"], f"{at}/style", ("primary", "danger"))


def image(element: Json, at: str) -> Iterator[str]:
    """A picture by address or by Slack file, which image blocks share."""
    yield from string(element.get("alt_text"), f"{at}/alt_text", numbers.ALT_TEXT)
    if element.get("slack_file") is None:
        yield from string(element.get("image_url"), f"{at}/image_url", numbers.URL)
    elif "image_url" in element:
        yield problem("only one of image_url and slack_file is allowed", at)


def _options(options: object, at: str, most: int, kinds: Collection[str] = PLAIN) -> Iterator[str]:
    yield from count(options, at, most)
    for index, option in enumerate(listed(options)):
        here = f"{at}/{index}"
        if not isinstance(option, dict):
            yield problem("must be an option object", here)
            continue
        yield from text(option.get("text"), f"{here}/text", numbers.OPTION_TEXT, kinds)
        yield from string(option.get("value"), f"{here}/value", numbers.OPTION_VALUE)
        yield from optional_text(option, "description", here, numbers.OPTION_TEXT, kinds)


def _static_select(element: Json, at: str) -> Iterator[str]:
    groups = element.get("option_groups")
    if groups is None:
        yield from _options(element.get("options"), f"{at}/options", numbers.OPTIONS)
        chosen = [element["initial_option"]] if element.get("initial_option") else element.get("initial_options", [])
        if any(option not in listed(element.get("options")) for option in chosen):
            yield problem("must be one of the options", f"{at}/initial_option")
        return
    yield from count(groups, f"{at}/option_groups", numbers.OPTIONS)
    for index, group in enumerate(listed(groups)):
        here = f"{at}/option_groups/{index}"
        yield from text(group.get("label"), f"{here}/label", numbers.OPTION_TEXT, PLAIN)
        yield from _options(group.get("options"), f"{here}/options", numbers.OPTIONS)


def _overflow(element: Json, at: str) -> Iterator[str]:
    yield from _options(element.get("options"), f"{at}/options", numbers.OVERFLOW_OPTIONS)


def _choices(element: Json, at: str) -> Iterator[str]:
    yield from _options(element.get("options"), f"{at}/options", numbers.CHOICES, MARKUP)


def _feedback_buttons(element: Json, at: str) -> Iterator[str]:
    for key in ("positive_button", "negative_button"):
        yield from _button(element.get(key) or {}, f"{at}/{key}")


def _icon_button(element: Json, at: str) -> Iterator[str]:
    yield from string(element.get("icon"), f"{at}/icon", numbers.IDENTIFIER)
    yield from text(element.get("text"), f"{at}/text", numbers.BUTTON_TEXT, PLAIN)


_ELEMENTS: Mapping[str, Check] = {
    "button": _button,
    "image": image,
    "static_select": _static_select,
    "multi_static_select": _static_select,
    "overflow": _overflow,
    "checkboxes": _choices,
    "radio_buttons": _choices,
    "feedback_buttons": _feedback_buttons,
    "icon_button": _icon_button,
}
_PICKERS = frozenset(
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
) | {"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"}
IN_ACTIONS = _PICKERS | {"button", "overflow", "workflow_button"}
IN_SECTION = IN_ACTIONS | {"image"}
IN_INPUT = _PICKERS | {"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input"}
