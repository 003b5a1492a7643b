"""Whoever acts must belong to the workspace that the bot is installed in.

Slack signs what people of another workspace do as well: in a channel that is shared with them (Slack Connect), and
everywhere once the app is installed there too. Each payload says whose person acts; only where that is not ours, Slack
is asked about them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.metering import STRANGER, whose
from bot.slack.outlets import Response
from bot.slack.people import SlackPeople

log = structlog.get_logger()

SORRY = "I only answer people of the Slack workspace that I belong to."


def refuse(app: AsyncApp, *, client: AsyncWebClient, people: SlackPeople) -> None:
    """Let no listener hear of strangers."""

    @app.middleware
    async def pass_by(
        req: AsyncBoltRequest, body: dict[str, Any], next: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse:
        if await _belongs(body, people):
            return await next()
        req.context[STRANGER] = True
        user = whose(body).get("user", "")
        log.warning("Somebody of another Slack workspace was turned away.", action="stranger_refused", user=user)
        if "command" in body:
            return BoltResponse(status=200, body={"response_type": "ephemeral", "text": SORRY})
        if body.get("response_url") and user:
            await Response.beside(body, client).sorry(SORRY)
        return BoltResponse(status=200, body={"options": []} if body.get("type") == "block_suggestion" else "")


async def _belongs(body: dict[str, Any], people: SlackPeople) -> bool:
    ours = await people.workspace()
    here, theirs = set(_installed(body)), set(_own(body))
    told = ours or here
    if theirs <= told and (theirs or not here or here & told):
        return True
    # Where the payload alone tells two workspaces apart, nothing less than Slack's own word makes the person ours.
    return await people.belongs(
        whose(body).get("user", ""), sure=bool(here) and not theirs <= (ours if here & ours else here)
    )


def _installed(body: dict[str, Any]) -> Iterator[str]:
    """The workspace that a payload was sent for, and its organisation, for which a whole one may have installed us."""
    for name in ("team", "enterprise"):
        said = body.get(name)
        yield from _ids(body.get(f"{name}_id"), body.get(f"context_{name}_id"))
        yield from _ids(said.get("id") if isinstance(said, dict) else None)


def _own(body: dict[str, Any]) -> Iterator[str]:
    """The workspace of whoever acts."""
    user, event = body.get("user"), body.get("event")
    if isinstance(user, dict):
        yield from _ids(user.get("team_id"))
    if isinstance(event, dict):
        yield from _ids(event.get("user_team"), event.get("source_team"), event.get("team"))


def _ids(*said: object) -> Iterator[str]:
    yield from (one for one in said if isinstance(one, str) and one)
