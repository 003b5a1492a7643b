"""`GET /metrics`: what the edges count, how the work stands, and that dashboard and alert rules name what exists."""

import asyncio
import json
import math
import re
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from bot.anthropic_api.metering import endpoint
from bot.core.calls.client import fingerprint
from bot.demo.slack_server import COMMAND
from bot.store.calls import tokens
from bot.store.database import Database
from bot.store.messages import deliveries
from tests import outside as world
from tests.outside import ALPHA, ANA, NOW, SECRETS, Outside, until
from tests.reference import families

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "docs/monitoring"

Series = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def file(held: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(held, tmp_path / "test.db"))


@pytest.fixture
async def bot(outside: Outside, file: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with world.bot(outside, f"sqlite:///{file}") as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        yield http


async def scraped(bot: httpx.AsyncClient) -> Series:
    answer = await bot.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def at(series: Series, name: str, **labels: str) -> float:
    return series.get((name, frozenset(labels.items())), 0.0)


async def test_a_command_is_counted_at_every_edge_that_it_passes(bot: httpx.AsyncClient, outside: Outside) -> None:
    before = await scraped(bot)
    await outside.does(outside.slack.command(ANA, ALPHA, COMMAND, "team alpha"))
    await outside.does(outside.slack.command(ANA, ALPHA, COMMAND, "gibberish here"))
    await until(lambda: len(outside.posted(ALPHA)) >= 1 and len(outside.slack.messages) >= 2)
    await bot.get("/nowhere/ana@example.com")
    await bot.post("/slack/events", content=b"payload=1")
    after = await scraped(bot)

    def more(name: str, **labels: str) -> float:
        return at(after, name, **labels) - at(before, name, **labels)

    assert more("claude_usage_slack_requests_total", kind="command", outcome="ok") == 2
    assert more("claude_usage_slack_ack_seconds_count", kind="command") == 2
    assert more("claude_usage_slack_answers_total", outcome="answered") == 1
    assert more("claude_usage_slack_answers_total", outcome="sorry") == 1
    assert more("claude_usage_slack_answer_seconds_count") == 2
    assert more("claude_usage_slack_calls_total", method="response_url", code="ok") == 2
    assert more("claude_usage_slack_call_seconds_count", method="response_url") == 2
    assert more("claude_usage_web_requests_total", route="/slack/events", status="200") == 2
    assert more("claude_usage_web_requests_total", route="/slack/events", status="401") == 1
    assert more("claude_usage_web_requests_total", route="other", status="404") == 1
    assert more("claude_usage_sql_transactions_total", kind="read", outcome="ok") >= 2
    assert at(after, "claude_usage_slack_answers_under_way") == 0
    waiting = [at(await scraped(bot), "claude_usage_sql_waiting") for _ in range(5)]
    assert min(waiting) == 0, "the scheduler may wait at one of these moments, nobody at all of them"


async def test_calls_that_programs_report_are_counted_by_what_became_of_them(
    bot: httpx.AsyncClient, file: Path
) -> None:
    database = Database(f"sqlite:///{file}")
    await database.write(tokens.create, "app", fingerprint("cub_x"), None, NOW)
    database.close()
    call = {
        "id": "1",
        "timestamp": NOW.isoformat(),
        "model": "claude-sonnet-5-5",
        "input_tokens": 1,
        "output_tokens": 1,
    }
    before = await scraped(bot)
    headers = {"authorization": "Bearer cub_x"}
    assert (await bot.post("/v1/calls", json=[call, call, {}], headers=headers)).status_code == 202
    after = await scraped(bot)
    for outcome in ("accepted", "duplicate", "rejected"):
        name = "claude_usage_calls_total"
        assert at(after, name, outcome=outcome) - at(before, name, outcome=outcome) == 1
    assert at(after, "claude_usage_calls_waiting") == 0


async def test_how_the_work_stands_is_read_from_the_database(bot: httpx.AsyncClient, file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    for key in ("digest/morning/2026-11-22", "alert/1/ana@example.com", "event/1763802000/x"):
        await database.write(deliveries.owe, key, NOW - timedelta(hours=2))
    await database.write(deliveries.claim, "digest/morning/2026-11-22", NOW)
    await database.write(deliveries.failed, "digest/morning/2026-11-22", NOW, "Archived.", None)
    database.close()
    series = await scraped(bot)
    place = {"organization": "Example Org", "source": "cost"}
    assert at(series, "claude_usage_database_up") == 1
    assert abs(at(series, "claude_usage_data_age_seconds", **place) - 9 * 3600) < 60
    assert at(series, "claude_usage_sync_age_seconds", **place) < 60
    assert at(series, "claude_usage_sync_failing", **place) == 0
    assert at(series, "claude_usage_deliveries", kind="digest", state="failed") == 1
    assert at(series, "claude_usage_deliveries", kind="alert", state="waiting") == 1
    for kind in deliveries.KINDS:  # what there is none of yet, too: an alert rule must see it rise from 0
        assert ("claude_usage_deliveries", frozenset({("kind", kind), ("state", "failed")})) in series
    for outcome in ("answered", "sorry", "unavailable", "broken", "untold"):
        assert ("claude_usage_slack_answers_total", frozenset({("outcome", outcome)})) in series
    assert abs(at(series, "claude_usage_delivery_wait_seconds") - 7200) < 60
    assert ("claude_usage_unexplained_differences", frozenset[tuple[str, str]]()) in series
    for source in ("usage", "cost"):
        assert ("claude_usage_restatements", frozenset({("source", source)})) in series
    assert any(name == "claude_usage_build_info" for name, _ in series)


async def test_a_source_that_never_came_is_older_than_any_limit(bot: httpx.AsyncClient, file: Path) -> None:
    with sqlite3.connect(file) as holder:
        holder.execute("UPDATE source_state SET succeeded_at = NULL, error = 'Refused.' WHERE source = 'cost'")
    place = {"organization": "Example Org", "source": "cost"}
    assert at(await scraped(bot), "claude_usage_sync_age_seconds", **place) == math.inf


async def test_nobodys_name_and_no_secret_is_told(bot: httpx.AsyncClient, outside: Outside) -> None:
    await outside.does(outside.slack.command(ANA, ALPHA, COMMAND, "user ana@example.com"))
    await bot.get("/ana@example.com")
    page = (await bot.get("/metrics")).text
    assert [word for word in (*SECRETS, ANA, ALPHA, "@", "wrkspc_", "apikey_") if word in page] == []


async def test_while_the_database_is_away_the_counts_are_told_all_the_same(bot: httpx.AsyncClient, file: Path) -> None:
    with sqlite3.connect(file) as holder:
        holder.execute("DROP TABLE delivery")
    series = await scraped(bot)
    assert at(series, "claude_usage_database_up") == 0
    assert any(name == "claude_usage_sql_transactions_total" for name, _ in series)
    assert not any(name == "claude_usage_data_age_seconds" for name, _ in series)


def test_an_endpoint_is_named_without_ids() -> None:
    assert endpoint("/v1/organizations/usage_report/messages") == "/v1/organizations/usage_report/messages"
    assert endpoint("/v1/organizations/workspaces/wrkspc_01A/rate_limits") == (
        "/v1/organizations/workspaces/{id}/rate_limits"
    )
    assert endpoint("/v1/organizations/workspaces/wrkspc_default") == "/v1/organizations/workspaces/{id}"


def test_dashboard_and_alert_rules_name_exactly_the_metrics_there_are() -> None:
    there = {metric.name for metric, _ in families()}
    dashboard = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    drawn = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    rules: Any = YAML(typ="safe").load(MONITORING / "alerts.yml")
    watched = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert sorted(_named(drawn + watched) - there) == []
    assert sorted(there - _named(drawn)) == [], "show them in docs/monitoring/dashboard.json"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus's own tool is not installed")
async def test_prometheus_finds_no_fault_with_the_page_and_each_rule_fires_when_it_should(
    bot: httpx.AsyncClient,
) -> None:
    page = (await bot.get("/metrics")).text
    for words in (("check", "metrics"), ("test", "rules", str(Path(__file__).with_name("alerts_test.yml")))):
        found = await asyncio.to_thread(
            subprocess.run, ["promtool", *words], input=page, capture_output=True, text=True
        )
        assert (found.returncode, found.stderr) == (0, ""), found.stdout


async def test_the_page_holds_every_metric_that_the_reference_names(bot: httpx.AsyncClient) -> None:
    page = (await bot.get("/metrics")).text
    told = {family.name for family in text_string_to_metric_families(page)}
    assert sorted({metric.name for metric, _ in families()} - told) == ["claude_usage_slack_connected"]


def _named(expressions: list[str]) -> set[str]:
    names = set(re.findall(r"\bclaude_usage_\w+", " ".join(expressions)))
    return {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in names}
