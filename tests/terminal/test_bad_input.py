"""What Anthropic should not have said, or no longer says: what a person at the terminal reads, and what stays."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.faults import Fault, mutate, status
from tests.outside import TEAMS, Outside, without_secrets, written
from tests.terminal.conftest import Command

Json = dict[str, Any]
CONSOLE = "under Settings → Admin keys in the Console and set ANTHROPIC_ADMIN_API_KEY (it begins with sk-ant-admin)."
STAYS = "Not everything could be read. What was stored stays; the next sync reads the rest."


@pytest.fixture(params=["analytics", "classic"])
def reports(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the cost report, of the newer ones and of the classic ones."""
    monkeypatch.setenv("ANTHROPIC_REPORTS", request.param)
    return {"analytics": "/v1/organizations/analytics/cost", "classic": "/v1/organizations/cost_report"}[request.param]


def empty(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Go on with a database that has never heard of anybody."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder / 'empty.db'}")


def told(command: Command, question: str) -> Json:
    found: Json = json.loads(command("ask", question, "--format", "json").out)
    return found


def costs(command: Command, question: str) -> dict[str, Decimal]:
    """Billed cost by the name of each row."""
    return {row["name"]: Decimal(row["billed_cost"]) for row in told(command, question)["rows"]}


def listed(change: Callable[[list[Json]], list[Json]]) -> Fault:
    """A directory list in which `change` was made."""
    return mutate(lambda body: {**body, "data": change(body["data"])})


def amounts(change: Callable[[Json], None]) -> Fault:
    """A change of the first amount of every page of either cost report."""

    def changed(body: Json) -> Json:
        rows = [row["cost"] for row in body["data"] if "cost" in row]
        rows += [row for bucket in body["data"] for row in bucket.get("results", ())]
        change(rows[0])
        return body

    return mutate(changed)


# --- the key


def test_an_ordinary_key_is_called_one(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty(monkeypatch, tmp_path)
    monkeypatch.setenv("ANTHROPIC_ADMIN_API_KEY", "sk-ant-api03-hunter2")
    done = command("sync")
    assert done.code == 3
    assert done.sentences == [
        STAYS,
        "Anthropic refused the admin key (401: invalid x-api-key): ANTHROPIC_ADMIN_API_KEY holds an ordinary API key "
        f"(sk-ant-api…), which reads no reports. Create one {CONSOLE}",
    ]
    assert without_secrets(done.err, "hunter2") == {}


def test_a_key_without_the_scope_is_told_which_path_it_may_not_read(command: Command, outside: Outside) -> None:
    error = {"type": "permission_error", "message": "this key holds read:analytics; needed: read:members"}
    outside.anthropic.next("/users", status(403, body={"type": "error", "error": error}), times=None)
    done = command("sync")
    assert done.code == 3
    assert done.sentences[-1] == (
        "The admin key may not read /v1/organizations/users (403: this key holds read:analytics; needed: "
        "read:members). Set ANTHROPIC_ADMIN_API_KEY to an admin key of this organisation."
    )


def test_a_key_revoked_half_way_leaves_what_was_finished(
    command: Command, outside: Outside, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty(monkeypatch, tmp_path)
    monkeypatch.setenv("ANTHROPIC_REPORTS", "classic")
    outside.anthropic.next("cost_report", mutate(lambda body: body))
    outside.anthropic.next("cost_report", status(401), times=None)
    done = command("sync", "--since", "2026-10-10", "--source", "usage", "--source", "cost")
    assert done.code == 3
    assert re.match(r"cost: \d+ days read", done.out.splitlines()[1])
    assert done.sentences == [STAYS, f"Anthropic refused the admin key (401: broken by the test). Create one {CONSOLE}"]
    assert Decimal(told(command, "summary 7d")["total"]["billed_cost"]) > 0
    state = command("ask", "status").out
    assert "failing" in state
    assert "Anthropic refused the admin key" in state

    outside.anthropic.next("/me", status(401), times=None)
    outside.anthropic.next("/workspaces", status(401), times=None)
    assert command("sync", "--source", "usage").code == 3
    rows = json.loads(command("ask", "status", "--format", "json").out)["tables"][0]["rows"]
    assert {row[1]: row[-1] for row in rows}["usage"] == "failing", "though the key does not even say whose it is"


@pytest.mark.parametrize("code", [400, 403])
def test_an_organisation_of_a_type_that_is_not_answered_is_told_so(
    command: Command, outside: Outside, reports: str, code: int
) -> None:
    error = {
        "type": "invalid_request_error",
        "message": "Not available for this organization.",
        "details": {"error_code": "organization_type_not_supported"},
    }
    outside.anthropic.next(reports, status(code, body={"type": "error", "error": error}), times=None)
    before = told(command, "summary")
    done = command("sync", "--source", "cost")
    assert done.code == 1
    assert done.sentences == [
        STAYS,
        f"Anthropic does not give {reports} to this type of organisation ({code}: Not available for this "
        "organization.). Set ANTHROPIC_ADMIN_API_KEY to an admin key of a Console organisation.",
    ]
    assert told(command, "summary") == before


# --- amounts


def test_one_day_is_counted_as_one(command: Command) -> None:
    done = command("sync", "--since", "2026-11-20", "--until", "2026-11-21", "--source", "cost")
    assert re.match(r"cost: 1 day read, \d+ rows$", done.out.strip())


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("amount", "1e3", "'1e3' is not a plain decimal amount such as 123.45."),
        ("amount", "+12.5", "'+12.5' is not a plain decimal amount such as 123.45."),
        ("amount", "-12.5", "the amount '-12.5' is negative."),
        ("currency", "EUR", "an amount is in 'EUR'; this bot only knows USD."),
    ],
)
def test_an_amount_that_is_none_is_refused_by_name_and_nothing_of_its_days_is_applied(
    command: Command, outside: Outside, reports: str, field: str, value: str, sentence: str
) -> None:
    command("sync", "--since", "2026-11-20")
    before = [command("ask", question).out for question in ("summary", "keys by day")]
    outside.anthropic.next(reports, amounts(lambda row: row.update({field: value})), times=None)
    done = command("sync", "--since", "2026-11-20", "--source", "cost")
    assert (done.code, done.out) == (1, "cost: 0 days read, 0 rows\n")
    assert done.sentences[0] == STAYS
    assert done.sentences[-1].startswith(f"{reports}, 2026-11-2")
    assert done.sentences[-1].endswith(f": {sentence}")
    assert [command("ask", question).out for question in ("summary", "keys by day")] == before


