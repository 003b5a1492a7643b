"""How every listener answers: the person always gets a result, a plain sentence, or a reference."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck

from bot.answers.answer import Answer
from bot.core.errors import BotError, TooManyQuestions
from bot.render import slack_views
from bot.slack import metering
from bot.slack.notifier import SlackNotifier
from bot.slack.outlets import REFUSED_LAYOUT, Dialog, Message, Outlet
from bot.slack.pictures import Pictures

log = structlog.get_logger()

PATIENCE_SECONDS = 2.0
"""How long people wait before they wonder whether anything is happening."""
MOST_UNDER_WAY = 5_000
"""Answers that people may wait for at a time: a minute of 80 questions a second more than can be answered. It bounds
what a flood of them can make us hold."""
BROKEN = "Something broke."

Ask = Callable[[], Awaitable[Answer]]
Prepared = tuple[Answer, AsyncIterator[Message]]


class Replies:
    """Answers, and knows what is still under way, so that a stop can wait for it."""

    def __init__(self, pictures: Pictures, notifier: SlackNotifier, *, patience: float = PATIENCE_SECONDS) -> None:
        self._pictures = pictures
        self._notifier = notifier
        self._patience = patience
        self._under_way: set[asyncio.Task[Any]] = set()

    async def give(self, outlet: Outlet, ask: Ask, *, shared: bool = False) -> bool:
        """Ask, and hand what comes of it to the outlet; whether the answer arrived, and not an apology.

        `shared` shows it to the channel.
        """
        with self.counted(), metering.answering():
            preparing = asyncio.ensure_future(self._prepared(ask, outlet, crowded=self._crowded()))
            if not await self._soon(preparing):
                await outlet.note()
            return await _put(outlet, preparing, shared=shared)

    async def submitted(self, ack: AsyncAck, outlet: Dialog, ask: Ask) -> None:
        """Answer what was sent from the dialog, in it. Words that can't be read are an error at their own field."""
        with self.counted(), metering.answering():
            preparing = asyncio.ensure_future(self._prepared(ask, outlet, crowded=self._crowded()))
            if not await self._soon(preparing):
                await ack(response_action="update", view=slack_views.waiting())
                await _put(outlet, preparing, shared=False)
                return
            try:
                _, views = await preparing
                await ack(response_action="update", view=await anext(views))
                metering.answered("answered")
            except BotError as error:
                metering.refused(error)
                await ack(response_action="errors", errors=slack_views.field_error(excuse(error)))
            except Exception:
                await ack(response_action="update", view=slack_views.sorry(outlet.asked, BROKEN, broken()))

    async def say(self, outlet: Outlet, words: str) -> None:
        """A sentence to whoever pressed something, beside what is there."""
        with self.counted():
            await outlet.sorry(words)

    async def drain(self, seconds: float) -> None:
        """Wait for the answers that people are waiting for."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    async def _soon(self, preparing: asyncio.Future[Prepared]) -> bool:
        done, _ = await asyncio.wait({preparing}, timeout=self._patience)
        return bool(done)

    def _crowded(self) -> bool:
        """Asked as a question comes: a moment later those that came with it are under way as well."""
        return len(self._under_way) > MOST_UNDER_WAY

    async def _prepared(self, ask: Ask, outlet: Outlet, *, crowded: bool) -> Prepared:
        """The answer and its messages, the first of them made: its pictures take time too."""
        if crowded:
            raise TooManyQuestions
        answer = await self._handed(await ask(), outlet.user)
        made = self._pictures.views(answer) if outlet.dialog else self._pictures.messages(answer)
        return answer, _after(await anext(made), made)

    async def _handed(self, answer: Answer, user: str) -> Answer:
        """The answer once its file, if it has one, is in the direct messages of whoever asked, and says so."""
        if answer.file is None:
            return answer
        place = await self._notifier.direct(user)
        await self._notifier.file(place, answer.file.name, answer.file.content, answer.title)
        return replace(answer, headline=f"The file {answer.file.name} is in our direct messages.", file=None)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Something that a stop waits for."""
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)


async def _put(outlet: Outlet, preparing: Awaitable[Prepared], *, shared: bool) -> bool:
    try:
        answer, messages = await preparing
    except BotError as error:
        metering.refused(error)
        await outlet.sorry(excuse(error))
        return False
    except Exception:
        await outlet.sorry(BROKEN, broken())
        return False
    said = ""
    async for message in messages:
        said = await outlet.put(message, shared=shared or answer.share)
        if said != REFUSED_LAYOUT:
            break
    metering.answered("untold" if said else "answered")
    return not said


async def _after(first: Message, others: AsyncIterator[Message]) -> AsyncIterator[Message]:
    yield first
    async for message in others:
        yield message


def excuse(error: BotError) -> str:
    """What whoever asked or pressed is told; what only whoever runs the bot can mend is said in the log."""
    if error.aside:
        log.warning("Somebody could not be answered.", action="answer_unavailable", error=str(error))
    return error.told


def broken() -> str:
    """Log the exception being handled; the reference under which it stands in the log."""
    metering.answered("broken")
    reference = secrets.token_hex(4)
    log.exception("An answer broke.", action="answer_failed", reference=reference)
    return reference
