"""Whether Slack still has the bot token, which may be revoked while the bot runs."""

from __future__ import annotations

import asyncio
import time

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import CredentialRefused, SlackError
from bot.slack.checkup import installed

log = structlog.get_logger()

LOOK_SECONDS = 30.0
AGAIN_SECONDS = 5.0
"""A refusal is asked about again so soon: one alone takes nobody out of service."""
PATIENCE_SECONDS = 2.0
"""Whoever asks whether we are ready waits for it too."""
_SURE = 2


class Standing:
    """Asked while a monitor asks. A Slack that is away says nothing of the token: what it said last holds."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._ask_at = time.monotonic() + LOOK_SECONDS  # the start has asked
        self._refused = ""
        self._times = 0

    async def wrong(self) -> str:
        """What Slack has against the bot token, said twice in a row; "" where nothing is known."""
        now = time.monotonic()
        if now >= self._ask_at:
            self._ask_at = now + AGAIN_SECONDS  # and nobody asks beside us
            if not await self._asked():
                self._ask_at = now + LOOK_SECONDS
        return self._refused if self._times >= _SURE else ""

    async def _asked(self) -> bool:
        """Whether to ask again soon."""
        try:
            await asyncio.wait_for(installed(self._client), PATIENCE_SECONDS)
        except CredentialRefused as error:
            self._refused = str(error)
            self._times += 1
            if self._times == _SURE:
                log.error("Slack refuses the bot token.", action="token_refused", error=str(error))
        except (SlackError, TimeoutError):
            pass
        else:
            if self._times >= _SURE:
                log.info("Slack takes the bot token again.", action="token_taken")
            self._times = 0
        return self._times > 0
