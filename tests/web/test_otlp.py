"""`POST /v1/logs` and `/v1/metrics` as Claude Code posts them: what is kept, what is left behind, what is refused."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.routing import Route

from bot.core.calls.client import fingerprint
from bot.core.otlp.metrics import Measure
from bot.services.calls.intake import Intake
from bot.store.calls import tokens
from bot.store.database import Database
from bot.store.tables import CallRow, CallSeries, CodeCountRow, table
from bot.web import otlp
from tests import databases
from tests import outside as world
from tests.outside import NOW, Outside

_call, _series, _count = table(CallRow), table(CallSeries), table(CodeCountRow)
TOKEN = "cub_for-tests"
MINE = {"authorization": f"Bearer {TOKEN}"}
PROTOBUF = {"content-type": "application/x-protobuf"}
TODAY = date(2026, 11, 22)


def nanoseconds(at: datetime) -> str:
    return str(int(at.timestamp()) * 10**9)


def spelt(number: float) -> float | str:
    """As protobuf's JSON writes it."""
    return number if isfinite(number) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(number)]


def attributes(said: dict[str, Any]) -> list[dict[str, Any]]:
    """As Claude Code writes them: numbers of some exporters are strings, those of others are not."""
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in said.items()]


def resource(team: str = "payments") -> dict[str, Any]:
    return {"attributes": attributes({"service.name": "claude-code", "team.id": team, "host.arch": "arm64"})}


REQUEST: dict[str, Any] = {
    **{"event.name": "api_request", "event.timestamp": "2026-11-22T08:30:00.000Z", "event.sequence": 7},
    **{"session.id": "s1", "user.id": "i1", "user.email": "Ana@Example.com", "user.account_uuid": "u1"},
    **{"model": "claude-sonnet-5-5", "input_tokens": "12", "output_tokens": 340, "cache_read_tokens": 20_000},
    **{"cache_creation_tokens": 512, "cost_usd": 0.25, "cost_usd_micros": 250_001, "duration_ms": 4321},
    **{"request_id": "req_1", "speed": "fast", "query_source": "main", "prompt": "SECRET", "terminal.type": "iTerm"},
}


def event(name: str = "api_request", **said: Any) -> dict[str, Any]:
    given = {key: value for key, value in (REQUEST | {"event.name": name} | said).items() if value is not None}
    return {"timeUnixNano": nanoseconds(NOW), "body": {"stringValue": name}, "attributes": attributes(given)}


def logs(*events: dict[str, Any], team: str = "payments") -> dict[str, Any]:
    return {"resourceLogs": [{"resource": resource(team), "scopeLogs": [{"logRecords": list(events)}]}]}


def point(value: float, *, minutes: int = 0, start: int = 60, **said: Any) -> dict[str, Any]:
    return {
        "attributes": attributes({"user.email": "ana@example.com", "session.id": "s1", **said}),
        "startTimeUnixNano": nanoseconds(NOW - timedelta(minutes=start)),
        "timeUnixNano": nanoseconds(NOW + timedelta(minutes=minutes)),
        **({"asDouble": spelt(value)} if isinstance(value, float) else {"asInt": str(value)}),
    }


