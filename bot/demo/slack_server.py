"""A local stand-in for Slack: Web API, response_url, Socket Mode, signed requests to the bot, and a page to look at.

It keeps Slack's shapes, limits and refusals so that the real bot, on the real SDK, cannot tell the difference.
Replies to commands are checked with `slack_limits`; faults are ordered with `SlackStandIn.fail_next`.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import httpx
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from bot.demo.slack import delivery, page, payloads
from bot.demo.slack.access import Access
from bot.demo.slack.faults import Fault, Faults
from bot.demo.slack.pressing import block_of, pressed, typed_into, with_block_ids
from bot.demo.slack.response_urls import ResponseUrls
from bot.demo.slack.values import (
    BOT_NAME,
    BOT_USER_ID,
    COMMAND,
    SLACKBOT,
    Call,
    Delivery,
    EnvelopeKind,
    Json,
    Message,
    Refused,
    SlackChannel,
    SlackUser,
)
from bot.demo.slack.web_api.api import WebApi
from bot.demo.slack.web_api.files import Files
from bot.demo.slack.web_api.views import Views
from bot.demo.slack.workspace import Workspace, escape

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
        self.incident: Callable[[], Awaitable[None]] | None = None
        """What goes wrong outside Slack when a reader of the page asks for it; None: the page tells no story."""
        self.ack_seconds = 3.0
        self._signing_secret = signing_secret
        self._access = Access(bot_token=bot_token, app_token=app_token, clock=clock)
        self._faults = Faults()
        self._response_urls = ResponseUrls(self, self._faults)
        self._views = Views(self, self._access)
        self._socket = delivery.SocketMode(self._access, self.changed)
        self.app = self._app()

    def _app(self) -> Starlette:
        """Everything of the stand-in that is reached over HTTP."""
        files = Files(self)
        api = WebApi(self, self._access, self._faults, files, self._views)
        return Starlette(
            routes=[
                Route("/api/{method}", api.answer, methods=["GET", "POST"]),
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
            self._access.new_trigger(user_id),
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
        return await self._press_in(self.homes[user_id], user_id, action_id, value)

    async def press_dialog(
        self, user_id: str, action_id: str, value: str | None = None, typed: Mapping[str, str] | None = None
    ) -> Delivery:
        """A person presses something in the dialog that is open, having `typed` so far; no response_url here either."""
        view = self._dialog(user_id)
        return await self._press_in(view, user_id, action_id, value, typed_into(view, typed or {}))

    async def shortcut(self, user_id: str, callback_id: str) -> Delivery:
        """A person chooses one of the app's global shortcuts, wherever they are."""
        trigger = self._access.new_trigger(user_id)
        payload = payloads.shortcut(self.users[user_id], callback_id, trigger, self.next_ts())
        return await self._deliver("interactive", payload, None)

    async def submit(self, user_id: str, typed: Mapping[str, str]) -> Delivery:
        """A person sends their dialog, `typed` by block id; what the bot answers happens to the dialog.

        An answer that Slack would refuse has status 0 here, and the dialog says that it could not be sent.
        """
        view = self._dialog(user_id)
        trigger = self._access.new_trigger(user_id)
        payload = payloads.view_submission(self.users[user_id], view, typed_into(view, typed), trigger)
        delivered = await self._deliver("interactive", payload, None)
        if delivered.status != 200:
            return delivered
        try:
            self._views.submitted(user_id, json.loads(delivered.body or "{}"))
        except Refused as refused:
            return replace(delivered, status=0, body=f"{refused.error}: {refused.details}")
        return delivered

    def close_dialog(self, user_id: str) -> None:
        """A person closes the dialog on top; nobody asked to hear of it."""
        self._views.closed(user_id)

    async def suggest(self, user_id: str, action_id: str, typed: str, *, home: bool = False) -> list[Json]:
        """What the bot offers for what a person typed into a field: options, the groups they stand in left out."""
        view = self.homes[user_id] if home else self._dialog(user_id)
        block = block_of(view["blocks"], action_id)
        payload = payloads.block_suggestion(self.users[user_id], view, action_id, block, typed)
        delivered = await self._deliver("interactive", payload, None)
        given = json.loads(delivered.body or "{}") if delivered.status == 200 else {}
        groups = given.get("option_groups") or [{"options": given.get("options", [])}]
        return [option for group in groups for option in group["options"]]

    async def write(self, user_id: str, channel_id: str, text: str, thread: str | None = None) -> Delivery | None:
        """A person writes a message; the bot hears of it where it is named, and in its direct messages."""
        named = text.replace(f"@{BOT_NAME}", f"<@{BOT_USER_ID}>")
        said = self.say(user_id, channel_id, text, thread)
        event = {"user": user_id, "text": escape(named), "ts": said.ts, "channel": channel_id, "event_ts": said.ts}
        event |= {"team": self.users[user_id].team, "user_team": self.users[user_id].team}
        event |= {"thread_ts": thread} if thread else {}
        if channel_id not in self.channels:
            return await self.event({"type": "message", "channel_type": "im"} | event)
        if named != text and self.channels[channel_id].bot_is_member:
            return await self.event({"type": "app_mention"} | event)
        return None

    async def happen(self) -> None:
        """Let go wrong outside Slack what the page's story tells of."""
        if self.incident is None:
            raise LookupError("Nothing is prepared to go wrong here.")
        await self.incident()

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

    async def _press_in(
        self, view: Json, user_id: str, action_id: str, value: str | None, values: Json | None = None
    ) -> Delivery:
        blocks = with_block_ids(view["blocks"])
        interaction = self._interaction(user_id, blocks, action_id, value, None)
        return await self._deliver("interactive", interaction | payloads.in_view(view, blocks, values), None)

    def _dialog(self, user_id: str) -> Json:
        view = self.dialog_of(user_id)
        if view is None:
            raise LookupError(f"{user_id} has no dialog open.")
        return view

    def _interaction(
        self, user_id: str, blocks: Sequence[Json], action_id: str, value: str | None, block_id: str | None
    ) -> Json:
        action = pressed(blocks, action_id, value, block_id) | {"action_ts": self.next_ts()}
        return payloads.block_actions(self.users[user_id], action, blocks, self._access.new_trigger(user_id))

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
