"""`lab forecast`: JSON lines in, JSON lines out, and a bad line stops nobody."""

import io
import json
import subprocess
import sys
from datetime import date, timedelta

import pytest

from bot.terminal import lab_forecast

WEEK = [10, 11.5, 12, 10.25, 9, 1, 0]


def question(**changed: object) -> str:
    days = WEEK * 8
    asked = {"id": "a", "first_day": str(date(2026, 11, 16) - timedelta(days=len(days))), "days": days}
    return json.dumps({**asked, "month": "2026-11", **changed})


def run(capsys: pytest.CaptureFixture[str], *lines: str) -> tuple[int, list[dict[str, object]], list[str]]:
    code = lab_forecast.run(io.StringIO("\n".join(lines)))
    done = capsys.readouterr()
    return code, [json.loads(line) for line in done.out.splitlines()], done.err.splitlines()


def test_each_line_is_answered_in_its_order_with_a_range(capsys: pytest.CaptureFixture[str]) -> None:
    code, answers, errors = run(capsys, question(id="one"), "", question(id=2))
    assert (code, errors) == (0, [])
    assert [answer["id"] for answer in answers] == ["one", 2]
    assert list(answers[0]) == ["id", "total", "low", "high"]
    low, total, high = (float(str(answers[0][name])) for name in ("low", "total", "high"))
    assert 107.5 <= low < total < high  # what is spent by 15 November
    assert total == pytest.approx(226, rel=0.05)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "it is no JSON. Write one object a line."),
        ("[1]", "it is no JSON object."),
        ('{"id": 1, "first_day": "2026-11-01", "month": "2026-11"}', 'it has no "days".'),
        (question(id=None), '"id" is neither text nor a whole number.'),
        (question(first_day="1 Nov"), '"first_day" is 1 Nov, not a date such as 2026-01-01.'),
        (question(month="2026-13"), '"month" is 2026-13, not a date such as 2026-11.'),
        (question(days="12"), '"days" is not a list of at most 36,600 amounts.'),
        (question(days=[1, "2"]), 'day 2 is "2", not an amount in dollars.'),
        (question(days=[True]), "day 1 is true, not an amount in dollars."),
        (question(days=[float("nan")]), "it is no JSON. Write one object a line."),
        (question(days=[1e300]), "day 1 is no amount this bot can hold."),
        (question().replace("[10,", "[1e999999999,"), "day 1 is no amount this bot can hold."),
    ],
)
def test_a_bad_line_is_reported_with_its_number_and_the_rest_goes_on(
    line: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answers, errors = run(capsys, question(id="before"), line, question(id="after"))
    assert (code, errors) == (0, [f"line 2: {reason}"])
    assert [answer["id"] for answer in answers] == ["before", "after"]


def test_where_no_line_can_be_read_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "nonsense")[0] == 1
    assert run(capsys)[0] == 0


def test_too_little_history_is_an_answer_without_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    _, (answer,), errors = run(capsys, question(days=[0, 0, 5]))
    assert errors == []
    assert answer == {
        "id": "a",
        "total": None,
        "low": None,
        "high": None,
        "reason": "A forecast needs 7 days since the first spend.",
    }


def test_null_is_a_day_that_is_not_in_yet(capsys: pytest.CaptureFixture[str]) -> None:
    _, (whole, holed), _ = run(capsys, question(), question(days=[*(WEEK * 7), *WEEK[:3], None, *WEEK[4:]]))
    assert float(str(holed["total"])) == pytest.approx(float(str(whole["total"])), rel=0.02)


def test_the_command_reads_standard_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "lab", "forecast"], input=question(), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["id"] == "a"
