"""App Home and the dialog, as Slack takes them, and a message without blocks."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.answers import home
from bot.answers.answer import Action, Answer, Column, Table
from bot.answers.examples import HOSTILE
from bot.answers.settings import Line, Settings
from bot.core.configuration.merged import What
from bot.demo.slack_limits import problems
from bot.render import slack, slack_forms, slack_views, slack_words
from tests import golden
from tests.answers.test_examples import EXAMPLES
from tests.render.examples import hostile, ranked
from tests.render.test_slack import markup

HOMES = home.EXAMPLES


def crowded(count: int) -> Answer:
    """A Home with as many rows, buttons and hints as anybody could have."""
    answer = HOMES["hostile names"]
    tables = [replace(table, rows=table.rows[:1] * count) for table in answer.tables]
    actions = tuple(Action(f"Team {n}", f"team team-{n}") for n in range(count))
    return replace(answer, tables=tuple(tables), actions=actions, paragraphs=("A hint.",) * count)


def views(answer: Answer) -> Iterator[tuple[str, slack_views.View]]:
    yield "home", slack_views.home(answer)
    yield "home", slack_views.home(answer, native=False)


@pytest.mark.parametrize("name", HOMES)
def test_each_home_reads_as_it_did(name: str) -> None:
    text = json.dumps(slack_views.home(HOMES[name]), indent=2, ensure_ascii=False)
    golden.check(f"render/home/{name.replace(' ', '-')}.json", f"{text}\n")


@pytest.mark.parametrize("answer", [*HOMES.values(), *map(crowded, (1, 30, 200))])
def test_slack_takes_every_home(answer: Answer) -> None:
    for surface, view in views(answer):
        assert surface == view["type"]
        assert problems(view["blocks"], "home") == []


def test_slack_takes_a_home_with_nothing_to_show_but_what_is_wrong() -> None:
    for view in (slack_views.home_waiting(), slack_views.home_without_figures(HOSTILE, "7f3a")):
        assert problems(view["blocks"], "home") == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_slack_takes_every_answer_in_the_dialog(name: str) -> None:
    view = slack_views.answered(EXAMPLES[name])
    assert problems(view["blocks"], "modal") == []
    assert len(view["blocks"][0]["element"].get("initial_value", "")) <= 2000
    assert slack.SHARE not in [one.get("action_id") for block in view["blocks"] for one in block.get("elements", [])]


@pytest.mark.parametrize("text", ["", "x" * 10_000, HOSTILE])
def test_slack_takes_the_dialog_whatever_was_asked(text: str) -> None:
    for view in (slack_views.asking((text,) if text else ()), slack_views.sorry(text, text), slack_views.waiting()):
        assert problems(view["blocks"], "modal") == []
        assert max(len(view[part]["text"]) for part in ("title", "close")) <= 24


def test_names_on_home_are_letters_and_only_slacks_own_ids_are_references() -> None:
    texts = "\n".join(markup(slack_views.home(HOMES["hostile names"])["blocks"]))
    assert "<!channel>" not in texts
    owner = "\n".join(markup(slack_views.home(HOMES["owner"])["blocks"]))
    assert "<#C0GENERAL1>" in owner
    assert "<@U0ADMIN01>" in owner
    assert "cfo@example.com" in owner
    shouting = Table("T", (Column("A", numeric=False), Column("B", numeric=False)), (("x", "CRITICAL"),))
    assert "<#" not in str(slack_views.home(Answer("t", "h", tables=(shouting,)), native=False))


def test_a_name_that_cannot_be_carried_whole_is_not_offered() -> None:
    groups = [("Teams", [("x" * 300, "team x"), ("long", f"team {'y' * 200}")]), ("Models", [])]
    assert slack_views.choices(groups) == [
        {
            "label": {"type": "plain_text", "text": "Teams", "emoji": False},
            "options": [
                {"text": {"type": "plain_text", "text": f"{'x' * 74}…", "emoji": False}, "value": "team x"},
            ],
        }
    ]


@pytest.mark.parametrize("answer", [*EXAMPLES.values(), *map(ranked, (0, 20, 500)), hostile("```\n<!here>\n```")])
def test_a_message_without_blocks_has_whole_tables_and_no_markup_of_others(answer: Answer) -> None:
    message = slack_words.message(answer)
    assert message["blocks"] == []
    assert 0 < len(message["text"]) <= 4000
    assert message["text"].count("```") % 2 == 0
    assert "<!" not in message["text"]


def test_what_a_menu_could_not_carry_is_in_the_settings_all_the_same() -> None:
    long = "x" * 150
    lines = tuple(Line(What.DIGEST, id_, "daily at 09:00", by="U1", changeable=True) for id_ in ("short", long))
    shown = slack_forms.settings(Settings("UTC", (), "", None, lines))
    menus = [block for block in shown["blocks"] if "accessory" in block]
    assert [menu["block_id"] for menu in menus] == ["digest/short"]
    assert "x" * 79 in str(shown["blocks"])


def test_settings_that_a_dialog_has_no_room_for_say_where_they_are() -> None:
    lines = tuple(Line(What.DIGEST, f"d{n}", "daily", by="U1", changeable=True) for n in range(150))
    blocks = slack_forms.settings(Settings("UTC", (), "", None, lines))["blocks"]
    assert len(blocks) == 100
    assert "There is more: `settings` in words has all." in str(blocks[-1])
