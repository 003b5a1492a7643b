"""Every command of the command line: its exit code, its result on one output, its sentences on the other."""

import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from bot.demo.slack_limits import problems
from tests.outside import GENERAL, NOW, TEAMS, Outside, without_secrets, written
from tests.terminal.conftest import Command

ROOT = Path(__file__).parents[2]
MOMENT = "2026-11-22T09:00:00Z"


# --- ask


def test_an_answer_is_a_readable_table(command: Command) -> None:
    done = command("ask", "team", "alpha")
    assert (done.code, done.err) == (0, "")
    assert "Team Alpha" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "\x1b" not in done.out
    assert command("ask", "team alpha").out == done.out


def test_an_answer_as_json_is_exact_and_its_rows_add_up(command: Command) -> None:
    done = command("ask", "team alpha last 7 days by model", "--format", "json")
    assert done.code == 0
    document = json.loads(done.out)
    assert set(document) >= {"query", "currency", "total", "previous", "rows", "data_through", "notes"}
    assert document["query"]["name"] == "alpha"
    assert sum(Decimal(row["billed_cost"] or 0) for row in document["rows"]) == Decimal(
        document["total"]["billed_cost"]
    )


def test_an_answer_as_csv_has_a_heading_and_the_same_rows(command: Command) -> None:
    rows = list(csv.DictReader(command("ask", "teams", "--format", "csv").out.splitlines()))
    document = json.loads(command("ask", "teams", "--format", "json").out)
    assert len(rows) >= len(document["rows"]) > 0


def test_an_answer_as_blocks_is_the_message_slack_takes(command: Command) -> None:
    message = json.loads(command("ask", "team alpha", "--format", "blocks").out)
    assert set(message) == {"text", "blocks"}
    assert problems(message["blocks"], "message") == []


def test_the_same_moment_gives_the_same_answer_and_another_moment_another(command: Command) -> None:
    today = command("ask", "summary today", "--now", MOMENT, "--format", "json").out
    assert command("ask", "summary today", "--now", MOMENT, "--format", "json").out == today
    other = json.loads(command("ask", "summary today", "--now", "2026-11-20T09:00:00+01:00", "--format", "json").out)
    assert other["query"]["period"]["start"] == "2026-11-20T00:00:00Z"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("ask", "taem alpha"), 2, "Did you mean"),
        (("ask", "team alfa"), 1, "Team Alpha"),
        (("ask", "team alpha", "--format", "xml"), 2, "--format"),
        (("ask", "help", "--now", "soon"), 2, "ISO 8601"),
        (("digest", "evening"), 1, "morning"),
        (("digest",), 2, "NAME"),
        (("sync", "--source", "gossip"), 2, "--source"),
        (("sync", "--since", "yesterday"), 2, "ISO 8601"),
        (("config", "check"), 2, "FILE"),
        (("config", "mend", "x.yml"), 2, "mend"),
        (("config", "apply", "nowhere.yml"), 1, "nowhere.yml"),
        (("reconcile", "--period", "someday"), 2, "as a period"),
        (("dance",), 2, "dance"),
        ((), 2, "COMMAND"),
    ],
)
def test_what_is_wrong_is_said_on_the_other_output_with_its_exit_code(
    command: Command, words: tuple[str, ...], code: int, sentence: str
) -> None:
    done = command(*words)
    assert done.code == code
    assert done.out == ""
    assert sentence in done.err


def test_help_and_version_are_results(command: Command) -> None:
    assert command("--version").out.startswith("claude-usage ")
    listed = command("--help")
    assert listed.code == 0
    assert all(name in listed.out for name in ("run", "demo", "sync", "ask", "digest", "alerts", "config", "migrate"))


