"""What the documents tell people to run, run: every command of theirs, in the order of the pages."""

import asyncio
import gzip
import io
import re
import shlex
from pathlib import Path

import httpx
import pytest

from tests import outside as world
from tests import test_docs
from tests.outside import ADMIN_KEY, APP_TOKEN, BOT_TOKEN, Outside
from tests.terminal.conftest import Command

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    ("run",): "tests/test_process.py",
    ("demo", "--once"): "tests/demo/test_main.py",
    ("init",): "tests/terminal/test_init.py",
}
"""What stays until it is stopped, or asks, and where it is run."""
MAY_FIND_SOMETHING = {"close", "doctor", "reconcile"}
"""They end with 1 where they find something wrong: ten days are no month that could be closed."""
FILES = {
    "calls.jsonl": '{"timestamp": "2026-11-18T09:30:00Z", "model": "claude-sonnet-5-5", "input_tokens": 1500}\n',
    "new.key": ADMIN_KEY,
    "admin.key": ADMIN_KEY,
    "bot.token": BOT_TOKEN,
    "app.token": APP_TOKEN,
}

LOOPS = "\nalerts:\n  - {id: loops, kind: runaway, scope: each_team}\n"
"""The rule that the how-to replays."""


@pytest.fixture
def prepared(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The folder of somebody who does what the pages say, with what they say one has."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "older.csv.gz").write_bytes(
        gzip.compress(b"timestamp,model,input_tokens\n2026-11-17T09:30:00Z,claude-haiku-5-5,10\n")
    )
    teams = (ROOT / "bot/demo/teams.yml").read_text(encoding="utf-8")
    (tmp_path / "teams.yml").write_text(teams.replace("\nalerts:\n", LOOPS), encoding="utf-8")
    assert command("config", "apply", "teams.yml").code == 0
    assert command("token", "create", "old").code == 0
    series = '{"id": "a", "first_day": "2026-10-01", "days": [1, 2, 1, 2, 1, 2, 1, 2, 1, 2], "month": "2026-10"}\n'
    monkeypatch.setattr("sys.stdin", io.StringIO(series))
    return command


def test_every_command_that_is_told_to_run_runs(prepared: Command) -> None:
    receipt = (
        prepared("ask", "team alpha yesterday", "--receipt")
        .out.rpartition("claude-usage verify ")[2]
        .split()[0]
        .rstrip(".")
    )
    told = list(
        dict.fromkeys(tuple(receipt if word == "0" * 64 else word for word in words) for words in test_docs.commands())
    )
    assert set(ELSEWHERE) <= set(told)
    wrong = []
    for words in told:
        if words in ELSEWHERE:
            assert (ROOT / ELSEWHERE[words]).exists()
            continue
        done = prepared(*words)
        if done.code not in ((0, 1) if words[0] in MAY_FIND_SOMETHING else (0,)):
            wrong.append((words, done.code, done.sentences))
    assert wrong == []


def test_the_call_that_is_told_to_send_is_taken(outside: Outside, command: Command, database: Path) -> None:
    token = command("token", "create", "my-app").out.strip()
    page = (ROOT / "docs/calls.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^curl .*?/v1/calls$", page, re.MULTILINE | re.DOTALL)
    words = shlex.split(shown.replace("\\\n", "").replace("$TOKEN", token))
    name, _, value = words[words.index("-H") + 1].partition(": ")

    async def sent() -> httpx.Response:
        async with world.bot(outside, f"sqlite:///{database}") as url, httpx.AsyncClient(trust_env=False) as http:
            return await http.post(f"{url}/v1/calls", headers={name: value}, content=words[words.index("-d") + 1])

    answer = asyncio.run(sent())
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