def metrics(name: str, *points: dict[str, Any], temporality: int = 1) -> dict[str, Any]:
    one = {
        "name": f"claude_code.{name}",
        "sum": {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": list(points)},
    }
    return {"resourceMetrics": [{"resource": resource(), "scopeMetrics": [{"metrics": [one]}]}]}


@pytest.fixture
async def bot(outside: Outside, migrated_url: str) -> AsyncIterator[httpx.AsyncClient]:
    database = Database(migrated_url)
    database.write_now(tokens.create, "app", fingerprint(TOKEN), None, NOW)
    async with world.bot(outside, migrated_url) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        http.database = database  # type: ignore[attr-defined]
        yield http
    database.close()


async def sent(bot: httpx.AsyncClient, said: dict[str, Any], *, protobuf: bool = False) -> Any:
    """The answer, read as what was asked in."""
    of_logs = "resourceLogs" in said
    path = "/v1/logs" if of_logs else "/v1/metrics"
    if not protobuf:
        answer = await bot.post(path, json=said, headers=MINE)
        assert answer.status_code == 200, answer.text
        return answer.json().get("partialSuccess", {})
    asked = ParseDict(said, ExportLogsServiceRequest() if of_logs else ExportMetricsServiceRequest())
    packed = gzip.compress(asked.SerializeToString())
    answer = await bot.post(path, content=packed, headers=MINE | PROTOBUF | {"content-encoding": "gzip"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, PROTOBUF["content-type"]), answer.text
    understood = ExportLogsServiceResponse() if of_logs else ExportMetricsServiceResponse()
    understood.ParseFromString(answer.content)
    return understood.partial_success


def stored(bot: httpx.AsyncClient) -> list[dict[str, Any]]:
    query = select(_call, _series).join(_series, _series.c.id == _call.c.series_id).order_by(_call.c.id)
    return bot.database.read_now(  # type: ignore[attr-defined,no-any-return]
        lambda connection: [dict(row._mapping) for row in connection.execute(query)]
    )


def counted(bot: httpx.AsyncClient) -> dict[Measure, int]:
    """Of the one person, day and model there is."""
    rows = bot.database.read_now(lambda connection: connection.execute(select(_count)).all())  # type: ignore[attr-defined]
    assert {(row.day, row.person, row.team) for row in rows} == {(TODAY, "ana@example.com", "payments")}
    return {Measure(row.measure): row.amount for row in rows}


@pytest.mark.parametrize("protobuf", [True, False])
async def test_a_request_event_is_a_call_and_nothing_of_what_was_said_is_kept(
    bot: httpx.AsyncClient, protobuf: bool
) -> None:
    events = logs(event(), event("user_prompt", prompt="SECRET"), event("tool_result", request_id="req_2"))
    for _ in range(2):
        answer = await sent(bot, events, protobuf=protobuf)
        assert not answer if isinstance(answer, dict) else not answer.ListFields()
    (one,) = stored(bot)
    assert "SECRET" not in str(one)
    wanted = {
        **{"id": "req_1", "caller": "ana@example.com", "team": "payments", "feature": "claude code"},
        **{"uncached_input": 12, "output": 340, "cache_read": 20_000, "cache_write_5m": 512, "duration_ms": 4321},
        **{"own_cost": 2_500_010_000, "speed": "fast", "origin": "otlp", "error_type": "", "event_type": "streaming"},
    }
    assert {name: one[name] for name in wanted} == wanted


async def test_a_failure_is_a_failed_call_told_apart_by_its_session_where_it_has_no_id(bot: httpx.AsyncClient) -> None:
    bare = {"input_tokens": None, "output_tokens": None, "cost_usd_micros": None, "request_id": None}
    failed = event("claude_code.api_error", status_code="529", error="SECRET", **bare)
    other = event("api_error", **bare | {"event.sequence": 8, "user.email": None})
    assert not await sent(bot, logs(failed, other, failed))
    assert [(one["id"], one["status"], one["error_type"], one["caller"]) for one in stored(bot)] == [
        ("app/s1/7", 529, "overloaded_error", "ana@example.com"),
        ("app/s1/8", None, "connection_error", "u1"),
    ]


@pytest.mark.parametrize("protobuf", [True, False])
async def test_what_can_not_be_is_refused_by_itself(bot: httpx.AsyncClient, protobuf: bool) -> None:
    odd = [event(request_id="req_a", output_tokens=-1), event(request_id="req_b", input_tokens="many"), event()]
    answer = await sent(bot, logs(*odd), protobuf=protobuf)
    said = answer if isinstance(answer, dict) else ParseDict({}, ExportLogsServiceResponse()).partial_success
    if protobuf:
        assert answer.rejected_log_records == 2
        assert answer.error_message.startswith("output_tokens is -1: a count can't be negative.")
    else:
        assert said["rejectedLogRecords"] == "2"
    assert [one["id"] for one in stored(bot)] == ["req_1"]


@pytest.mark.parametrize("protobuf", [True, False])
async def test_increments_are_added_up_and_a_request_sent_again_adds_nothing(
    bot: httpx.AsyncClient, protobuf: bool
) -> None:
    first = metrics("cost.usage", point(0.1, model="m"), point(0.2, model="m", start=30))
    for said in (first, first, metrics("cost.usage", point(0.3, minutes=1, model="m"))):
        await sent(bot, said, protobuf=protobuf)
    await sent(bot, metrics("token.usage", point(5, model="m", type="cacheRead"), point(7, model="m", type="input")))
    assert counted(bot) == {Measure.COST: 6 * 10**9, Measure.CACHE_READ: 5, Measure.INPUT: 7}


async def test_of_totals_only_what_is_new_counts_also_when_a_process_begins_anew(bot: httpx.AsyncClient) -> None:
    for value, minutes, start in (
        (10, 0, 60),
        (25, 1, 60),
        (25, 2, 60),
        (12, 1, 60),
        (4, 3, 0),
        (9, 4, 0),
        (30, 5, 60),
    ):
        said = metrics("commit.count", point(value, minutes=minutes, start=start), temporality=2)
        assert not await sent(bot, said)
    assert counted(bot) == {Measure.COMMITS: 30 + 9}
    said = metrics("commit.count", point(2, minutes=6, start=60), temporality=2)
    await sent(bot, said)
    assert counted(bot) == {Measure.COMMITS: 30 + 9 + 2}, "it began anew without saying so"


async def test_every_counter_of_claude_code_has_its_place_and_others_none(bot: httpx.AsyncClient) -> None:
    cases: tuple[tuple[str, dict[str, Any], float], ...] = (
        ("session.count", {"start_type": "fresh"}, 2),
        ("session.count", {"start_type": "agents_view"}, 100),
        ("lines_of_code.count", {"type": "added"}, 30),
        ("lines_of_code.count", {"type": "removed"}, 4),
        ("pull_request.count", {}, 1),
        ("code_edit_tool.decision", {"decision": "accept", "tool_name": "Edit"}, 5),
        ("code_edit_tool.decision", {"decision": "reject", "tool_name": "Edit"}, 6),
        ("active_time.total", {"type": "user"}, 1.5),
        ("something.new", {}, 100),
    )
    for name, said, value in cases:
        assert not await sent(bot, metrics(name, point(value, **said)))
    assert counted(bot) == {
        **{Measure.SESSIONS: 2, Measure.LINES_ADDED: 30, Measure.LINES_REMOVED: 4, Measure.PULL_REQUESTS: 1},
        **{Measure.ACCEPTED: 5, Measure.REJECTED: 6, Measure.ACTIVE_BY_PERSON: 1500},
    }
    gauge = {"name": "claude_code.commit.count", "gauge": {"dataPoints": [point(1)]}}
    odd = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [gauge]}]}]}
    assert (await sent(bot, odd))["rejectedDataPoints"] == "1"
    for value, minutes in ((-1, 0), (float("nan"), 0), (2**62, 0), (1, 60), (1, -60 * 24 * 40)):
        refused = await sent(bot, metrics("commit.count", point(value, minutes=minutes)))
        assert refused["rejectedDataPoints"] == "1", (value, minutes)
    assert Measure.COMMITS not in counted(bot)