def test_help_is_answered_before_anything_is_loaded() -> None:
    code = """
import sys
from bot.__main__ import main
try:
    main(["--help"])
finally:
    assert not {"sqlalchemy", "slack_bolt", "httpx", "bot.wiring"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert "COMMAND" in done.stdout


# --- receipts


def test_a_receipt_is_printed_after_the_answer_and_verifies(command: Command) -> None:
    plain = command("ask", "team alpha yesterday").out
    done = command("ask", "team alpha yesterday", "--receipt")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(plain)
    receipt = done.out.removeprefix(plain)
    assert max(map(len, receipt.splitlines())) <= 80
    id_ = receipt.split()[1]
    assert f"claude-usage verify {id_}" in receipt
    verified = command("verify", id_)
    assert (verified.code, verified.err) == (0, "")
    assert verified.out.startswith(f"Equal: receipt {id_}")
    document = json.loads(command("verify", id_, "--format", "json").out)
    assert (document["receipt"], document["equal"], document["differences"]) == (id_, True, [])


def test_a_receipt_as_json_is_a_file_that_verifies_and_a_changed_one_does_not(command: Command, tmp_path: Path) -> None:
    done = command("ask", "team alpha yesterday", "--receipt", "--format", "json")
    document = json.loads(done.out)
    assert document["receipt"]["figures"]["billed_cost"] == document["total"]["billed_cost"]
    assert document["receipt"]["residual"] == "0.0000"
    assert without_secrets(done.out) == {}
    file = tmp_path / "receipt.json"
    file.write_text(done.out, encoding="utf-8")
    assert command("verify", str(file)).code == 0
    document["receipt"]["figures"]["billed_cost"] = "0.0001"
    file.write_text(json.dumps(document), encoding="utf-8")
    changed = command("verify", str(file))
    assert changed.code == 1
    assert changed.out.startswith("Not equal")
    file.write_text("[]", encoding="utf-8")
    assert (command("verify", str(file)).code, command("verify", str(file)).out) == (1, "")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("verify", "0123456789ab"), 1, "--receipt"),
        (("verify",), 2, "RECEIPT"),
        (("ask", "status", "--receipt"), 2, "no figures"),
        (("ask", "teams", "--receipt", "--format", "csv"), 2, "--format json"),
    ],
)
def test_what_has_no_receipt_is_said_with_what_to_do(
    command: Command, words: tuple[str, ...], code: int, sentence: str
) -> None:
    done = command(*words)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err


# --- settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite:////no/such/folder/x.db"),
        ("DATABASE_URL", "postgresql://bot:hunter2@127.0.0.1:9/usage"),
        ("DATABASE_URL", "mysql://bot:hunter2@127.0.0.1/usage"),
        ("DATABASE_URL", "hunter2"),
        ("PORT", "hunter2"),
    ],
)
def test_a_setting_that_is_wrong_ends_with_three_and_its_name(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    for words in (("ask", "help"), ("migrate",)):
        done = command(*words)
        assert (done.code, done.out) == (3, "")
        assert name in done.err
        assert len(done.sentences) == 1
        assert without_secrets(done.err, "hunter2") == {}


def test_a_database_of_a_newer_version_is_refused_with_three(command: Command, database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.executescript("UPDATE alembic_version SET version_num = '9999'; DELETE FROM served_schema")
    connection.close()
    for words in (("ask", "help"), ("migrate",)):
        done = command(*words)
        assert done.code == 3
        assert "newer version" in done.err


def test_an_older_schema_is_brought_up_to_date_unless_that_is_forbidden(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setenv("AUTO_MIGRATE", "false")
    refused = command("ask", "status")
    assert refused.code == 3
    assert "claude-usage migrate" in refused.err
    assert command("migrate").code == 0
    assert command("migrate").code == 0
    assert command("ask", "status").code == 0


def test_a_question_does_not_wait_for_whoever_is_writing(command: Command, database: Path) -> None:
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert command("ask", "team alpha").code == 0
    finally:
        writer.close()


# --- sync


def test_a_sync_says_what_it_read(command: Command, outside: Outside) -> None:
    done = command("sync", "--since", "2026-11-20", "--until", "2026-11-22", "--source", "usage")
    assert done.code == 0
    assert done.out.splitlines()[0].startswith("usage: 2 days")
    assert len(done.out.splitlines()) == 1
    chunks = [json.loads(line) for line in done.err.splitlines()]
    assert [chunk["action"] for chunk in chunks] == ["chunk_stored"]


def test_a_refused_admin_key_ends_a_sync_with_three(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_ADMIN_API_KEY", "sk-ant-admin01-hunter2")
    done = command("sync")
    assert done.code == 3
    assert "ANTHROPIC_ADMIN_API_KEY" in done.sentences[-1]
    assert without_secrets(done.err, "hunter2") == {}
    monkeypatch.delenv("ANTHROPIC_ADMIN_API_KEY")
    missing = command("sync")
    assert (missing.code, missing.out) == (3, "")
    assert "ANTHROPIC_ADMIN_API_KEY is missing" in missing.err


# --- digest


def test_a_digest_is_printed_and_not_posted(command: Command, outside: Outside) -> None:
    done = command("digest", "morning")
    assert (done.code, done.err) == (0, "")
    assert "21 Nov" in done.out
    assert outside.slack.calls == []


def test_a_digest_as_json_says_which_occurrence_it_is_and_where_it_goes(command: Command) -> None:
    document = json.loads(command("digest", "morning", "--at", "2026-11-20T12:00:00Z", "--format", "json").out)
    assert document["occurrence"] == "2026-11-20T08:00:00Z"
    assert document["channel"] == GENERAL
    assert document["query"]["period"] == {
        "start": "2026-11-19T00:00:00Z",
        "end": "2026-11-20T00:00:00Z",
        "timezone": "UTC",
    }
    message = json.loads(command("digest", "morning", "--format", "blocks").out)
    assert set(message) == {"text", "blocks"}


def test_a_digest_is_posted_once(command: Command, outside: Outside) -> None:
    first, again = command("digest", "morning", "--post"), command("digest", "morning", "--post")
    assert (first.code, again.code) == (0, 0)
    assert "Posted." in first.err
    assert "Not posted" in again.err
    assert len(outside.headlines(GENERAL)) == 1


def test_a_digest_that_slack_does_not_take_ends_with_one_and_why(command: Command, outside: Outside) -> None:
    outside.slack.fail_next("chat.postMessage", error="is_archived")
    done = command("digest", "morning", "--post")
    assert (done.code, done.out) == (1, "")
    assert "archived" in done.sentences[-1]


def test_a_refused_token_is_a_refused_credential_where_a_digest_is_posted(command: Command, outside: Outside) -> None:
    outside.slack.fail_next("chat.postMessage", error="token_revoked")
    done = command("digest", "morning", "--post")
    assert (done.code, done.out) == (3, "")
    assert "SLACK_BOT_TOKEN" in done.sentences[-1]


@pytest.mark.parametrize("words", [("digest", "morning", "--post"), ("alerts", "--post")])
def test_posting_without_slack_is_a_missing_setting(
    command: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    done = command(*words)
    assert (done.code, done.out) == (3, "")
    assert "SLACK_BOT_TOKEN" in done.err


# --- alerts


def test_alerts_as_json_have_exactly_the_promised_shape(command: Command, outside: Outside) -> None:
    document = json.loads(command("alerts", "--format", "json").out)
    assert set(document) == {"at", "episodes"}
    assert document["at"] == MOMENT
    (episode,) = document["episodes"]
    assert list(episode) == [
        "rule", "scope", "state", "reason", "since", "value", "limit", "severity", "receivers", "sent",
    ]  # fmt: skip
    assert Decimal(episode.pop("value")) > Decimal(episode.pop("limit")) == 1
    assert episode == {
        "rule": "day_cap",
        "scope": "alpha",
        "state": "firing",
        "reason": "above_limit",
        "since": "2026-11-21T00:00:00Z",
        "severity": "critical",
        "receivers": ["ana@example.com"],
        "sent": False,
    }
    assert outside.slack.calls == []


def test_alerts_are_sent_once_and_then_said_to_be_sent(command: Command, outside: Outside) -> None:
    assert "1 message sent" in command("alerts", "--post").err
    assert "0 messages sent" in command("alerts", "--post").err
    (episode,) = json.loads(command("alerts", "--format", "json").out)["episodes"]
    assert (episode["state"], episode["sent"]) == ("firing", True)
    assert len(outside.posted()) == 1


@pytest.mark.parametrize(("error", "code"), [("service_unavailable", 1), ("token_revoked", 3)])
def test_alerts_that_could_not_be_sent_end_with_one_and_why(
    command: Command, outside: Outside, error: str, code: int
) -> None:
    outside.slack.fail_next("chat.postMessage", error=error)
    done = command("alerts", "--post", "--format", "json")
    assert done.code == code
    assert error in done.sentences[-1]
    (episode,) = json.loads(done.out)["episodes"]
    assert episode["sent"] is False


def test_alerts_in_words_say_who_would_be_told_what(command: Command) -> None:
    done = command("alerts")
    assert (done.code, done.err) == (0, "")
    assert all(said in done.out for said in ("day_cap", "alpha", "firing", "would go to ana@example.com", "Team Alpha"))
    quiet = command("alerts", "--at", "2026-01-01T00:00:00Z")
    assert "Nothing fires" in quiet.out
    assert json.loads(command("alerts", "--at", "2026-01-01T00:00:00Z", "--format", "json").out)["episodes"] == []


# --- reconcile


def test_a_month_that_adds_up_is_a_table_of_days_with_every_difference_by_its_name(command: Command) -> None:
    done = command("reconcile")
    assert (done.code, done.err) == (0, "")
    assert all(said in done.out for said in ("this month", "All 11 days add up.", "Sat 21 Nov", "priority tier"))
    assert max(map(len, done.out.splitlines())) <= 80
    assert "November 2026" in command("reconcile", "--period", "2026-11").out
    assert "Nothing of these days has been read yet." in command("reconcile", "--period", "2026-01").out


def test_a_reconciliation_as_json_adds_up_day_by_day_to_the_last_digit(command: Command) -> None:
    document = json.loads(command("reconcile", "--period", "7d", "--format", "json").out)
    assert list(document) == ["period", "currency", "explained", "days"]
    assert document["period"] == {"start": "2026-11-16T00:00:00Z", "end": "2026-11-23T00:00:00Z", "timezone": "UTC"}
    assert len(document["days"]) == 7
    for day in document["days"]:
        causes = sum(map(Decimal, day["causes"].values()))
        assert Decimal(day["list_cost"]) + causes == Decimal(day["ledger"]) == Decimal(day["reported"])
        assert (day["difference"], day["explained"], day["faults"]) == ("0.0000", True, [])


def test_a_day_that_nothing_explains_ends_with_one_and_its_name(command: Command, database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE reported_total SET amount_cents = '99999.5' WHERE day = '2026-11-19'")
    connection.close()
    done = command("reconcile", "--period", "7d")
    assert done.code == 1
    assert "Nothing explains a difference on 1 of 7 days: 19 Nov." in done.out
    assert "claude-usage sync --since 2026-11-19 --until 2026-11-20" in " ".join(done.out.split())
    document = json.loads(command("reconcile", "--period", "2026-11-19", "--format", "json").out)
    (day,) = document["days"]
    assert (document["explained"], day["reported"], day["faults"]) == (False, "999.9950", ["rows_lost"])
    assert command("reconcile", "--period", "2026-11-18").code == 0
    assert "19 Nov" in command("ask", "status").out


# --- config


def test_a_file_that_holds_together_is_counted_and_not_applied(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, TEAMS.replace("Team Alpha", "Renamed"), "new.yml")
    done = command("config", "check", str(path))
    assert (done.code, done.err) == (0, "")
    assert "4 teams" in done.out
    assert "Renamed" not in command("ask", "teams").out
    assert json.loads(command("config", "check", str(path), "--format", "json").out)["teams"] == 4


def test_a_file_with_mistakes_is_refused_by_line_and_nothing_is_applied(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, "timezone: Mars/Olympus\nteems: []\nteams:\n  - {id: new, name: New}\n", "bad.yml")
    before = command("config", "export").out
    for action in ("check", "apply"):
        done = command("config", action, str(path))
        assert (done.code, done.out) == (1, "")
        assert [line.partition(": ")[0] for line in done.sentences] == ["bad.yml:1", "bad.yml:2"]
        assert "teams" in done.sentences[1]
    assert command("config", "export").out == before


def test_applying_a_file_says_what_changed_and_twice_changes_nothing(command: Command, tmp_path: Path) -> None:
    path = str(written(tmp_path, TEAMS.replace("Team Alpha", "Renamed").replace("1.00", "2.00"), "new.yml"))
    first = command("config", "apply", path)
    assert first.code == 0
    assert {"team alpha: changed", "alert day_cap: changed"} <= set(first.out.splitlines())
    assert command("config", "apply", path).out == "Nothing changed.\n"
    assert json.loads(command("config", "apply", path, "--format", "json").out)["changed"] == []
    assert "Renamed" in command("ask", "teams").out


def test_rules_that_make_no_sense_are_named_when_they_are_put_in_force(command: Command, tmp_path: Path) -> None:
    rules = "".join(
        f"  - {{id: {id_}, metric: cost, kind: threshold, {limit}, window: 1d, scope: {{team: alpha}}}}\n"
        for id_, limit in (("never", "above: 900000"), ("low", "below: 5"), ("high", "above: 4"))
    )
    path = str(written(tmp_path, TEAMS + rules, "new.yml"))
    said = command("config", "check", path).out
    assert "Rules high and low contradict each other" in said
    assert "Rules low and high" not in said, "once is enough"
    done = command("config", "apply", path, "--format", "json")
    never, low, high = json.loads(done.out)["notes"]
    assert never.startswith("alert never: Over the last 90 days it would have sent nothing. It may never fire")
    assert "Rules low and high contradict each other" in low
    assert "that is its normal" in high
    assert json.loads(command("config", "apply", path, "--format", "json").out)["notes"] == []


def test_the_exported_file_is_the_one_that_was_applied(command: Command, tmp_path: Path) -> None:
    assert command("config", "export").out == TEAMS
    assert command("config", "export", str(tmp_path / "out.yml")).code == 0
    assert (tmp_path / "out.yml").read_text() == TEAMS


def test_there_is_nothing_to_export_before_anything_was_applied(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    done = command("config", "export")
    assert (done.code, done.out) == (1, "")
    assert "config apply" in done.err


@pytest.mark.parametrize("content", [b"\x00\xff\xfe\x01", b"PK\x03\x04\xff", b"\x00\x00\x00", None])
def test_a_file_that_is_no_text_or_not_there_is_said_so(
    command: Command, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "broken.yml"
    if content is not None:
        path.write_bytes(content)
    for action in ("check", "apply"):
        done = command("config", action, str(path))
        assert (done.code, done.out) == (1, "")
        assert "broken.yml" in done.sentences[0]


def test_an_empty_file_is_an_empty_configuration(command: Command, tmp_path: Path) -> None:
    path = str(written(tmp_path, "", "empty.yml"))
    assert command("config", "check", path).code == 0
    assert command("config", "apply", path).code == 0
    assert "team alpha" not in command("ask", "teams").out.casefold()


def test_the_configured_file_is_applied_before_the_first_question(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, TEAMS.replace("Team Alpha", "Renamed"), "mine.yml")
    monkeypatch.setenv("CONFIG_FILE", str(path))
    assert "Renamed" in command("ask", "teams").out
    path.write_text(TEAMS + "bogus: 1\n", encoding="utf-8")
    done = command("ask", "teams")
    assert (done.code, done.out) == (3, ""), "the setting names a file that can't be put in force"
    assert "mine.yml:11: unknown key" in done.err
    assert "CONFIG_FILE" in done.err
    assert command("config", "check", str(path)).code == 1, "here the file is what is asked about"
    path.unlink()
    done = command("ask", "teams")
    assert done.code == 3, "a setting is wrong, and starting again would not help"
    assert done.err == f"CONFIG_FILE names no file: {path}. Check the path.\n"


def test_what_breaks_is_a_sentence_with_a_reference_and_no_traceback(command: Command, database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE bucket SET fetched_at = 'no instant'")
    connection.close()
    done = command("ask", "status")
    assert (done.code, done.out) == (1, "")
    assert [re.sub("[0-9a-f]{8}", "…", line) for line in done.sentences] == [
        "Something broke (reference …). Run it again with LOG_LEVEL=debug and report what it says."
    ]
    assert '"error": "ValueError"' in done.err


def test_a_port_that_is_none_is_a_wrong_word(bare: Command) -> None:
    for port in ("99999", "-1", "many"):
        done = bare("demo", "--once", "--port", port)
        assert (done.code, "is no port" in done.err) == (2, True), port


# --- pipes


def test_a_reader_that_has_left_is_no_failure(outside: Outside, database: Path) -> None:
    environment = outside.environment(f"sqlite:///{database}") | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "bot", "ask", "summary by key", "--format", "json", "--now", NOW.isoformat()]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(words, env=environment, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=30)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("question", ["summary", "teams", "team alpha", "models", "status", "help"])
def test_before_the_first_sync_every_question_has_an_answer_without_a_figure(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    monkeypatch.setenv("CONFIG_FILE", str(written(tmp_path)))
    done = command("ask", question)
    assert done.code == 0
    assert "$0" not in done.out


# --- people


def test_the_operator_sees_everybody_and_as_answers_for_somebody_else(command: Command) -> None:
    everybody = json.loads(command("ask", "users last 7 days", "--format", "json").out)
    names = {row["name"] for row in everybody["rows"]}
    assert {"Ana Ribeiro", "Ben Okafor", "Chiara Conti", "Gus Lindqvist"} <= names
    for ana in ("ana@example.com", "U0ANA"):
        seen = json.loads(command("ask", "users last 7 days", "--as", ana, "--format", "json").out)
        assert {row["name"] for row in seen["rows"]} == names - {"Ben Okafor", "Chiara Conti", "Gus Lindqvist"} | {
            "3 people"
        }
        assert seen["total"] == everybody["total"]
        own = json.loads(command("ask", "user me last 7 days", "--as", ana, "--format", "json").out)
        assert own["total"] == next(
            {name: row[name] for name in own["total"]} for row in everybody["rows"] if row["name"] == "Ana Ribeiro"
        )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user gus", "--as", "ana@example.com"), "admins, the owners of their team"),
        (("users", "--as", "nobody@example.com"), "people_data"),
        (("users share",), "A channel is shown"),
        (("user me",), "who you are"),
        (("keys", "--as", "ana@example.com", "--receipt", "--format", "json"), "ana@example.com may not see"),
    ],
)
def test_what_may_not_be_seen_is_one_sentence_and_exit_code_one(
    command: Command, words: tuple[str, ...], sentence: str
) -> None:
    done = command("ask", f"{words[0]} last 7 days", *words[1:])
    assert (done.code, done.out) == (1, "")
    assert sentence in done.err
    assert "$" not in done.err
