"""The routes of the web server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.core.errors import BodyTooLarge
from bot.services.calls.intake import Intake
from bot.web import otlp
from bot.web.calls import calls
from bot.web.metering import Metered
from bot.web.receiving import pass_over, whole

MOST_BYTES = 4 * 2**20
"""Of what Slack sends: a message with all its tables, written twice over as a form does, takes a quarter."""
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
    web = Starlette(routes=routes, middleware=[Middleware(Metered, routes=[route.path for route in routes])])
    web.router.redirect_slashes = False  # it would send people to whatever host the request names
    return web


def _slack(app: AsyncApp) -> Callable[[Request], Awaitable[Response]]:
    """Bolt holds the signature against the body only after it has read it, so a body has to be one that it can read."""

    async def endpoint(request: Request) -> Response:
        try:
            asked = _read(request, await whole(request, MOST_BYTES))
        except BodyTooLarge as error:
            await pass_over(request)
            return JSONResponse({"error": str(error)}, 413)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        if asked is None:
            return JSONResponse({"error": "The request is not signed by Slack."}, 401)
        return to_starlette_response(await app.async_dispatch(asked))

    return endpoint


def _read(request: Request, body: bytes) -> AsyncBoltRequest | None:
    """None for what Bolt would answer 500 to: a timestamp that is no number, a signature that is no text, a body that
    is none of Slack's."""
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not signature.isascii() or not _SECONDS.fullmatch(timestamp):
        return None
    try:
        return to_async_bolt_request(request, body)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _reporting(check: Health) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_request: Request) -> Response:
        why_not = await check()
        return JSONResponse({"status": why_not or "ok"}, 503 if why_not else 200)

    return endpoint


def _exposed(page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_request: Request) -> Response:
        return Response(await page(), headers={"content-type": CONTENT_TYPE_LATEST})

    return endpoint
