"""The attributes of OpenTelemetry, read one by one: what nobody asks for by name is never looked at."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.proto.common.v1.common_pb2 import KeyValue

Value = str | int | float | bool
Attributes = dict[str, Value]

_TEAM = ("team", "team.id", "team.name", "team_id", "department")
"""Where an organisation says whose a session is, in `OTEL_RESOURCE_ATTRIBUTES`; the first that is there counts."""
_PERSON = ("user.email", "user.account_uuid")
_READ = frozenset(
    {
        *_TEAM,
        *_PERSON,
        *("event.name", "event.timestamp", "event.sequence", "session.id", "request_id", "model", "speed"),
        *("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens", "cost_usd", "cost_usd_micros"),
        *("duration_ms", "status_code", "type", "decision", "start_type"),
    }
)


def read(*several: Iterable[KeyValue]) -> Attributes:
    """The attributes that are used; the later ones win, as Claude Code's own do over the resource's."""
    found: Attributes = {}
    for some in several:
        for attribute in some:
            if attribute.key in _READ:
                kind = attribute.value.WhichOneof("value")
                if kind in ("string_value", "int_value", "double_value", "bool_value"):
                    found[attribute.key] = getattr(attribute.value, kind)
    return found


def text(attributes: Attributes, name: str) -> str:
    """ "" where there is none. Numbers are written out: exporters differ in what they take for one."""
    value = attributes.get(name)
    return "" if value is None or isinstance(value, bool) else str(value)


def team(attributes: Attributes) -> str:
    return next((said for name in _TEAM if (said := text(attributes, name).strip())), "")


def person(attributes: Attributes) -> str:
    """An e-mail address in lower case, else the account's id; "" with an API key, where Claude Code knows neither."""
    return next((said for name in _PERSON if (said := text(attributes, name).strip().lower())), "")
