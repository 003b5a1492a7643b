"""App Home: published when it is opened and when somebody presses Refresh, for that person alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.answer import Answer
from bot.core.access import Asker
from bot.core.errors import BotError
from bot.render import slack_views as render
from bot.services.asking.home import Homes
from bot.services.presses import Presses
from bot.slack.metering import said_by
from bot.slack.people import SlackPeople
from bot.slack.reply import BROKEN, PATIENCE_SECONDS, broken, excuse
from bot.slack.strangers import SORRY

log = structlog.get_logger()


def listen(
    app: AsyncApp,
    *,
    client: AsyncWebClient,
    homes: Homes,
    people: SlackPeople,
    presses: Presses,
    clock: Callable[[], datetime],
) -> None:
    @app.event("app_home_opened")
    async def on_open(event: dict[str, Any], body: dict[str, Any]) -> None:
        if event.get("tab", "home") != "home":
            return
        user, stands = str(event["user"]), (event.get("view") or {}).get("hash")

        async def publish() -> bool:
            return await _publish(client, homes, people, user, stands, clock())

        await presses.told(f"{body.get('event_id')}", int(body.get("event_time", 0)), user, clock(), publish)

    @app.action(render.REFRESH)
    async def on_refresh(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        stands = (body.get("view") or {}).get("hash")
        await _publish(client, homes, people, str(body["user"]["id"]), stands, clock())


async def _publish(
    client: AsyncWebClient, homes: Homes, people: SlackPeople, user: str, stands: str | None, now: datetime
) -> bool:
    """`stands` is the hash of the Home that is there: one that was published since is newer, and stays."""
    asking = asyncio.ensure_future(homes.answer(now, Asker.called(user)))
    done, _ = await asyncio.wait({asking}, timeout=PATIENCE_SECONDS)
    if not done:
        stands, _ = await _published(client, user, render.home_waiting(), stands)
    answer: Answer | None = None
    try:
        answer = await asking
        view = render.home(answer)
        if await people.elsewhere(user):  # that a Home was opened says nothing of whose workspace they are of
            answer, view = None, render.home_without_figures(SORRY)
    except BotError as error:
        view = render.home_without_figures(excuse(error))
    except Exception:
        view = render.home_without_figures(BROKEN, broken())
    _, refused = await _published(client, user, view, stands)
    if refused in ("invalid_arguments", "invalid_blocks") and answer:
        _, refused = await _published(client, user, render.home(answer, native=False), stands)
    return not refused


async def _published(
    client: AsyncWebClient, user: str, view: render.View, stands: str | None
) -> tuple[str | None, str]:
    """The hash of what stands now, and what Slack has against the view, "" if nothing."""
    given = {"hash": stands} if stands else {}
    try:
        answer = await client.views_publish(user_id=user, view=view, **given)
    except SlackApiError as error:
        code = said_by(error)
        if code != "hash_conflict":
            log.warning("Slack refused a Home.", action="home_refused", error=code)
        return stands, code
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("Slack can't be told of a Home.", action="home_failed", error=type(error).__name__)
        return stands, type(error).__name__
    return str(answer["view"]["hash"]), ""
