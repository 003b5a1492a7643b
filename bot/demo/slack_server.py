"""A local stand-in for Slack: Web API, response_url, Socket Mode, signed requests to the bot, and a page to look at.

It keeps Slack's shapes, limits and refusals so that the real bot, on the real SDK, cannot tell the difference.
Replies to commands are checked with `slack_limits`; faults are ordered with `SlackStandIn.fail_next`.
"""

import asyncio
import contextlib
import hashlib
import hmac
import html
import itertools
import json
import time
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.demo.slack_limits import Surface, problems

Json = dict[str, Any]
EnvelopeKind = Literal["slash_commands", "interactive", "events_api"]

TEAM_ID, TEAM_DOMAIN, TEAM_NAME = "T0EXAMPLE", "example-org", "Example Org"
APP_ID, BOT_ID, BOT_USER_ID, BOT_NAME = "A0CLAUDEUSE", "B0CLAUDEUSE", "U0CLAUDEUSE", "claude-usage"
SLACKBOT = "USLACKBOT"
SCOPES = (
    "commands,chat:write,chat:write.public,files:write,files:read,im:write,"
    "users:read,users:read.email,channels:read,groups:read"
)
COMMAND = "/claude-usage"
SUGGESTIONS = (COMMAND, f"{COMMAND} team alpha", f"{COMMAND} models last 30 days", f"{COMMAND} help")
TEXT_CUT, UPDATE_TEXT = 40_000, 4_000
RESPONSE_USES, RESPONSE_LIFE = 5, timedelta(minutes=30)
TRIGGER_LIFE = timedelta(seconds=3)
DISCONNECT_GRACE = timedelta(seconds=2)
BURST = 3
_PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True, slots=True)
class SlackUser:
    """A person (or another app's bot) of the Slack workspace; `dms_blocked` refuses direct messages."""

    id: str
    name: str
    email: str
    tz: str = "UTC"
    deleted: bool = False
    bot: bool = False
    dms_blocked: bool = False


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """A channel; every person is in it, the bot only if `bot_is_member`."""

    id: str
    name: str
    archived: bool = False
    bot_is_member: bool = True
    private: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One stored message as it is now; `user` is the bot's own id for what the bot said."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[Json, ...] = ()
    thread_ts: str | None = None
    ephemeral_to: str | None = None
    deleted: bool = False
    edited: bool = False
    files: tuple[Json, ...] = ()

    @property
    def from_bot(self) -> bool:
        """Whether the bot wrote it."""
        return self.user == BOT_USER_ID


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API (or a use of a response_url, as method `response_url`), tokens left out."""

    method: str
    arguments: Json
    status: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the bot answered: HTTP status (0 if nothing came in time), body, seconds taken, the response_url given."""

    status: int
    body: str
    seconds: float
    response_url: str | None


@dataclass(frozen=True, slots=True)
class _Fault:
    status: int
    error: str | None
    retry_after: int | None
    after_accepting: bool


@dataclass(slots=True)
class _ResponseUrl:
    """What one response_url may still do, and to which message `replace_original` refers."""

    user: str
    channel: str
    created: datetime
    typed: str | None = None
    original: str | None = None
    uses: int = 0


@dataclass(slots=True)
class _Upload:
    name: str
    content: bytes = b""
    shared: bool = False


@dataclass(slots=True, eq=False)
class _Link:
    """One open Socket Mode connection and the envelopes it has not acknowledged yet."""

    websocket: WebSocket
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)


