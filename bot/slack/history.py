"""Finding what the bot said: each message it owes carries a mark, by which Slack can be asked whether it has it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SlackRefused
from bot.services.deliver import Posted

EVENT = "claude_usage_delivery"
_BEFORE = timedelta(days=1)
_PAGE = 200
_MOST_PAGES = 5


def mark(key: str, owed_at: datetime) -> dict[str, Any]:
    """The metadata of a message; the key's hash, because other apps may read it and keys can hold addresses.

    Another database may owe the same keys to the same place, but not since the same time.
    """
    return {"event_type": EVENT, "event_payload": {"key": _hash(key), "owed_at": owed_at.astimezone(UTC).isoformat()}}


async def find(
    client: AsyncWebClient, channel: str, key: str, owed_at: datetime, thread: str | None = None
) -> Posted | None:
    """The message with this key's mark among the newest of a channel, or in a thread; None where there is none.

    Whether a message is old enough to stop at is a guess, since Slack's clock need not be ours: what stands on the page
    is looked at first. Slack's errors are raised as they are: in a channel the bot may read nothing without
    channels:history. SlackRefused where more was said since than is looked through: it may stand before that.
    """
    wanted, before, cursor = mark(key, owed_at), (owed_at - _BEFORE).timestamp(), None
    for _ in range(_MOST_PAGES):
        given: dict[str, Any] = {"channel": channel, "limit": _PAGE, "include_all_metadata": True, "cursor": cursor}
        if thread:
            page = await client.conversations_replies(ts=thread, **given)
        else:
            page = await client.conversations_history(**given)
        said = page["messages"]
        for message in said:
            metadata = message.get("metadata") or {}
            if {"event_type": metadata.get("event_type"), "event_payload": metadata.get("event_payload")} == wanted:
                return Posted(channel, str(message["ts"]))
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor or (said and not thread and float(said[-1]["ts"]) < before):
            return None
    raise SlackRefused("Too much was said there since then to look through.")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
