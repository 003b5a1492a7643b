"""`lab detect`: JSON lines in, an alert when it would have come, and a bad line stops nobody."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.terminal import lab_detect, words

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def line(place: int, usd: object, team: str = "alpha", **changed: object) -> str:
    """One hour, seen as it ends."""
    told = {"t": (START + (place + 1) * HOUR).isoformat(), "team": team, "bucket": (START + place * HOUR).isoformat()}
    return json.dumps({**told, "width_h": 1, "usd": usd, **changed})


def steady(days: int, loop: int | None = None, team: str = "alpha") -> list[str]:
    """About $2 an hour; $60 an hour for six hours where a loop runs away."""
    return [
        line(place, 2 + place % 3 / 10 + (60 if loop is not None and loop <= place < loop + 6 else 0), team)
        for place in range(24 * days)
    ]


def run(
    capsys: pytest.CaptureFixture[str], lines: list[str], **options: Any
) -> tuple[int, list[dict[str, Any]], list[str]]:
    code = lab_detect.run(io.StringIO("\n".join(lines)), **options)
    done = capsys.readouterr()
    return code, [json.loads(said) for said in done.out.splitlines()], done.err.splitlines()


def test_a_loop_is_told_in_one_line_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    code, told, errors = run(capsys, steady(40, loop=24 * 35 + 3))
    assert (code, errors) == (0, [])
    assert told == [
        {
            "t": "2026-02-09T04:00:00Z",
            "team": "alpha",
            "since": "2026-02-09T03:00:00Z",
            "usd": 62.0,
            "expected": pytest.approx(2.0, abs=0.3),
            "window_h": 1,
            "reason": told[0]["reason"],
        }
    ]
    assert told[0]["reason"].startswith("$62.00 in the last hour where about $")


def test_teams_are_judged_apart(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = zip(steady(40, loop=24 * 35 + 3), steady(40, team="beta"), strict=True)
    _, told, _ = run(capsys, [each for pair in pairs for each in pair])
    assert [alert["team"] for alert in told] == ["alpha"]


def test_days_are_read_as_well_as_hours(capsys: pytest.CaptureFixture[str]) -> None:
    days = [
        line(
            24 * day, 700.0 if day == 50 else 100.0 + day % 5, width_h=24, t=(START + 24 * (day + 1) * HOUR).isoformat()
        )
        for day in range(55)
    ]
    _, told, _ = run(capsys, days)
    assert [(alert["t"], alert["window_h"], alert["usd"]) for alert in told] == [("2026-02-25T00:00:00Z", 24, 700.0)]


def test_the_least_impact_is_the_callers_to_choose(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, steady(40, loop=24 * 35 + 3), min_impact=Decimal(5000))[1] == []


def test_notices_are_only_for_those_who_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, steady(20))[1] == []
    _, told, _ = run(capsys, steady(20), notices=True)
    assert [(said["kind"], said["reason"]) for said in told] == [
        ("new_spender", "first spend: $50.40 in its first 24 hours")
    ]


def test_what_is_not_in_yet_is_no_observation(capsys: pytest.CaptureFixture[str]) -> None:
    lines = steady(40)
    lines[24 * 36 : 24 * 38] = [line(place, None) for place in range(24 * 36, 24 * 38)]
    assert run(capsys, lines, notices=True)[::2] == (0, [])
    assert len(run(capsys, lines, notices=True)[1]) == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("nonsense", "it is no JSON. Write one object a line."),
        ("[1]", "it is no JSON object."),
        ("[" * 100_000, "it is no JSON. Write one object a line."),
        ('{"t": "2026-01-05"}', 'it has no "team".'),
        (line(5, 1.0, team=None), '"team" is not text.'),  # type: ignore[arg-type]
        (line(5, "1.0"), '"usd" is "1.0", not an amount in dollars.'),
        (line(5, True), '"usd" is true, not an amount in dollars.'),
        (line(5, float("nan")), '"usd" is NaN, not an amount in dollars.'),
        (line(5, 10**400), '"usd" is'),
        (line(5, 1.0, width_h=6), '"width_h" is 6: a bucket is 1 or 24 hours wide.'),
        (line(5, 1.0, width_h=[1]), '"width_h" is [1]: a bucket is 1 or 24 hours wide.'),
        (line(5, 1.0, width_h=24), 'its "bucket" does not fit: a day starts at midnight UTC.'),
        (line(5, 1.0, bucket="2026-01-05T05:30:00Z"), 'its "bucket" does not fit: a bucket starts at a full hour.'),
        (line(5, 1.0, t="noon"), '"t" is "noon", not an instant such as 2026-11-22T09:00:00Z.'),
        (line(5, 1.0, t="0001-01-01T00:00:00+23:59"), '"t" is'),
        (line(5, 1.0, bucket="2026-01-06T00:00:00Z"), 'its "bucket" begins after "t": nobody could have seen it.'),
        (line(2, 1.0), 'its "t" lies before that of an earlier line; the lines must be in order of "t".'),
    ],
)
def test_a_bad_line_is_named_with_its_reason_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str], bad: str, reason: str
) -> None:
    lines = steady(40, loop=24 * 35 + 3)
    code, told, errors = run(capsys, [*lines[:5], bad, *lines[5:]])
    assert (code, len(told), len(errors)) == (0, 1, 1)
    assert errors[0].startswith(f"line 6: {reason}")


def test_when_no_line_can_be_read_the_exit_code_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, ["nonsense", ""])[0] == 1
    assert run(capsys, [])[0] == 0


def test_the_command_answers_before_its_input_ends() -> None:
    """Whoever pipes a live feed in reads each alert as it comes, not when the feed ends."""
    lines = steady(36, loop=24 * 35 + 3)[: 24 * 35 + 4]
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "lab", "detect"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n".join(lines) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["t"] == "2026-02-09T04:00:00Z"
        process.stdin.close()
        assert process.wait() == 0


def test_an_impact_that_is_no_amount_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for amount in ("0", "-5", "much", "inf"):
        with pytest.raises(SystemExit) as stop:
            words.parser().parse_args(["lab", "detect", f"--min-impact={amount}"])
        assert stop.value.code == 2
        assert "no amount of dollars" in capsys.readouterr().err
