"""Finding what the bot said: each message it owes carries a mark, by which Slack can be asked whether it has it."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SlackRefused
from bot.services.deliver import Posted

EVENT = "claude_usage_delivery"
_ANOTHER = timedelta(days=1)
_PAGE = 200
_MOST_PAGES = 5


def mark(key: str) -> dict[str, Any]:
    """The metadata of a message; the key's hash, because other apps may read it and keys can hold addresses."""
    return {"event_type": EVENT, "event_payload": {"key": _hash(key)}}


async def find(
    client: AsyncWebClient, channel: str, key: str, owed_at: datetime, thread: str | None = None
) -> Posted | None:
    """The message with this key's mark among the newest of a channel, or in a thread; None where there is none.

    What is a day older than the debt is of another database, whose keys were the same; less than that may be the two
    clocks. Slack's errors are raised as they are: in a channel the bot may read nothing without channels:history.
    SlackRefused where more was said since than is looked through: it may stand before that.
    """
    wanted, cursor = _hash(key), None
    for _ in range(_MOST_PAGES):
        given: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(owed_at - _ANOTHER).timestamp():.6f}",
            "limit": _PAGE,
            "include_all_metadata": True,
            "cursor": cursor,
        }
        if thread:
            page = await client.conversations_replies(ts=thread, **given)
        else:
            page = await client.conversations_history(**given)
        for message in page["messages"]:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT and metadata.get("event_payload", {}).get("key") == wanted:
                return Posted(channel, str(message["ts"]))
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return None
    raise SlackRefused("Too much was said there since then to look through.")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
