"""What people do with an alert: each press acts once, for those who may, and every copy of the message says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.alert import END_SILENCE
from bot.answers.answer import Answer
from bot.core.access import Asker
from bot.core.alerts.feedback import Feedback, Until, Verdict
from bot.core.errors import BotError, NotFound, WordsError
from bot.core.periods import midnight
from bot.render import slack as render
from bot.render.slack_alerts import ACKNOWLEDGE, EXPECTED, EXPLAIN, NOT_USEFUL, PLANNED, SILENCE
from bot.services.alerts.alerts import Alerts
from bot.slack.outlets import REFUSED_LAYOUT, Response, said
from bot.slack.reply import BROKEN, Replies, broken, excuse

log = structlog.get_logger()

_ACTS = re.compile(rf"^{render.DO}:({ACKNOWLEDGE}|{SILENCE}|{END_SILENCE}|{EXPECTED}|{NOT_USEFUL}|{PLANNED}:\d+)$")
_NUMBER = re.compile(r"[0-9]{1,9}")
_PAST = "Choose a day that is not over yet."
_HOW_LONG = "Choose for how long."
_NOTED = "That is noted and holds; only the message could not be changed to say so."


def listen(
    app: AsyncApp, *, client: AsyncWebClient, alerts: Alerts, clock: Callable[[], datetime], replies: Replies
) -> None:
    async def act(action: dict[str, Any], user: str) -> tuple[int, Answer]:
        """Do what was pressed; the episode, and the message as it is since. Raises BotError with the reason why not."""
        asker, now = Asker.called(user), clock()
        name, _, about = str(action["action_id"]).removeprefix(f"{render.DO}:").partition(":")
        if name == PLANNED:
            episode = _episode(about)
            day = action.get("selected_date")
            until = midnight(_after(str(day)), await alerts.zone()) if day else now
            if until <= now:
                raise WordsError(_PAST)
            return episode, await alerts.feedback(episode, Feedback.planned(until), asker, now)
        value = str((action.get("selected_option") or action).get("value", ""))
        number, _, choice = value.partition("/")
        episode = _episode(number)
        if name == ACKNOWLEDGE:
            return episode, await alerts.acknowledge(episode, asker, now)
        if name == END_SILENCE:
            return episode, await alerts.end_silence(episode, asker, now)
        if name == SILENCE:
            if choice not in list(Until):
                raise WordsError(_HOW_LONG)
            return episode, await alerts.silence(episode, Until(choice), asker, now)
        return episode, await alerts.feedback(episode, Feedback(Verdict(name)), asker, now)

    @app.action(_ACTS)
    async def on_act(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
        await ack()
        outlet, place = Response.beside(body, client), body.get("container", {})
        channel, ts = str(place.get("channel_id", "")), str(place.get("message_ts", ""))
        with replies.counted():
            try:
                episode, answer = await act(action, outlet.user)
            except BotError as error:
                await outlet.sorry(excuse(error))
                return
            except Exception:
                await outlet.sorry(BROKEN, broken())
                return
            try:
                current = await alerts.message_at(channel, ts, episode, answer, clock())
                unchanged = await _changed(client, channel, ts, current)
            except BotError as error:
                log.warning("The message stays as it is.", action="message_unchanged", error=str(error))
                unchanged = str(error)
            except Exception:
                await outlet.sorry(_NOTED, broken())
                return
            if unchanged:
                await outlet.sorry(_NOTED)
            await _others(client, alerts, episode, (channel, ts), clock())

    @app.action(f"{render.DO}:{EXPLAIN}")
    async def on_explain(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any]) -> None:
        await ack()
        outlet = Response.beside(body, client)

        async def explained() -> Answer:
            return await alerts.explain(_episode(str(action.get("value"))), Asker.called(outlet.user), clock())

        await replies.give(outlet, explained)


def _episode(said: str) -> int:
    """The number in a button, which came back from outside. Raises NotFound where it is none."""
    if not _NUMBER.fullmatch(said):
        raise NotFound("This alert is not in the books any more.")
    return int(said)


def _after(said: str) -> date:
    """The day after the one that was chosen. Raises WordsError where there is none."""
    try:
        return date.fromisoformat(said) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise WordsError(_PAST) from None


async def _others(client: AsyncWebClient, alerts: Alerts, episode: int, but: tuple[str, str], now: datetime) -> None:
    """The copies that others have; whoever has it should not act on what is done already."""
    try:
        copies = await alerts.copies(episode, now)
    except BotError as error:
        log.warning("The other messages stay as they are.", action="copies_failed", error=str(error))
        return
    for copy in copies:
        if (copy.channel, copy.ts) != but:
            await _changed(client, copy.channel, copy.ts, copy.answer)


async def _changed(client: AsyncWebClient, channel: str, ts: str, answer: Answer) -> str:
    """Say in a message's own place how it stands now, as plainly as the workspace needs it; what Slack has against it,
    "" if nothing."""
    where: dict[str, Any] = {"channel": channel, "ts": ts}
    refused = await said(client, "chat.update", render.message(answer) | where)
    if refused == REFUSED_LAYOUT:
        refused = await said(client, "chat.update", render.plain(answer) | where)
    return refused
