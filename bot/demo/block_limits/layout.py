"""Blocks of words, pictures and things to press."""

from collections.abc import Iterator

from bot.demo.block_limits import elements, numbers
from bot.demo.block_limits.checks import (
    PLAIN,
    Json,
    count,
    listed,
    one_of,
    optional_text,
    problem,
    string,
    text,
    unique,
)


def section(block: Json, at: str) -> Iterator[str]:
    if block.get("text") is None and not block.get("fields"):
        yield problem("must have text or fields", at)
    yield from optional_text(block, "text", at, numbers.SECTION_TEXT)
    if "fields" in block:
        yield from count(block["fields"], f"{at}/fields", numbers.SECTION_FIELDS)
        for index, field in enumerate(listed(block["fields"])):
            yield from text(field, f"{at}/fields/{index}", numbers.FIELD_TEXT)
    if block.get("accessory") is not None:
        yield from elements.check(block["accessory"], f"{at}/accessory", elements.IN_SECTION)


def header(block: Json, at: str) -> Iterator[str]:
    yield from text(block.get("text"), f"{at}/text", numbers.HEADER_TEXT, PLAIN)
    if "level" in block and block["level"] not in (1, 2, 3, 4):
        yield problem("must be a number from 1 to 4", f"{at}/level")


def divider(_block: Json, _at: str) -> Iterator[str]:
    yield from ()


def context(block: Json, at: str) -> Iterator[str]:
    yield from count(block.get("elements"), f"{at}/elements", numbers.CONTEXT_ELEMENTS)
    for index, element in enumerate(listed(block.get("elements"))):
        here = f"{at}/elements/{index}"
        if isinstance(element, dict) and element.get("type") == "image":
            yield from elements.image(element, here)
        else:
            yield from text(element, here, numbers.FIELD_TEXT)


def actions(block: Json, at: str) -> Iterator[str]:
    given = listed(block.get("elements"))
    yield from count(block.get("elements"), f"{at}/elements", numbers.ACTIONS_ELEMENTS)
    for index, element in enumerate(given):
        yield from elements.check(element, f"{at}/elements/{index}", elements.IN_ACTIONS)
    identifiers = [element["action_id"] for element in given if isinstance(element, dict) and "action_id" in element]
    yield from unique(identifiers, f"{at}/elements", "action_id")


def context_actions(block: Json, at: str) -> Iterator[str]:
    yield from count(block.get("elements"), f"{at}/elements", numbers.CONTEXT_ACTIONS_ELEMENTS)
    for index, element in enumerate(listed(block.get("elements"))):
        yield from elements.check(element, f"{at}/elements/{index}", ("feedback_buttons", "icon_button"))


def input(block: Json, at: str) -> Iterator[str]:
    yield from text(block.get("label"), f"{at}/label", numbers.FIELD_TEXT, PLAIN)
    yield from optional_text(block, "hint", at, numbers.FIELD_TEXT, PLAIN)
    yield from elements.check(block.get("element"), f"{at}/element", elements.IN_INPUT)


def image(block: Json, at: str) -> Iterator[str]:
    yield from elements.image(block, at)
    yield from optional_text(block, "title", at, numbers.IMAGE_TITLE, PLAIN)


def markdown(block: Json, at: str) -> Iterator[str]:
    yield from string(block.get("text"), f"{at}/text", numbers.MARKDOWN_TEXT)


def card(block: Json, at: str) -> Iterator[str]:
    for key in ("title", "subtitle"):
        yield from optional_text(block, key, at, numbers.CARD_TITLE)
    yield from optional_text(block, "body", at, numbers.CARD_BODY)
    for index, element in enumerate(listed(block.get("actions"))):
        yield from elements.check(element, f"{at}/actions/{index}", elements.IN_ACTIONS)


def alert(block: Json, at: str) -> Iterator[str]:
    yield from text(block.get("text"), f"{at}/text", numbers.SECTION_TEXT)
    if "level" in block:
        yield from one_of(block["level"], f"{at}/level", ("default", "info", "warning", "error", "success"))


def video(block: Json, at: str) -> Iterator[str]:
    yield from text(block.get("title"), f"{at}/title", 200, PLAIN)
    for key in ("alt_text", "video_url", "thumbnail_url"):
        yield from string(block.get(key), f"{at}/{key}", numbers.URL)


def titled(block: Json, at: str) -> Iterator[str]:
    yield from string(block.get("title"), f"{at}/title", numbers.SECTION_TEXT)
