"""Traces, as a collector gets them: what took time, and nobody's names."""

import sys
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from bot import wiring
from bot.core.access import OPERATOR
from bot.core.calls import batch
from bot.core.calls.client import Client
from bot.core.calls.wire import read
from bot.core.errors import NotFound
from bot.demo.serving import serve
from bot.terminal import config
from tests.faults import status
from tests.outside import NOW, Outside, written


class Collector:
    """An OpenTelemetry collector on loopback."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.app = Starlette(routes=[Route("/v1/traces", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        self.requests.append(ExportTraceServiceRequest.FromString(await request.body()))
        return Response()

    def spans(self) -> list[Span]:
        kept = [scope for one in self.requests for resource in one.resource_spans for scope in resource.scope_spans]
        return [span for scope in kept for span in scope.spans]


def said(span: Span) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


async def work(parts: wiring.Parts, outside: Outside, folder: Path) -> None:
    """Something of everything that has a span, without a sync."""
    await config.apply_file(written(folder), parts.database, NOW)
    await parts.ask.answer("team alpha", NOW, OPERATOR)
    with pytest.raises(NotFound):
        await parts.ask.answer("team nobodys-own-name", NOW, OPERATOR)
    outside.slack.fail_next("chat.postMessage", status=503)
    await parts.alerts.run(NOW)
    client = Client("programs", None)
    call = {"id": "1", "timestamp": NOW.isoformat(), "model": "claude-sonnet-5-5", "input_tokens": 9, "user": "ana"}
    with parts.intake.turn(client):
        await parts.intake.take(batch.of([read(call, NOW)]), client)


async def test_what_takes_time_is_told_to_the_collector_without_names_or_words(
    outside: Outside, tmp_path: Path
) -> None:
    collector = Collector()
    async with serve(collector.app) as url:
        settings = outside.settings(f"sqlite:///{tmp_path / 'traced.db'}", otel_exporter_otlp_endpoint=f"{url}/")
        async with wiring.parts(settings, NOW) as parts:
            await config.apply_file(written(tmp_path), parts.database, NOW)
            assert not (await parts.sync.run(NOW)).failures
            await work(parts, outside, tmp_path)
    spans = collector.spans()
    assert {span.name for span in spans} == {"sync.read", "sync.store", "question", "delivery", "intake"}
    by_name = {span.name: said(span) for span in spans}
    assert by_name["sync.read"].keys() == {"source", "since", "until"}
    assert by_name["sync.store"].keys() == {"records", "since", "until"}
    assert by_name["question"] == {"subject": "team"}
    assert by_name["delivery"] == {"kind": "alert", "attempt": 1}
    assert by_name["intake"] == {"requests": 1, "calls": 1}
    wrong = {span.name: span.status.message for span in spans if span.status.code == Status.STATUS_CODE_ERROR}
    assert wrong == {"question": "NotFound", "delivery": "SlackUnavailable"}
    assert all(span.end_time_unix_nano > span.start_time_unix_nano for span in spans)
    told = str(collector.requests)
    assert 'string_value: "claude-usage"' in told
    assert [name for name in ("alpha", "ana", "nobodys") if name in told] == []


async def test_a_collector_that_is_away_keeps_nobody_from_their_work(outside: Outside, tmp_path: Path) -> None:
    async with serve(status(503)) as url:  # type: ignore[arg-type]
        pass  # nobody listens there any more
    settings = outside.settings(f"sqlite:///{tmp_path / 'traced.db'}", otel_exporter_otlp_endpoint=url)
    async with wiring.parts(settings, NOW) as parts:
        await work(parts, outside, tmp_path)


async def test_without_the_extra_it_says_what_to_install_and_goes_on(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    settings = outside.settings(f"sqlite:///{tmp_path / 'traced.db'}", otel_exporter_otlp_endpoint="http://127.0.0.1:9")
    with capture_logs() as log:
        async with wiring.parts(settings, NOW) as parts:
            await work(parts, outside, tmp_path)
    assert "claude-usage-bot[traces]" in next(one["event"] for one in log if one["action"] == "traces_missing")