# --- the directory


def test_an_id_that_the_directory_does_not_know_is_shown_as_itself_with_its_money(
    command: Command, outside: Outside, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = costs(command, "keys"), costs(command, "workspaces")
    ids = {row["name"]: row["id"] for subject in ("keys", "workspaces") for row in told(command, subject)["rows"]}
    empty(monkeypatch, tmp_path)
    outside.anthropic.next("/api_keys", listed(lambda all_: [one for one in all_ if one["name"] != "docs-chat"]))
    without = listed(lambda all_: [one for one in all_ if one["name"] != "docs-site"])
    outside.anthropic.next("/workspaces", without, times=2)
    assert command("sync").code == 0
    for subject, name, before in (("keys", "docs-chat", named[0]), ("workspaces", "docs-site", named[1])):
        after = costs(command, subject)
        assert after.pop(ids[name]) == before.pop(name)
        assert after == before
    assert ids["docs-chat"] in command("ask", f"key {ids['docs-chat']}").out


def test_a_workspace_that_was_renamed_answers_to_its_new_name_with_its_whole_past(
    command: Command, outside: Outside
) -> None:
    before = costs(command, "workspaces")

    def renamed(all_: list[Json]) -> list[Json]:
        return [{**one, "name": one["name"].replace("docs-site", "handbook")} for one in all_]

    outside.anthropic.next("/workspaces", listed(renamed), times=2)
    assert command("sync").code == 0
    assert costs(command, "workspaces") == {
        name.replace("docs-site", "handbook"): cost for name, cost in before.items()
    }
    assert command("ask", "workspace docs-site").code == 1


def test_a_key_that_moved_leaves_its_past_where_it_was_spent(command: Command, outside: Outside) -> None:
    before = [costs(command, question) for question in ("workspaces", "keys", "teams")]
    home: list[Json] = []

    def moved(all_: list[Json]) -> list[Json]:
        there = next(one for one in all_ if one["name"] == "search-answers")
        home.append(there["scope"])
        return [{**one, "scope": there["scope"]} if one["name"] == "docs-chat" else one for one in all_]

    outside.anthropic.next("/api_keys", listed(moved))
    assert command("sync").code == 0
    assert home
    assert [costs(command, question) for question in ("workspaces", "keys", "teams")] == before


def test_a_person_who_left_keeps_what_they_spent_and_their_team_does_too(
    command: Command, outside: Outside, tmp_path: Path
) -> None:
    teams = f"{TEAMS.partition('digests:')[0]}  - {{id: people, name: People, matches: [{{user: gus@example.com}}]}}\n"
    assert command("config", "apply", str(written(tmp_path, teams))).code == 0
    before = costs(command, "teams")
    assert before["People"] > 0
    outside.anthropic.next(
        "/users", listed(lambda all_: [one for one in all_ if "gus" not in one["email"]]), times=None
    )
    assert command("sync").code == 0
    assert costs(command, "teams") == before
    assert command("config", "apply", str(written(tmp_path, teams.replace("Team Beta", "Team B")))).code == 0
    assert costs(command, "teams")["People"] == before["People"]
