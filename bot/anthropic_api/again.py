"""Trying again: after growing, jittered pauses, unless the server itself says how long, or that there is no point."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import httpx
import structlog

from bot.anthropic_api import metering
from bot.core.errors import AnthropicError, CredentialRefused

log = structlog.get_logger()

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

FIRST_PAUSE_SECONDS = 0.5
UNSAID_LIMIT_PAUSE_SECONDS = 60.0
"""After a 429 that names no moment (seen on report endpoints)."""
LONGEST_PAUSE_SECONDS = 300.0
WORTH_ANOTHER_TRY = frozenset({408, 409, 429, 500, 502, 503, 504, 529})


class TryAgain(Exception):
    """Another try is worth it; `error` is what to raise when there is none left."""

    def __init__(self, error: AnthropicError | CredentialRefused, seconds: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.seconds = seconds


async def tried(once: Callable[[], Awaitable[T]], path: str, times: int, sleep: Sleep) -> T:
    """What `once` returns, asked so many times while it raises TryAgain. Raises the last one's error."""
    pause = FIRST_PAUSE_SECONDS
    for attempt in range(1, times + 1):
        try:
            return await once()
        except TryAgain as hint:
            if attempt == times:
                raise hint.error from hint.__cause__
            seconds = hint.seconds if hint.seconds is not None else pause * random.uniform(0.75, 1.25)  # noqa: S311
            why = str(hint.error)
            log.info(
                "Anthropic is asked again.", action="anthropic_retry", path=path, seconds=round(seconds, 2), error=why
            )
            metering.RETRIES.labels(metering.endpoint(path)).inc()
            await sleep(min(seconds, LONGEST_PAUSE_SECONDS))
            pause *= 2
    raise AssertionError("unreachable")


def worth_another_try(response: httpx.Response) -> bool:
    return response.status_code in WORTH_ANOTHER_TRY and response.headers.get("x-should-retry") != "false"


def said_pause(response: httpx.Response) -> float | None:
    """How long the server asked to wait, in seconds; None where it did not say and need not have."""
    headers = response.headers
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        if "retry-after" in headers:
            return max(0.0, float(headers["retry-after"]))
        if "anthropic-ratelimit-requests-reset" in headers:
            reset = datetime.fromisoformat(headers["anthropic-ratelimit-requests-reset"])
            return max(0.0, (reset - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        pass  # a header nobody can read says nothing
    return UNSAID_LIMIT_PAUSE_SECONDS if response.status_code == 429 else None
