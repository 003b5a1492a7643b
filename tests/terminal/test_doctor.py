"""`doctor`: one line for each check, what to do in it, and never a traceback, whatever is there or missing."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.setup import environment
from tests import databases
from tests.outside import TEAMS, Outside, without_secrets, written
from tests.terminal.conftest import Command


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database is enough here."""
    file = tmp_path_factory.mktemp("empty") / "empty.db"
    databases.sqlite(file)
    return file


def checks(command: Command) -> Mapping[str, tuple[str, str]]:
    """Outcome and sentence of each check, the last of each name."""
    done = command("doctor", "--format", "json")
    document: dict[str, Any] = json.loads(done.out)
    assert (done.code == 0) is document["ok"] is all(one["outcome"] != "wrong" for one in document["checks"])
    assert without_secrets(done.out + done.err) == {}
    return {one["check"]: (one["outcome"], one["said"]) for one in document["checks"]}


def test_where_all_is_well_every_line_says_so(command: Command, tmp_path: Path) -> None:
    one_digest = TEAMS.replace("alerts:", '  - {id: other, channel: C0ALPHA, cadence: daily, at: "08:00"}\nalerts:')
    assert command("config", "apply", str(written(tmp_path, one_digest))).code == 0
    done = command("doctor")
    assert done.code == 0, done.out
    marks = {line.split(":")[0][2:]: line[0] for line in done.out.splitlines() if line}
    assert "✗" not in marks.values()
    assert {name for name, mark in marks.items() if mark == "✓"} >= {
        "Settings",
        "Time zones",
        "Clock",
        "Database",
        "Schema",
        "Teams",
        "Anthropic admin key",
        "Slack bot token",
        "Slack scopes",
        "Slack's way in",
        "Channels",
        "Owners and admins",
    }
    assert "Example Org; reads usage, cost, Claude Code, limits and the newer reports" in done.out
    assert "Nothing is wrong." in done.out


def test_with_nothing_configured_it_says_what_is_missing(
    bare: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    done = bare("doctor")
    assert (done.code, done.err) == (1, "")
    for missing in ("ANTHROPIC_ADMIN_API_KEY is missing", "SLACK_BOT_TOKEN is missing", "Set SLACK_APP_TOKEN"):
        assert missing in done.out
    assert list(tmp_path.iterdir()) == [], "looking made something"


WRONG = {
    "wrong zone": ({"TIMEZONE": "Europe/Berln"}, "Settings", "Europe/Berlin"),
    "ordinary key": ({"ANTHROPIC_ADMIN_API_KEY": "sk-ant-api03-x"}, "Anthropic admin key", "ordinary API key"),
    "admin key where none belongs": ({"ANTHROPIC_API_KEY": "sk-ant-admin01-x"}, "Anthropic API key", "leave it out"),
    "bot token": ({"SLACK_BOT_TOKEN": "xoxp-wrong"}, "Slack bot token", "begins with xoxb-"),
    "app token": ({"SLACK_APP_TOKEN": "xapp-wrong"}, "Slack's way in", "connections:write"),
    "not an app token": ({"SLACK_APP_TOKEN": "xoxb-for-tests"}, "Slack's way in", "xapp-"),
    "Slack away": ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "Slack bot token", "can't be reached"),
    "database away": ({"DATABASE_URL": "postgresql://bot:hunter2@127.0.0.1:9/x"}, "Database", "does not answer"),
    "no such folder": ({"DATABASE_URL": "sqlite:////nowhere/x.db"}, "Database", "/nowhere"),
    "no database by hand": (
        {"DATABASE_URL": "sqlite:///new.db", "AUTO_MIGRATE": "false"},
        "Database",
        "claude-usage migrate",
    ),
    "no such file": ({"CONFIG_FILE": "nowhere.yml"}, "Configuration file", "nowhere.yml"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_with_what_to_do(command: Command, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    given, check, sentence = WRONG[case]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    outcome, said = checks(command)[check]
    assert outcome == "wrong"
    assert sentence in said
    assert "hunter2" not in said


def test_channels_and_people_that_slack_does_not_know_are_named(command: Command, tmp_path: Path) -> None:
    text = TEAMS.replace("C0GENERAL", "C0NOWHERE").replace("ana@example.com", "gone@example.com")
    assert command("config", "apply", str(written(tmp_path, text))).code == 0
    found = checks(command)
    assert found["Channels"][0] == found["Owners and admins"][0] == "wrong"
    assert "C0NOWHERE (digest morning)" in found["Channels"][1]
    assert "gone@example.com (owner of alpha)" in found["Owners and admins"][1]


def test_a_missing_scope_is_named(command: Command, outside: Outside) -> None:
    async def fewer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = [(name, value) for name, value in message["headers"] if name != b"x-oauth-scopes"]
                message["headers"] = [*named, (b"x-oauth-scopes", b"chat:write,commands")]
            await send(message)

        await app(scope, receive, said)

    outside.slack_faults.next("/api/auth.test", fewer)
    outcome, said = checks(command)["Slack scopes"]
    assert outcome == "wrong"
    assert "files:write" in said
    assert "commands" not in said


def test_an_env_file_that_others_read_or_with_a_slip_in_it_is_told(command: Command, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SLACK_BOT_TOKN=x\nPOSTGRES_PASSWORD=y\n", encoding="utf-8")
    file.chmod(0o644)
    said = [finding.said for finding in environment.dotenv(file)]
    assert any("chmod 600" in one for one in said)
    assert any("Did you mean SLACK_BOT_TOKEN?" in one for one in said)
    assert not any("POSTGRES" in one for one in said)


def test_a_clock_that_is_off_is_told() -> None:
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    said = {"Anthropic": format_datetime(now - timedelta(minutes=3), usegmt=True)}
    assert "180 seconds" in environment.clock(said, now).said
    assert environment.clock({"Slack": format_datetime(now, usegmt=True)}, now).outcome.value == "ok"
    assert environment.clock({"Slack": ""}, now).outcome.value == "unused"


def test_looking_writes_nothing(command: Command, database: Path) -> None:
    before = database.read_bytes()
    assert command("doctor").code in (0, 1)
    assert database.read_bytes() == before
