"""What is in the Slack workspace: people, places, messages, views and files."""

import asyncio
import contextlib
import html
import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.demo.slack.values import Call, Json, Message, Refused, SlackChannel, SlackUser, Upload

BURST = 3


def escape(text: str) -> str:
    """What people type, as Slack keeps it: `<!channel>` stays words, and the mention of a person stays one."""
    return re.sub(r"&lt;(@\w+)&gt;", r"<\1>", html.escape(text, quote=False))


class Workspace:
    """The state of one Slack workspace, and the clock it lives by; whoever changes it calls `changed`."""

    def __init__(
        self, *, users: Sequence[SlackUser], channels: Sequence[SlackChannel], clock: Callable[[], datetime]
    ) -> None:
        self.users = {user.id: user for user in users}
        self.channels = {channel.id: channel for channel in channels}
        self.clock = clock
        self.base_url: str | None = None
        self.rate_limit_per_channel = False
        self.posts_per_minute: int | None = None
        """How many messages the whole workspace takes from an app in a minute; None: as many as come."""
        self.channels_history = False
        """Whether the app was granted channels:history and groups:history; direct messages it may read anyway."""
        self.calls: list[Call] = []
        self.homes: dict[str, Json] = {}
        self.views: dict[str, Json] = {}
        self.dialogs: dict[str, str] = {}
        self.dms: dict[str, str] = {}
        self.files: dict[str, Upload] = {}
        self._messages: dict[str, Message] = {}
        self._buckets: dict[str, tuple[float, float]] = {}
        self._last_ts = 0
        self._ids = itertools.count(1)
        self._watchers: set[asyncio.Event] = set()

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

    def find(self, ts: str) -> Message | None:
        """The message with this timestamp, deleted or not."""
        return self._messages.get(ts)

    def dialog_of(self, user_id: str) -> Json | None:
        """The dialog this person has open."""
        return self.views.get(self.dialogs.get(user_id, ""))

    def owner_of(self, dm: str) -> str | None:
        """The person behind a channel of direct messages."""
        return next((user for user, own in self.dms.items() if own == dm), None)

    def channel_name(self, channel_id: str) -> str:
        """The channel's name as payloads carry it."""
        return self.channels[channel_id].name if channel_id in self.channels else "directmessage"

    # --- changing

    def store(self, message: Message) -> Message:
        """Keep a message, new or changed, and tell every open page."""
        self._messages[message.ts] = message
        self.changed()
        return message

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

    def say(self, user_id: str, channel_id: str, text: str, thread: str | None = None) -> Message:
        """A person writes a plain message; the bot hears nothing of it."""
        return self.post(channel_id, user_id, escape(text), thread_ts=thread)

    def start_upload(self, name: str) -> str:
        """A new file id whose bytes are still to come."""
        file_id = self.next_id("F")
        self.files[file_id] = Upload(name)
        return file_id

    def check_rate(self, channel_id: str) -> None:
        """Slack's one message a second per channel, with a small burst.

        Real seconds, not the clock's: the bot obeys Retry-After by really sleeping.
        """
        if self.rate_limit_per_channel:
            self._take(channel_id, most=BURST, a_second=1.0)
        if self.posts_per_minute is not None:
            self._take("", most=self.posts_per_minute / 6, a_second=self.posts_per_minute / 60)

    def _take(self, bucket: str, *, most: float, a_second: float) -> None:
        """One token of a bucket that fills up again; refuses an empty one until it holds one."""
        now = time.monotonic()
        left, since = self._buckets.get(bucket, (most, now))
        left = min(most, left + (now - since) * a_second)
        if left < 1:
            raise Refused("ratelimited", status=429)
        self._buckets[bucket] = (left - 1, now)

    # --- telling

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

    # --- where this is served

    def served_at(self, address: str) -> None:
        """Learn the own address from a request, unless it was set."""
        self.base_url = self.base_url or address.rstrip("/")

    def url(self, path: str) -> str:
        """An address on this server; needs `base_url`."""
        if self.base_url is None:
            raise RuntimeError("Set base_url to the address the stand-in is served at.")
        return self.base_url + path
