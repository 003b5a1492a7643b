"""Send what is owed, once: claim the row, build the message, hand it over, write down what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.answers.answer import Answer
from bot.core.errors import BotError
from bot.store import deliveries
from bot.store.database import Database

log = structlog.get_logger()

FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where Slack put a message."""

    channel: str
    ts: str


class Notifier(Protocol):
    """Whoever can tell people; raises SlackRefused for ever, SlackUnavailable for now."""

    async def direct(self, receiver: str) -> str:
        """The channel in which this e-mail address or Slack user id is told things directly."""
        ...

    async def post(self, channel: str, answer: Answer) -> Posted: ...


@dataclass(frozen=True, slots=True)
class Message:
    """What is owed: to a channel, or directly to a receiver, who is told once per `topic`."""

    answer: Answer
    channel: str | None = None
    receiver: str | None = None
    topic: str = ""


Build = Callable[[str], Awaitable[Message]]


class Deliverer:
    """Sends owed messages. Two of them, in two processes, send each message once."""

    def __init__(self, database: Database, notifier: Notifier) -> None:
        self._database = database
        self._notifier = notifier

    async def send(self, key: str, build: Build, now: datetime) -> bool:
        """Send the message owed under `key`, unless somebody else does; whether it went out just now."""
        if not await self._database.write(deliveries.claim, key, now):
            return False
        try:
            message = await build(key)
            channel = message.channel or await self._notifier.direct(message.receiver or "")
            if await self._told(message.topic, channel):
                await self._database.write(deliveries.skipped, key, now, "Told already, under another name.")
                return False
            posted = await self._notifier.post(channel, message.answer)
        except BotError as error:
            await self._put_off(key, now, error)
            return False
        await self._database.write(deliveries.sent, key, now, posted.channel, posted.ts)
        log.info("Message sent.", action="delivered", key=key, channel=posted.channel)
        return True

    async def _told(self, topic: str, channel: str) -> bool:
        """One person may be owed a message twice, as an e-mail address and as a Slack user."""
        return bool(topic) and await self._database.read(deliveries.went_to, topic, channel)

    async def _put_off(self, key: str, now: datetime, error: BotError) -> None:
        delivery = await self._database.read(deliveries.find, key)
        tries = delivery.attempts if delivery else 1
        retry_at = None if error.permanent else now + min(FIRST_RETRY * 2 ** (tries - 1), LAST_RETRY)
        await self._database.write(deliveries.failed, key, now, str(error), retry_at)
        log.warning("Message not sent.", action="delivery_failed", key=key, error=str(error), retry_at=retry_at)
