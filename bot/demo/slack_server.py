"""A local stand-in for Slack: Web API, response_url, Socket Mode, signed requests to the bot, and a page to look at.

It keeps Slack's shapes, limits and refusals so that the real bot, on the real SDK, cannot tell the difference.
Replies to commands are checked with `slack_limits`; faults are ordered with `SlackStandIn.fail_next`.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import httpx
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from bot.demo.slack import delivery, page, payloads
from bot.demo.slack.access import Access
from bot.demo.slack.faults import Fault, Faults
from bot.demo.slack.pressing import pressed, with_block_ids
from bot.demo.slack.response_urls import ResponseUrls
from bot.demo.slack.values import (
    BOT_USER_ID,
    COMMAND,
    SLACKBOT,
    Call,
    Delivery,
    EnvelopeKind,
    Json,
    Message,
    SlackChannel,
    SlackUser,
)
from bot.demo.slack.web_api.api import WebApi
from bot.demo.slack.web_api.files import Files
from bot.demo.slack.workspace import Workspace

__all__ = [
    "BOT_USER_ID",
    "COMMAND",
    "SLACKBOT",
    "Call",
    "Delivery",
    "Message",
    "SlackChannel",
    "SlackStandIn",
    "SlackUser",
]


class SlackStandIn(Workspace):
    """One Slack workspace with one installed app; serve `app`, set `base_url`, then command, press and look.

    `bot_url` is the bot's request URL (`http://127.0.0.1:3000/slack/events`); None means Socket Mode.
    """

    def __init__(
        self,
        *,
        bot_token: str,
        app_token: str,
        signing_secret: str,
        users: Sequence[SlackUser],
        channels: Sequence[SlackChannel],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(users=users, channels=channels, clock=clock)
        self.bot_url: str | None = None
        self.ack_seconds = 3.0
        self._signing_secret = signing_secret
        self._access = Access(bot_token=bot_token, app_token=app_token, clock=clock)
        self._faults = Faults()
        self._response_urls = ResponseUrls(self, self._faults)
        self._socket = delivery.SocketMode(self._access, self.changed)
        self.app = self._app()

    def _app(self) -> Starlette:
        """Everything of the stand-in that is reached over HTTP."""
        files = Files(self)
        return Starlette(
            routes=[
                Route("/api/{method}", WebApi(self, self._access, self._faults, files).answer, methods=["GET", "POST"]),
                Route("/response/{key}", self._response_urls.answer, methods=["POST"]),
                Route("/upload/{file_id}", files.take, methods=["POST"]),
                Route("/files/{file_id}", files.give),
                WebSocketRoute("/link/{ticket}", self._socket.hold),
                *page.routes(self, self),
            ]
        )

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return len(self._socket)

    def fail_next(
        self,
        method: str,
        *,
        error: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        times: int = 1,
        after_accepting: bool = False,
    ) -> None:
        """Let the next `times` calls of `method` (or `response_url`) fail.

        With `after_accepting` the call takes effect and only its answer is lost (HTTP 500, or `status`).
        """
        usual = 500 if after_accepting else 429 if retry_after is not None else 200
        fault = Fault(status if status is not None else usual, error, retry_after, after_accepting)
        self._faults.order(method, fault, times)

    # --- what a person does: delivered to the bot

    async def command(self, user_id: str, channel_id: str, command: str, text: str = "") -> Delivery:
        """A person sends a slash command; without a good answer in three seconds they see Slack's own error."""
        address = self._response_urls.new(user_id, channel_id, typed=f"{command} {text}".strip())
        payload = payloads.slash_command(
            self.users[user_id],
            channel_id,
            self.channel_name(channel_id),
            command,
            text,
            address,
            self._access.new_trigger(),
        )
        delivered = await self._deliver("slash_commands", payload, address)
        if delivered.status != 200:
            why = delivered.body if delivered.status == 0 else "dispatch_failed"
            failed = f"{command} failed with the error “{why}”"
            self.post(channel_id, SLACKBOT, failed, ephemeral_to=user_id)
        elif delivered.body.strip():
            self._response_urls.answer_at_once(address, delivered.body)
        return delivered

    async def press(
        self,
        user_id: str,
        message_ts: str,
        action_id: str,
        value: str | None = None,
        channel_id: str | None = None,
        block_id: str | None = None,
    ) -> Delivery:
        """A person presses a button or chooses `value` in a menu of a message they can see.

        Raises LookupError if the message or the element is not there.
        """
        message = self._messages.get(message_ts)
        if message is None or message not in self.visible_to(user_id, channel_id or message.channel):
            raise LookupError(f"{user_id} sees no message {message_ts}.")
        blocks = with_block_ids(message.blocks)
        message = self.find(message_ts)
        if message is None or message not in self.visible_to(user_id, channel_id or message.channel):
            raise LookupError(f"{user_id} sees no message {message_ts}.")
        blocks = with_block_ids(message.blocks)
        interaction = self._interaction(user_id, blocks, action_id, value, block_id)
        address = self._response_urls.new(user_id, message.channel, original=message.ts)
        around = payloads.in_message(message, self.channel_name(message.channel), blocks, address)
        return await self._deliver("interactive", interaction | around, address)

    async def press_home(self, user_id: str, action_id: str, value: str | None = None) -> Delivery:
        """A person presses something on their App Home; there is no response_url and no channel."""
        if user_id not in self.homes:
            raise LookupError(f"{user_id} has no App Home yet.")
        view = self.homes[user_id]
        blocks = with_block_ids(view["blocks"])
        interaction = self._interaction(user_id, blocks, action_id, value, None)
        return await self._deliver("interactive", interaction | payloads.in_view(view, blocks), None)

    async def event(self, event: Json, *, event_id: str | None = None, retry: int = 0) -> Delivery:
        """Something happened; the same `event_id` with `retry` above 0 is Slack repeating itself."""
        stamped = {"event_ts": self.next_ts()} | event
        payload = payloads.event_callback(stamped, event_id or self.next_id("Ev"), self.clock())
        return await self._deliver("events_api", payload, None, retry)

    async def open_home(self, user_id: str) -> Delivery:
        """A person opens the app's Home tab."""
        opened = {"type": "app_home_opened", "user": user_id, "channel": self.dm_of(user_id), "tab": "home"}
        view = {"view": self.homes[user_id]} if user_id in self.homes else {}
        return await self.event(opened | view)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Slack asks every Socket Mode connection to come back, as it regularly does, then closes what stayed."""
        await self._socket.disconnect(reason)

    def _interaction(
        self, user_id: str, blocks: Sequence[Json], action_id: str, value: str | None, block_id: str | None
    ) -> Json:
        action = pressed(blocks, action_id, value, block_id) | {"action_ts": self.next_ts()}
        return payloads.block_actions(self.users[user_id], action, blocks, self._access.new_trigger())

    async def _deliver(self, kind: EnvelopeKind, payload: Json, response_url: str | None, retry: int = 0) -> Delivery:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.ack_seconds):
                status, body = await self._send(kind, payload, retry)
        except TimeoutError:
            status, body = 0, "operation_timeout"
        except (httpx.HTTPError, ConnectionError):
            status, body = 0, "dispatch_failed"
        return Delivery(status, body, time.monotonic() - started, response_url)

    async def _send(self, kind: EnvelopeKind, payload: Json, retry: int) -> tuple[int, str]:
        if self.bot_url is None:
            return await self._socket.send(kind, payload, retry)
        patience = self.ack_seconds + 1
        return await delivery.post(self.bot_url, self._signing_secret, kind, payload, retry, patience)
