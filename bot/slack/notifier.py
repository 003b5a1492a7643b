"""Posts to Slack: one queue per channel, Slack's own waiting times obeyed, its errors mapped once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.answer import Answer
from bot.core.errors import BotError, CredentialRefused, SlackRefused, SlackUnavailable
from bot.services.deliver import Posted
from bot.slack.pictures import Pictures

log = structlog.get_logger()

SECONDS_BETWEEN_POSTS = 1.0
"""Slack takes about one message a second in a channel."""
RATE_LIMIT_RETRIES = 5
TIMEOUT_SECONDS = 15

_CREDENTIAL = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
_REFUSALS = {
    "channel_not_found": "Slack does not know this channel. Check its id, or invite the bot.",
    "not_in_channel": "The bot is not in this channel. Invite it with /invite.",
    "is_archived": "This channel is archived. Choose another one.",
    "users_not_found": "Nobody in Slack has this e-mail address. Use the address of their Slack account, or their id.",
    "user_not_found": "Slack does not know this user. Check the id.",
    "user_disabled": "This person's Slack account is deactivated. Name another owner.",
    "restricted_action": "Slack does not let the bot write there. Ask a Slack admin.",
    "cannot_dm_bot": "This is a bot, and bots can't be told things.",
    "missing_scope": "The bot lacks a Slack scope. Reinstall the app from manifest.yml.",
    "no_permission": "The bot may not do this in Slack. Reinstall the app from manifest.yml.",
    "invalid_blocks": "Slack refused the message's layout.",
    "msg_too_long": "Slack refused the message as too long.",
}


def web_client(token: str, base_url: str) -> AsyncWebClient:
    """A client that waits when Slack says so and repeats nothing else: a post without an answer may have arrived."""
    return AsyncWebClient(
        token=token,
        base_url=base_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES)],
    )


class SlackNotifier:
    """Tells channels and people. A message whose layout a workspace refuses is sent again in a plainer one."""

    def __init__(self, client: AsyncWebClient, *, seconds_between_posts: float = SECONDS_BETWEEN_POSTS) -> None:
        self._client = client
        self._pictures = Pictures(client)
        self._pause = seconds_between_posts
        self._queues: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_at: dict[str, float] = {}
        self._direct: dict[str, str] = {}

    async def direct(self, receiver: str) -> str:
        """The direct-message channel of an e-mail address or Slack user id."""
        if receiver not in self._direct:
            self._direct[receiver] = await self._open(receiver)
        return self._direct[receiver]

    async def post(self, channel: str, answer: Answer) -> Posted:
        async with self._turn(channel):
            refused = _LayoutRefused()
            async for message in self._pictures.messages(answer):
                try:
                    return await self._post(channel, message)
                except _LayoutRefused as error:
                    log.warning("Slack refused the blocks.", action="invalid_blocks", detail=str(error))
                    refused = error
            raise refused

    async def file(self, channel: str, name: str, content: bytes, words: str) -> None:
        """Put a file into a direct-message channel, with a sentence beside it."""
        async with self._turn(channel):
            with _mapped():
                await self._client.files_upload_v2(
                    channel=channel, filename=name, title=name, content=content, initial_comment=words
                )

    async def _post(self, channel: str, message: dict[str, Any]) -> Posted:
        with _mapped():
            answer = await self._client.chat_postMessage(
                channel=channel, text=message["text"], blocks=message["blocks"], unfurl_links=False, unfurl_media=False
            )
        return Posted(str(answer["channel"]), str(answer["ts"]))

    async def _open(self, receiver: str) -> str:
        with _mapped():
            user = receiver
            if "@" in receiver:
                found = await self._client.users_lookupByEmail(email=receiver)
                user = found["user"]["id"]
            opened = await self._client.conversations_open(users=user)
        return str(opened["channel"]["id"])

    @asynccontextmanager
    async def _turn(self, channel: str) -> AsyncIterator[None]:
        """First come, first served, and not faster than Slack takes messages."""
        async with self._queues[channel]:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, self._free_at.get(channel, 0.0) - loop.time()))
            yield
            self._free_at[channel] = loop.time() + self._pause


class _LayoutRefused(SlackRefused):
    """Slack refused the message's layout."""


class _mapped:  # noqa: N801  (reads as a phrase: with _mapped())
    """Slack's and the network's errors as ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, SlackApiError):
            raise refusal(error) from error
        if isinstance(error, TimeoutError | aiohttp.ClientError):
            raise SlackUnavailable("Slack did not answer.") from error


def refusal(error: SlackApiError) -> BotError:
    """The error a Slack error code stands for; an unknown code is worth another try only if Slack itself broke."""
    response: Any = error.response
    status = getattr(response, "status_code", 0)
    said = getattr(response, "data", response)
    if not isinstance(said, dict):
        return SlackUnavailable(f"Something that is not Slack answers in its place ({status}). Check SLACK_API_URL.")
    code = str(said.get("error", ""))
    if code in _CREDENTIAL:
        return CredentialRefused(f"Slack refused the bot token ({code}). Reinstall the app and set SLACK_BOT_TOKEN.")
    if code == "invalid_blocks":
        return _LayoutRefused(f"{_REFUSALS[code]} {said.get('response_metadata', {}).get('messages', '')}")
    if code in _REFUSALS:
        return SlackRefused(_REFUSALS[code])
    if (
        status == 429
        or status >= 500
        or code in ("ratelimited", "internal_error", "fatal_error", "service_unavailable")
    ):
        return SlackUnavailable(f"Slack is not taking messages now ({code or status}).")
    return SlackRefused(f"Slack refused the message ({code or status}).")
