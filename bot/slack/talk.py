"""Questions in plain words: to the bot in a channel by mention, and in its direct messages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.access import Asker
from bot.services.asking.ask import Ask
from bot.services.presses import Presses
from bot.slack.outlets import Conversation
from bot.slack.reply import Replies

_MENTION = re.compile(r"<@(\w+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:mailto:|https?://)[^|>]*\|([^>]+)>|<(?:mailto:)?([^@!#|>][^|>]*)>")
"""Slack makes a link of every e-mail address and every name that looks like a place on the web."""


def listen(
    app: AsyncApp,
    *,
    client: AsyncWebClient,
    ask: Ask,
    presses: Presses,
    clock: Callable[[], datetime],
    replies: Replies,
) -> None:
    """Register both. Slack may tell of one message twice, and in two ways: it is answered once."""

    async def answer(event: dict[str, Any], words: str, place: Conversation, *, shared: bool) -> None:
        asker, ts = Asker.called(str(event["user"])), str(event["ts"])

        async def give() -> bool:
            return await replies.give(place, lambda: ask.answer(words, clock(), asker, shared=shared))

        channel = str(event["channel"])
        await presses.told(f"{channel}/{ts}", int(float(ts)), channel, clock(), give)

    @app.event("app_mention")
    async def on_mention(event: dict[str, Any]) -> None:
        if not _from_a_person(event):
            return
        thread = str(event.get("thread_ts") or event["ts"])
        place = Conversation(client, channel=str(event["channel"]), user=str(event["user"]), thread=thread, public=True)
        await answer(event, spoken(str(event.get("text", ""))), place, shared=True)

    @app.event("message")
    async def on_message(event: dict[str, Any]) -> None:
        if event.get("channel_type") != "im" or not _from_a_person(event):
            return
        place = Conversation(
            client, channel=str(event["channel"]), user=str(event["user"]), thread=event.get("thread_ts")
        )
        await answer(event, spoken(str(event.get("text", ""))), place, shared=False)


def _from_a_person(event: dict[str, Any]) -> bool:
    """Not what a bot says, this one included, nor a message that was changed, deleted or came with a file."""
    return bool(event.get("user")) and not event.get("bot_id") and not event.get("subtype")


def spoken(text: str) -> str:
    """The words as they were typed: without the mention that called the bot, links as what they showed."""
    without_call = _MENTION.sub("", text, count=1) if _MENTION.match(text.lstrip()) else text
    shown = _LINK.sub(lambda link: link[1] or link[2], without_call)
    return html.unescape(shown).strip()
