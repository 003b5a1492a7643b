"""Each documented limit: one block just inside it passes, one just outside is named with its place."""

from typing import Any

import pytest

from bot.demo.slack_limits import problems

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": mrkdwn(text)}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def options(count: int) -> list[Json]:
    return [{"text": plain(f"option {n}"), "value": str(n)} for n in range(count)]


def cell(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def table(rows: int, columns: int, text: str = "x", **more: Any) -> Json:
    return {"type": "table", "rows": [[cell(text)] * columns for _ in range(rows)], **more}


def data_table(rows: int, columns: int, **more: Any) -> Json:
    filled = [[cell()] * columns for _ in range(rows)]
    return {"type": "data_table", "caption": "Keys", "rows": filled, **more}


def chart(series: int = 1, categories: int = 3, *, name: str = "s", label: str = "c", title: str = "Spend") -> Json:
    labels = [f"{label}{n}" for n in range(categories)]
    data = [{"label": one, "value": -1.5} for one in labels]
    lines = [{"name": f"{name}{n}", "data": list(data)} for n in range(series)]
    drawn = {"type": "line", "series": lines, "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": title, "chart": drawn}


def pie(*values: float) -> Json:
    segments = [{"label": f"slice {n}", "value": value} for n, value in enumerate(values)]
    return {"type": "data_visualization", "title": "Share", "chart": {"type": "pie", "segments": segments}}


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://example.com/chart.png", "alt_text": "Spend fell", **more}


def container(*blocks: Json, **more: Any) -> Json:
    return {"type": "container", "title": plain("Details"), "child_blocks": list(blocks), **more}


def menu(kind: str, count: int) -> Json:
    return {"type": kind, "action_id": "choose", "options": options(count)}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def fields(count: int, text: str = "x") -> Json:
    return {"type": "section", "fields": [mrkdwn(text)] * count}


def header(text: str, **more: Any) -> Json:
    return {"type": "header", "text": plain(text), **more}


def context(count: int) -> Json:
    return {"type": "context", "elements": [mrkdwn("x")] * count}


def markdown(length: int) -> Json:
    return {"type": "markdown", "text": "x" * length}


INSIDE: list[list[Json]] = [
    [],
    [{"type": "divider"}] * 50,
    [section("x" * 3000), fields(10, "x" * 2000)],
    [header("x" * 150, level=1), context(10), image(title=plain("Chart"))],
    [actions(*[button(action_id=f"a{n}") for n in range(25)])],
    [actions(button(value="v" * 2000, action_id="a" * 255, style="primary"), menu("static_select", 100))],
    [section("x") | {"accessory": menu("overflow", 5), "block_id": "b" * 255}],
    [table(100, 20), data_table(101, 20, page_size=100)],
    [table(1, 1, column_settings=[{"align": "right"}])],
    [chart(6, 20, name="n" * 19, label="c" * 18), pie(0.1, 99)],
    [markdown(12_000), rich({"type": "text", "text": "x"}), container(section("x"), is_collapsible=True)],
]

OUTSIDE: list[tuple[list[Json], str]] = [
    ([{"type": "divider"}] * 51, "/blocks]"),
    ([section("x" * 3001)], "/blocks/0/text/text]"),
    ([section("")], "/blocks/0/text/text]"),
    ([{"type": "section"}], "/blocks/0]"),
    ([fields(11)], "/blocks/0/fields]"),
    ([fields(1, "x" * 2001)], "/blocks/0/fields/0/text]"),
    ([{"type": "section", "text": {"type": "markdown", "text": "x"}}], "/blocks/0/text/type]"),
    ([header("x" * 151)], "/blocks/0/text/text]"),
    ([header("x", level=5)], "/blocks/0/level]"),
    ([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text/type]"),
    ([context(11)], "/blocks/0/elements]"),
    ([context(0)], "/blocks/0/elements]"),
    ([actions(*[button(action_id=f"a{n}") for n in range(26)])], "/blocks/0/elements]"),
    ([actions(button(action_id="a"), button(action_id="a"))], "/blocks/0/elements]"),
    ([actions({"type": "button", "text": plain("x" * 76)})], "/blocks/0/elements/0/text/text]"),
    ([actions(button(value="v" * 2001))], "/blocks/0/elements/0/value]"),
    ([actions(button(action_id="a" * 256))], "/blocks/0/elements/0/action_id]"),
    ([actions(button(style="secondary"))], "/blocks/0/elements/0/style]"),
    ([actions(button(confirm={"title": plain("x" * 101), "text": plain("x")}))], "/confirm/title/text]"),
    ([actions(menu("static_select", 101))], "/blocks/0/elements/0/options]"),
    ([actions(menu("overflow", 6))], "/blocks/0/elements/0/options]"),
    ([actions({"type": "image"})], "/blocks/0/elements/0/type]"),
    ([section("x") | {"block_id": "b" * 256}], "/blocks/0/block_id]"),
    ([section("x") | {"block_id": "b"}, section("y") | {"block_id": "b"}], "/blocks]"),
    ([image(alt_text="")], "/blocks/0/alt_text]"),
    ([{"type": "image", "image_url": "https://example.com/x.png"}], "/blocks/0/alt_text]"),
    ([image(image_url="", slack_file={"id": "F0FILE"})], "/blocks/0]"),
    ([table(1, 1), table(1, 1)], "/blocks]"),
    ([table(101, 1)], "/blocks/0/rows]"),
    ([table(1, 21)], "/blocks/0/rows/0]"),
    ([table(1, 1, "")], "/blocks/0/rows/0/0/text]"),
    ([table(2, 2, "x" * 2501)], "/blocks/0/rows]"),
    ([table(1, 1, column_settings=[{"align": "middle"}])], "/blocks/0/column_settings/0/align]"),
    ([{"type": "table", "rows": [[{"type": "raw_number", "value": "1", "text": "1"}]]}], "/rows/0/0/value]"),
    ([data_table(102, 1)], "/blocks/0/rows]"),
    ([data_table(2, 1, caption="")], "/blocks/0/caption]"),
    ([data_table(2, 1, page_size=101)], "/blocks/0/page_size]"),
    ([data_table(2, 1, row_header_column_index=1)], "/blocks/0/row_header_column_index]"),
    ([data_table(2, 2) | {"rows": [[cell(), cell()], [cell()]]}], "/blocks/0/rows/1]"),
    ([data_table(2, 1) | {"rows": [[rich({"type": "text", "text": "x"})], [cell()]]}], "/blocks/0/rows/0/0/type]"),
    ([chart(title="x" * 51)], "/blocks/0/title]"),
    ([chart(7)], "/blocks/0/chart/series]"),
    ([chart(categories=21)], "/blocks/0/chart/axis_config/categories]"),
    ([chart(name="n" * 20)], "/blocks/0/chart/series/0/name]"),
    ([chart(label="c" * 20)], "/blocks/0/chart/axis_config/categories/0]"),
    ([pie(1, 0)], "/blocks/0/chart/segments/1/value]"),
    ([pie(*[1] * 7)], "/blocks/0/chart/segments]"),
    ([pie(float("nan"))], "/blocks/0/chart/segments/0/value]"),
    ([chart(), chart(), chart()], "/blocks]"),
    ([container(chart()), chart(), chart()], "/blocks]"),
    ([markdown(6000), markdown(6001)], "/blocks]"),
    ([rich({"type": "sparkle"})], "/blocks/0/elements/0/elements/0/type]"),
    ([container(*[section("x")] * 11)], "/blocks/0/child_blocks]"),
    ([container(container(section("x")))], "/blocks/0/child_blocks/0/type]"),
    ([container(section("x"), default_collapsed=True)], "/blocks/0/default_collapsed]"),
    ([{"type": "alert", "text": plain("x")}], "/blocks/0/type]"),
    ([{"type": "hologram"}], "/blocks/0/type]"),
]


@pytest.mark.parametrize("blocks", INSIDE)
def test_blocks_at_their_limits_pass(blocks: list[Json]) -> None:
    assert problems(blocks) == []


@pytest.mark.parametrize(("blocks", "place"), OUTSIDE, ids=[place for _, place in OUTSIDE])
def test_blocks_beyond_a_limit_are_refused_where_they_break_it(blocks: list[Json], place: str) -> None:
    found = problems(blocks)
    assert found
    assert all("[json-pointer:/blocks" in problem for problem in found)
    assert any(problem.endswith(place) for problem in found), found


def test_a_series_needs_exactly_one_value_for_every_category() -> None:
    short, twice = chart(), chart()
    short["chart"]["series"][0]["data"].pop()
    twice["chart"]["series"][0]["data"][1]["label"] = "c0"
    assert problems([short]) == [
        "must have exactly one value per category [json-pointer:/blocks/0/chart/series/0/data]"
    ]
    assert any("exactly one value" in problem for problem in problems([twice]))


def test_a_home_takes_a_hundred_blocks_but_no_native_chart() -> None:
    assert problems([{"type": "divider"}] * 100, "home") == []
    assert problems([{"type": "divider"}] * 101, "home") == ["no more than 100 items allowed [json-pointer:/blocks]"]
    assert problems([chart()], "home") == ["unsupported type: data_visualization [json-pointer:/blocks/0/type]"]


@pytest.mark.parametrize("nonsense", ["blocks", [None], [{}], [{"type": "section", "text": "bare"}], [{"type": 3}]])
def test_what_is_no_block_at_all_is_a_problem_and_not_a_crash(nonsense: Any) -> None:
    assert problems(nonsense)
