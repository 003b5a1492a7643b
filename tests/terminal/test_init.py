"""`init`: from an empty folder to the first answer, by flags and by questions, and nothing overwritten on the way."""

import json
import stat
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.core.configuration.file import parse
from bot.core.errors import ConfigError, CredentialRefused
from bot.setup import env_file, init
from bot.setup.answers import Answers
from tests import outside as world
from tests.outside import ADMIN_KEY, APP_TOKEN, BOT_TOKEN, NOW, SIGNING_SECRET, Outside, without_secrets
from tests.terminal.conftest import Command


@pytest.fixture
def flags(outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, tuple[str, str]]:
    """The stand-ins reachable, an empty folder, and beside it a file for each credential."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", outside.anthropic_url)
    monkeypatch.setenv("SLACK_API_URL", f"{outside.slack_url}/api/")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    found = {}
    for name, value in (
        ("admin-key", ADMIN_KEY),
        ("slack-bot-token", BOT_TOKEN),
        ("slack-app-token", APP_TOKEN),
        ("slack-signing-secret", SIGNING_SECRET),
    ):
        (secrets / name).write_text(f"{value}\n", encoding="utf-8")
        found[name] = (f"--{name}-file", str(secrets / name))
    return found


def test_by_flags_it_goes_from_nothing_to_the_first_answer(bare: Command, flags: Mapping[str, tuple[str, str]]) -> None:
    done = bare("init", *flags["admin-key"], *flags["slack-bot-token"], *flags["slack-app-token"], "--days", "3")
    assert done.code == 0, done.err
    env = Path(".env")
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert dict(dotenv_values(env)) == {
        "ANTHROPIC_ADMIN_API_KEY": ADMIN_KEY,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
    }
    teams = {team.id for team in parse(Path("teams.yml").read_text(encoding="utf-8")).teams}
    assert {"alpha", "beta", "gamma"} <= teams
    assert "✓ ANTHROPIC_ADMIN_API_KEY: Example Org" in done.out
    assert "Teams" in done.out
    assert "$" in done.out.split("teams (")[1]
    assert without_secrets(done.out + done.err) == {}
    # What it wrote is all that the next command needs.
    assert '"alpha"' in bare("ask", "teams 7d", "--format", "json").out
    # A second time it changes nothing, and what a person wrote into the file stays.
    Path("teams.yml").write_text("teams: []\n", encoding="utf-8")
    before = env.read_text(encoding="utf-8")
    again = bare("init", "--yes", "--days", "1", "--format", "json")
    assert again.code == 0, again.err
    assert env.read_text(encoding="utf-8") == before
    assert Path("teams.yml").read_text(encoding="utf-8") == "teams: []\n"
    document = json.loads(again.out[again.out.index("{\n") :])
    assert document["configuration"]["proposed"] == document["env"]["changed"] == []


def test_without_a_terminal_all_that_is_missing_is_named_at_once(bare: Command, tmp_path: Path) -> None:
    done = bare("init")
    assert (done.code, done.out) == (3, "")
    for name in ("ANTHROPIC_ADMIN_API_KEY (--admin-key-file", "SLACK_BOT_TOKEN (--slack", "SLACK_APP_TOKEN (--slack"):
        assert name in done.err
    assert list(tmp_path.iterdir()) == []
    assert "SLACK" not in bare("init", "--no-slack").err


@pytest.mark.parametrize(
    ("file", "wrong", "sentence"),
    [
        ("admin-key", "sk-ant-api03-ordinary", "ordinary API key"),
        ("slack-bot-token", "xoxb-wrong", "SLACK_BOT_TOKEN"),
        ("slack-app-token", "xapp-wrong", "connections:write"),
        ("admin-key", "", "is empty"),
    ],
)
def test_a_refused_answer_ends_it_before_anything_is_written(
    bare: Command, flags: Mapping[str, tuple[str, str]], file: str, wrong: str, sentence: str
) -> None:
    Path(flags[file][1]).write_text(wrong, encoding="utf-8")
    done = bare("init", *flags["admin-key"], *flags["slack-bot-token"], *flags["slack-app-token"])
    assert done.code == 3
    assert sentence in done.err
    assert not Path(".env").exists()
    assert not wrong or wrong not in done.err


def test_another_value_in_the_file_is_not_replaced_without_a_word(
    bare: Command, flags: Mapping[str, tuple[str, str]]
) -> None:
    said = "# mine\nPORT=0\nANTHROPIC_ADMIN_API_KEY='sk-ant-admin01-old'\nOTHER=x\n"
    Path(".env").write_text(said, encoding="utf-8")
    done = bare("init", *flags["admin-key"], "--no-slack")
    assert (done.code, Path(".env").read_text(encoding="utf-8")) == (3, said)
    assert "--yes" in done.err
    answers = Answers(None, {"ANTHROPIC_ADMIN_API_KEY": ADMIN_KEY, "PORT": "0"})
    assert init._write(answers, replace=True) == ["ANTHROPIC_ADMIN_API_KEY"]
    assert Path(".env").read_text(encoding="utf-8") == said.replace("'sk-ant-admin01-old'", ADMIN_KEY)


async def test_questions_are_asked_until_an_answer_is_good(flags: Mapping[str, tuple[str, str]]) -> None:
    replies: Iterator[str] = iter(
        ["sk-ant-admin01-wrong", ADMIN_KEY, BOT_TOKEN, "", SIGNING_SECRET, "", "Europe/Berln", "Europe/Berlin"]
    )
    asked: list[tuple[str, bool]] = []

    def prompt(question: str, secret: bool) -> str:
        asked.append((question, secret))
        return next(replies)

    args = Namespace(now=NOW, days=1, config="teams.yml", no_slack=False, yes=False, format="text")
    with world.own_logging():
        assert await init._run(args, Answers(prompt, {})) == 0
    assert dict(dotenv_values(".env")) == {
        "ANTHROPIC_ADMIN_API_KEY": ADMIN_KEY,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "TIMEZONE": "Europe/Berlin",
    }
    assert [secret for _, secret in asked] == [True] * 6 + [False] * 2
    assert next(replies, None) is None


async def test_who_has_nobody_to_ask_again_is_told_the_refusal(flags: Mapping[str, tuple[str, str]]) -> None:
    replies = iter(["sk-ant-admin01-wrong", ""])
    args = Namespace(now=NOW, days=1, config="teams.yml", no_slack=True, yes=False, format="text")
    with pytest.raises(CredentialRefused):
        await init._run(args, Answers(lambda _question, _secret: next(replies), {}))


@pytest.mark.parametrize(
    "value", ["plain", "with space", "it's", 'a"b', "back\\slash", "ha#sh", "postgresql://u:p%40@h/d?x=1"]
)
def test_whatever_is_written_is_read_again(tmp_path: Path, value: str) -> None:
    env_file.write(tmp_path / ".env", {"DATABASE_URL": value, "PORT": "1"})
    env_file.write(tmp_path / ".env", {"PORT": "2"})
    assert dict(dotenv_values(tmp_path / ".env")) == {"DATABASE_URL": value, "PORT": "2"}


def test_a_value_that_would_be_read_as_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="NAME_FILE"):
        env_file.write(tmp_path / ".env", {"DATABASE_URL": "a${HOME}b"})
