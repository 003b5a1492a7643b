"""What Slack would refuse in a list of blocks: its documented limits as one pure function."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from bot.demo.block_limits import charts, layout, numbers, tables
from bot.demo.block_limits.checks import (
    PLAIN,
    Check,
    Json,
    count,
    listed,
    one_of,
    optional,
    optional_text,
    problem,
    unique,
)
from bot.demo.block_limits.rich_text import rich_text

Surface = Literal["message", "home", "modal"]


_EVERYWHERE = {"section", "header", "divider", "context", "image", "actions", "input", "rich_text", "video"}
ALLOWED: Mapping[Surface, Collection[str]] = {
    "message": _EVERYWHERE
    | {"markdown", "table", "data_table", "data_visualization", "card", "carousel", "container"}
    | {"context_actions", "plan", "task_card"},
    "home": _EVERYWHERE | {"table", "data_table", "card", "carousel"},
    "modal": _EVERYWHERE | {"card", "alert"},
}


def problems(blocks: Sequence[Json], surface: Surface = "message") -> list[str]:
    """What Slack would refuse, one sentence with a JSON pointer each; an empty list means it would be taken."""
    most = numbers.MESSAGE_BLOCKS if surface == "message" else numbers.VIEW_BLOCKS
    found = list(count(blocks, "/blocks", most, least=0))
    if not isinstance(blocks, list):
        return found
    for index, block in enumerate(blocks):
        found += _block(block, f"/blocks/{index}", ALLOWED[surface])
    return found + list(_together(blocks))


def _block(block: object, at: str, allowed: Collection[str]) -> Iterator[str]:
    if not isinstance(block, dict):
        yield problem("must be a block object", at)
        return
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in allowed:
        yield problem(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from optional(block, "block_id", at, numbers.IDENTIFIER)
    if kind == "container":
        yield from _container(block, at, allowed)
    else:
        yield from _BLOCKS[kind](block, at)


def _together(blocks: Sequence[Json]) -> Iterator[str]:
    """The limits that count over the whole message, containers included."""
    every = [*_flat(blocks)]
    kinds = [block.get("type") for block in every]
    if kinds.count("table") > numbers.TABLES:
        yield problem("only one table is allowed per message", "/blocks")
    if kinds.count("data_visualization") > numbers.CHARTS:
        yield problem(f"no more than {numbers.CHARTS} data_visualization blocks are allowed per message", "/blocks")
    markdown = sum(len(str(block.get("text", ""))) for block in every if block.get("type") == "markdown")
    if markdown > numbers.MARKDOWN_TEXT:
        yield problem(f"markdown text must be less than {numbers.MARKDOWN_TEXT + 1} characters per message", "/blocks")
    cells = sum(tables.cells_length(block.get("rows")) for block in every if block.get("type") == "data_table")
    if cells > numbers.TABLE_TEXT:
        yield problem(f"data_table cells must be less than {numbers.TABLE_TEXT + 1} characters per message", "/blocks")
    yield from unique([block["block_id"] for block in every if "block_id" in block], "/blocks", "block_id")


def _flat(blocks: Sequence[Json]) -> Iterator[Json]:
    for block in blocks:
        if isinstance(block, dict):
            yield block
            yield from _flat(listed(block.get("child_blocks")))


def _container(block: Json, at: str, allowed: Collection[str]) -> Iterator[str]:
    if block.get("title") is None and block.get("rich_text_title") is None:
        yield problem("must have title or rich_text_title", at)
    yield from optional_text(block, "title", at, numbers.CONTAINER_TITLE, PLAIN)
    yield from optional_text(block, "subtitle", at, numbers.CONTAINER_TITLE)
    if "width" in block:
        yield from one_of(block["width"], f"{at}/width", ("narrow", "standard", "wide", "full"))
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield problem("default_collapsed needs is_collapsible", f"{at}/default_collapsed")
    yield from count(block.get("child_blocks"), f"{at}/child_blocks", numbers.CONTAINER_BLOCKS)
    inside = [kind for kind in allowed if kind != "container"]
    for index, child in enumerate(listed(block.get("child_blocks"))):
        yield from _block(child, f"{at}/child_blocks/{index}", inside)


def _carousel(block: Json, at: str) -> Iterator[str]:
    yield from count(block.get("elements"), f"{at}/elements", numbers.CAROUSEL_CARDS)
    for index, card in enumerate(listed(block.get("elements"))):
        yield from _block(card, f"{at}/elements/{index}", ("card",))


_BLOCKS: Mapping[str, Check] = {
    "section": layout.section,
    "header": layout.header,
    "divider": layout.divider,
    "context": layout.context,
    "image": layout.image,
    "actions": layout.actions,
    "input": layout.input,
    "rich_text": rich_text,
    "video": layout.video,
    "markdown": layout.markdown,
    "table": tables.table,
    "data_table": tables.data_table,
    "data_visualization": charts.data_visualization,
    "card": layout.card,
    "carousel": _carousel,
    "alert": layout.alert,
    "context_actions": layout.context_actions,
    "plan": layout.titled,
    "task_card": layout.titled,
}