async def test_what_is_no_request_is_answered_with_its_status(bot: httpx.AsyncClient) -> None:
    whole = ParseDict(logs(event()), ExportLogsServiceRequest()).SerializeToString()
    packed = {"content-encoding": "gzip"}
    for body, headers, status in (
        (whole[:-5], PROTOBUF, 400),
        (b"\x00\xff garbage", PROTOBUF, 400),
        (b"\x98\x06\x01", PROTOBUF, 400),  # field 99 of a protocol nobody knows
        (b"{", {"content-type": "application/json"}, 400),
        (b"[" * 50_000, {"content-type": "application/json"}, 400),
        (whole, {"content-type": "text/plain"}, 415),
        (whole, {}, 415),
        (b"x" * (10 * 2**20), PROTOBUF, 413),
        (gzip.compress(b"\0" * (100 * 2**20)), PROTOBUF | packed, 413),
        (whole, PROTOBUF | packed, 400),
        (b"", PROTOBUF, 200),
        (whole + b"\x98\x06\x01", PROTOBUF, 200),
    ):
        answer = await bot.post("/v1/logs", content=body, headers=MINE | headers)
        assert answer.status_code == status, (body[:20], answer.text)
    assert (await bot.post("/v1/metrics", content=whole, headers=PROTOBUF)).status_code == 401
    assert (await bot.get("/v1/metrics", headers=MINE)).status_code == 405
    assert len(stored(bot)) == 1


