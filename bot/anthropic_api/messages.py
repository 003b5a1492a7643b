"""Claude itself, asked for one small JSON object: POST /v1/messages with the schema that its answer must follow.

Somebody waits for the answer, so everything, retries and their pauses included, has to be over within `seconds`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx

from bot.anthropic_api import metering
from bot.anthropic_api.again import WORTH_ANOTHER_TRY, Sleep, TryAgain, said_pause, tried, worth_another_try
from bot.anthropic_api.client import decoded, reason
from bot.anthropic_api.http import opened
from bot.core.errors import (
    AnthropicError,
    AnthropicRefused,
    AnthropicUnavailable,
    CredentialRefused,
    PageMalformed,
)

PATH = "/v1/messages"
MOST_TRIES = 3
"""Fewer than a sync has: somebody waits for the answer."""
SECONDS = 8.0
_LATE = f"Anthropic did not answer {PATH} in time."
_MOST_TOKENS = 1000


class Messages:
    """Asks one model. `sleep` is for tests."""

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        base_url: str = "https://api.anthropic.com",
        version: str = "0",
        seconds: float = SECONDS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._model = model
        self._seconds = seconds
        self._sleep = sleep
        self._http = opened(
            api_key, setting="ANTHROPIC_API_KEY", base_url=base_url, version=version, timeout_seconds=seconds
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def structured(self, system: str, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The object Claude answers `text` with. Raises AnthropicError, or CredentialRefused for 401 and 403."""
        body = {
            "model": self._model,
            "max_tokens": _MOST_TOKENS,
            "system": system,
            "messages": [{"role": "user", "content": text}],
            "output_config": {"format": {"type": "json_schema", "schema": schema}},
        }
        try:
            async with asyncio.timeout(self._seconds) as deadline:
                return _object(await tried(partial(self._post_once, body, deadline), PATH, MOST_TRIES, self._sleep))
        except TimeoutError as error:
            raise AnthropicUnavailable(_LATE) from error

    async def _post_once(self, body: Mapping[str, Any], deadline: asyncio.Timeout) -> httpx.Response:
        try:
            with metering.request(PATH) as ending:
                response = await self._http.post(PATH, json=body)
                ending.status = str(response.status_code)
        except httpx.TimeoutException as error:
            raise TryAgain(AnthropicUnavailable(_LATE)) from error
        except httpx.HTTPError as error:
            raise TryAgain(AnthropicUnavailable(f"Anthropic can't be reached at {self._http.base_url}.")) from error
        if response.status_code == 200:
            return response
        seconds = said_pause(response)
        in_vain = seconds is not None and asyncio.get_running_loop().time() + seconds > (deadline.when() or 0)
        if in_vain or not worth_another_try(response):
            raise _refusal(response)
        raise TryAgain(_refusal(response), seconds)


def _object(response: httpx.Response) -> dict[str, Any]:
    """What the answer's text says, once Claude has said all of it."""
    try:
        message = decoded(response.content, PATH)
        if message.get("stop_reason") == "refusal":
            raise AnthropicRefused("Claude would not answer.")
        if message.get("stop_reason") != "end_turn":
            raise PageMalformed(f"Claude's answer ended early ({str(message.get('stop_reason'))[:40]}).")
        found = json.loads("".join(block["text"] for block in message["content"] if block["type"] == "text"))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PageMalformed("Claude's answer is not the JSON that was asked for.") from None
    if not isinstance(found, dict):
        raise PageMalformed("Claude's answer is not a JSON object.")
    return found


def _refusal(response: httpx.Response) -> AnthropicError | CredentialRefused:
    status, why = response.status_code, reason(response)
    if status in (401, 403):
        return CredentialRefused(f"Anthropic refused ANTHROPIC_API_KEY ({status}: {why}). Set a key of the Console.")
    if status in WORTH_ANOTHER_TRY:
        return AnthropicUnavailable(f"Anthropic answered {PATH} with {status}: {why}")
    return AnthropicRefused(f"Anthropic refused {PATH} with {status}: {why}")
