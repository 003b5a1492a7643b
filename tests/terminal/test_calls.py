"""`token` and `import`: what they print, what they refuse, and that a token opens the door until it is revoked."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from bot.core.calls.client import fingerprint
from bot.store.calls import tokens
from bot.store.database import Database
from tests.terminal.conftest import Command

LINE = '{"timestamp": "2026-11-18T09:30:00Z", "model": "claude-sonnet-5-5", "input_tokens": 10, "feature": "search"}\n'


def test_a_token_is_shown_once_listed_without_itself_and_revoked(bare: Command) -> None:
    made = bare("token", "create", "app")
    token = made.out.strip()
    assert (made.code, token[:4]) == (0, "cub_")
    assert "only time" in made.err
    listed = bare("token", "list")
    assert "app: made" in listed.out
    document = json.loads(bare("token", "list", "--format", "json").out)
    assert token not in listed.out + json.dumps(document)
    assert re.fullmatch(r"2\S{9}T\S{8}Z", document["tokens"][0]["created_at"])
    assert found(token) == "app"
    assert token.encode() not in Path("claude-usage.db").read_bytes()
    assert bare("token", "revoke", "app").code == 0
    assert found(token) is None
    assert "revoked" in bare("token", "list").out


def found(token: str) -> str | None:
    database = Database("sqlite:///claude-usage.db")
    held = asyncio.run(database.read(tokens.find, fingerprint(token)))
    database.close()
    return held.name if held else None


@pytest.mark.parametrize(
    ("words", "code", "because"),
    [
        (("create",), 2, "Name the token"),
        (("create", "a/b"), 2, "letters, digits"),
        (("create", "x", "--team", "alpha"), 1, "There is no team alpha."),
        (("revoke", "x"), 1, "No token x is in force."),
    ],
)
def test_a_token_that_cannot_be_is_a_sentence(bare: Command, words: tuple[str, ...], code: int, because: str) -> None:
    done = bare("token", *words)
    assert done.code == code
    assert because in done.err


def test_a_name_is_never_given_twice(bare: Command) -> None:
    bare("token", "create", "app")
    bare("token", "revoke", "app")
    assert "is taken" in bare("token", "create", "app").err


def test_a_log_is_imported_with_its_bad_lines_named_and_can_be_asked_about(bare: Command, tmp_path: Path) -> None:
    log = tmp_path / "calls.log"
    log.write_text(LINE + "nonsense\n" + LINE.replace("10", "20", 1).replace("Z", "", 1), encoding="utf-8")
    done = bare("import", str(log))
    assert done.code == 0
    assert done.out == f"{log}: 1 call stored, 2 could not be read\n"
    assert [line.split(": ", 1)[0] for line in done.sentences] == [f"{log}:2", f"{log}:3"]
    again = bare("import", str(log), "--timezone", "Europe/Berlin", "--format", "jsonl")
    assert again.out == f"{log}: 1 call stored, 1 were there already, 1 could not be read\n"
    answer = json.loads(bare("ask", "features", "--format", "json").out)
    assert answer["tables"][0]["rows"][0][:3] == ["search", 2, 30]
    assert bare("export", "calls", "--period", "2026-11").out.count("\r\n") == 3
    log.write_text("nonsense", encoding="utf-8")
    assert bare("import", str(log), "--format", "jsonl").code == 1
    assert "no IANA time zone" in bare("import", str(log), "--timezone", "Berlin").err
    assert "can't be read" in bare("import", str(tmp_path / "no.log")).err


@pytest.mark.parametrize(
    ("written", "code", "said"),
    [
        (b"\n\n \n", 0, "0 calls stored"),
        (LINE.encode("utf-16"), 1, "2 could not be read"),
        (b"timestamp,model\r2026-11-18T09:30:00Z,claude-sonnet-5-5\r", 1, "1 could not be read"),
    ],
    ids=["blank lines", "JSON lines in UTF-16", "the line ends of old Macs"],
)
def test_a_file_of_another_make_is_no_loss_that_nobody_hears_of(
    bare: Command, tmp_path: Path, written: bytes, code: int, said: str
) -> None:
    (tmp_path / "odd.log").write_bytes(written)
    done = bare("import", "odd.log")
    assert done.code == code, done.err
    assert said in done.out
    assert "Something broke" not in done.err


def test_a_file_that_cannot_be_read_keeps_out_no_other(bare: Command, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(LINE, encoding="utf-8")
    done = bare("import", "nowhere.jsonl", "one.jsonl")
    assert (done.code, done.out) == (1, "one.jsonl: 1 call stored\n")
    assert done.sentences == ["nowhere.jsonl can't be read: No such file or directory."]