_VALUES = st.one_of(
    st.builds(lambda text: {"stringValue": text}, st.text(max_size=8)),
    st.builds(lambda number: {"intValue": str(number)}, st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda number: {"doubleValue": spelt(number)}, st.floats()),
    st.just({}),
)
_KEYS = st.sampled_from(sorted(set(REQUEST) | {"type", "decision", "team", "status_code"}))
_ATTRIBUTES = st.lists(st.builds(lambda key, value: {"key": key, "value": value}, _KEYS, _VALUES), max_size=6)
_LOGS = st.builds(
    lambda name, more, at: logs({"timeUnixNano": str(at), "eventName": name, "attributes": more}),
    *(st.sampled_from(["api_request", "api_error", "claude_code.api_request"]), _ATTRIBUTES),
    st.integers(0, 2**64 - 1),
)
_METRICS = st.builds(
    lambda name, more, at, value, temporality: metrics(
        name, {"attributes": more, "timeUnixNano": str(at), "asDouble": spelt(value)}, temporality=temporality
    ),
    st.sampled_from(["cost.usage", "token.usage", "commit.count", "active_time.total"]),
    _ATTRIBUTES,
    st.integers(0, 2**64 - 1) | st.just(int(nanoseconds(NOW))),
    st.floats(),
    st.sampled_from([0, 1, 2, 7]),
)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = databases.sqlite(tmp_path_factory.mktemp("alone") / "otlp.db")
    with databases.opened(url) as database:
        database.write_now(tokens.create, "app", fingerprint(TOKEN), None, NOW)
    return url


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=_LOGS | _METRICS | st.binary(max_size=60), protobuf=st.booleans(), cut=st.integers(0, 200), path=st.booleans()
)
def test_whatever_is_sent_is_never_our_fault(alone: str, said: Any, protobuf: bool, cut: int, path: bool) -> None:
    route = "/v1/logs" if path else "/v1/metrics"
    if isinstance(said, bytes):
        body = said
    elif protobuf:
        kind = ExportLogsServiceRequest() if "resourceLogs" in said else ExportMetricsServiceRequest()
        body = ParseDict(said, kind).SerializeToString()
    else:
        body = json.dumps(said).encode()
    headers = MINE | {"content-type": "application/x-protobuf" if protobuf else "application/json"}

    async def post() -> int:
        database = Database(alone)
        intake = Intake(database, lambda: NOW, retain=timedelta(days=35))
        routes = [
            Route("/v1/logs", otlp.logs(intake, lambda: NOW), methods=["POST"]),
            Route("/v1/metrics", otlp.metrics(intake, lambda: NOW), methods=["POST"]),
        ]
        transport = httpx.ASGITransport(app=Starlette(routes=routes))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://bot") as http:
                return (await http.post(route, content=body[: len(body) - cut % 7], headers=headers)).status_code
        finally:
            database.close()

    assert asyncio.run(post()) in (200, 400)
