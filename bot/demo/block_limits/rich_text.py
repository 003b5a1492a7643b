"""Rich text: sections, lists, quotes and what may stand in a line of them."""

from collections.abc import Iterator

from bot.demo.block_limits import numbers
from bot.demo.block_limits.checks import Json, count, listed, one_of, problem, string

_RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
_RICH_INLINE = ("text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "date", "color", "team")


def rich_text(block: Json, at: str) -> Iterator[str]:
    yield from count(block.get("elements"), f"{at}/elements", 1000)
    for index, part in enumerate(listed(block.get("elements"))):
        here = f"{at}/elements/{index}"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _RICH_PARTS:
            yield problem(f"unsupported type: {kind}", f"{here}/type")
        elif kind == "rich_text_list":
            yield from one_of(part.get("style"), f"{here}/style", ("bullet", "ordered"))
            yield from rich_text(part, here)
        else:
            yield from _rich_inline(part, here)


def _rich_inline(part: Json, at: str) -> Iterator[str]:
    yield from count(part.get("elements"), f"{at}/elements", 1000)
    for index, element in enumerate(listed(part.get("elements"))):
        here = f"{at}/elements/{index}"
        kind = element.get("type") if isinstance(element, dict) else None
        if kind not in _RICH_INLINE:
            yield problem(f"unsupported type: {kind}", f"{here}/type")
        elif kind == "text":
            yield from string(element.get("text"), f"{here}/text", 12_000)
        elif kind == "link":
            yield from string(element.get("url"), f"{here}/url", numbers.URL)
