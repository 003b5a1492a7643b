"""Whether a payload has the shape that Slack documents, as far as anybody here, or Bolt before us, reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TS = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,9})?)?")
_VIEW = {
    "id?": str,
    "type?": str,
    "callback_id?": str,
    "hash?": str,
    "private_metadata?": str,
    "blocks?": [{"type": str, "block_id?": str}],
    "state?": {"values?": dict},
}
_PERSON = {"user": {"id": str}, "team?": {"id?": str}, "trigger_id?": str, "response_url?": str, "view?": _VIEW}
_CHOICE = {"value?": str}
_ACTION = {
    "action_id": str,
    "block_id?": str,
    "type?": str,
    "value?": str,
    "selected_option?": _CHOICE,
    "selected_date?": str,
}
_SAID = {"user?": str, "channel?": str, "text?": str, "thread_ts?": _TS}
_KINDS: Mapping[str, object] = {
    "block_actions": _PERSON
    | {"actions": [_ACTION], "container?": {"channel_id?": str, "message_ts?": _TS, "thread_ts?": _TS}},
    "view_submission": _PERSON | {"view": _VIEW | {"id": str, "callback_id": str, "state": {"values": dict}}},
    "view_closed": _PERSON | {"view": _VIEW | {"callback_id": str}},
    "block_suggestion": _PERSON | {"action_id": str, "block_id?": str, "value?": str},
    "shortcut": _PERSON | {"callback_id": str},
    "message_action": _PERSON | {"callback_id": str},
    "event_callback": {"event": {"type": str}, "event_time?": int},
}
_EVENTS: Mapping[str, object] = {
    "app_mention": _SAID | {"channel": str, "ts": _TS},
    "message": _SAID | {"channel": str, "ts?": _TS},
    "app_home_opened": {"user": str, "tab?": str, "view?": {"hash?": str}},
}


def is_slacks(body: Mapping[str, Any]) -> bool:
    """A key that ends in `?` may be missing or null; of kinds that nobody here reads, anything is taken."""
    if "command" in body:
        return all(isinstance(value, str) for value in body.values())
    kind = body.get("type")
    if not isinstance(kind, str | None) or not _fits(body, _KINDS.get(kind or "", {})):
        return False
    if kind == "event_callback":
        return _fits(body["event"], _EVENTS.get(body["event"]["type"], {}))
    return kind != "block_actions" or bool(body["actions"])


def _fits(value: object, shape: object) -> bool:
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_holds(value, name, one) for name, one in shape.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(each, shape[0]) for each in value)
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and bool(shape.fullmatch(value))
    assert isinstance(shape, type)
    return isinstance(value, shape)


def _holds(value: Mapping[str, object], name: str, shape: object) -> bool:
    held = value.get(name.removesuffix("?"))
    return (held is None and name.endswith("?")) or _fits(held, shape)
