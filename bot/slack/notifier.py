"""Posts to Slack: one queue per channel, Slack's own waiting times obeyed, its errors mapped once."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.answers.answer import Answer
from bot.core.errors import BotError, CredentialRefused, SlackRefused, SlackSilent, SlackUnavailable, SlackUnclear
from bot.services.deliver import Posted
from bot.slack import history
from bot.slack.metering import MeteredClient
from bot.slack.pace import SECONDS_BETWEEN_POSTS, Pace
from bot.slack.patience import RATE_LIMIT_RETRIES, PatientClient, wanted
from bot.slack.pictures import Pictures

log = structlog.get_logger()

TIMEOUT_SECONDS = 15
DIRECT_KEPT_SECONDS = 3600
"""How long nobody looks again whether somebody is still there."""
_MOST_DIRECT = 10_000
"""Beyond so many people they are looked up anew."""
_RESTRICTED = "restricted_action"
"""What follows says of which kind: only threads, only reading, …"""
_NOT_TAKEN = 503
"""The one server error that says that nothing was done."""

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
    "invalid_blocks_format": "Slack refused the message's layout.",
    "no_text": "Slack refused the message as empty.",
    "msg_too_long": "Slack refused the message as too long.",
    "msg_blocks_too_long": "Slack refused the message as too long.",
}
_PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "org_login_required",
    }
)
"""Too much at a time, Slack's own trouble, or a workspace that is being moved."""


def session() -> aiohttp.ClientSession:
    """Connections to Slack that are kept for a while: making one takes longer than most of what goes over it."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))


def web_client(token: str, base_url: str, kept: aiohttp.ClientSession | None = None) -> AsyncWebClient:
    """Slack's Web API for everything but what is owed. Without `kept` connections it makes one for each call."""
    return PatientClient(token=token, session=kept, base_url=base_url, timeout=TIMEOUT_SECONDS)


class SlackNotifier:
    """Tells channels and people. A message whose layout a workspace refuses is sent again in a plainer one."""

    def __init__(self, client: AsyncWebClient, *, seconds_between_posts: float = SECONDS_BETWEEN_POSTS) -> None:
        self._client = client
        # Not a handler of the client's waits for Slack's limits here but the pace: one refusal holds up everybody. And
        # each post has a connection of its own: of one that ends under it nobody knows if it came.
        self._posting = MeteredClient(
            token=client.token, base_url=client.base_url, timeout=client.timeout, retry_handlers=[]
        )
        self._pictures = Pictures(client)
        self._pace = Pace(seconds_between_posts)
        self._direct: dict[str, tuple[str, float]] = {}

    async def direct(self, receiver: str) -> str:
        """The direct-message channel of an e-mail address or Slack user id."""
        channel, until = self._direct.get(receiver, ("", 0.0))
        if time.monotonic() >= until:
            channel = await self._open(receiver)
            if len(self._direct) >= _MOST_DIRECT:
                self._direct.clear()
            self._direct[receiver] = channel, time.monotonic() + DIRECT_KEPT_SECONDS
        return channel

    async def post(
        self,
        channel: str,
        answer: Answer,
        *,
        mark: tuple[str, datetime] | None = None,
        thread: str | None = None,
        leaving: Callable[[], Awaitable[None]] | None = None,
    ) -> Posted:
        """Tell a channel; raises SlackSilent where Slack may have taken the message and did not say so."""
        async with self._pace.turn(channel):
            refused = _LayoutRefused()
            async for message in self._pictures.messages(answer):
                given = {"text": message["text"], "blocks": message["blocks"], "thread_ts": thread}
                if mark:
                    given["metadata"] = history.mark(*mark)
                try:
                    return await self._post(channel, given, leaving)
                except _LayoutRefused as error:
                    log.warning("Slack refused the blocks.", action="invalid_blocks", detail=str(error))
                    refused = error
            raise refused

    async def find(self, channel: str, key: str, owed_at: datetime, thread: str | None = None) -> Posted | None:
        """Whether Slack has the message of this key; raises SlackRefused where the bot may not look."""
        with _mapped():
            return await history.find(self._client, channel, key, owed_at, thread)

    async def file(self, channel: str, name: str, content: bytes, words: str) -> None:
        """Put a file into a direct-message channel, with a sentence beside it."""
        async with self._pace.turn(channel):
            with _mapped():
                await self._client.files_upload_v2(
                    channel=channel, filename=name, title=name, content=content, initial_comment=words
                )

    async def _post(
        self, channel: str, message: dict[str, Any], leaving: Callable[[], Awaitable[None]] | None
    ) -> Posted:
        """One message, sent again as often as Slack says to wait, up to RATE_LIMIT_RETRIES."""
        for tries in range(RATE_LIMIT_RETRIES + 1):
            await self._pace.held()
            if leaving is not None:
                await leaving()
            try:
                with _mapped():
                    answer = await self._posting.chat_postMessage(
                        channel=channel, **message, unfurl_links=False, unfurl_media=False
                    )
                if not answer.get("channel") or not answer.get("ts"):
                    raise SlackSilent("Slack took the message and did not say where it is.")
                return Posted(str(answer["channel"]), str(answer["ts"]))
            except _TooFast as error:
                self._pace.hold(error.seconds)
                if tries == RATE_LIMIT_RETRIES:
                    raise
        raise AssertionError("unreachable")

    async def _open(self, receiver: str) -> str:
        found: AsyncSlackResponse | None = None
        with _mapped():
            if "@" in receiver:
                found = await self._client.users_lookupByEmail(email=receiver)
                user = found["user"]["id"]
            else:
                user = receiver
                with suppress(SlackApiError):  # who they are is Slack's to say when the conversation is opened
                    found = await self._client.users_info(user=user)
            if found and (found.get("user") or {}).get("deleted"):
                # Slack would take the message, and nobody would read it.
                raise SlackRefused(_REFUSALS["user_disabled"])
            opened = await self._client.conversations_open(users=user)
        return str(opened["channel"]["id"])


