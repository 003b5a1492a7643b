"""Every example of every answer, as its readers get it, in every medium."""

import json
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from rich.cells import cell_len

import bot.answers
from bot.answers.answer import Answer
from bot.answers.examples import NOW
from bot.core.money import ZERO, Money
from bot.core.question import parse
from bot.core.usage import TOKEN_TYPES
from bot.demo.slack_limits import problems
from bot.render import csv, slack, terminal
from bot.render import json as programs
from tests import golden

MOST_BUTTON_LETTERS = 2000
FIGURES = ["billed_cost", "list_cost", "web_search_requests", "requests", "tokens", "cache_hit_rate"]


def examples() -> Iterator[tuple[str, Answer]]:
    """`spend/team` and its answer, and so on for every subject."""
    for module in pkgutil.iter_modules(bot.answers.__path__):
        named = getattr(import_module(f"bot.answers.{module.name}"), "EXAMPLES", {})
        yield from ((f"{module.name}/{name.replace(' ', '-')}", answer) for name, answer in named.items())


EXAMPLES = dict(examples())
REPORTS = {name: answer for name, answer in EXAMPLES.items() if answer.report}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_reads_as_it_did(name: str) -> None:
    answer = EXAMPLES[name]
    for ending, text in {
        "slack.json": programs.dump(slack.message(answer)),
        "slack-plain.json": programs.dump(slack.plain(answer)),
        "txt": terminal.text(answer),
        "json": programs.dump(programs.document(answer)),
        "csv": csv.text(answer).removesuffix("\n"),
    }.items():
        golden.check(f"answers/{name}.{ending}", f"{text}\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_slack_takes_every_example(name: str) -> None:
    for message in (slack.message(EXAMPLES[name]), slack.plain(EXAMPLES[name])):
        assert problems(message["blocks"]) == []
        assert 0 < len(message["text"]) <= 4000


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_line_fits_a_terminal(name: str) -> None:
    assert [line for line in terminal.text(EXAMPLES[name]).splitlines() if cell_len(line) > 80] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_button_asks_a_question_that_can_be_read(name: str) -> None:
    answer = EXAMPLES[name]
    for question in (answer.question, *(action.question for action in answer.actions)):
        assert len(question) <= MOST_BUTTON_LETTERS
        assert '""' not in question
        asked = parse(question, now=NOW, zone="UTC")
        assert parse(asked.text, now=NOW, zone="UTC") == asked
    assert answer.question not in [action.question for action in answer.actions if answer.question]


@pytest.mark.parametrize("name", REPORTS)
def test_a_program_finds_every_field_that_was_promised(name: str) -> None:
    document: dict[str, Any] = json.loads(programs.dump(programs.document(REPORTS[name])))
    why = ["change", "effects"] if document["query"]["subject"] == "why" else []
    assert list(document) == [
        "query",
        "currency",
        "total",
        "previous",
        *why,
        "rows",
        "discount",
        "data_through",
        "notes",
    ]
    assert list(document["query"]) == ["subject", "name", "by", "period"]
    assert list(document["query"]["period"]) == ["start", "end", "timezone"]
    assert document["currency"] == "USD"
    for figures in (document["total"], document["previous"], *document["rows"]):
        assert [key for key in figures if key not in ("id", "name", "share", "list_cost_high", "change")] == FIGURES
        assert list(figures["tokens"]) == [*TOKEN_TYPES, "total"]
        assert isinstance(figures["requests"], int | None)
        assert {type(figures[cost]) for cost in ("billed_cost", "list_cost")} <= {str, type(None)}
    for row in document["rows"]:
        assert list(row)[:3] == ["id", "name", "share"]
    known = [Money.from_dollars(row["billed_cost"]) for row in document["rows"] if row["billed_cost"] is not None]
    if known:
        assert str(sum(known, ZERO)) == document["total"]["billed_cost"]


def test_what_is_not_known_is_null_and_what_is_nothing_is_zero() -> None:
    unread = programs.document(EXAMPLES["spend/nothing-read"])
    assert unread["previous"]["billed_cost"] is None
    assert programs.document(EXAMPLES["spend/not-billed-yet"])["total"]["billed_cost"] is None
    assert programs.document(EXAMPLES["spend/team-without-spend"])["total"]["billed_cost"] == "0.0000"
    people = programs.document(EXAMPLES["ranking/users-together"])
    assert people["total"]["requests"] == sum(row["requests"] for row in people["rows"])
    assert programs.document(EXAMPLES["spend/team"])["total"]["requests"] is None
    priced = {row["id"]: row["list_cost"] for row in programs.document(EXAMPLES["ranking/models"])["rows"]}
    assert (priced["claude-x"], priced["claude-haiku-4-5"]) == (None, "47.5833")
