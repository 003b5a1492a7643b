"""Settings: where they may come from, and that a wrong one is named without a secret being shown."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot import settings
from bot.core.errors import SettingsError

SECRET = "hunter2-hunter2"
SENT = ["ANTHROPIC_ADMIN_API_KEY", "ANTHROPIC_API_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"]
FILES = [*SENT, "DATABASE_URL"]


def test_without_anything_said_the_documented_defaults_hold() -> None:
    found = settings.load()
    assert (found.anthropic_base_url, found.slack_api_url) == ("https://api.anthropic.com", "https://slack.com/api/")
    assert (found.host, found.port, found.timezone) == ("127.0.0.1", 3000, "UTC")
    assert (found.sync_every, found.sync_lookback_days, found.backfill_days) == (timedelta(hours=1), 3, 90)
    assert found.database_url.get_secret_value() == "sqlite:///claude-usage.db"
    assert found.admin_keys == {}
    assert found.slack_bot_token is None


@pytest.mark.parametrize("name", FILES)
def test_every_secret_may_be_in_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(f"  {SECRET}\n")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    found = getattr(settings.load(), name.lower())
    assert found.get_secret_value() == SECRET


def test_a_secret_said_outright_wins_over_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from-the-file")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-outright")
    found = settings.load().slack_bot_token
    assert found is not None
    assert found.get_secret_value() == "xoxb-outright"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_secret_file_that_can_not_be_read_is_named(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("SLACK_APP_TOKEN_FILE", str(tmp_path / "secret"))
    with pytest.raises(SettingsError, match="SLACK_APP_TOKEN_FILE"):
        settings.load()


def test_each_organisation_has_a_key_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "west").write_text("sk-ant-admin01-west\n")
    monkeypatch.setenv("ANTHROPIC_ADMIN_API_KEY", "sk-ant-admin01-plain")
    monkeypatch.setenv("ANTHROPIC_ADMIN_API_KEY__EAST", "sk-ant-admin01-east")
    monkeypatch.setenv("ANTHROPIC_ADMIN_API_KEY__WEST_FILE", str(tmp_path / "west"))
    found = settings.load()
    assert list(found.admin_keys.values()) == ["sk-ant-admin01-plain", "sk-ant-admin01-east", "sk-ant-admin01-west"]
    assert "sk-ant" not in repr(found)


def test_a_secret_with_a_line_break_at_its_end_is_taken_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-from-a-mounted-secret\n")
    found = settings.load().slack_bot_token
    assert found is not None
    assert found.get_secret_value() == "xoxb-from-a-mounted-secret"


@pytest.mark.parametrize("name", [*SENT, "ANTHROPIC_ADMIN_API_KEY__EAST"])
def test_a_secret_that_no_header_can_hold_is_named_and_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, f"{SECRET}é")
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert name.partition("__")[0] in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", f"{SECRET}"),
        ("PORT", "65536"),
        ("SYNC_EVERY", SECRET),
        ("SYNC_EVERY", "0m"),
        ("SYNC_EVERY", "-1h"),
        ("BACKFILL_DAYS", "0"),
        ("SYNC_LOOKBACK_DAYS", "1000"),
        ("TIMEZONE", "Mars/Olympus"),
        ("LOG_LEVEL", SECRET),
        ("LOG_FORMAT", SECRET),
        ("AUTO_MIGRATE", SECRET),
    ],
)
def test_a_value_that_is_wrong_is_named_and_not_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: ") as refused:
        settings.load()
    assert "hunter2" not in str(refused.value)
    assert refused.value.exit_code == 3


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    monkeypatch.setenv("TIMEZONE", "Europe/Berln")
    with pytest.raises(SettingsError, match="Europe/Berlin") as refused:
        settings.load()
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == ["PORT", "TIMEZONE"]
    assert str(refused.value).endswith("TIMEZONE: no IANA time zone. Did you mean Europe/Berlin?")


@pytest.mark.parametrize("name", ["ANTHROPIC_BASE_URL", "SLACK_API_URL"])
@pytest.mark.parametrize("value", ["api.example.com", "localhost:8000/api/", "ftp://x", "https://", "not a url"])
def test_an_address_that_is_none_is_refused_at_the_door(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"^{name}: write an address such as https://api\.example\.com\.$"):
        settings.load()


def test_a_level_may_be_written_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    monkeypatch.setenv("LOG_FORMAT", "JSON")
    found = settings.load()
    assert (found.log_level, found.log_format) == ("warning", "json")


def test_a_file_called_env_in_the_working_directory_counts_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "west").write_text("sk-ant-admin01-west")
    (tmp_path / ".env").write_text(
        "# a comment\nPORT=4000\nSLACK_BOT_TOKEN='xoxb-env'\nTIMEZONE=\n"
        f"ANTHROPIC_ADMIN_API_KEY__WEST_FILE={tmp_path / 'west'}\nSOMETHING_ELSE=1\n"
    )
    monkeypatch.setenv("PORT", "5000")
    found = settings.load()
    assert found.port == 5000
    assert found.timezone == "UTC"
    assert found.slack_bot_token is not None
    assert found.slack_bot_token.get_secret_value() == "xoxb-env"
    assert found.admin_keys == {"west": "sk-ant-admin01-west"}


def test_an_env_file_that_is_no_text_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"SLACK_BOT_TOKEN=\xff\xfe")
    with pytest.raises(SettingsError, match=r"\.env"):
        settings.load()


def test_no_secret_is_in_what_the_settings_say_of_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*FILES, "ANTHROPIC_ADMIN_API_KEY__EAST"]:
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://bot:{SECRET}@db/usage")
    found = settings.load()
    for shown in (repr(found), str(found), str(found.model_dump()), found.model_dump_json()):
        assert "hunter2" not in shown
