"""`replay` and `alerts --explain`: what a rule would have sent, why an alert is what it is, and why there is none."""

import json

from tests.terminal.conftest import Command


def test_a_replay_says_what_a_rule_would_have_sent_and_whether_that_makes_sense(command: Command) -> None:
    done = command("replay", "day_cap", "--period", "7d")
    assert (done.code, done.err) == (0, "")
    assert "more than $1.00 a day" in done.out
    assert "that is its normal" in done.out
    document = json.loads(command("replay", "day_cap", "--period", "7d", "--format", "json").out)
    assert document["sent"][0]["what"] == "fired"
    assert document["sent"][0]["receivers"] == ["ana@example.com"]
    assert document["notes"]
    assert json.loads(command("replay", " day\u2060_cap\u200b", "--format", "json").out)["rule"] == "day_cap"
    unknown = command("replay", "day_cup")
    assert unknown.code == 1
    assert "The closest is: day_cap." in unknown.err


def test_an_alert_is_explained_by_its_number_and_none_by_its_team(command: Command) -> None:
    command("alerts", "--post")
    done = command("alerts", "--explain", "1")
    assert all(said in done.out for said in ("day_cap", "above its limit", "ana@example.com", "sent"))
    assert "No rule and no budget watches Team Beta" in command("alerts", "--explain", "beta").out
    assert command("alerts", "--explain", "7").code == 1
