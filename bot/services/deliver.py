"""Send what is owed, once: claim the row, build the message, hand it over, write down what became of it."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import Connection

from bot.answers.answer import Answer
from bot.core.errors import BotError, SlackError, SlackRefused, SlackSilent, SlackUnclear, StoreUnavailable
from bot.services import tracing, undelivered
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.store.messages.deliveries import Claim, Owed

log = structlog.get_logger()

FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=1)
UNCLEAR_TRIES = 8
"""So often, in two hours, a message is tried that Slack refuses for a reason that is not known here."""
LOOKS = 4
"""So often, in a quarter of an hour, Slack is asked in vain whether it has a message; then it is sent again."""
AT_ONCE = 16
"""Messages under way at a time, each to another place."""
SENT_AGAIN = "Sent again: Slack did not say whether it took this message the first time."
_PAUSES = (0.5, 1, 2, 4, 8)
"""Seconds between tries to write down that a message is out."""
_BROKE = "Something broke while this message was made."


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

    async def post(
        self,
        channel: str,
        answer: Answer,
        *,
        mark: tuple[str, datetime] | None = None,
        thread: str | None = None,
        leaving: Callable[[], Awaitable[None]] | None = None,
    ) -> Posted:
        """Tell a channel, in a thread if one is given; with its key, and since when it is owed, it can be found again.

        `leaving` is awaited right before Slack is asked, each time; what it raises keeps the message back. Raises
        SlackSilent where Slack may have taken it.
        """
        ...

    async def find(self, channel: str, key: str, owed_at: datetime, thread: str | None = None) -> Posted | None:
        """The message of this key, if Slack took it since it was owed.

        Raises SlackRefused where the bot may not read what it said there.
        """
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """What is owed: to a channel, or directly to a receiver, who is told once per `topic`."""

    answer: Answer
    channel: str | None = None
    receiver: str | None = None
    topic: str = ""
    carries: Mapping[str, str] = field(default_factory=dict)
    """Of one that carries others: the key of each that it tells, with its topic."""
    thread: str | None = None
    """The ts of the message it belongs under."""
    then: tuple[str, ...] = ()
    """Keys of the messages that are owed once this one is out."""


Build = Callable[[str], Awaitable[Message | None]]
"""The message of a key; None where nothing of it is left to tell."""


class Deliverer:
    """Sends owed messages. Two of them, in two processes, send each message once."""

    def __init__(self, database: Database, notifier: Notifier) -> None:
        self._database = database
        self._notifier = notifier
        self._unnoted: dict[str, tuple[Claim, Posted, tuple[str, ...]]] = {}
        """What is out while the books still say that it is being sent, by key; with what follows it."""
        self.failure: BotError | None = None
        """Why the newest message that did not go out did not."""

    async def send_all(
        self, owed: Iterable[Owed], build: Build, now: datetime, *, stopping: Callable[[], bool] = lambda: False
    ) -> int:
        """Send everything of this, what goes to one place in its order; returns how many went out.

        Once it is `stopping`, nothing more is begun.
        """
        await self._note_the_rest(now)
        clock, places = _Since(now), asyncio.Semaphore(AT_ONCE)
        lines: dict[str, list[str]] = defaultdict(list)
        for one in owed:
            lines[one.place or f"\0{one.key}"].append(one.key)  # what stands in no line is a line of its own

        async def one_place(keys: list[str]) -> int:
            async with places:
                return sum([await self.send(key, build, clock()) for key in keys if not stopping()])

        outcomes = await asyncio.gather(*map(one_place, lines.values()), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome  # once the others have ended: one that is cut off may have arrived
        return sum(outcome for outcome in outcomes if isinstance(outcome, int))

    async def tell(self, receiver: str, answer: Answer, *, thread: str | None = None) -> Posted:
        """Tell one person directly, now or not at all: nothing of it is remembered."""
        return await self._notifier.post(await self._notifier.direct(receiver), answer, thread=thread)

    async def tell_admins(self, now: datetime) -> int:
        """Tell the admins of the places that messages can't reach; returns how many messages went out."""
        owed = await self._database.read(deliveries.line, now, undelivered.KIND)

        async def build(key: str) -> Message:
            answer, admin = await self._database.read(undelivered.notice, key)
            return Message(answer, receiver=admin)

        return await self.send_all(owed, build, now) if owed else 0

    async def send(self, key: str, build: Build, now: datetime) -> bool:
        """Send the message owed under `key`, unless somebody else does; whether it went out just now.

        What is owed once it is out follows at once.
        """
        with structlog.contextvars.bound_contextvars(key=key):
            return await self._send(key, build, now)

    async def _send(self, key: str, build: Build, now: datetime) -> bool:
        await self._note_the_rest(now)
        clock, made = _Since(now), False
        claim = await self._database.write(deliveries.take, key, now)
        if claim is None:
            return False
        try:
            with tracing.span("delivery", kind=key.partition("/")[0], attempt=claim.attempt):
                message = await build(key)
                made = True
                channel = message.channel or await self._notifier.direct(message.receiver or "") if message else ""
                if message and (known := await self._known(message, channel)):
                    for one in known:
                        await self._database.write(deliveries.told_already, one, clock())
                    message = await build(key)
                if message is None or await self._told(message.topic, channel):
                    why = deliveries.TOLD_ALREADY if message else "Nothing of it is left to tell."
                    await self._database.write(deliveries.skipped, key, clock(), why, attempt=claim.attempt)
                    return False
                posted = await self._handed_over(claim, message, channel, clock)
        except _TakenUp:
            log.warning("Another process took this message up.", action="delivery_lost")
            return False
        except BotError as error:
            await self._put_off(claim, now, error, in_line=made)
            return False
        except Exception:
            log.exception("A message broke.", action="delivery_broke")
            await self._put_off(claim, now, _Broke(_BROKE), in_line=made)
            return False
        await self._noted(claim, clock, posted, message.then)
        log.info("Message sent.", action="delivered", channel=posted.channel)
        for more in message.then:
            await self.send(more, build, clock())
        return True

    async def _handed_over(self, claim: Claim, message: Message, channel: str, clock: _Since) -> Posted:
        """Where the message is: found, if Slack took it before, else posted now."""
        answer = message.answer
        if claim.asked_at is not None:
            try:
                found = await self._notifier.find(channel, claim.key, claim.owed_at, message.thread)
            except SlackError as error:
                if not isinstance(error, SlackRefused) and claim.attempt <= LOOKS:
                    raise
                answer = replace(answer, notes=(SENT_AGAIN, *answer.notes))
            else:
                if found is not None:
                    log.info("Slack had taken it.", action="delivery_found")
                    return found

        async def leaving() -> None:
            if not await self._database.write(deliveries.asking, claim, clock()):
                raise _TakenUp

        return await self._notifier.post(
            channel, answer, mark=(claim.key, claim.owed_at), thread=message.thread, leaving=leaving
        )

    async def _known(self, message: Message, channel: str) -> list[str]:
        """What of a message that carries others was told here already."""
        return [key for key, topic in message.carries.items() if await self._told(topic, channel)]

    async def _told(self, topic: str, channel: str) -> bool:
        """One person may be owed a message twice, as an e-mail address and as a Slack user."""
        return bool(topic) and await self._database.read(deliveries.went_to, topic, channel)

    async def _noted(self, claim: Claim, clock: _Since, posted: Posted, then: Iterable[str]) -> None:
        """Write down that it is out. A database that is away must not make it go out again: what it can't be told now,
        it is told before anything else is sent."""
        out = claim, posted, tuple(then)
        for pause in _PAUSES:
            try:
                await self._note(out, clock())
                return
            except StoreUnavailable:
                self._unnoted[claim.key] = out
                await asyncio.sleep(pause)
        await self._note(out, clock())

    async def _note_the_rest(self, now: datetime) -> None:
        for out in list(self._unnoted.values()):
            await self._note(out, now)

    async def _note(self, out: tuple[Claim, Posted, tuple[str, ...]], now: datetime) -> None:
        claim, posted, then = out
        await self._database.write(_sent, claim, now, posted, then)
        self._unnoted.pop(claim.key, None)

    async def _put_off(self, claim: Claim, now: datetime, error: BotError, *, in_line: bool) -> None:
        self.failure = error
        retry_at: datetime | None = now + _pause(claim.attempt)
        if error.permanent or (isinstance(error, SlackUnclear) and claim.attempt >= UNCLEAR_TRIES):
            retry_at = None
        await self._database.write(_not_sent, claim, now, error, retry_at, in_line=in_line)
        what = "Message not sent; it is tried again." if retry_at else "Message given up."
        again = retry_at and retry_at.isoformat()
        log.warning(what, action="delivery_failed", error=str(error), retry_at=again)


