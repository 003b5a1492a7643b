"""Two organisations whose workspaces, keys and default workspaces are called the same: side by side, never mixed."""

import asyncio
import csv
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.__main__ import main
from bot.demo.anthropic_server import create_app
from bot.demo.organization import Organization
from bot.demo.serving import serve
from tests import outside as world
from tests.faults import Faults, mutate, status
from tests.terminal.conftest import Command, Done

Json = dict[str, Any]
NOW = datetime.fromisoformat("2026-11-04T09:00:00Z")
DAYS = 5
ONE, OTHER = "Example Org", "Other Org"
KEYS = {ONE: "sk-ant-admin01-one", OTHER: "sk-ant-admin01-other"}
WHOLE = "2026-10-30..2026-11-04"


@dataclass(frozen=True, slots=True)
class Two:
    """Both organisations behind one address, each with what is wrong with it."""

    url: str
    organizations: Mapping[str, Organization]
    faults: Mapping[str, Faults]


@contextmanager
def two() -> Iterator[Two]:
    organizations = {
        name: Organization.simulate(name=name, until=NOW, days=DAYS, seed=seed) for seed, name in enumerate(KEYS)
    }
    faults = {
        name: Faults(create_app(organizations[name], clock=lambda: NOW, admin_key=key)) for name, key in KEYS.items()
    }
    apps: dict[str, ASGIApp] = {key: faults[name] for name, key in KEYS.items()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await apps.get(Headers(scope=scope)["x-api-key"], faults[ONE])(scope, receive, send)

    served, done, urls = threading.Event(), threading.Event(), list[str]()

    async def run() -> None:
        async with serve(app) as url:
            urls.append(url)
            served.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert served.wait(20)
        yield Two(urls[0], organizations, faults)
    finally:
        done.set()
        thread.join()


@pytest.fixture(scope="module")
def running() -> Iterator[Two]:
    with two() as both:
        yield both


@pytest.fixture
def both(running: Two) -> Two:
    """Both with nothing broken."""
    for faults in running.faults.values():
        faults.heal()
    return running


@pytest.fixture
def command(both: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`claude-usage WORDS…` at NOW with both keys, in the directory that holds the database."""
    settings = {
        "ANTHROPIC_ADMIN_API_KEY": KEYS[ONE],
        "ANTHROPIC_ADMIN_API_KEY__OTHER": KEYS[OTHER],
        "ANTHROPIC_BASE_URL": both.url,
        "ANTHROPIC_REPORTS": "classic",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'two.db'}",
        "BACKFILL_DAYS": str(DAYS),
        "LOG_FORMAT": "json",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Done:
        out, err = StringIO(), StringIO()
        at = () if "--now" in words else ("--now", NOW.isoformat())
        with world.own_logging(), redirect_stdout(out), redirect_stderr(err):
            code = main([*words, *at])
        return Done(code, out.getvalue(), err.getvalue())

    return run


def told(command: Command, question: str) -> Json:
    found: Json = json.loads(command("ask", question, "--format", "json").out)
    return found


def cost(figures: Json) -> Decimal:
    return Decimal(figures["billed_cost"])


def billed(two: Two, name: str, workspace: str | None = None) -> Decimal:
    """What Anthropic would bill an organisation, or one of its workspaces, in dollars."""
    organization = two.organizations[name]
    real = {one.id: one.name for one in organization.workspaces}
    rows = [
        row
        for n in range(DAYS + 1)
        for day in [organization.since + timedelta(days=n)]
        for row in organization.costs(day, min(day + timedelta(days=1), NOW))
        if workspace is None or (real[row.workspace_id] if row.workspace_id else "Default") == workspace
    ]
    return sum((row.cents for row in rows), Decimal(0)) / 100


def test_rows_of_the_same_name_are_two_and_each_is_its_own_organisations(both: Two, command: Command) -> None:
    assert command("sync").code == 0
    rows = {row["name"]: row for row in told(command, f"workspaces {WHOLE}")["rows"]}
    for name in KEYS:
        for workspace in ("Default", "support-prod"):
            assert cost(rows[f"{workspace} ({name})"]) == billed(both, name, workspace)
    assert len({row["id"] for row in rows.values()}) == len(rows) == 2 * len({one.partition(" (")[0] for one in rows})
    keys = [row["name"] for row in told(command, f"keys {WHOLE}")["rows"]]
    assert len(keys) == len(set(keys))
    assert {f"{key} ({name})" for key in ("No API key", "docs-chat", "Not reported by key") for name in KEYS} <= set(
        keys
    )
    assert cost(told(command, f"summary {WHOLE}")["total"]) == billed(both, ONE) + billed(both, OTHER)


def test_a_name_that_both_have_is_asked_back_and_the_answer_is_one_of_them(both: Two, command: Command) -> None:
    command("sync")
    for subject, name in (("workspace", "Default"), ("workspace", "support-prod"), ("key", "docs-chat")):
        done = command("ask", f"{subject} {name} {WHOLE}")
        assert (done.code, done.out) == (1, "")
        assert done.sentences[0].startswith(f"Several organisations have a {subject} of this name: “{name} (")
        assert f"“{name} ({ONE})”" in done.sentences[0]
        assert f"“{name} ({OTHER})”" in done.sentences[0]
    for name in KEYS:
        one = told(command, f'workspace "default ({name})" {WHOLE}')
        assert cost(one["total"]) == billed(both, name, "Default")
        assert cost(told(command, f"workspace {one['query']['name']} {WHOLE}")["total"]) == cost(one["total"])


def test_a_receipt_holds_the_rows_of_its_own_organisation_and_verifies(both: Two, command: Command) -> None:
    command("sync")
    question = f'workspace "Default ({OTHER})" {WHOLE}'
    receipt = json.loads(command("ask", question, "--receipt", "--format", "json").out)["receipt"]
    assert receipt["residual"] == "0.0000"
    assert cost(receipt["figures"]) == billed(both, OTHER, "Default")
    assert command("verify", receipt["id"]).out.startswith("Equal")


def test_exports_and_reconciliation_keep_them_apart(both: Two, command: Command) -> None:
    command("sync")
    rows = list(csv.DictReader(command("export", "cost", "--period", WHOLE).out.splitlines()))
    for name, organization in both.organizations.items():
        mine = [row for row in rows if row["organization_id"] == organization.id]
        assert sum(Decimal(row["billed_cost"] or 0) for row in mine) == billed(both, name)
    days = json.loads(command("reconcile", "--period", WHOLE, "--format", "json").out)["days"]
    for name in KEYS:
        mine = [day for day in days if day["organization"] == name]
        assert sum(Decimal(day["ledger"]) for day in mine) == billed(both, name)
        assert all(day["explained"] for day in mine)


def test_one_that_fails_half_way_is_named_and_leaves_the_other_whole(both: Two, command: Command) -> None:
    both.faults[OTHER].next("cost_report", status(401), times=None)
    done = command("sync")
    assert done.code == 3
    assert done.sentences[-1].startswith(f"{OTHER}: Anthropic refused the admin key (401: broken by the test).")
    assert "set ANTHROPIC_ADMIN_API_KEY__OTHER" in done.sentences[-1]
    assert cost(told(command, f'workspace "Default ({ONE})" {WHOLE}')["total"]) == billed(both, ONE, "Default")
    assert told(command, f'workspace "Default ({OTHER})" {WHOLE}')["total"]["billed_cost"] is None
    rows = json.loads(command("ask", "status", "--format", "json").out)["tables"][0]["rows"]
    states = {(row[0], row[1]): row[-1] for row in rows if row[1] in ("usage", "cost")}
    assert states == {(ONE, "cost"): "ok", (ONE, "usage"): "ok", (OTHER, "cost"): "failing", (OTHER, "usage"): "ok"}
    both.faults[OTHER].heal()
    assert command("sync").code == 0
    assert cost(told(command, f"summary {WHOLE}")["total"]) == billed(both, ONE) + billed(both, OTHER)


def test_limits_that_neither_key_may_read_say_whose_they_are(both: Two, command: Command) -> None:
    for faults in both.faults.values():
        faults.next("spend_limits", status(403), times=None)
    assert command("sync").code == 0
    notes = [one for one in told(command, "limits")["notes"] if "spend_limits" in one]
    assert sorted(one.split(":")[0] for one in notes) == [f"Spend limits of {ONE}", f"Spend limits of {OTHER}"]


def test_both_that_fail_are_both_named(both: Two, command: Command) -> None:
    assert command("sync").code == 0
    both.faults[ONE].next("cost_report", mutate(lambda body: {**body, "data": {}}), times=None)
    both.faults[OTHER].next("", status(401), times=None)
    done = command("sync")
    assert done.code == 3
    assert any(
        line.startswith(f"{ONE}: Anthropic's answer to /v1/organizations/cost_report") for line in done.sentences
    )
    assert "ANTHROPIC_ADMIN_API_KEY__OTHER" in done.sentences[-1]
    rows = json.loads(command("ask", "status", "--format", "json").out)["tables"][0]["rows"]
    states = {(row[0], row[1]): row[-1] for row in rows if row[1] in ("usage", "cost")}
    assert states == {
        (ONE, "cost"): "failing",
        (ONE, "usage"): "ok",
        (OTHER, "cost"): "failing",
        (OTHER, "usage"): "failing",
    }


def test_one_whose_key_has_become_anothers_is_said_to_stand_still(
    both: Two, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_ADMIN_API_KEY__OTHER")
    assert command("sync").code == 0
    monkeypatch.setenv("ANTHROPIC_ADMIN_API_KEY", KEYS[OTHER])
    done = command("sync")
    assert (done.code, '"organization_left"' in done.err) == (0, True)
    status = json.loads(command("ask", "status", "--format", "json").out)
    assert {row[0]: row[-1] for row in status["tables"][0]["rows"] if row[1] == "cost"} == {ONE: "failing", OTHER: "ok"}
    why = "No admin key is of this organisation any more: ANTHROPIC_ADMIN_API_KEY is of another one."
    assert f"{ONE}, cost: {why}" in json.dumps(status)
    monkeypatch.setenv("ANTHROPIC_ADMIN_API_KEY", KEYS[ONE])
    monkeypatch.setenv("ANTHROPIC_ADMIN_API_KEY__OTHER", KEYS[OTHER])
    assert '"organization_left"' not in command("sync").err
    assert "No admin key" not in command("ask", "status", "--format", "json").out