class _LayoutRefused(SlackRefused):
    """Slack refused the message's layout."""


class _TooFast(SlackUnavailable):
    """Slack takes no messages for some seconds."""

    seconds = 1.0


class _mapped:  # noqa: N801  (reads as a phrase: with _mapped())
    """Slack's and the network's errors as ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, SlackApiError):
            raise refusal(error) from error
        unsent = isinstance(error, aiohttp.ClientConnectorError) or (
            isinstance(error, OSError) and not isinstance(error, TimeoutError | aiohttp.ClientError)
        )
        if unsent:
            raise SlackUnavailable("Slack can't be reached.") from error
        if isinstance(error, TimeoutError | aiohttp.ClientError):
            raise SlackSilent("Slack did not answer.") from error


def refusal(error: SlackApiError) -> BotError:
    """The error a Slack error code stands for."""
    response: Any = error.response
    said = getattr(response, "data", response)
    status = getattr(response, "status_code", 0) or (said.get("status", 0) if isinstance(said, dict) else 0)
    if status == 429:
        return _too_fast(response)
    if not isinstance(said, dict) or not said.get("error"):  # a web page, half an answer, or none
        away = SlackUnavailable if status == _NOT_TAKEN else SlackSilent
        if status >= 500:
            return away(f"Slack is broken, or something on the way to it ({status}).")
        return away(f"Something that is not Slack answers in its place ({status}). Check SLACK_API_URL.")
    code = str(said.get("error", ""))
    if code in _CREDENTIAL:
        return CredentialRefused(f"Slack refused the bot token ({code}). Reinstall the app and set SLACK_BOT_TOKEN.")
    if code == "invalid_blocks":
        return _LayoutRefused(f"{_REFUSALS[code]} {said.get('response_metadata', {}).get('messages', '')}")
    if code.startswith(_RESTRICTED):
        code = _RESTRICTED
    if code in _REFUSALS:
        return SlackRefused(_REFUSALS[code])
    if code in _PASSING or status == _NOT_TAKEN:
        return SlackUnavailable(f"Slack is not taking messages now ({code or status}).")
    if status >= 500 or code in ("internal_error", "fatal_error"):
        return SlackSilent(f"Slack broke while it took the message ({code or status}).")
    return SlackUnclear(f"Slack refused the message ({code}).")


def _too_fast(response: Any) -> _TooFast:
    seconds = wanted(response)
    error = _TooFast(f"Slack is not taking messages now (429, wait {seconds:.0f} s).")
    error.seconds = seconds
    return error
