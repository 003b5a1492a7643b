"""What people see in a terminal."""

import re

import pytest
from rich.cells import cell_len

from bot.answers.answer import Amount, Answer, Cell, Column, Table
from bot.core.money import Money
from bot.render import terminal
from tests import golden
from tests.render.examples import EXAMPLES, HOSTILE, NOTHING, TEAM, WARNING, hostile, ranked

EVERY = [*EXAMPLES.values(), NOTHING, *map(ranked, (0, 1, 20, 99, 100, 101, 500)), *map(hostile, HOSTILE)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_reads_as_it_did(name: str) -> None:
    golden.check(f"render/{name}.txt", terminal.text(EXAMPLES[name]) + "\n")


@pytest.mark.parametrize("answer", EVERY, ids=lambda answer: answer.title[:20].encode("ascii", "ignore").decode())
@pytest.mark.parametrize("width", [80, 40])
def test_every_line_fits_and_none_ends_in_blanks(answer: Answer, width: int) -> None:
    for line in terminal.text(answer, width=width).split("\n"):
        assert cell_len(line) <= width
        assert line == line.rstrip()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_cannot_steer_the_terminal(name: str) -> None:
    shown = terminal.text(hostile(name))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", shown)
    shown.encode()


def test_markup_and_emoji_codes_in_a_name_stay_letters() -> None:
    assert "[red]:fire:[/red]" in terminal.text(Answer("[red]:fire:[/red]", ""))


def test_code_in_a_paragraph_stands_without_its_backticks() -> None:
    assert terminal.text(Answer("", "", paragraphs=("Ask `status`, or ` it.",))) == "Ask status, or ` it."


def test_colour_is_only_there_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    assert "\x1b" not in terminal.text(WARNING)
    monkeypatch.setenv("NO_COLOR", "1")
    coloured = terminal.text(WARNING, color=True)
    assert "\x1b[1;33m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == terminal.text(WARNING)


def test_a_long_name_is_cut_and_its_figures_are_not() -> None:
    columns = (Column("Team", numeric=False), Column("Billed cost"))
    table = Table("Teams", columns, (("long " * 60, Amount(Money.from_dollars("10000000"))),))
    line = terminal.text(Answer("", "", tables=(table,))).split("\n")[-1]
    assert cell_len(line) == 80
    assert line.endswith("…  $10,000,000.00")


def test_columns_that_do_not_fit_follow_below_with_the_name_repeated() -> None:
    columns = (Column("Team", numeric=False), *(Column(f"figure {n}") for n in range(12)))
    row: tuple[Cell, ...] = ("alpha", *(Amount(Money.from_dollars("10000000")) for _ in range(12)))
    shown = terminal.text(Answer("", "", tables=(Table("", columns, (row,), row),)))
    assert shown.count("$10,000,000") == 24
    assert shown.count("alpha") == 2 * shown.count("Team") == 6
    assert max(map(cell_len, shown.split("\n"))) <= 80


def test_figures_end_below_each_other() -> None:
    lines = terminal.text(TEAM).split("\n")
    start = next(at for at, line in enumerate(lines) if line.startswith("Model "))
    ends = {line.rindex("%") if "%" in line else None for line in lines[start : start + 7]}
    assert len(ends - {None}) == 1
    assert {cell_len(line) for line in lines[start : start + 7]} == {47}
