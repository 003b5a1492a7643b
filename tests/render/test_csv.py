"""What `--format csv` gives to spreadsheets."""

import csv
from dataclasses import replace
from io import StringIO

import pytest

from bot.answers.answer import Amount, Column, Table
from bot.core.money import Money
from bot.render import csv as renderer
from tests import golden
from tests.render.examples import EXAMPLES, HELP, HOSTILE, NOTHING, REPORT, SORRY, TEAM, WARNING, hostile


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_reads_as_it_did(name: str) -> None:
    golden.check(f"render/{name}.csv", renderer.text(EXAMPLES[name]))


def test_a_report_ends_in_its_total_with_exact_amounts() -> None:
    header, *lines, total = rows(renderer.text(TEAM))
    assert header == list(renderer.HEADER)
    assert len(lines) == len(REPORT.rows)
    assert dict(zip(header, total, strict=True)) == {
        **{"id": "", "name": "total", "share": "", "billed_cost": "784.10123581", "list_cost": "862.511359391"},
        **{"uncached_input": "2520950", "cache_write_5m": "0", "cache_write_1h": "0", "cache_read": "2600000"},
        **{
            "output": "440015",
            "total_tokens": "5560965",
            "web_search_requests": "12",
            "cache_hit_rate": "0.507718",
            "requests": "",
        },
    }


def test_unknown_is_an_empty_cell() -> None:
    assert rows(renderer.text(TEAM))[3][:5] == ["claude-x", "claude-x", "", "", ""]


def test_lines_end_as_the_standard_says() -> None:
    text = renderer.text(TEAM)
    assert text.count("\r\n") == text.count("\n") == 5
    assert text.endswith("\r\n")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_name_that_is_a_formula_stays_a_text(name: str) -> None:
    line = rows(renderer.text(hostile(name)))[1]
    assert line[:2] == [f"'{name}"] * 2
    assert line[3] == "-3.1000"


def test_a_negative_amount_in_a_table_stays_a_number() -> None:
    table = Table("", (Column("a", False), Column("b")), (("-x", Amount(Money.from_dollars("-3.1"))),))
    assert rows(renderer.text(replace(NOTHING, tables=(table,)))) == [["a", "b"], ["'-x", "-3.1000"]]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    assert rows(renderer.text(hostile(name)))[1][1].removeprefix("'") == name


def test_an_answer_without_a_report_gives_its_first_table_or_its_facts() -> None:
    assert rows(renderer.text(HELP)) == [["Word", "Answers"], ["team", "one team"], ["teams", "all"]]
    assert rows(renderer.text(WARNING)) == [["label", "value", "note"], ["Since", "14 Nov 2026", ""]]
    assert rows(renderer.text(SORRY)) == [["label", "value", "note"]]