class Refused(Exception):
    """Slack says no: `{"ok": false, "error": …}`, with details and an HTTP status."""

    def __init__(self, error: str, *, status: int = 200, details: Json | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.details = details or {}


class SlackStandIn:
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
        self._bot_token = bot_token
        self._app_token = app_token
        self._signing_secret = signing_secret
        self.users = {user.id: user for user in users}
        self.channels = {channel.id: channel for channel in channels}
        self.clock = clock
        self.bot_url: str | None = None
        self.base_url: str | None = None
        self.ack_seconds = 3.0
        self.rate_limit_per_channel = False
        self.calls: list[Call] = []
        self.homes: dict[str, Json] = {}
        self.views: dict[str, Json] = {}
        self.dms: dict[str, str] = {}
        self._messages: dict[str, Message] = {}
        self._responses: dict[str, _ResponseUrl] = {}
        self._triggers: dict[str, datetime] = {}
        self._uploads: dict[str, _Upload] = {}
        self._faults: defaultdict[str, deque[_Fault]] = defaultdict(deque)
        self._buckets: dict[str, tuple[float, float]] = {}
        self._last_ts = 0
        self._ids = itertools.count(1)
        self._links: deque[_Link] = deque()
        self._tickets: set[str] = set()
        self._watchers: set[asyncio.Event] = set()
        self.app = create_app(self)

    # --- looking

    @property
    def messages(self) -> list[Message]:
        """Every message ever stored, oldest first, as it is now (deleted ones are flagged)."""
        return list(self._messages.values())

    def visible_to(self, user_id: str, channel_id: str | None = None) -> list[Message]:
        """What this person sees, oldest first, optionally in one channel."""
        mine = {dm for owner, dm in self.dms.items() if owner == user_id}
        return [
            message
            for message in self._messages.values()
            if not message.deleted
            and message.ephemeral_to in (None, user_id)
            and (message.channel in self.channels or message.channel in mine)
            and channel_id in (None, message.channel)
        ]

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return len(self._links)

    # --- faults

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
        fault = _Fault(status if status is not None else usual, error, retry_after, after_accepting)
        self._faults[method].extend([fault] * times)

    def take_fault(self, method: str) -> _Fault | None:
        """The fault ordered for this call, if any; each is used once."""
        return self._faults[method].popleft() if self._faults[method] else None

    def check_rate(self, channel_id: str) -> None:
        """Slack's one message a second per channel, with a small burst.

        Real seconds, not the clock's: the bot obeys Retry-After by really sleeping.
        """
        if not self.rate_limit_per_channel:
            return
        now = time.monotonic()
        left, since = self._buckets.get(channel_id, (float(BURST), now))
        left = min(float(BURST), left + now - since)
        if left < 1:
            raise Refused("ratelimited", status=429)
        self._buckets[channel_id] = (left - 1, now)

    # --- storing

    def store(self, message: Message) -> Message:
        """Keep a message, new or changed, and tell every open page."""
        self._messages[message.ts] = message
        self.changed()
        return message

    def find(self, channel_id: str, ts: str) -> Message | None:
        """The message at this place, unless it was deleted."""
        message = self._messages.get(ts)
        return message if message and message.channel == channel_id and not message.deleted else None

    def next_ts(self) -> str:
        """A new message timestamp: the clock's, moved on by a microsecond where two would be equal."""
        now = self.clock()
        self._last_ts = max(int(now.timestamp()) * 1_000_000 + now.microsecond, self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """A new identifier in Slack's style, such as `V0000000001`."""
        return f"{prefix}{next(self._ids):010d}"

    def dm_of(self, user_id: str) -> str:
        """The channel of the bot's direct messages with this person, opened if need be."""
        return self.dms.setdefault(user_id, f"D{user_id[1:]}")

    def post(self, channel_id: str, user_id: str, text: str, **more: Any) -> Message:
        """Store a new message; `more` are fields of `Message`."""
        return self.store(Message(channel_id, self.next_ts(), user_id, text, **more))

    def say(self, user_id: str, channel_id: str, text: str) -> Message:
        """A person writes a plain message; the bot hears nothing of it."""
        # Slack keeps what people type escaped, so that `<!channel>` stays words.
        return self.post(channel_id, user_id, html.escape(text, quote=False))

    def changed(self) -> None:
        """Wake every open page."""
        for watcher in self._watchers:
            watcher.set()

    @contextlib.contextmanager
    def watching(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever anything changes, for as long as the block lasts."""
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    # --- tokens, tickets, triggers, files

    def authorize(self, token: str | None, method: str) -> None:
        """Refuse a call without the right token; `apps.connections.open` takes the app-level one."""
        if not token:
            raise Refused("not_authed")
        right = self._app_token if method == "apps.connections.open" else self._bot_token
        if not hmac.compare_digest(token.encode(), right.encode()):
            known = token in (self._app_token, self._bot_token)
            raise Refused("not_allowed_token_type" if known else "invalid_auth")

    def issue_ticket(self) -> str:
        """A single-use path for one Socket Mode connection."""
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    def use_trigger(self, trigger_id: object) -> None:
        """Refuse a trigger that was never given, was used already, or is older than three seconds."""
        issued = self._triggers.pop(str(trigger_id), None)
        if issued is None:
            raise Refused("invalid_trigger_id")
        if self.clock() - issued > TRIGGER_LIFE:
            raise Refused("expired_trigger_id")

    def start_upload(self, name: str) -> str:
        """A new file id whose bytes are still to come."""
        file_id = self.next_id("F")
        self._uploads[file_id] = _Upload(name)
        return file_id

    def file(self, file_id: str) -> _Upload | None:
        """An uploaded file, if there is one."""
        return self._uploads.get(file_id)

    def served_at(self, request: Request) -> None:
        """Learn the own address from a request, unless it was set."""
        self.base_url = self.base_url or str(request.base_url).rstrip("/")

    def url(self, path: str) -> str:
        """An address on this server; needs `base_url`."""
        if self.base_url is None:
            raise RuntimeError("Set base_url to the address the stand-in is served at.")
        return self.base_url + path

    # --- what a person does: delivered to the bot

    async def command(self, user_id: str, channel_id: str, command: str, text: str = "") -> Delivery:
        """A person sends a slash command; without a good answer in three seconds they see Slack's own error."""
        key, response_url = self._new_response(user_id, channel_id, typed=f"{command} {text}".strip())
        payload = {
            "token": "legacy-verification-token",
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel_id,
            "channel_name": self.channel_name(channel_id),
            "user_id": user_id,
            "user_name": self.users[user_id].name,
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": self._new_trigger(),
        }
        delivery = await self._deliver("slash_commands", payload, response_url)
        if delivery.status != 200:
            why = delivery.body if delivery.status == 0 else "dispatch_failed"
            failed = f"{command} failed with the error “{why}”"
            self.post(channel_id, SLACKBOT, failed, ephemeral_to=user_id)
        elif delivery.body.strip():
            self._respond(self._responses[key], _immediate(delivery.body))
        return delivery

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
        action = self._action(blocks, action_id, value, block_id)
        _, response_url = self._new_response(user_id, message.channel, original=message.ts)
        ephemeral = message.ephemeral_to is not None
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": ephemeral,
        }
        payload = self._interaction(user_id, action, blocks) | {
            "container": container | ({"thread_ts": message.thread_ts} if message.thread_ts else {}),
            "channel": {"id": message.channel, "name": self.channel_name(message.channel)},
            "response_url": response_url,
        }
        if not ephemeral:
            payload["message"] = message_json(message) | {"blocks": blocks}
        return await self._deliver("interactive", payload, response_url)

    async def press_home(self, user_id: str, action_id: str, value: str | None = None) -> Delivery:
        """A person presses something on their App Home; there is no response_url and no channel."""
        if user_id not in self.homes:
            raise LookupError(f"{user_id} has no App Home yet.")
        view = self.homes[user_id]
        blocks = with_block_ids(view["blocks"])
        payload = self._interaction(user_id, self._action(blocks, action_id, value, None), blocks) | {
            "container": {"type": "view", "view_id": view["id"]},
            "view": view | {"blocks": blocks},
        }
        return await self._deliver("interactive", payload, None)

    async def event(self, event: Json, *, event_id: str | None = None, retry: int = 0) -> Delivery:
        """Something happened; the same `event_id` with `retry` above 0 is Slack repeating itself."""
        now = self.clock()
        payload = {
            "token": "legacy-verification-token",
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "event": {"event_ts": self.next_ts()} | event,
            "type": "event_callback",
            "event_id": event_id or self.next_id("Ev"),
            "event_time": int(now.timestamp()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }
        return await self._deliver("events_api", payload, None, retry)

    async def open_home(self, user_id: str) -> Delivery:
        """A person opens the app's Home tab."""
        opened = {"type": "app_home_opened", "user": user_id, "channel": self.dm_of(user_id), "tab": "home"}
        view = {"view": self.homes[user_id]} if user_id in self.homes else {}
        return await self.event(opened | view)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Slack asks every Socket Mode connection to come back, as it regularly does, then closes what stayed."""
        leaving, self._links = self._links, deque()
        for link in leaving:
            await link.websocket.send_json({"type": "disconnect", "reason": reason})
        for link in leaving:
            # Closing at once would make the SDK reconnect twice: for the request, and for the closed connection.
            try:
                await asyncio.wait_for(link.closed.wait(), DISCONNECT_GRACE.total_seconds())
            except TimeoutError:
                await link.websocket.close()

    def channel_name(self, channel_id: str) -> str:
        """The channel's name as payloads carry it."""
        return self.channels[channel_id].name if channel_id in self.channels else "directmessage"

    def _interaction(self, user_id: str, action: Json, blocks: list[Json]) -> Json:
        name = self.users[user_id].name
        return {
            "type": "block_actions",
            "user": {"id": user_id, "username": name, "name": name, "team_id": TEAM_ID},
            "api_app_id": APP_ID,
            "token": "legacy-verification-token",
            "trigger_id": self._new_trigger(),
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
            "state": {"values": _state(blocks, action)},
            "actions": [action],
        }

    def _action(self, blocks: list[Json], action_id: str, value: str | None, block_id: str | None) -> Json:
        for block, element in _elements(blocks):
            if element.get("action_id") != action_id or block_id not in (None, block["block_id"]):
                continue
            action = _chosen(element, value)
            if action is not None:
                return action | {"action_id": action_id, "block_id": block["block_id"], "action_ts": self.next_ts()}
        raise LookupError(f"No element {action_id!r} with value {value!r} is there to press.")

    def _new_trigger(self) -> str:
        trigger = f"{next(self._ids)}.{uuid.uuid4().hex}"
        self._triggers[trigger] = self.clock()
        return trigger

    def _new_response(
        self, user_id: str, channel_id: str, typed: str | None = None, original: str | None = None
    ) -> tuple[str, str]:
        key = uuid.uuid4().hex
        self._responses[key] = _ResponseUrl(user_id, channel_id, self.clock(), typed, original)
        return key, self.url(f"/response/{key}")

    async def _deliver(self, kind: EnvelopeKind, payload: Json, response_url: str | None, retry: int = 0) -> Delivery:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.ack_seconds):
                send = self._over_http if self.bot_url else self._over_socket
                status, body = await send(kind, payload, retry)
        except TimeoutError:
            status, body = 0, "operation_timeout"
        except (httpx.HTTPError, ConnectionError):
            status, body = 0, "dispatch_failed"
        return Delivery(status, body, time.monotonic() - started, response_url)

    async def _over_http(self, kind: EnvelopeKind, payload: Json, retry: int) -> tuple[int, str]:
        body = {
            "slash_commands": lambda: urlencode(payload),
            "interactive": lambda: urlencode({"payload": json.dumps(payload)}),
            "events_api": lambda: json.dumps(payload),
        }[kind]()
        content_type = "application/json" if kind == "events_api" else "application/x-www-form-urlencoded"
        retried = {"x-slack-retry-num": str(retry), "x-slack-retry-reason": "http_timeout"} if retry else {}
        headers = {"content-type": content_type, "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        async with httpx.AsyncClient(timeout=self.ack_seconds + 1, trust_env=False) as client:
            answer = await client.post(str(self.bot_url), content=body, headers=headers | retried | self._signed(body))
        return answer.status_code, answer.text

    def _signed(self, body: str) -> dict[str, str]:
        # Real time, not the clock's: the bot's signature check compares it with its own wall clock.
        timestamp = str(int(datetime.now(UTC).timestamp()))
        digest = hmac.new(self._signing_secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
        return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={digest.hexdigest()}"}

    async def _over_socket(self, kind: EnvelopeKind, payload: Json, retry: int) -> tuple[int, str]:
        if not self._links:
            raise ConnectionError("no Socket Mode connection is open")
        self._links.rotate()  # Slack promises one connection, any one: taking turns keeps the bot from relying on it.
        link = self._links[0]
        envelope_id = str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        link.waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            try:
                await link.websocket.send_json(envelope)
            except (WebSocketDisconnect, RuntimeError) as error:
                raise ConnectionError("the connection closed before the envelope was sent") from error
            acknowledged = await link.waiting[envelope_id]
        finally:
            link.waiting.pop(envelope_id, None)
        return 200, json.dumps(acknowledged["payload"]) if "payload" in acknowledged else ""

    async def hold_link(self, websocket: WebSocket) -> None:
        """Keep one Socket Mode connection: hello, then acknowledgements until it closes."""
        ticket = websocket.path_params["ticket"]
        if ticket not in self._tickets:
            await websocket.close(code=4401)
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        link = _Link(websocket)
        self._links.append(link)
        self.changed()
        info = {"host": "stand-in", "build_number": 1, "approximate_connection_time": 18060}
        hello = {"type": "hello", "num_connections": len(self._links), "connection_info": {"app_id": APP_ID}}
        try:
            await websocket.send_json(hello | {"debug_info": info})
            async for text in websocket.iter_text():
                frame = json.loads(text)
                waiting = link.waiting.get(frame.get("envelope_id", ""))
                if waiting and not waiting.done():
                    waiting.set_result(frame)
        except WebSocketDisconnect:
            pass
        finally:
            if link in self._links:
                self._links.remove(link)
            link.closed.set()
            for waiting in link.waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError("the connection closed before the acknowledgement"))

    # --- what the bot answers through a response_url

    def respond(self, key: str, body: Json) -> None:
        """Use a response_url once: at most five times, within thirty minutes."""
        response = self._responses.get(key)
        if response is None or self.clock() - response.created > RESPONSE_LIFE:
            raise Refused("expired_url", status=404)
        if response.uses >= RESPONSE_USES:
            raise Refused("used_url", status=404)
        response.uses += 1
        self._respond(response, body)

    def _respond(self, response: _ResponseUrl, body: Json) -> None:
        original = self._messages.get(response.original) if response.original else None
        if body.get("delete_original"):
            if original:
                self.store(replace(original, deleted=True))
            return
        text, blocks = content(body, status=400)
        if body.get("replace_original") and original and not original.deleted:
            self.store(replace(original, text=text, blocks=blocks, edited=original.ephemeral_to is None))
            return
        in_channel = body.get("response_type") == "in_channel"
        if in_channel and response.typed:
            # Slack shows the typed command above the first public answer, and only there.
            self.say(response.user, response.channel, response.typed)
            response.typed = None
        thread, hidden = body.get("thread_ts"), None if in_channel else response.user
        made = self.post(response.channel, BOT_USER_ID, text, blocks=blocks, thread_ts=thread, ephemeral_to=hidden)
        if response.original is None:
            response.original = made.ts


# --- blocks: finding what can be pressed


def with_block_ids(blocks: Sequence[Json]) -> list[Json]:
    """The blocks as Slack hands them back: every one has a `block_id`."""
    filled = []
    for index, block in enumerate(blocks):
        more = {"child_blocks": with_block_ids(block["child_blocks"])} if "child_blocks" in block else {}
        filled.append({"block_id": f"auto{index}"} | block | more)
    return filled


def _elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with the block it sits in."""
    for block in blocks:
        yield from _elements(block.get("child_blocks", []))
        inside = [block.get("accessory"), block.get("element"), *block.get("elements", []), *block.get("actions", [])]
        inside += [cell.get("element") for row in block.get("rows", []) for cell in row]
        for element in inside:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def _chosen(element: Json, value: str | None) -> Json | None:
    """The action this element sends for this choice, or None if it does not offer it."""
    kind = element["type"]
    if kind in ("static_select", "overflow", "radio_buttons"):
        grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
        for option in [*element.get("options", []), *grouped]:
            if option["value"] == value:
                return {"type": kind, "selected_option": option}
        return None
    if kind == "feedback_buttons":
        offered = [element["positive_button"], element["negative_button"]]
        return next(({"type": kind, "value": value} for button in offered if button.get("value") == value), None)
    if value not in (None, element.get("value")):
        return None
    kept = {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    return {"type": kind} | kept


def _state(blocks: Sequence[Json], action: Json) -> Json:
    values: defaultdict[str, Json] = defaultdict(dict)
    for block, element in _elements(blocks):
        if element["type"] in ("static_select", "radio_buttons"):
            pressed = (block["block_id"], element["action_id"]) == (action["block_id"], action["action_id"])
            chosen = action["selected_option"] if pressed else element.get("initial_option")
            values[block["block_id"]][element["action_id"]] = {"type": element["type"], "selected_option": chosen}
    return dict(values)


def _immediate(body: str) -> Json:
    """An acknowledgement's body as a message: JSON, or plain text."""
    try:
        decoded = json.loads(body)
    except ValueError:
        return {"text": body}
    return decoded if isinstance(decoded, dict) else {"text": body}


def content(arguments: Json, *, status: int = 200, cut: bool = False) -> tuple[str, tuple[Json, ...]]:
    """Text and blocks of a message, checked as Slack checks them; blocks may come as a JSON string."""
    text = str(arguments.get("text") or "")
    blocks = decoded(arguments.get("blocks"), "blocks") or []
    if not text and not blocks:
        raise Refused("no_text", status=status)
    if len(text) > TEXT_CUT and not cut:
        raise Refused("msg_too_long", status=status)
    check_blocks(blocks, "message", "invalid_blocks", status)
    return text[:TEXT_CUT], tuple(blocks)


def check_blocks(blocks: list[Json], surface: Surface, error: str, status: int = 200) -> None:
    """Refuse blocks that Slack would refuse, with its `response_metadata.messages`."""
    found = problems(blocks, surface)
    if found:
        messages = [f"[ERROR] {problem}" for problem in found]
        raise Refused(error, status=status, details={"errors": found, "response_metadata": {"messages": messages}})


def decoded(value: Any, name: str) -> Any:
    """A structured argument, which form-encoded calls carry as a JSON string."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError as error:
        raise Refused(f"invalid_{name}" if name == "blocks" else "invalid_arguments") from error


def flag(value: object) -> bool:
    """A boolean argument, which the SDK may send as `1`, `true` or a real one."""
    return value in (True, "1", "true", "True")


def message_json(message: Message) -> Json:
    """A message as the Web API and payloads show it."""
    shown: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts, "team": TEAM_ID}
    if message.from_bot:
        shown |= {"bot_id": BOT_ID, "app_id": APP_ID}
    if message.blocks:
        shown["blocks"] = with_block_ids(message.blocks)
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.edited:
        shown["edited"] = {"user": message.user, "ts": message.ts}
    if message.files:
        shown["files"] = list(message.files)
    return shown


# --- Web API


class WebApi:
    """Slack's Web API methods over one stand-in; each takes the arguments and returns the answer without `ok`."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack
        self._methods: dict[str, Callable[[Json], Json]] = {
            "auth.test": self._auth_test,
            "apps.connections.open": self._connections_open,
            "chat.postMessage": self._post_message,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.open": self._conversations_open,
            "conversations.info": self._conversations_info,
            "conversations.list": self._conversations_list,
            "users.info": self._users_info,
            "users.lookupByEmail": self._users_lookup,
            "users.list": self._users_list,
            "views.publish": self._views_publish,
            "views.open": self._views_open,
            "views.update": self._views_update,
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._upload_done,
            "files.info": self._files_info,
        }

    async def answer(self, request: Request) -> Response:
        """One call, recorded: the method's answer, its refusal, or the fault ordered for it."""
        self._slack.served_at(request)
        method = request.path_params["method"]
        arguments = await _arguments(request)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        token = str(arguments.pop("token", "")) or bearer
        fault = self._slack.take_fault(method)
        try:
            if fault and not fault.after_accepting:
                raise Refused(fault.error or _default_error(fault.status), status=fault.status)
            if method not in self._methods:
                raise Refused("unknown_method")
            self._slack.authorize(token, method)
            body: Json = {"ok": True} | self._methods[method](arguments)
            status = 200
        except Refused as refused:
            body = {"ok": False, "error": refused.error} | refused.details
            status = refused.status
        if fault and fault.after_accepting:
            status = fault.status
        self._slack.calls.append(Call(method, arguments, status, body.get("error")))
        headers = {"x-oauth-scopes": SCOPES}
        if status == 429:
            headers["retry-after"] = str(fault.retry_after if fault and fault.retry_after is not None else 1)
        if fault and fault.after_accepting:
            return Response(status_code=status, headers=headers)
        return JSONResponse(body, status, headers)

    def _auth_test(self, _arguments: Json) -> Json:
        return {
            "url": f"https://{TEAM_DOMAIN}.slack.com/",
            "team": TEAM_NAME,
            "user": BOT_NAME,
            "team_id": TEAM_ID,
            "user_id": BOT_USER_ID,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _connections_open(self, _arguments: Json) -> Json:
        address = self._slack.url(f"/link/{self._slack.issue_ticket()}")
        return {"url": address.replace("http", "ws", 1)}

    # chat

    def _post_message(self, arguments: Json) -> Json:
        channel = self._destination(str(arguments.get("channel", "")))
        text, blocks = content(arguments, cut=True)
        self._slack.check_rate(channel)
        thread = arguments.get("thread_ts")
        message = self._slack.post(channel, BOT_USER_ID, text, blocks=blocks, thread_ts=thread)
        answer: Json = {"channel": channel, "ts": message.ts, "message": message_json(message)}
        if len(str(arguments.get("text") or "")) > TEXT_CUT:
            cut = ["message_truncated"]
            answer |= {"warning": "message_truncated", "response_metadata": {"warnings": cut}}
        return answer

    def _post_ephemeral(self, arguments: Json) -> Json:
        channel = self._destination(str(arguments.get("channel", "")))
        user = self._slack.users.get(str(arguments.get("user", "")))
        if user is None or user.deleted:
            raise Refused("user_not_in_channel")
        if channel in self._slack.channels and not self._slack.channels[channel].bot_is_member:
            raise Refused("not_in_channel")
        text, blocks = content(arguments)
        thread = arguments.get("thread_ts")
        message = self._slack.post(channel, BOT_USER_ID, text, blocks=blocks, thread_ts=thread, ephemeral_to=user.id)
        return {"message_ts": message.ts}

    def _update(self, arguments: Json) -> Json:
        message = self._own(arguments, "cant_update_message")
        if len(str(arguments.get("text") or "")) > UPDATE_TEXT:
            raise Refused("msg_too_long")
        # Slack keeps what an update does not mention.
        kept = {"text": arguments.get("text", message.text), "blocks": arguments.get("blocks", list(message.blocks))}
        text, blocks = content(kept)
        changed = self._slack.store(replace(message, text=text, blocks=blocks, edited=True))
        return {"channel": changed.channel, "ts": changed.ts, "text": text, "message": message_json(changed)}

    def _delete(self, arguments: Json) -> Json:
        message = self._own(arguments, "cant_delete_message")
        self._slack.store(replace(message, deleted=True))
        return {"channel": message.channel, "ts": message.ts}

    def _own(self, arguments: Json, otherwise: str) -> Message:
        channel = str(arguments.get("channel", ""))
        if channel not in self._slack.channels and channel not in self._slack.dms.values():
            raise Refused("channel_not_found")
        message = self._slack.find(channel, str(arguments.get("ts", "")))
        if message is None or message.ephemeral_to:
            raise Refused("message_not_found")
        if not message.from_bot:
            raise Refused(otherwise)
        return message

    def _destination(self, name: str) -> str:
        """The channel id behind an id, a `#name` or a person's id."""
        if name in self._slack.users:
            return self._direct(name)
        owner = next((user for user, dm in self._slack.dms.items() if dm == name), None)
        if owner:
            return self._direct(owner)
        for channel in self._slack.channels.values():
            if channel.id == name or channel.name == name.removeprefix("#"):
                if channel.archived:
                    raise Refused("is_archived")
                if channel.private and not channel.bot_is_member:
                    raise Refused("not_in_channel")
                return channel.id
        raise Refused("channel_not_found")

    def _direct(self, user_id: str) -> str:
        user = self._reachable(user_id)
        if user.dms_blocked:
            raise Refused("restricted_action")
        return self._slack.dm_of(user.id)

    def _reachable(self, user_id: str) -> SlackUser:
        user = self._slack.users.get(user_id)
        if user is None:
            raise Refused("user_not_found")
        if user.bot:
            raise Refused("cannot_dm_bot")
        if user.deleted:
            raise Refused("user_disabled")
        return user

    # conversations

    def _conversations_open(self, arguments: Json) -> Json:
        named = arguments.get("users") or []
        users = [part.strip() for part in named.split(",")] if isinstance(named, str) else list(named)
        channel = str(arguments.get("channel", ""))
        if not users and channel:
            users = [user for user, dm in self._slack.dms.items() if dm == channel]
            if not users:
                raise Refused("channel_not_found")
        if not users:
            raise Refused("users_list_not_supplied")
        if len(users) > 1:
            raise Refused("invalid_user_combination")
        user = self._reachable(users[0])
        known = user.id in self._slack.dms
        shown: Json = {"id": self._slack.dm_of(user.id)}
        if flag(arguments.get("return_im")):
            shown |= {"is_im": True, "user": user.id, "is_open": True}
        self._slack.changed()
        return {"channel": shown} | ({"no_op": True, "already_open": True} if known else {})

    def _conversations_info(self, arguments: Json) -> Json:
        wanted = str(arguments.get("channel", ""))
        for user, dm in self._slack.dms.items():
            if dm == wanted:
                return {
                    "channel": {"id": dm, "is_im": True, "user": user, "is_archived": False, "is_org_shared": False}
                }
        channel = self._slack.channels.get(wanted)
        if channel is None or (channel.private and not channel.bot_is_member):
            raise Refused("channel_not_found")
        return {"channel": _channel_json(channel)}

    def _conversations_list(self, arguments: Json) -> Json:
        kinds = str(arguments.get("types") or "public_channel").split(",")
        shown = [
            _channel_json(channel)
            for channel in self._slack.channels.values()
            if ("private_channel" if channel.private else "public_channel") in kinds
            and not (channel.private and not channel.bot_is_member)
            and not (channel.archived and flag(arguments.get("exclude_archived")))
        ]
        return _page("channels", shown, arguments)

    # users

    def _users_info(self, arguments: Json) -> Json:
        user = self._slack.users.get(str(arguments.get("user", "")))
        if user is None:
            raise Refused("user_not_found")
        return {"user": self._user_json(user)}

    def _users_lookup(self, arguments: Json) -> Json:
        email = str(arguments.get("email", "")).casefold()
        for user in self._slack.users.values():
            if user.email.casefold() == email and not user.deleted and not user.bot:
                return {"user": self._user_json(user)}
        raise Refused("users_not_found")

    def _users_list(self, arguments: Json) -> Json:
        return _page("members", [self._user_json(user) for user in self._slack.users.values()], arguments)

    def _user_json(self, user: SlackUser) -> Json:
        profile = {"real_name": user.name, "display_name": user.name}
        shown: Json = {
            "id": user.id,
            "team_id": TEAM_ID,
            "name": user.name,
            "real_name": user.name,
            "deleted": user.deleted,
            "is_bot": user.bot,
            "is_app_user": False,
            "profile": profile if user.bot else profile | {"email": user.email},
        }
        if not user.deleted:
            offset = self._slack.clock().astimezone(ZoneInfo(user.tz)).utcoffset() or timedelta(0)
            shown |= {"tz": user.tz, "tz_label": user.tz, "tz_offset": int(offset.total_seconds())}
        return shown

    # views

    def _views_publish(self, arguments: Json) -> Json:
        user_id = str(arguments.get("user_id", ""))
        if user_id not in self._slack.users:
            raise Refused("user_not_found")
        current = self._slack.homes.get(user_id)
        self._check_hash(arguments, current)
        view = self._view(arguments, "home", current["id"] if current else self._slack.next_id("V"))
        self._slack.homes[user_id] = view
        self._slack.changed()
        return {"view": view}

    def _views_open(self, arguments: Json) -> Json:
        self._slack.use_trigger(arguments.get("trigger_id"))
        view = self._view(arguments, "modal", self._slack.next_id("V"))
        self._slack.views[view["id"]] = view
        return {"view": view}

    def _views_update(self, arguments: Json) -> Json:
        view_id = str(arguments.get("view_id", ""))
        current = self._slack.views.get(view_id)
        if current is None:
            raise Refused("not_found")
        self._check_hash(arguments, current)
        view = self._view(arguments, "modal", view_id)
        self._slack.views[view_id] = view
        return {"view": view}

    def _check_hash(self, arguments: Json, current: Json | None) -> None:
        if current and arguments.get("hash") not in (None, "", current["hash"]):
            raise Refused("hash_conflict")

    def _view(self, arguments: Json, surface: Surface, view_id: str) -> Json:
        view = decoded(arguments.get("view"), "view")
        if not isinstance(view, dict) or view.get("type") != surface:
            raise Refused("invalid_arguments")
        check_blocks(view.get("blocks", []), surface, "invalid_arguments")
        more = {"id": view_id, "team_id": TEAM_ID, "app_id": APP_ID, "bot_id": BOT_ID}
        return view | more | {"hash": f"{self._slack.next_ts()}.{uuid.uuid4().hex[:8]}", "state": {"values": {}}}

    # files

    def _upload_url(self, arguments: Json) -> Json:
        if not arguments.get("filename") or int(arguments.get("length") or 0) <= 0:
            raise Refused("invalid_arguments")
        file_id = self._slack.start_upload(str(arguments["filename"]))
        return {"upload_url": self._slack.url(f"/upload/{file_id}"), "file_id": file_id}

    def _upload_done(self, arguments: Json) -> Json:
        shown = []
        for named in decoded(arguments.get("files"), "files") or []:
            upload = self._slack.file(str(named.get("id")))
            if upload is None or not upload.content:
                raise Refused("file_not_found")
            shown.append(self._file_json(named["id"], upload, named.get("title")))
        if not shown:
            raise Refused("invalid_arguments")
        # A person's id is no destination for a file: unlike a message, it needs the channel itself.
        channel = str(arguments.get("channel_id") or arguments.get("channels") or "")
        if channel:
            if channel in self._slack.users or channel.startswith("#"):
                raise Refused("channel_not_found")
            channel = self._destination(channel)
            if channel in self._slack.channels and not self._slack.channels[channel].bot_is_member:
                raise Refused("not_in_channel")
            comment, thread = str(arguments.get("initial_comment") or ""), arguments.get("thread_ts")
            self._slack.post(channel, BOT_USER_ID, comment, files=tuple(shown), thread_ts=thread)
        return {"files": shown}

    def _files_info(self, arguments: Json) -> Json:
        upload = self._slack.file(str(arguments.get("file")))
        if upload is None:
            raise Refused("file_not_found")
        return {"file": self._file_json(str(arguments["file"]), upload, None)}

    def _file_json(self, file_id: str, upload: _Upload, title: str | None) -> Json:
        return {
            "id": file_id,
            "name": upload.name,
            "title": title or upload.name,
            "mimetype": _media_type(upload.name),
            "size": len(upload.content),
            "url_private": self._slack.url(f"/files/{file_id}"),
        }


def _default_error(status: int) -> str:
    return "ratelimited" if status == 429 else "internal_error"


def _media_type(name: str) -> str:
    kinds = {"png": "image/png", "csv": "text/csv", "json": "application/json", "txt": "text/plain"}
    return kinds.get(name.rpartition(".")[2].lower(), "application/octet-stream")


async def _arguments(request: Request) -> Json:
    """Arguments wherever the SDK puts them: the query, a form, or JSON."""
    arguments: Json = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        sent = json.loads(body or b"{}")
        return arguments | (sent if isinstance(sent, dict) else {})
    return arguments | dict(parse_qsl(body.decode(), keep_blank_values=True))


def _channel_json(channel: SlackChannel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_general": channel.name == "general",
        "is_member": channel.bot_is_member,
    }


def _page(key: str, items: list[Json], arguments: Json) -> Json:
    """One page of a list; the cursor is the next position."""
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
    end = start + limit
    cursor = str(end) if end < len(items) else ""
    return {key: items[start:end], "response_metadata": {"next_cursor": cursor}}


# --- HTTP


def create_app(slack: SlackStandIn) -> Starlette:
    """Everything of the stand-in that is reached over HTTP."""
    api = WebApi(slack)

    async def response(request: Request) -> Response:
        body = await _arguments(request)
        fault = slack.take_fault("response_url")
        error: str | None = None
        status = 200
        try:
            if fault and not fault.after_accepting:
                raise Refused(fault.error or _default_error(fault.status), status=fault.status)
            slack.respond(request.path_params["key"], body)
        except Refused as refused:
            error, status = refused.error, refused.status
        if fault and fault.after_accepting:
            error, status = "internal_error", fault.status
        slack.calls.append(Call("response_url", body, status, error))
        return JSONResponse({"ok": True} if error is None else {"ok": False, "error": error}, status)

    async def upload(request: Request) -> Response:
        kept = slack.file(request.path_params["file_id"])
        if kept is None:
            return PlainTextResponse("Not found", 404)
        kept.content = await request.body()
        return PlainTextResponse(f"OK - {len(kept.content)}")

    async def file(request: Request) -> Response:
        kept = slack.file(request.path_params["file_id"])
        if kept is None:
            return PlainTextResponse("Not found", 404)
        return Response(kept.content, media_type=_media_type(kept.name))

    async def link(websocket: WebSocket) -> None:
        await slack.hold_link(websocket)

    return Starlette(
        routes=[
            Route("/api/{method}", api.answer, methods=["GET", "POST"]),
            Route("/response/{key}", response, methods=["POST"]),
            Route("/upload/{file_id}", upload, methods=["POST"]),
            Route("/files/{file_id}", file),
            WebSocketRoute("/link/{ticket}", link),
            *_page_routes(slack),
        ]
    )


# --- the page in the browser


def _page_routes(slack: SlackStandIn) -> list[Route | Mount]:
    async def page(_request: Request) -> Response:
        return FileResponse(_PAGE / "index.html", headers={"cache-control": "no-store"})

    async def state(request: Request) -> Response:
        slack.served_at(request)
        return JSONResponse(_page_state(slack, request.query_params.get("user", "")))

    async def stream(_request: Request) -> Response:
        return StreamingResponse(_ticks(slack), media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def command(request: Request) -> Response:
        asked = await request.json()
        user, channel, text = asked["user"], asked["channel"], str(asked["text"]).strip()
        name, _, rest = text.partition(" ")
        if not text.startswith("/"):
            slack.say(user, channel, text)
        elif name != COMMAND:
            slack.post(channel, SLACKBOT, f"{name} is not a valid command.", ephemeral_to=user)
        else:
            return _delivered(await slack.command(user, channel, name, rest.strip()))
        return JSONResponse({"ok": True})

    async def press(request: Request) -> Response:
        asked = await request.json()
        user, ts, action, value = asked["user"], asked.get("ts"), asked["action_id"], asked.get("value")
        try:
            if ts is None:
                return _delivered(await slack.press_home(user, action, value))
            return _delivered(await slack.press(user, ts, action, value, asked["channel"], asked.get("block_id")))
        except LookupError as gone:
            return JSONResponse({"ok": False, "error": str(gone)}, 404)

    async def home(request: Request) -> Response:
        return _delivered(await slack.open_home((await request.json())["user"]))

    return [
        Route("/", page),
        Mount("/page", StaticFiles(directory=_PAGE)),
        Route("/api-page/state", state),
        Route("/api-page/stream", stream),
        Route("/api-page/command", _asked_by_page(command), methods=["POST"]),
        Route("/api-page/press", _asked_by_page(press), methods=["POST"]),
        Route("/api-page/home", _asked_by_page(home), methods=["POST"]),
    ]


def _asked_by_page(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Only JSON is taken: another site's form could otherwise speak for the person who has the page open."""

    async def checked(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"ok": False, "error": "Send JSON."}, 415)
        return await handler(request)

    return checked


def _delivered(delivery: Delivery) -> Response:
    ok = delivery.status == 200
    return JSONResponse({"ok": ok} if ok else {"ok": False, "error": delivery.body or str(delivery.status)})


async def _ticks(slack: SlackStandIn) -> AsyncIterator[str]:
    """A `changed` event whenever anything changes; a comment every 15 s shows that the line is alive."""
    with slack.watching() as watcher:
        yield ": open\n\n"
        while True:
            try:
                await asyncio.wait_for(watcher.wait(), 15)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            watcher.clear()
            yield "event: changed\ndata: {}\n\n"


def _page_state(slack: SlackStandIn, user_id: str) -> Json:
    """Everything one person sees; without a known `user_id`, the first person who can log in."""
    people = [user for user in slack.users.values() if not user.bot and not user.deleted]
    me = next((user for user in people if user.id == user_id), people[0])
    names = {user.id: user.name for user in slack.users.values()} | {BOT_USER_ID: BOT_NAME, SLACKBOT: "Slackbot"}
    return {
        "workspace": TEAM_NAME,
        "me": me.id,
        "bot": BOT_USER_ID,
        "names": names,
        "users": [{"id": user.id, "name": user.name, "tz": user.tz} for user in people],
        "channels": [
            {"id": channel.id, "name": channel.name, "private": channel.private}
            for channel in slack.channels.values()
            if not channel.archived
        ],
        "dm": slack.dm_of(me.id),
        "home": slack.homes.get(me.id),
        "now": slack.clock().timestamp(),
        "command": COMMAND,
        "suggestions": SUGGESTIONS,
        "messages": [
            message_json(message) | {"channel": message.channel, "ephemeral": message.ephemeral_to is not None}
            for message in slack.visible_to(me.id)
        ],
    }
