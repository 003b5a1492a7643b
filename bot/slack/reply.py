"""How every listener answers: the person always gets a result, a plain sentence, or a reference."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.answers.answer import Answer
from bot.core.errors import BotError
from bot.render import slack as render

log = structlog.get_logger()


class Replies:
    """Answers through `response_url` and knows what is still under way, so that a stop can wait for it."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    async def give(
        self,
        respond: AsyncRespond,
        ask: Callable[[], Awaitable[Answer]],
        *,
        shared: bool = False,
        replace: bool = False,
    ) -> None:
        """Ask, and respond with what comes of it; `shared` shows it to the channel, `replace` in place of the old."""
        task = asyncio.current_task()
        if task is not None:
            self._under_way.add(task)
        try:
            await self._give(respond, ask, shared=shared, replace=replace)
        finally:
            if task is not None:
                self._under_way.discard(task)

    async def drain(self, seconds: float) -> None:
        """Wait for the answers that people are waiting for."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    async def _give(
        self, respond: AsyncRespond, ask: Callable[[], Awaitable[Answer]], *, shared: bool, replace: bool
    ) -> None:
        options = {"response_type": "ephemeral", "replace_original": replace}
        try:
            answer = await ask()
        except BotError as error:
            await _send(respond, render.sorry(str(error)), options)
            return
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("An answer broke.", action="answer_failed", reference=reference)
            await _send(respond, render.sorry("Something broke.", reference), options)
            return
        if shared or answer.share:
            options["response_type"] = "in_channel"
        said = await _send(respond, render.message(answer), options)
        if "invalid_blocks" in said:
            await _send(respond, render.plain(answer), options)


async def _send(respond: AsyncRespond, message: dict[str, Any], options: dict[str, Any]) -> str:
    """What Slack said against it, "" if nothing: `respond` returns failures instead of raising them."""
    try:
        response = await respond(**message, **options, unfurl_links=False, unfurl_media=False)
    except Exception as error:
        # No traceback: the address in it lets anyone answer in the bot's name.
        log.warning("Slack can't be answered.", action="response_failed", error=type(error).__name__)
        return ""
    if response.status_code == 200:
        return ""
    log.warning("Slack refused an answer.", action="response_refused", status=response.status_code, body=response.body)
    return str(response.body)
