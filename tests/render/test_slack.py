"""What people see in Slack, and that Slack would take it."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.answers.answer import Action, Answer, Chart, ChartKind, Column, Fact, Series, Table, Tone
from bot.demo.slack_limits import problems
from bot.render import slack, slack_words
from bot.render.slack_blocks import TEXT, escaped, italic
from tests import golden
from tests.render.examples import (
    EXAMPLES,
    HELP,
    HOSTILE,
    NOTHING,
    SORRY,
    TEAM,
    THROUGH,
    TREND,
    WARNING,
    hostile,
    ranked,
)

SIZES = (0, 1, 20, 97, 98, 99, 100, 101, 500)
EVERY = [*EXAMPLES.values(), NOTHING, *map(ranked, SIZES), *map(hostile, HOSTILE)]


def of_type(blocks: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [block for block in blocks if block["type"] == kind]


def markup(value: object) -> Iterator[str]:
    """Every text that Slack reads for markup."""
    if isinstance(value, list):
        for item in value:
            yield from markup(item)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for item in value.values():
            yield from markup(item)


def letters(value: object) -> str:
    """Everything there is to read, without its shape."""
    if isinstance(value, list):
        return "\n".join(map(letters, value))
    if isinstance(value, dict):
        return "\n".join(letters(item) for key, item in value.items() if key not in ("type", "action_id", "align"))
    return str(value)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_reads_as_it_did(name: str) -> None:
    shown = {"message": slack.message(EXAMPLES[name]), "plain": slack.plain(EXAMPLES[name])}
    golden.check(f"render/{name}.slack.json", json.dumps(shown, ensure_ascii=False, indent=1) + "\n")


@pytest.mark.parametrize("answer", EVERY, ids=lambda answer: answer.title[:20].encode("ascii", "ignore").decode())
def test_slack_would_take_every_message(answer: Answer) -> None:
    for message in (slack.message(answer), slack.plain(answer)):
        assert problems(message["blocks"]) == []
        assert len(message["text"]) <= TEXT
        json.dumps(message, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_markup(name: str) -> None:
    for message in (slack.message(hostile(name)), slack.plain(hostile(name)), slack.sorry(name, name)):
        for text in (message["text"], *markup(message["blocks"])):
            own = text.replace("<!date^", "").removeprefix("*").replace("*\n", "\n")
            assert "<" not in own
            own = re.sub(r"(?<=[0-9A-Za-z])_(?=[0-9A-Za-z])", "", own)  # within a word it is a letter to Slack
            for sign in "*_~`":
                assert own.count(sign) == own.count(f"\u034f{sign}"), f"{sign} stands free in {own!r}"


def test_a_name_stands_in_a_table_exactly_as_typed() -> None:
    [table] = of_type(slack.message(hostile(HOSTILE[1]))["blocks"], "table")
    assert table["rows"][1][0] == {"type": "raw_text", "text": HOSTILE[1]}


def test_a_direction_override_in_a_name_cannot_turn_the_figures_after_it() -> None:
    message = slack.message(replace(hostile(HOSTILE[3]), actions=()))
    assert "\u202e" not in letters([message["text"], *message["blocks"]])


@pytest.mark.parametrize(
    ("rows", "shown", "cut"),
    [(0, 0, None), (1, 1, None), (98, 98, None), (99, 98, "and 1 more row"), (500, 98, "and 402 more rows")],
)
def test_rows_that_slack_would_refuse_are_left_out_visibly_and_the_total_stays(
    rows: int, shown: int, cut: str | None
) -> None:
    blocks = slack.message(ranked(rows))["blocks"]
    [table] = of_type(blocks, "table")
    assert len(table["rows"]) == shown + 2
    assert "Total" in letters(table["rows"][-1])
    after = letters(blocks[blocks.index(table) + 1])
    assert after == f"{cut}\nFalse" if cut else "more row" not in after


def test_long_names_take_rows_from_a_table_and_say_so() -> None:
    columns = tuple(Column(f"c{n}", numeric=False) for n in range(5))
    answer = replace(NOTHING, tables=(Table("", columns, (("x" * 90,) * 5,) * 60),))
    table, remark = slack.message(answer)["blocks"]
    assert table["rows"][1][0]["text"].endswith("x…")
    assert len(table["rows"]) == 1 + 24
    assert "and 36 more rows" in letters(remark)


def test_a_row_that_stands_for_many_counts_as_many_where_it_is_left_out() -> None:
    """500 of 900 were asked for: 99 stand in the first table, so 801 do not."""
    named = tuple((f"Team {n}", "1") for n in range(500))
    table = Table("", (Column("Team", numeric=False), Column("Cost")), (*named, ("and 400 more", "400")), last_of=400)
    answer = replace(NOTHING, tables=(table, table))
    shown = letters(slack.message(answer)["blocks"])
    assert "and 801 more rows" in shown
    assert "and 875 more rows" in shown
    assert "and 890 more rows" in slack.message(answer)["text"]
    assert "and 875 more rows" in slack_words.message(answer)["text"]


def test_columns_that_slack_would_refuse_are_left_out_visibly() -> None:
    columns = tuple(Column(f"c{n}") for n in range(23))
    table, remark = slack.message(replace(NOTHING, tables=(Table("", columns, (("1",) * 23,)),)))["blocks"]
    assert [len(row) for row in table["rows"]] == [20, 20]
    assert "and 3 more columns" in letters(remark)


def test_figures_stand_on_the_right_and_names_on_the_left() -> None:
    [table] = of_type(slack.message(TEAM)["blocks"], "table")
    assert [column["align"] for column in table["column_settings"]] == ["left", "right", "right", "right"]


def test_a_second_table_is_set_in_letters_of_one_width_with_its_cut_visible() -> None:
    blocks = slack.message(ranked(30))["blocks"]
    second = blocks[blocks.index(of_type(blocks, "table")[0]) + 2]
    assert second["elements"][0]["type"] == "rich_text_preformatted"
    assert "Team 24" in letters(second)
    assert "and 5 more rows" in letters(blocks)


def test_the_plain_message_has_no_block_that_a_workspace_might_refuse() -> None:
    for answer in EVERY:
        kinds = {block["type"] for block in slack.plain(answer)["blocks"]}
        assert kinds <= {"header", "section", "context", "actions", "rich_text"}
    assert "Claude Sonnet 5.5" in letters(slack.plain(TEAM)["blocks"])


def test_slack_draws_two_charts_and_the_third_is_made_of_letters() -> None:
    blocks = slack.message(TREND)["blocks"]
    line, pie = of_type(blocks, "data_visualization")
    assert line["chart"]["series"][1]["data"][3] == {"label": "Thu", "value": -2}
    assert pie["chart"]["segments"][0] == {"label": "Claude Sonnet 5.5", "value": 4_560_000}
    assert "Third: Slack draws only two." in letters(blocks)
    assert "█" in letters(blocks)


@pytest.mark.parametrize("values", [(1, 0), (1, -1), (1,) * 7])
def test_a_pie_slack_would_refuse_becomes_bars_with_nothing_left_out(values: tuple[int, ...]) -> None:
    labels = tuple(f"l{n}" for n in range(len(values)))
    pie = Chart(ChartKind.PIE, "t", "f", labels, (Series("s", tuple(map(Decimal, values))),))
    [block] = of_type(slack.message(replace(NOTHING, charts=(pie,)))["blocks"], "data_visualization")
    assert block["chart"]["type"] == "bar"
    assert [point["value"] for point in block["chart"]["series"][0]["data"]] == list(values)


def test_a_chart_too_large_for_slack_is_made_of_letters_and_cut_visibly() -> None:
    labels = tuple(f"{n} Nov" for n in range(1, 31))
    chart = Chart(ChartKind.BAR, "Days", "All the same.", labels, (Series("s", (Decimal(1),) * 30),))
    blocks = slack.message(replace(NOTHING, charts=(chart,)))["blocks"]
    assert problems(blocks) == []
    assert not of_type(blocks, "data_visualization")
    assert "and 5 more lines" in letters(blocks)


def test_labels_that_are_the_same_once_cut_stay_different() -> None:
    names = ("Customer Success Europe", "Customer Success Asia", "Customer Success E…")
    chart = Chart(ChartKind.BAR, "t", "f", names, (Series("s", (Decimal(1),) * 3),))
    [block] = of_type(slack.message(replace(NOTHING, charts=(chart,)))["blocks"], "data_visualization")
    assert len(set(block["chart"]["axis_config"]["categories"])) == 3
    assert problems([block]) == []


def test_every_button_asks_its_own_question_and_the_last_one_shares() -> None:
    [actions] = of_type(slack.message(TEAM)["blocks"], "actions")
    assert [(one["action_id"], one["value"], one["text"]["text"]) for one in actions["elements"]] == [
        ("ask:0", "trend team alpha", "By day"),
        ("ask:1", "why team alpha", "Why more?"),
        ("receipt", "team alpha by model", "Receipt"),
        ("csv", "team alpha by model", "CSV"),
        ("share", "team alpha by model", "Share to channel"),
    ]


@pytest.mark.parametrize("button", ["receipt", "csv"])
def test_an_answer_without_figures_has_no_receipt_and_no_file(button: str) -> None:
    assert TEAM.report is not None
    assert f'"{button}"' in json.dumps(slack.message(TEAM))
    assert f'"{button}"' not in json.dumps(slack.message(replace(TEAM, report=None)))


def test_a_message_nobody_asked_for_cannot_be_shared() -> None:
    assert "share" not in str(slack.message(WARNING)["blocks"])


def test_thirty_buttons_are_cut_to_what_slack_takes_and_the_last_still_shares() -> None:
    actions = tuple(Action(f"b{n}", f"q{n}") for n in range(30))
    blocks = slack.message(replace(TEAM, actions=actions))["blocks"]
    [row] = of_type(blocks, "actions")
    assert len(row["elements"]) == 25
    assert row["elements"][-1]["action_id"] == "share"
    assert "and 8 more questions" in letters(blocks)


def test_a_question_too_long_for_a_button_is_not_cut_into_another_question() -> None:
    blocks = slack.message(replace(TEAM, actions=(Action("long", "x" * 2001),), question="y" * 2001))["blocks"]
    assert of_type(blocks, "actions") == []
    assert "and 1 more question\n" in letters(blocks)


def test_more_parts_than_a_message_takes_are_cut_before_the_notes_and_buttons() -> None:
    blocks = slack.message(replace(TEAM, paragraphs=("p",) * 80))["blocks"]
    assert len(blocks) == 50
    assert [block["type"] for block in blocks[-3:]] == ["context", "context", "actions"]
    assert "and 38 more parts" in letters(blocks[-3])


def test_more_notes_than_a_context_takes_are_cut_visibly_and_the_freshness_stays() -> None:
    [context] = of_type(slack.message(replace(HELP, notes=("n",) * 20, data_through=THROUGH))["blocks"], "context")
    assert len(context["elements"]) == 10
    assert context["elements"][-2]["text"] == "and 12 more notes"
    assert context["elements"][-1]["text"].startswith("Data through <!date^1795219200^{date_short_pretty} {time}|2026-")


def test_more_facts_than_a_section_takes_go_on_in_the_next() -> None:
    blocks = slack.message(replace(NOTHING, facts=(Fact("l", "v"),) * 23))["blocks"]
    assert [len(block["fields"]) for block in blocks] == [10, 10, 3]


def test_figures_that_are_not_in_yet_say_so_instead_of_an_age() -> None:
    shown = slack.message(hostile("x"))
    assert "Data through: not in yet" in letters(shown["blocks"])
    assert "Data through: not in yet" in shown["text"]


def test_only_a_warning_carries_an_emoji() -> None:
    assert slack.message(WARNING)["blocks"][0]["text"]["text"] == "⚠️ Budget alpha-month is used up"
    assert "⚠️" not in str([slack.message(answer) for answer in (TEAM, HELP, SORRY)])
    assert Tone.SORRY is SORRY.tone


def test_the_text_alone_says_what_the_blocks_say() -> None:
    text = slack.message(TEAM)["text"]
    for part in ("Team Alpha · this month", "12 % more", "Billed cost: $784.10", "claude-x: Billed cost not in yet"):
        assert part in text
    assert text.endswith("1 model has no list price: claude-x\nData through 2026-11-21 00:00 UTC")


@pytest.mark.parametrize("width", [1, 2, 3, 100])
def test_a_text_too_long_for_slack_is_cut_between_lines_and_says_how_many(width: int) -> None:
    text = slack.message(replace(HELP, paragraphs=("&" * width,) * 5000))["text"]
    assert 3000 < len(text) <= 4000
    assert text.splitlines()[-1].startswith("and ")
    assert text.splitlines()[-1].endswith(" more lines")
    assert text.count("&") == text.count("&amp;")


def test_an_escaped_text_is_cut_between_characters() -> None:
    assert escaped("a<<", 9) == "a&lt;&lt;"
    assert escaped("a<<", 8) == "a&lt;…"
    assert escaped("day_cap _x", 9) == "day_cap …"


def test_a_name_is_copied_from_a_message_as_it_is_called() -> None:
    assert escaped("daily_token_budget_exceeded, apikey_01Ab", 99) == "daily_token_budget_exceeded, apikey_01Ab"
    assert escaped("_day_cap_ __x", 99) == "\u034f_day_cap\u034f_ \u034f_\u034f_x", "at its edges it would be italic"


def test_an_underscore_within_a_word_ends_no_italics() -> None:
    assert italic(escaped("by ana_b, _x", 99)) == "_by ana\u034f_b, \u034f_x_"


def test_an_apology_carries_its_reference() -> None:
    shown = slack.sorry("Something broke & <!here> heard.", "7f3a")
    assert shown["text"] == "Something broke &amp; &lt;!here\u034f&gt; heard.\nReference 7f3a"
    assert letters(shown["blocks"]).count("7f3a") == 1
    for message in (shown, slack.sorry(""), slack.sorry("x" * 9000, "y" * 9000)):
        assert problems(message["blocks"]) == []
        assert 0 < len(message["text"]) <= 4000


def test_code_in_an_apology_is_shown_as_code_and_its_backticks_are_gone() -> None:
    shown = slack.sorry("There is no team “x”. Try `/claude-usage team alpha`.")
    assert shown["text"] == "There is no team “x”. Try /claude-usage team alpha."
    [part] = shown["blocks"][0]["elements"]
    assert part["elements"] == [
        {"type": "text", "text": "There is no team “x”. Try "},
        {"type": "text", "text": "/claude-usage team alpha", "style": {"code": True}},
        {"type": "text", "text": "."},
    ]


def test_a_backtick_alone_is_a_letter() -> None:
    [part] = slack.sorry("One ` and `no more`.")["blocks"][0]["elements"]
    assert [piece["text"] for piece in part["elements"]] == ["One ", " and ", "no more`."]
    [part] = slack.sorry("``")["blocks"][0]["elements"]
    assert [piece["text"] for piece in part["elements"]] == ["``"]


def test_code_in_a_paragraph_is_shown_as_code() -> None:
    message = slack.message(replace(NOTHING, paragraphs=("Add `share`.\nNo more.",)))
    pieces = message["blocks"][0]["elements"][0]["elements"]
    assert [(piece["text"], "style" in piece) for piece in pieces] == [
        ("Add ", False),
        ("share", True),
        (".\nNo more.", False),
    ]
    assert message["text"] == "Add share.\nNo more."
