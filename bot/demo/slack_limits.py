"""What Slack would refuse in a list of blocks: its documented limits as one pure function.

Where the documentation changed over time (chart series, data table rows) the smaller number is kept,
so that blocks that pass here pass in every Slack workspace.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

Json = dict[str, Any]
Surface = Literal["message", "home", "modal"]
Check = Callable[[Json, str], Iterator[str]]

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
SECTION_TEXT, SECTION_FIELDS, FIELD_TEXT = 3000, 10, 2000
HEADER_TEXT, CONTEXT_ELEMENTS, ACTIONS_ELEMENTS, CONTEXT_ACTIONS_ELEMENTS = 150, 10, 25, 5
BUTTON_TEXT, BUTTON_VALUE, URL, ACCESSIBILITY_LABEL, IDENTIFIER = 75, 2000, 3000, 75, 255
OPTIONS, OVERFLOW_OPTIONS, CHOICES, OPTION_TEXT, OPTION_VALUE, PLACEHOLDER = 100, 5, 10, 75, 150, 150
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30
ALT_TEXT, IMAGE_TITLE, MARKDOWN_TEXT, CARD_TITLE, CARD_BODY = 2000, 2000, 12_000, 150, 200
TABLES, TABLE_ROWS, TABLE_COLUMNS, TABLE_TEXT, DATA_TABLE_ROWS, PAGE_SIZE = 1, 100, 20, 10_000, 101, 100
CHARTS, CHART_TITLE, CHART_LABEL, CHART_CATEGORIES, CHART_SERIES = 2, 50, 20, 20, 6
CONTAINER_BLOCKS, CONTAINER_TITLE, CAROUSEL_CARDS = 10, 150, 10

MARKUP = ("plain_text", "mrkdwn")
PLAIN = ("plain_text",)
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
    most = MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS
    found = list(_count(blocks, "/blocks", most, least=0))
    if not isinstance(blocks, list):
        return found
    for index, block in enumerate(blocks):
        found += _block(block, f"/blocks/{index}", ALLOWED[surface])
    return found + list(_together(blocks))


def _problem(what: str, at: str) -> str:
    return f"{what} [json-pointer:{at}]"


def _block(block: object, at: str, allowed: Collection[str]) -> Iterator[str]:
    if not isinstance(block, dict):
        yield _problem("must be a block object", at)
        return
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in allowed:
        yield _problem(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from _optional(block, "block_id", at, IDENTIFIER)
    if kind == "container":
        yield from _container(block, at, allowed)
    else:
        yield from _BLOCKS[kind](block, at)


def _together(blocks: Sequence[Json]) -> Iterator[str]:
    """The limits that count over the whole message, containers included."""
    every = [*_flat(blocks)]
    kinds = [block.get("type") for block in every]
    if kinds.count("table") > TABLES:
        yield _problem("only one table is allowed per message", "/blocks")
    if kinds.count("data_visualization") > CHARTS:
        yield _problem(f"no more than {CHARTS} data_visualization blocks are allowed per message", "/blocks")
    markdown = sum(len(str(block.get("text", ""))) for block in every if block.get("type") == "markdown")
    if markdown > MARKDOWN_TEXT:
        yield _problem(f"markdown text must be less than {MARKDOWN_TEXT + 1} characters per message", "/blocks")
    cells = sum(_cells_length(block.get("rows")) for block in every if block.get("type") == "data_table")
    if cells > TABLE_TEXT:
        yield _problem(f"data_table cells must be less than {TABLE_TEXT + 1} characters per message", "/blocks")
    yield from _unique([block["block_id"] for block in every if "block_id" in block], "/blocks", "block_id")


def _flat(blocks: Sequence[Json]) -> Iterator[Json]:
    for block in blocks:
        if isinstance(block, dict):
            yield block
            yield from _flat(_list(block.get("child_blocks")))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# --- the smallest parts


def _count(items: object, at: str, most: int, least: int = 1) -> Iterator[str]:
    if not isinstance(items, list):
        yield _problem("must be an array", at)
    elif len(items) > most:
        yield _problem(f"no more than {most} items allowed", at)
    elif len(items) < least:
        yield _problem(f"no fewer than {least} items allowed", at)


def _string(value: object, at: str, most: int) -> Iterator[str]:
    if not isinstance(value, str):
        yield _problem("must provide a string", at)
    elif not value:
        yield _problem("must be more than 0 characters", at)
    elif len(value) > most:
        yield _problem(f"must be less than {most + 1} characters", at)


def _optional(holder: Json, key: str, at: str, most: int) -> Iterator[str]:
    if holder.get(key) is not None:
        yield from _string(holder[key], f"{at}/{key}", most)


def _text(value: object, at: str, most: int, kinds: Collection[str] = MARKUP) -> Iterator[str]:
    """A text object: `{"type": "plain_text"|"mrkdwn", "text": …}`."""
    if not isinstance(value, dict):
        yield _problem("must be a text object", at)
        return
    if value.get("type") not in kinds:
        yield _problem(f"unsupported type: {value.get('type')}, expected {' or '.join(kinds)}", f"{at}/type")
    yield from _string(value.get("text"), f"{at}/text", most)
    if value.get("type") == "mrkdwn" and "emoji" in value:
        yield _problem("emoji is only allowed in plain_text", f"{at}/emoji")


def _optional_text(holder: Json, key: str, at: str, most: int, kinds: Collection[str] = MARKUP) -> Iterator[str]:
    if holder.get(key) is not None:
        yield from _text(holder[key], f"{at}/{key}", most, kinds)


def _one_of(value: object, at: str, allowed: Collection[str]) -> Iterator[str]:
    if value not in allowed:
        yield _problem(f"must be one of {', '.join(sorted(allowed))}", at)


def _unique(names: Sequence[object], at: str, what: str) -> Iterator[str]:
    for name in {str(name) for name in names if names.count(name) > 1}:
        yield _problem(f"{what} {name!r} is used more than once", at)


# --- elements: what sits inside sections, actions and inputs


def _element(element: object, at: str, allowed: Collection[str]) -> Iterator[str]:
    if not isinstance(element, dict):
        yield _problem("must be an element object", at)
        return
    kind = element.get("type")
    if not isinstance(kind, str) or kind not in allowed:
        yield _problem(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from _optional(element, "action_id", at, IDENTIFIER)
    yield from _optional_text(element, "placeholder", at, PLACEHOLDER, PLAIN)
    if element.get("confirm") is not None:
        yield from _confirm(element["confirm"], f"{at}/confirm")
    if kind in _ELEMENTS:
        yield from _ELEMENTS[kind](element, at)


def _confirm(confirm: object, at: str) -> Iterator[str]:
    if not isinstance(confirm, dict):
        yield _problem("must be a confirmation object", at)
        return
    yield from _text(confirm.get("title"), f"{at}/title", CONFIRM_TITLE, PLAIN)
    yield from _text(confirm.get("text"), f"{at}/text", CONFIRM_TEXT)
    for key in ("confirm", "deny"):
        yield from _optional_text(confirm, key, at, CONFIRM_BUTTON, PLAIN)


def _button(element: Json, at: str) -> Iterator[str]:
    yield from _text(element.get("text"), f"{at}/text", BUTTON_TEXT, PLAIN)
    yield from _optional(element, "value", at, BUTTON_VALUE)
    yield from _optional(element, "url", at, URL)
    yield from _optional(element, "accessibility_label", at, ACCESSIBILITY_LABEL)
    if "style" in element:
        yield from _one_of(element["style"], f"{at}/style", ("primary", "danger"))


def _image_element(element: Json, at: str) -> Iterator[str]:
    yield from _string(element.get("alt_text"), f"{at}/alt_text", ALT_TEXT)
    if element.get("slack_file") is None:
        yield from _string(element.get("image_url"), f"{at}/image_url", URL)
    elif "image_url" in element:
        yield _problem("only one of image_url and slack_file is allowed", at)


def _options(options: object, at: str, most: int, kinds: Collection[str] = PLAIN) -> Iterator[str]:
    yield from _count(options, at, most)
    for index, option in enumerate(_list(options)):
        here = f"{at}/{index}"
        if not isinstance(option, dict):
            yield _problem("must be an option object", here)
            continue
        yield from _text(option.get("text"), f"{here}/text", OPTION_TEXT, kinds)
        yield from _string(option.get("value"), f"{here}/value", OPTION_VALUE)
        yield from _optional_text(option, "description", here, OPTION_TEXT, kinds)


def _static_select(element: Json, at: str) -> Iterator[str]:
    groups = element.get("option_groups")
    if groups is None:
        yield from _options(element.get("options"), f"{at}/options", OPTIONS)
        chosen = [element["initial_option"]] if element.get("initial_option") else element.get("initial_options", [])
        if any(option not in _list(element.get("options")) for option in chosen):
            yield _problem("must be one of the options", f"{at}/initial_option")
        return
    yield from _count(groups, f"{at}/option_groups", OPTIONS)
    for index, group in enumerate(_list(groups)):
        here = f"{at}/option_groups/{index}"
        yield from _text(group.get("label"), f"{here}/label", OPTION_TEXT, PLAIN)
        yield from _options(group.get("options"), f"{here}/options", OPTIONS)


def _overflow(element: Json, at: str) -> Iterator[str]:
    yield from _options(element.get("options"), f"{at}/options", OVERFLOW_OPTIONS)


def _choices(element: Json, at: str) -> Iterator[str]:
    yield from _options(element.get("options"), f"{at}/options", CHOICES, MARKUP)


def _feedback_buttons(element: Json, at: str) -> Iterator[str]:
    for key in ("positive_button", "negative_button"):
        yield from _button(element.get(key) or {}, f"{at}/{key}")


def _icon_button(element: Json, at: str) -> Iterator[str]:
    yield from _string(element.get("icon"), f"{at}/icon", IDENTIFIER)
    yield from _text(element.get("text"), f"{at}/text", BUTTON_TEXT, PLAIN)


_ELEMENTS: Mapping[str, Check] = {
    "button": _button,
    "image": _image_element,
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
_IN_ACTIONS = _PICKERS | {"button", "overflow", "workflow_button"}
_IN_SECTION = _IN_ACTIONS | {"image"}
_IN_INPUT = _PICKERS | {"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input"}


# --- blocks


def _section(block: Json, at: str) -> Iterator[str]:
    if block.get("text") is None and not block.get("fields"):
        yield _problem("must have text or fields", at)
    yield from _optional_text(block, "text", at, SECTION_TEXT)
    if "fields" in block:
        yield from _count(block["fields"], f"{at}/fields", SECTION_FIELDS)
        for index, field in enumerate(_list(block["fields"])):
            yield from _text(field, f"{at}/fields/{index}", FIELD_TEXT)
    if block.get("accessory") is not None:
        yield from _element(block["accessory"], f"{at}/accessory", _IN_SECTION)


def _header(block: Json, at: str) -> Iterator[str]:
    yield from _text(block.get("text"), f"{at}/text", HEADER_TEXT, PLAIN)
    if "level" in block and block["level"] not in (1, 2, 3, 4):
        yield _problem("must be a number from 1 to 4", f"{at}/level")


def _divider(_block: Json, _at: str) -> Iterator[str]:
    yield from ()


def _context(block: Json, at: str) -> Iterator[str]:
    yield from _count(block.get("elements"), f"{at}/elements", CONTEXT_ELEMENTS)
    for index, element in enumerate(_list(block.get("elements"))):
        here = f"{at}/elements/{index}"
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _image_element(element, here)
        else:
            yield from _text(element, here, FIELD_TEXT)


def _actions(block: Json, at: str) -> Iterator[str]:
    elements = _list(block.get("elements"))
    yield from _count(block.get("elements"), f"{at}/elements", ACTIONS_ELEMENTS)
    for index, element in enumerate(elements):
        yield from _element(element, f"{at}/elements/{index}", _IN_ACTIONS)
    identifiers = [element["action_id"] for element in elements if isinstance(element, dict) and "action_id" in element]
    yield from _unique(identifiers, f"{at}/elements", "action_id")


def _context_actions(block: Json, at: str) -> Iterator[str]:
    yield from _count(block.get("elements"), f"{at}/elements", CONTEXT_ACTIONS_ELEMENTS)
    for index, element in enumerate(_list(block.get("elements"))):
        yield from _element(element, f"{at}/elements/{index}", ("feedback_buttons", "icon_button"))


def _input(block: Json, at: str) -> Iterator[str]:
    yield from _text(block.get("label"), f"{at}/label", FIELD_TEXT, PLAIN)
    yield from _optional_text(block, "hint", at, FIELD_TEXT, PLAIN)
    yield from _element(block.get("element"), f"{at}/element", _IN_INPUT)


def _image(block: Json, at: str) -> Iterator[str]:
    yield from _image_element(block, at)
    yield from _optional_text(block, "title", at, IMAGE_TITLE, PLAIN)


def _markdown(block: Json, at: str) -> Iterator[str]:
    yield from _string(block.get("text"), f"{at}/text", MARKDOWN_TEXT)


_RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
_RICH_INLINE = ("text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "date", "color", "team")


def _rich_text(block: Json, at: str) -> Iterator[str]:
    yield from _count(block.get("elements"), f"{at}/elements", 1000)
    for index, part in enumerate(_list(block.get("elements"))):
        here = f"{at}/elements/{index}"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _RICH_PARTS:
            yield _problem(f"unsupported type: {kind}", f"{here}/type")
        elif kind == "rich_text_list":
            yield from _one_of(part.get("style"), f"{here}/style", ("bullet", "ordered"))
            yield from _rich_text(part, here)
        else:
            yield from _rich_inline(part, here)


def _rich_inline(part: Json, at: str) -> Iterator[str]:
    yield from _count(part.get("elements"), f"{at}/elements", 1000)
    for index, element in enumerate(_list(part.get("elements"))):
        here = f"{at}/elements/{index}"
        kind = element.get("type") if isinstance(element, dict) else None
        if kind not in _RICH_INLINE:
            yield _problem(f"unsupported type: {kind}", f"{here}/type")
        elif kind == "text":
            yield from _string(element.get("text"), f"{here}/text", 12_000)
        elif kind == "link":
            yield from _string(element.get("url"), f"{here}/url", URL)


def _cells_length(value: object) -> int:
    """Characters of text anywhere inside rows or a cell."""
    if isinstance(value, list):
        return sum(_cells_length(item) for item in value)
    if isinstance(value, dict):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else _cells_length(own)) + _cells_length(value.get("elements"))
    return 0


def _cell(cell: object, at: str, allowed: Collection[str]) -> Iterator[str]:
    kind = cell.get("type") if isinstance(cell, dict) else None
    if not isinstance(cell, dict) or kind not in allowed:
        yield _problem(f"unsupported cell type: {kind}", f"{at}/type")
    elif kind == "rich_text":
        yield from _rich_text(cell, at)
    elif kind == "raw_text":
        yield from _string(cell.get("text"), f"{at}/text", TABLE_TEXT)
    elif kind == "raw_number":
        if not _is_number(cell.get("value")):
            yield _problem("must be a number", f"{at}/value")
        yield from _string(cell.get("text"), f"{at}/text", TABLE_TEXT)


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) != float("inf")
    )


def _table(block: Json, at: str) -> Iterator[str]:
    rows = _list(block.get("rows"))
    yield from _count(block.get("rows"), f"{at}/rows", TABLE_ROWS)
    for y, row in enumerate(rows):
        yield from _count(row, f"{at}/rows/{y}", TABLE_COLUMNS)
        for x, cell in enumerate(_list(row)):
            yield from _cell(cell, f"{at}/rows/{y}/{x}", ("raw_text", "raw_number", "rich_text"))
    if _cells_length(rows) > TABLE_TEXT:
        yield _problem(f"cells must be less than {TABLE_TEXT + 1} characters together", f"{at}/rows")
    if "column_settings" in block:
        yield from _count(block["column_settings"], f"{at}/column_settings", TABLE_COLUMNS, least=0)
    for x, setting in enumerate(_list(block.get("column_settings"))):
        if isinstance(setting, dict) and "align" in setting:
            yield from _one_of(setting["align"], f"{at}/column_settings/{x}/align", ("left", "center", "right"))


def _data_table(block: Json, at: str) -> Iterator[str]:
    rows = _list(block.get("rows"))
    yield from _string(block.get("caption"), f"{at}/caption", FIELD_TEXT)
    yield from _count(block.get("rows"), f"{at}/rows", DATA_TABLE_ROWS, least=2)
    for y, row in enumerate(rows):
        allowed = ("raw_text", "raw_number") if y == 0 else ("raw_text", "raw_number", "rich_text", "action_cell")
        yield from _count(row, f"{at}/rows/{y}", TABLE_COLUMNS)
        if len(_list(row)) != len(_list(rows[0])):
            yield _problem("every row must be as long as the header row", f"{at}/rows/{y}")
        for x, cell in enumerate(_list(row)):
            yield from _cell(cell, f"{at}/rows/{y}/{x}", allowed)
    size, header = block.get("page_size", 5), block.get("row_header_column_index", 0)
    if not isinstance(size, int) or not 1 <= size <= PAGE_SIZE:
        yield _problem(f"must be a number from 1 to {PAGE_SIZE}", f"{at}/page_size")
    if rows and (not isinstance(header, int) or not 0 <= header < len(_list(rows[0]))):
        yield _problem("must be the index of a column", f"{at}/row_header_column_index")


def _data_visualization(block: Json, at: str) -> Iterator[str]:
    chart = block.get("chart")
    yield from _string(block.get("title"), f"{at}/title", CHART_TITLE)
    if not isinstance(chart, dict) or chart.get("type") not in ("pie", "bar", "line", "area"):
        yield _problem("must be a pie, bar, line or area chart", f"{at}/chart")
    elif chart["type"] == "pie":
        yield from _points(chart.get("segments"), f"{at}/chart/segments", CHART_SERIES)
        for index, segment in enumerate(_list(chart.get("segments"))):
            if isinstance(segment, dict) and _is_number(segment.get("value")) and segment["value"] <= 0:
                yield _problem("must be more than 0", f"{at}/chart/segments/{index}/value")
    else:
        yield from _plot(chart, f"{at}/chart")


def _plot(chart: Json, at: str) -> Iterator[str]:
    axis = chart.get("axis_config")
    axis = axis if isinstance(axis, dict) else {}
    categories = _list(axis.get("categories"))
    yield from _count(axis.get("categories"), f"{at}/axis_config/categories", CHART_CATEGORIES)
    for index, category in enumerate(categories):
        yield from _string(category, f"{at}/axis_config/categories/{index}", CHART_LABEL)
    yield from _unique(categories, f"{at}/axis_config/categories", "category")
    for key in ("x_label", "y_label"):
        yield from _optional(axis, key, f"{at}/axis_config", CHART_TITLE)
    series = _list(chart.get("series"))
    yield from _count(chart.get("series"), f"{at}/series", CHART_SERIES)
    for index, one in enumerate(series):
        here = f"{at}/series/{index}"
        if not isinstance(one, dict):
            yield _problem("must be a series object", here)
            continue
        yield from _string(one.get("name"), f"{here}/name", CHART_LABEL)
        yield from _points(one.get("data"), f"{here}/data", CHART_CATEGORIES)
        labels = [point.get("label") for point in _list(one.get("data")) if isinstance(point, dict)]
        if sorted(map(str, labels)) != sorted(map(str, categories)):
            yield _problem("must have exactly one value per category", f"{here}/data")
    yield from _unique([one.get("name") for one in series if isinstance(one, dict)], f"{at}/series", "series name")


def _points(points: object, at: str, most: int) -> Iterator[str]:
    """Labelled values: the segments of a pie, or the data of a series."""
    yield from _count(points, at, most)
    for index, point in enumerate(_list(points)):
        here = f"{at}/{index}"
        if not isinstance(point, dict):
            yield _problem("must have a label and a value", here)
            continue
        yield from _string(point.get("label"), f"{here}/label", CHART_LABEL)
        if not _is_number(point.get("value")):
            yield _problem("must be a number", f"{here}/value")
    labels = [point.get("label") for point in _list(points) if isinstance(point, dict)]
    yield from _unique(labels, at, "label")


def _container(block: Json, at: str, allowed: Collection[str]) -> Iterator[str]:
    if block.get("title") is None and block.get("rich_text_title") is None:
        yield _problem("must have title or rich_text_title", at)
    yield from _optional_text(block, "title", at, CONTAINER_TITLE, PLAIN)
    yield from _optional_text(block, "subtitle", at, CONTAINER_TITLE)
    if "width" in block:
        yield from _one_of(block["width"], f"{at}/width", ("narrow", "standard", "wide", "full"))
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield _problem("default_collapsed needs is_collapsible", f"{at}/default_collapsed")
    yield from _count(block.get("child_blocks"), f"{at}/child_blocks", CONTAINER_BLOCKS)
    inside = [kind for kind in allowed if kind != "container"]
    for index, child in enumerate(_list(block.get("child_blocks"))):
        yield from _block(child, f"{at}/child_blocks/{index}", inside)


def _card(block: Json, at: str) -> Iterator[str]:
    for key in ("title", "subtitle"):
        yield from _optional_text(block, key, at, CARD_TITLE)
    yield from _optional_text(block, "body", at, CARD_BODY)
    for index, element in enumerate(_list(block.get("actions"))):
        yield from _element(element, f"{at}/actions/{index}", _IN_ACTIONS)


def _carousel(block: Json, at: str) -> Iterator[str]:
    yield from _count(block.get("elements"), f"{at}/elements", CAROUSEL_CARDS)
    for index, card in enumerate(_list(block.get("elements"))):
        yield from _block(card, f"{at}/elements/{index}", ("card",))


def _alert(block: Json, at: str) -> Iterator[str]:
    yield from _text(block.get("text"), f"{at}/text", SECTION_TEXT)
    if "level" in block:
        yield from _one_of(block["level"], f"{at}/level", ("default", "info", "warning", "error", "success"))


def _video(block: Json, at: str) -> Iterator[str]:
    yield from _text(block.get("title"), f"{at}/title", 200, PLAIN)
    for key in ("alt_text", "video_url", "thumbnail_url"):
        yield from _string(block.get(key), f"{at}/{key}", URL)


def _titled(block: Json, at: str) -> Iterator[str]:
    yield from _string(block.get("title"), f"{at}/title", SECTION_TEXT)


_BLOCKS: Mapping[str, Check] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "context": _context,
    "image": _image,
    "actions": _actions,
    "input": _input,
    "rich_text": _rich_text,
    "video": _video,
    "markdown": _markdown,
    "table": _table,
    "data_table": _data_table,
    "data_visualization": _data_visualization,
    "card": _card,
    "carousel": _carousel,
    "alert": _alert,
    "context_actions": _context_actions,
    "plan": _titled,
    "task_card": _titled,
}
