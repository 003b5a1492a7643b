"""Whether Slack would let the bot do its work: asked without telling anybody anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import CredentialRefused, SlackUnavailable
from bot.slack.notifier import refusal

SCOPES = frozenset(
    {
        "app_mentions:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "files:write",
        "im:history",
        "im:write",
        "users:read",
        "users:read.email",
    }
)
"""What manifest.yml asks for; the house rules hold the two together."""
DEADLINE_SECONDS = 5
_NEVER = "1.000000"
"""A message that no channel has."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the bot token belongs, and which of `SCOPES` it lacks (None: Slack did not say)."""

    workspace: str
    user: str
    missing: tuple[str, ...] | None
    date: str
    """The Date header; "" where there is none."""


async def installed(client: AsyncWebClient) -> Installed:
    """Raises CredentialRefused or SlackUnavailable."""
    answer: Any = await _asked(client.auth_test())
    headers = {str(name).lower(): value for name, value in answer.headers.items()}
    said = headers.get("x-oauth-scopes")
    missing = None if said is None else tuple(sorted(SCOPES - {scope.strip() for scope in str(said).split(",")}))
    return Installed(str(answer.get("team", "")), str(answer.get("user", "")), missing, str(headers.get("date", "")))


async def opens(app_token: str, base_url: str) -> None:
    """Raises CredentialRefused or SlackUnavailable where Slack gives no address for Socket Mode.

    That address is not connected to: a running bot would miss what came here instead.
    """
    client = AsyncWebClient(token=app_token, base_url=base_url)
    try:
        await _asked(client.apps_connections_open(app_token=app_token), as_is=True)
    except SlackApiError as error:
        away = refusal(error)
        if isinstance(away, SlackUnavailable):
            raise away from error
        raise CredentialRefused(
            f"Slack refused the app token ({error.response.get('error')}). Create one with the scope "
            "connections:write under Basic Information → App-Level Tokens and set SLACK_APP_TOKEN."
        ) from error


async def sees(client: AsyncWebClient, channel: str) -> None:
    """Raises SlackRefused where the bot does not see the channel: it is not there, or private without the bot.

    Asking about a channel takes a scope that nothing else needs; asking for a link to no message takes none.
    """
    try:
        await _asked(client.chat_getPermalink(channel=channel, message_ts=_NEVER), as_is=True)
    except SlackApiError as error:
        if error.response.get("error") != "message_not_found":
            raise refusal(error) from error


async def knows(client: AsyncWebClient, person: str) -> None:
    """Raises SlackRefused where nobody in Slack has this e-mail address or user id."""
    await _asked(client.users_lookupByEmail(email=person) if "@" in person else client.users_info(user=person))


async def _asked(call: Awaitable[T], *, as_is: bool = False) -> T:
    try:
        return await asyncio.wait_for(call, DEADLINE_SECONDS)
    except SlackApiError as error:
        if as_is:
            raise
        raise refusal(error) from error
    except (TimeoutError, aiohttp.ClientError) as error:
        raise SlackUnavailable("Slack can't be reached. Check the network and SLACK_API_URL.") from error
