"""`POST /v1/logs` and `/v1/metrics`: OpenTelemetry over HTTP, as protobuf and as JSON, for Claude Code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.core.calls import batch
from bot.core.calls.batch import Batch
from bot.core.calls.client import Client
from bot.core.calls.wire import Refusal
from bot.core.errors import BodyUnreadable
from bot.core.otlp import events
from bot.core.otlp import metrics as counters
from bot.core.otlp.metrics import Count
from bot.services.calls.intake import Intake
from bot.web.receiving import receiving

PROTOBUF, JSON = "application/x-protobuf", "application/json"
_REASONS = 3
"""How many of the reasons are said: an exporter logs the answer, and may have sent a thousand of the same."""

_Asked = ExportLogsServiceRequest | ExportMetricsServiceRequest
_Answered = ExportLogsServiceResponse | ExportMetricsServiceResponse
T = TypeVar("T")


def logs(intake: Intake, clock: Callable[[], datetime]) -> Callable[[Request], Awaitable[Response]]:
    """Events: those about requests to Claude become calls, all others are answered as taken and left behind."""
    reading = ThreadPoolExecutor(1, thread_name_prefix="otlp-logs")

    async def take(request: Request, body: bytes, client: Client) -> Response:
        kind = _kind(request)
        if kind is None:
            return _unsupported()
        said = await _within(reading, _read_logs, body, kind, clock())
        taken = await intake.take(said, client)
        answer = ExportLogsServiceResponse()
        if taken.rejected:
            answer.partial_success.rejected_log_records = len(taken.rejected)
            answer.partial_success.error_message = _reasons(taken.rejected.values())
        return _answer(answer, kind)

    return receiving(intake, take)


def metrics(intake: Intake, clock: Callable[[], datetime]) -> Callable[[Request], Awaitable[Response]]:
    """Counters: Claude Code's are added up beside the ledger, all others are answered as taken and left behind."""
    reading = ThreadPoolExecutor(1, thread_name_prefix="otlp-metrics")

    async def take(request: Request, body: bytes, client: Client) -> Response:
        kind = _kind(request)
        if kind is None:
            return _unsupported()
        said = await _within(reading, _read_metrics, body, kind, clock())
        refused = [one.reason for one in said if isinstance(one, Refusal)]
        await intake.count([one for one in said if not isinstance(one, Refusal)], client, sha256(body).hexdigest())
        answer = ExportMetricsServiceResponse()
        if refused:
            answer.partial_success.rejected_data_points = len(refused)
            answer.partial_success.error_message = _reasons(refused)
        return _answer(answer, kind)

    return receiving(intake, take)


def _kind(request: Request) -> str | None:
    """None for what OpenTelemetry is not sent as."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind if kind in (PROTOBUF, JSON) else None


async def _within(
    pool: ThreadPoolExecutor, read: Callable[[bytes, str, datetime], T], body: bytes, kind: str, now: datetime
) -> T:
    """In a thread: a large body takes long enough to keep everybody else waiting."""
    return await asyncio.get_running_loop().run_in_executor(pool, read, body, kind, now)


def _read_logs(body: bytes, kind: str, now: datetime) -> Batch:
    asked = ExportLogsServiceRequest()
    _fill(asked, body, kind)
    return batch.of(list(events.calls(asked.resource_logs, now)))


def _read_metrics(body: bytes, kind: str, now: datetime) -> list[Count | Refusal]:
    asked = ExportMetricsServiceRequest()
    _fill(asked, body, kind)
    return list(counters.counts(asked.resource_metrics, now))


def _fill(asked: _Asked, body: bytes, kind: str) -> None:
    """Fields of a newer protocol are passed over; raises BodyUnreadable for what has none that we know."""
    try:
        if kind == PROTOBUF:
            asked.ParseFromString(body)
        else:
            # Ids of traces are hex here and base64 elsewhere in protobuf's JSON; nobody reads them.
            Parse(body, asked, ignore_unknown_fields=True)
    except (DecodeError, ParseError, ValueError, TypeError, OverflowError, RecursionError):
        name = "protobuf" if kind == PROTOBUF else "JSON"
        raise BodyUnreadable(f"The body is no OpenTelemetry request in {name}.") from None
    if kind == PROTOBUF and body and not asked.ListFields():
        raise BodyUnreadable("The body is no OpenTelemetry request that this version knows.")


def _answer(answer: _Answered, kind: str) -> Response:
    """In the encoding of the request, as the protocol asks for; without a word where all was taken."""
    if kind == PROTOBUF:
        return Response(answer.SerializeToString(), media_type=PROTOBUF)
    return Response(MessageToJson(answer, indent=None), media_type=JSON)


def _unsupported() -> Response:
    return JSONResponse({"error": f"Send {PROTOBUF} or {JSON}."}, 415)


def _reasons(reasons: Iterable[str]) -> str:
    return " ".join(list(dict.fromkeys(reasons))[:_REASONS])
