"""Claude Code's events: those about a request to Claude are calls, all others are left behind unread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs

from bot.core.calls import wire
from bot.core.calls.call import Call, Origin
from bot.core.calls.fields import LONGEST_TEXT
from bot.core.calls.wire import Refusal
from bot.core.money import LARGEST, UNITS_PER_DOLLAR, Money
from bot.core.otlp import attributes
from bot.core.otlp.attributes import Attributes, text

FEATURE = "claude code"
_PREFIX = "claude_code."
_ANSWERED, _FAILED = "api_request", "api_error"
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""The event says the status and a sentence; the sentence may quote what was asked, so it is left behind."""
_UNITS_PER_MICRO = UNITS_PER_DOLLAR // 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def calls(resources: Iterable[ResourceLogs], now: datetime) -> Iterator[Call | Refusal]:
    """A call, or why it is none, for each event about a request; nothing for any other record."""
    for resource in resources:
        around = resource.resource.attributes
        for scope in resource.scope_logs:
            for record in scope.log_records:
                name = _name(record)
                if name in (_ANSWERED, _FAILED):
                    yield _call(name, attributes.read(around, record.attributes), record, now)


def _name(record: LogRecord) -> str:
    """What happened: a field in newer protocols, an attribute or the whole body in older ones."""
    named = record.event_name
    if not named:
        named = next((one.value.string_value for one in record.attributes if one.key == "event.name"), "")
    if not named and record.body.WhichOneof("value") == "string_value" and len(record.body.string_value) < 64:
        named = record.body.string_value
    return named.removeprefix(_PREFIX)


def _call(name: str, said: Attributes, record: LogRecord, now: datetime) -> Call | Refusal:
    status = _whole(text(said, "status_code"))
    failed = name == _FAILED
    written: dict[str, Any] = {
        "id": text(said, "request_id") or _fallback(said),
        "timestamp": _when(record) or text(said, "event.timestamp"),
        "team": attributes.team(said)[:LONGEST_TEXT],
        "user": attributes.person(said)[:LONGEST_TEXT],
        "feature": FEATURE,
        "model": text(said, "model"),
        "event_type": "streaming",
        "input_tokens": said.get("input_tokens", 0),
        "output_tokens": said.get("output_tokens", 0),
        "cache_read_input_tokens": said.get("cache_read_tokens"),
        "cache_creation_input_tokens": said.get("cache_creation_tokens"),
        "duration_ms": said.get("duration_ms"),
        "speed": "fast" if text(said, "speed") == "fast" else None,
        "success": not failed,
        "status": status,
        "error_type": _ERRORS.get(status or 0, f"http_{status}" if status else "connection_error") if failed else None,
    }
    call = wire.read(written, now, origin=Origin.OTLP)
    return call if isinstance(call, Refusal) else call._replace(own_cost=_cost(said))


def _fallback(said: Attributes) -> str | None:
    """Requests that failed early have no id: which event of which session it was tells a repeat as well."""
    session, sequence = text(said, "session.id"), text(said, "event.sequence")
    return f"{session}/{sequence}" if session and sequence else None


def _when(record: LogRecord) -> str | None:
    at = record.time_unix_nano or record.observed_time_unix_nano
    return (_EPOCH + timedelta(microseconds=at // 1000)).isoformat() if at else None


def _cost(said: Attributes) -> Money | None:
    """What Claude Code reckons it at. It does not tell cache writes of an hour from those of five minutes, so from its
    tokens nobody could."""
    micros = _number(text(said, "cost_usd_micros"))
    units = None if micros is None else micros * _UNITS_PER_MICRO
    if units is None:
        dollars = _number(text(said, "cost_usd"))
        units = None if dollars is None else dollars * UNITS_PER_DOLLAR
    return None if units is None or not 0 <= units <= LARGEST else Money(round(units))


def _number(written: str) -> Decimal | None:
    try:
        number = Decimal(written[:60])
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < 30 else None


def _whole(written: str) -> int | None:
    return int(written) if written.isdecimal() and len(written) == 3 else None
