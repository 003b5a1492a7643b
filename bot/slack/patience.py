"""Slack's limits on what we ask it: waited for while that is short; else nobody asks again before they end."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryState
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.metering import MeteredClient

RATE_LIMIT_RETRIES = 5
LONGEST_WAIT_SECONDS = 30.0
"""Longer than this, whoever sends a message puts it off, and goes on with those to others."""
_TOO_MANY = 429


class PatientClient(MeteredClient):
    """Waits when Slack says so and repeats nothing else: a post without an answer may have arrived.

    A method that Slack does not want to hear of for long fails at once until then, with Slack's own error.
    """

    def __init__(self, **given: Any) -> None:
        self._held: dict[str, float] = {}
        super().__init__(**given, retry_handlers=[_Patience(max_retry_count=RATE_LIMIT_RETRIES)])

    async def api_call(self, api_method: str, **given: Any) -> AsyncSlackResponse:
        left = self._held.get(api_method, 0.0) - time.monotonic()
        if left > 0:
            limited = {"ok": False, "error": "ratelimited", "status": _TOO_MANY, "retry_after": left}
            raise SlackApiError(f"Slack takes no {api_method} now.", limited)  # type: ignore[no-untyped-call]
        try:
            return await super().api_call(api_method, **given)
        except SlackApiError as error:
            if getattr(error.response, "status_code", 0) == _TOO_MANY:
                self._held[api_method] = time.monotonic() + wanted(error.response)
            raise


class _Patience(AsyncRetryHandler):
    async def _can_retry_async(
        self,
        *,
        state: RetryState,  # noqa: ARG002
        request: HttpRequest,  # noqa: ARG002
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> bool:
        limited = response is not None and response.status_code == _TOO_MANY
        return limited and wanted(response) <= LONGEST_WAIT_SECONDS

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,  # noqa: ARG002
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> None:
        state.next_attempt_requested = True
        await asyncio.sleep(wanted(response) + random.random())  # noqa: S311
        state.increment_current_attempt()


def wanted(response: Any) -> float:
    """For how many seconds Slack wants to be left alone; one where it does not say."""
    if isinstance(response, dict):  # an answer of our own, in Slack's place
        return float(response.get("retry_after", 1))
    for name, value in (getattr(response, "headers", None) or {}).items():
        if name.lower() == "retry-after":
            said = str(value[0] if isinstance(value, list) else value)
            return float(said) if said.isdecimal() else 1.0
    return 1.0
