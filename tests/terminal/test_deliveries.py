"""`deliveries`: what was sent and what was not, as the person on call reads it, and the same in Slack's `status`."""

import json
from pathlib import Path

import pytest

from tests.outside import TEAMS, Outside, written
from tests.terminal.conftest import Command

OLD_PLACE = "C0OLD"
OLD = '  - {id: old, channel: C0OLD, cadence: daily, at: "08:00"}\nalerts:'


@pytest.fixture
def posted(command: Command, tmp_path: Path) -> Command:
    """One digest went out, one could not: its channel is archived."""
    assert command("config", "apply", str(written(tmp_path, TEAMS.replace("alerts:", OLD)))).code == 0
    assert command("digest", "morning", "--post").code == 0
    assert command("digest", "old", "--post").code == 1
    return command


def test_what_went_out_says_where_and_what_did_not_says_why(posted: Command) -> None:
    done = posted("deliveries")
    assert done.code == 0
    sent, lost = (
        next(line for line in done.out.splitlines() if line.startswith(f"digest {name}")) for name in ("m", "o")
    )
    assert sent.split()[-4:] == ["sent", "2026-11-22", "09:00", "C0GENERAL"]
    assert lost.split()[-5:] == ["given", "up", "2026-11-22", "09:00", OLD_PLACE], "where it was to go"
    assert "archived" in done.out
    assert "1 message did not go out" in done.out
    assert "details of digest morning of 22 Nov" in done.out


def test_only_the_failed_on_request_and_whole_for_programs(posted: Command) -> None:
    document = json.loads(posted("deliveries", "--failed", "--format", "json").out)
    assert document["at"] == "2026-11-22T09:00:00Z"
    (lost,) = document["deliveries"]
    assert (lost["key"], lost["state"], lost["attempts"], lost["channel"]) == (
        "digest/old/2026-11-22",
        "failed",
        1,
        None,
    )
    assert lost["place"] == OLD_PLACE
    assert "archived" in lost["reason"]
    everything = json.loads(posted("deliveries", "--format", "json").out)["deliveries"]
    places = {one["key"]: (one["channel"], one["ts"] is None) for one in everything}
    assert places["digest/morning/2026-11-22"] == ("C0GENERAL", False)
    assert places["digest/old/2026-11-22"] == (None, True)


def test_a_receiver_is_named_to_the_operator_and_to_nobody_else(command: Command, outside: Outside) -> None:
    outside.slack.fail_next("conversations.open", error="user_disabled")
    command("alerts", "--post")
    assert "to ana@example.com" in command("deliveries", "--failed").out
    status = command("ask", "status").out
    assert "Not sent: alert day_cap" in status
    assert "ana@" not in status


def test_an_empty_store_says_so(command: Command) -> None:
    assert "Every message went out." in command("deliveries", "--failed").out
