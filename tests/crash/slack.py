"""Slack as it stands in, in a process of its own: `python -m tests.crash.slack` prints its address, and serves until
its standard input is closed.

`/said` tells what was said, `/order` breaks the next calls, `/grant` grants or takes away the right to read channels.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.demo.slack_server import SlackChannel, SlackStandIn, SlackUser
from bot.render.slack import DO
from bot.render.slack_alerts import EXPLAIN
from bot.services.deliver import SENT_AGAIN
from tests.crash import apart

TOKEN = "xoxb-for-the-crash-test"
PEOPLE = ("ana", "ben", "cleo")
CHANNELS = ("C0GENERAL", "C0ALPHA", "C0BETA")
ARCHIVED = "C0OLD"
SHUT = "U0SHUT"
"""Somebody who takes no direct messages."""


def _workspace(more: int = 0, a_minute: int | None = None) -> SlackStandIn:
    """With so many channels more, which take one message a second each; `a_minute` is the limit of all together."""
    users = (
        *(SlackUser(f"U0{name.upper()}", name, f"{name}@example.com") for name in PEOPLE),
        SlackUser(SHUT, "shut", "shut@example.com", dms_blocked=True),
    )
    channels = tuple(SlackChannel(id_, id_.lower()) for id_ in (*CHANNELS, *(f"C{n:04}" for n in range(more))))
    slack = SlackStandIn(
        bot_token=TOKEN,
        app_token="xapp-unused",
        signing_secret="unused",
        users=users,
        channels=(*channels, SlackChannel(ARCHIVED, "old", archived=True)),
        clock=lambda: datetime.now(UTC),
    )
    slack.rate_limit_per_channel, slack.posts_per_minute = more > 0, a_minute
    return slack


def _app(slack: SlackStandIn) -> Starlette:
    async def said(_request: Request) -> Response:
        return JSONResponse([_shown(message) for message in slack.messages if message.from_bot])

    async def order(request: Request) -> Response:
        slack.fail_next(**await request.json())
        return Response()

    async def grant(request: Request) -> Response:
        slack.channels_history = (await request.json())["history"]
        return Response()

    routes = [Route("/said", said), Route("/order", order, methods=["POST"]), Route("/grant", grant, methods=["POST"])]
    return Starlette(routes=[*routes, Mount("/", slack.app)])


def _shown(message: Any) -> dict[str, Any]:
    mark = (message.metadata or {}).get("event_payload", {}).get("key")
    pressed = [element for block in message.blocks for element in block.get("elements", ())]
    return {
        "channel": message.channel,
        "ts": message.ts,
        "thread": message.thread_ts,
        "mark": mark,
        "again": SENT_AGAIN in str(message.blocks),
        "alerts": [one["value"] for one in pressed if one.get("action_id") == f"{DO}:{EXPLAIN}"],
    }


if __name__ == "__main__":
    asyncio.run(apart.here(_app(_workspace(*map(int, sys.argv[1:])))))
