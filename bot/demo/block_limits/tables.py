"""Tables of words and tables of data."""

from collections.abc import Collection, Iterator

from bot.demo.block_limits import numbers
from bot.demo.block_limits.checks import Json, count, is_number, listed, one_of, problem, string
from bot.demo.block_limits.rich_text import rich_text


def cells_length(value: object) -> int:
    """Characters of text anywhere inside rows or a cell."""
    if isinstance(value, list):
        return sum(cells_length(item) for item in value)
    if isinstance(value, dict):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else cells_length(own)) + cells_length(value.get("elements"))
    return 0


def _cell(cell: object, at: str, allowed: Collection[str]) -> Iterator[str]:
    kind = cell.get("type") if isinstance(cell, dict) else None
    if not isinstance(cell, dict) or kind not in allowed:
        yield problem(f"unsupported cell type: {kind}", f"{at}/type")
    elif kind == "rich_text":
        yield from rich_text(cell, at)
    elif kind == "raw_text":
        yield from string(cell.get("text"), f"{at}/text", numbers.TABLE_TEXT)
    elif kind == "raw_number":
        if not is_number(cell.get("value")):
            yield problem("must be a number", f"{at}/value")
        yield from string(cell.get("text"), f"{at}/text", numbers.TABLE_TEXT)


def table(block: Json, at: str) -> Iterator[str]:
    rows = listed(block.get("rows"))
    yield from count(block.get("rows"), f"{at}/rows", numbers.TABLE_ROWS)
    for y, row in enumerate(rows):
        yield from count(row, f"{at}/rows/{y}", numbers.TABLE_COLUMNS)
        for x, cell in enumerate(listed(row)):
            yield from _cell(cell, f"{at}/rows/{y}/{x}", ("raw_text", "raw_number", "rich_text"))
    if cells_length(rows) > numbers.TABLE_TEXT:
        yield problem(f"cells must be less than {numbers.TABLE_TEXT + 1} characters together", f"{at}/rows")
    if "column_settings" in block:
        yield from count(block["column_settings"], f"{at}/column_settings", numbers.TABLE_COLUMNS, least=0)
    for x, setting in enumerate(listed(block.get("column_settings"))):
        if isinstance(setting, dict) and "align" in setting:
            yield from one_of(setting["align"], f"{at}/column_settings/{x}/align", ("left", "center", "right"))


def data_table(block: Json, at: str) -> Iterator[str]:
    rows = listed(block.get("rows"))
    yield from string(block.get("caption"), f"{at}/caption", numbers.FIELD_TEXT)
    yield from count(block.get("rows"), f"{at}/rows", numbers.DATA_TABLE_ROWS, least=2)
    for y, row in enumerate(rows):
        allowed = ("raw_text", "raw_number") if y == 0 else ("raw_text", "raw_number", "rich_text", "action_cell")
        yield from count(row, f"{at}/rows/{y}", numbers.TABLE_COLUMNS)
        if len(listed(row)) != len(listed(rows[0])):
            yield problem("every row must be as long as the header row", f"{at}/rows/{y}")
        for x, cell in enumerate(listed(row)):
            yield from _cell(cell, f"{at}/rows/{y}/{x}", allowed)
    size, header = block.get("page_size", 5), block.get("row_header_column_index", 0)
    if not isinstance(size, int) or not 1 <= size <= numbers.PAGE_SIZE:
        yield problem(f"must be a number from 1 to {numbers.PAGE_SIZE}", f"{at}/page_size")
    if rows and (not isinstance(header, int) or not 0 <= header < len(listed(rows[0]))):
        yield problem("must be the index of a column", f"{at}/row_header_column_index")
