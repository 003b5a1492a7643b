"""What is counted between the bot and Slack: what comes in and how fast it is acknowledged, answers, calls out."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.errors import BotError, TooManyQuestions
from bot.slack.shape import is_slacks

REQUESTS = Counter(
    "claude_usage_slack_requests",
    "What Slack sent, by kind (command, action, view, options, event, shortcut) and outcome (ok, refused, failed).",
    ["kind", "outcome"],
)
ACK_SECONDS = Histogram(
    "claude_usage_slack_ack_seconds",
    "Seconds until Slack was told that its request has arrived; Slack waits for three.",
    ["kind"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5),
)
ANSWERS = Counter(
    "claude_usage_slack_answers",
    "Answers people got: answered, sorry (their words, a name, a permission), shed, unavailable, broken, untold.",
    ["outcome"],
)
for _each in ("answered", "sorry", "shed", "unavailable", "broken", "untold"):
    ANSWERS.labels(_each)  # from the start: of a series that begins with its first failure nobody sees that it rose
ANSWER_SECONDS = Histogram(
    "claude_usage_slack_answer_seconds",
    "Seconds from a question to its answer in Slack.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
)
UNDER_WAY = Gauge("claude_usage_slack_answers_under_way", "Questions that wait for their answer.")
CALLS = Counter(
    "claude_usage_slack_calls",
    "Calls of Slack's Web API and answers to a response_url, by method and Slack's error code, or ok.",
    ["method", "code"],
)
CALL_SECONDS = Histogram(
    "claude_usage_slack_call_seconds",
    "Seconds of a call of Slack's Web API, the waiting that Slack asked for included.",
    ["method"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60),
)
POSTING = Gauge("claude_usage_slack_posting", "Messages on their way, those that wait for their turn included.")

_KINDS = {
    "block_actions": "action",
    "view_submission": "view",
    "view_closed": "view",
    "block_suggestion": "options",
    "shortcut": "shortcut",
    "message_action": "shortcut",
    "event_callback": "event",
}
_CODES = frozenset(
    {
        "account_inactive",
        "cannot_dm_bot",
        "channel_not_found",
        "expired_trigger_id",
        "expired_url",
        "fatal_error",
        "internal_error",
        "invalid_arguments",
        "invalid_auth",
        "invalid_blocks",
        "is_archived",
        "message_not_found",
        "missing_scope",
        "msg_too_long",
        "no_permission",
        "not_authed",
        "not_in_channel",
        "ok",
        "rate_limited",
        "ratelimited",
        "restricted_action",
        "service_unavailable",
        "token_expired",
        "token_revoked",
        "unreachable",
        "used_url",
        "user_disabled",
        "user_not_found",
        "users_not_found",
        "view_too_large",
    }
)
"""What has a series of its own; every other code is `other`, so that nobody's answer makes series without end."""


STRANGER = "of_another_workspace"
"""What stands in the context of a request that was answered, and refused."""


class MeteredApp(AsyncApp):
    """A Bolt app that counts what Slack sends it, over HTTP and Socket Mode alike."""

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        if not is_slacks(req.body):  # Bolt would break over it, and say where at length
            REQUESTS.labels("other", "refused").inc()
            return BoltResponse(status=400, body="This is nothing that Slack sends.")
        began, kind, outcome = time.perf_counter(), _kind(req.body), "failed"
        try:
            with structlog.contextvars.bound_contextvars(**whose(req.body)):
                response = await super().async_dispatch(req)
            outcome = "refused" if req.context.get(STRANGER) else _outcome(response.status)
        finally:
            REQUESTS.labels(kind, outcome).inc()
        ACK_SECONDS.labels(kind).observe(time.perf_counter() - began)
        return response


class MeteredClient(AsyncWebClient):
    """A client that counts its calls."""

    async def api_call(self, api_method: str, **given: Any) -> AsyncSlackResponse:
        began, code = time.perf_counter(), "unreachable"
        try:
            response = await super().api_call(api_method, **given)
            code = "ok"
        except SlackApiError as error:
            body: Any = getattr(error.response, "data", error.response)
            if not isinstance(body, dict):  # a web page or half an answer: what asks for its error must find none
                status = getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0)
                error.response = body = {"ok": False, "error": "", "status": status}
            code = said_by(error)
            raise
        finally:
            _called(api_method, code, began)
        return response


@dataclass(slots=True)
class Ending:
    """How a post ended; whoever has Slack's word writes it down."""

    code: str = "unreachable"


@contextmanager
def responding() -> Iterator[Ending]:
    """While Slack is told an answer at the address that it gave for it, which is no method of its Web API."""
    began, ending = time.perf_counter(), Ending()
    try:
        yield ending
    finally:
        _called("response_url", ending.code, began)


def said_by(error: SlackApiError) -> str:
    """Slack's error code; the HTTP status where something answered in its place, or without one."""
    response: Any = error.response
    body = getattr(response, "data", response)
    held = body if isinstance(body, dict) else {}
    status = getattr(response, "status_code", 0) or held.get("status", 0)
    return str(held.get("error") or f"HTTP {status}")


def code_in(body: str) -> str:
    """Slack's error code in a refusal, which may be JSON, the bare code or a web page."""
    return next(iter(sorted((_CODES - {"ok"}).intersection(re.findall("[a-z_]+", body)))), "other")


def _called(method: str, code: str, began: float) -> None:
    CALLS.labels(method, code if code in _CODES else "other").inc()
    CALL_SECONDS.labels(method).observe(time.perf_counter() - began)


def answered(outcome: str) -> None:
    ANSWERS.labels(outcome).inc()


def refused(error: BotError) -> None:
    """Nobody's fault, the asker's words among them, unless another try would help: then something of ours is away, or
    too much of it was asked for."""
    shed = isinstance(error, TooManyQuestions)
    answered("shed" if shed else "sorry" if error.permanent else "unavailable")


@contextmanager
def answering() -> Iterator[None]:
    """While somebody waits for an answer."""
    with UNDER_WAY.track_inprogress(), ANSWER_SECONDS.time():
        yield


def _kind(body: dict[str, Any]) -> str:
    return "command" if "command" in body else _KINDS.get(str(body.get("type")), "other")


def whose(body: dict[str, Any]) -> dict[str, str]:
    """Who did what Slack sends, and where, as ids: they stand in each line that is logged on the way to the answer."""
    said = body.get("event") or body
    found = {}
    for name in ("user", "channel"):
        one = said.get(f"{name}_id") or said.get(name)
        given = one.get("id") if isinstance(one, dict) else one
        if isinstance(given, str) and given:
            found[name] = given
    return found


def _outcome(status: int) -> str:
    if status < 400:
        return "ok"
    return "refused" if status in (401, 403) else "failed"
