"""The routes of the web server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.services.calls.intake import Intake
from bot.web import otlp
from bot.web.calls import calls
from bot.web.metering import Metered

_SECONDS = re.compile(r"[0-9]{1,12}")

Health = Callable[[], Awaitable[str]]
"""Why not, in a sentence; "" when all is well."""

Page = Callable[[], Awaitable[bytes]]


def build(
    app: AsyncApp | None,
    *,
    healthy: Health,
    ready: Health,
    metrics: Page,
    intake: Intake,
    clock: Callable[[], datetime],
) -> Starlette:
    """`app` None: Slack comes over Socket Mode, so nobody may post here."""
    routes = [
        Route("/healthz", _reporting(healthy), methods=["GET"]),
        Route("/readyz", _reporting(ready), methods=["GET"]),
        Route("/metrics", _exposed(metrics), methods=["GET"]),
        Route("/v1/calls", calls(intake, clock), methods=["POST"]),
        Route("/v1/logs", otlp.logs(intake, clock), methods=["POST"]),
        Route("/v1/metrics", otlp.metrics(intake, clock), methods=["POST"]),
    ]
    if app is not None:
        routes.append(Route("/slack/events", _slack(app), methods=["POST"]))
    return Starlette(routes=routes, middleware=[Middleware(Metered, routes=[route.path for route in routes])])


def _slack(app: AsyncApp) -> Callable[[Request], Awaitable[Response]]:
    handler = AsyncSlackRequestHandler(app)

    async def endpoint(request: Request) -> Response:
        if not await _could_be_signed(request):
            return JSONResponse({"error": "The request is not signed by Slack."}, 401)
        return await handler.handle(request)

    return endpoint


async def _could_be_signed(request: Request) -> bool:
    """Bolt answers 500 to what it can't read: a timestamp that is no number, a signature or a body that is no text."""
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    try:
        (await request.body()).decode()
    except UnicodeDecodeError:
        return False
    return signature.isascii() and bool(_SECONDS.fullmatch(timestamp))


def _reporting(check: Health) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_request: Request) -> Response:
        why_not = await check()
        return JSONResponse({"status": why_not or "ok"}, 503 if why_not else 200)

    return endpoint


def _exposed(page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_request: Request) -> Response:
        return Response(await page(), headers={"content-type": CONTENT_TYPE_LATEST})

    return endpoint
