"""The buttons under an answer: a further question, the receipt, a file, and showing it to the channel.

What one asked for oneself is replaced by what follows from it. A message that others read stays as it is: whoever
presses there gets an answer of their own, in the thread if the message stands in one. What is pressed in the dialog is
answered in it, and what is pressed on App Home opens it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.answer import Answer, File
from bot.core.access import Asker
from bot.render import csv
from bot.render.slack import ASK, CSV, RECEIPT, SHARE
from bot.render.slack_views import NAMES
from bot.services.asking.ask import Ask
from bot.services.asking.receipts import Receipts
from bot.services.presses import Presses
from bot.slack import dialog
from bot.slack.forms import Dialogs
from bot.slack.outlets import Outlet, Response
from bot.slack.reply import Replies

_NAME_LETTERS = 80
_OLDEST = timedelta(days=366)
"""A message that is older by its own count, as a stand-in's may be that counts from anywhere, asks as of now: otherwise
its days would lie before all that is held, or seem not to have begun."""
_SHARED = "This answer is in the channel already."
_FILED = "You have this file already: it is in our direct messages."
_UNKNOWN = "This button is older than I am by now. Ask anew, for example `/claude-usage help`."


@dataclass(frozen=True, slots=True)
class Press:
    """A button under a message, who pressed it, and when its words were said."""

    user: str
    channel: str
    ts: str
    question: str
    own: bool
    """The message is seen by nobody else."""
    said: datetime

    @classmethod
    def of(cls, body: dict[str, Any], action: dict[str, Any], now: datetime) -> Press:
        place = body.get("container", {})
        ts = str(place.get("message_ts", ""))
        said = datetime.fromtimestamp(float(ts), UTC) if ts else now
        if now - said > _OLDEST:
            said = now
        return cls(
            str(body["user"]["id"]),
            str(place.get("channel_id", "")),
            ts,
            _question(action).removesuffix(" share"),  # that somebody shared it does not make this press public
            bool(place.get("is_ephemeral")),
            min(said, now),
        )

    @property
    def asker(self) -> Asker:
        """Not always whoever asked first."""
        return Asker.called(self.user)

    @property
    def key(self) -> str:
        """What is done once: this message's question, which a follow-up in its place changes."""
        return f"{self.channel}/{self.ts}/{sha256(self.question.encode()).hexdigest()[:16]}"


def _question(action: dict[str, Any]) -> str:
    """Of a button, or of what was chosen in a field; a button that has none is one of another version."""
    return str(action.get("value") or (action.get("selected_option") or {}).get("value", ""))


def listen(
    app: AsyncApp,
    *,
    client: AsyncWebClient,
    ask: Ask,
    receipts: Receipts,
    clock: Callable[[], datetime],
    replies: Replies,
    presses: Presses,
    dialogs: Dialogs,
) -> None:
    """Register the buttons; the last listener answers those that no version of today puts under a message."""

    async def outlet(body: dict[str, Any], press: Press, *, own: bool = False) -> Outlet:
        if body.get("container", {}).get("type") == "view":
            return await dialog.under(client, body, press.question)
        return Response.beside(body, client, own=own)

    def answers(pattern: str | re.Pattern[str], answer: Callable[..., Awaitable[Answer]]) -> None:
        """A press of these is answered where it stands."""

        @app.action(pattern)
        async def on_press(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
            await ack()
            press, now = Press.of(body, action, clock()), clock()
            if await dialogs.asked(press.question, body, press.user):
                return
            place = await outlet(body, press, own=press.own)
            await replies.give(place, lambda: answer(press.question, now, press.asker, said=press.said))

    answers(re.compile(rf"^({ASK}:\d+|{NAMES})$"), ask.answer)
    answers(RECEIPT, receipts.answer)

    @app.action(SHARE)
    async def on_share(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
        await ack()
        press, now = Press.of(body, action, clock()), clock()
        place = await outlet(body, press)

        async def share() -> bool:
            return await replies.give(
                place,
                lambda: ask.answer(press.question, now, press.asker, shared=True, said=press.said),
                shared=True,
            )

        if not await presses.once(f"share/{press.key}", press.channel, now, share):
            await replies.say(place, _SHARED)

    @app.action(CSV)
    async def on_csv(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
        await ack()
        press, now = Press.of(body, action, clock()), clock()
        place = await outlet(body, press)

        async def filed() -> Answer:
            answer = await ask.answer(press.question, now, press.asker, said=press.said)
            return Answer(answer.title, "", file=File(file_name(answer.question), csv.text(answer).encode()))

        async def file() -> bool:
            return await replies.give(place, filed)

        # By the hour: figures move on, and then the same question is worth another file.
        key = f"csv/{press.user}/{press.key}/{now:%Y-%m-%dT%H}"
        if not await presses.once(key, press.user, now, file):
            await replies.say(place, _FILED)

    @app.action(re.compile(""))
    async def on_anything_else(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
        await ack()
        await replies.say(await outlet(body, Press.of(body, action, clock())), _UNKNOWN)


def file_name(question: str) -> str:
    """The question as the name of a file: "team-alpha-last-week.csv"."""
    words = re.sub(r"[^\w.]+", "-", question).strip("-.")
    return f"{words[:_NAME_LETTERS] or 'answer'}.csv"
