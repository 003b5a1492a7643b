"""The Bolt app: which listener answers what."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.render.slack import ASK, RECEIPT, SHARE
from bot.services.ask import Ask
from bot.services.receipts import Receipts
from bot.slack.reply import Replies

COMMAND = "/claude-usage"


def build(
    client: AsyncWebClient,
    *,
    signing_secret: str | None,
    ask: Ask,
    receipts: Receipts,
    clock: Callable[[], datetime],
    replies: Replies,
) -> AsyncApp:
    """The listeners are the same over signed HTTP and over Socket Mode, which needs no signing secret."""
    app = AsyncApp(
        client=AsyncWebClient(base_url=client.base_url),
        signing_secret=signing_secret or "",
        authorize=_of_our_workspace(client),
        logger=logging.getLogger("slack_bolt"),  # Bolt would give each of its own the root's level
    )

    @app.command(COMMAND)
    async def on_command(ack: AsyncAck, respond: AsyncRespond, command: dict[str, Any]) -> None:
        await ack()
        text = html.unescape(str(command.get("text", "")))  # `R&D` comes as `R&amp;D`
        await replies.give(respond, lambda: ask.answer(text, clock()))

    @app.action(re.compile(rf"^{ASK}:\d+$"))
    async def on_ask(ack: AsyncAck, respond: AsyncRespond, action: dict[str, Any], body: dict[str, Any]) -> None:
        """A follow-up takes the place of one's own answer, and never of a message that others read."""
        await ack()
        own = bool(body.get("container", {}).get("is_ephemeral"))
        await replies.give(respond, lambda: ask.answer(str(action["value"]), clock()), replace=own)

    @app.action(SHARE)
    async def on_share(ack: AsyncAck, respond: AsyncRespond, action: dict[str, Any]) -> None:
        await ack()
        await replies.give(respond, lambda: ask.answer(str(action["value"]), clock()), shared=True)

    @app.action(RECEIPT)
    async def on_receipt(ack: AsyncAck, respond: AsyncRespond, action: dict[str, Any]) -> None:
        await ack()
        await replies.give(respond, lambda: receipts.answer(str(action["value"]), clock()))

    return app


def _of_our_workspace(client: AsyncWebClient) -> Callable[..., Awaitable[AuthorizeResult]]:
    """Bolt would ask Slack who the bot is before it lets anyone in; the start has done so, and Slack may be down."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=client.token)

    return authorize