def _pause(attempt: int) -> timedelta:
    """Doubled each time; a message that is tried for days must not double it out of a timedelta's reach."""
    pause = FIRST_RETRY
    for _ in range(attempt - 1):
        if pause >= LAST_RETRY:
            break
        pause *= 2
    return min(pause, LAST_RETRY)


class _TakenUp(Exception):
    """Another process sends this message by now."""


class _Broke(BotError):
    """Something broke."""

    permanent = False


class _Since:
    """The time by now to the second, from a known instant: however long a pile takes, claims must not look old."""

    def __init__(self, now: datetime) -> None:
        self._now, self._from = now, time.monotonic()

    def __call__(self) -> datetime:
        return self._now + timedelta(seconds=int(time.monotonic() - self._from))


def _sent(connection: Connection, claim: Claim, now: datetime, posted: Posted, then: Iterable[str]) -> None:
    deliveries.sent(connection, claim.key, now, posted.channel, posted.ts, attempt=claim.attempt)
    for key in then:
        deliveries.owe(connection, key, now, claim.place, behind=claim.owed_at)
    undelivered.mended(connection, claim.place)


def _not_sent(
    connection: Connection,
    claim: Claim,
    now: datetime,
    error: BotError,
    retry_at: datetime | None,
    *,
    in_line: bool,
) -> None:
    """Slack's troubles hold up all that is for the same place; a message that can't be made, only itself."""
    deliveries.failed(
        connection,
        claim.key,
        now,
        str(error),
        retry_at,
        claim=claim,
        taken=isinstance(error, SlackSilent),
        in_line=in_line or retry_at is None,
    )
    if retry_at is None:
        undelivered.noticed(connection, claim, now)
