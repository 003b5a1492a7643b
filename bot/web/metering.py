"""What is counted at the web server: requests by route and status, and their seconds."""

from __future__ import annotations

import time
from collections.abc import Collection

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("claude_usage_web_requests", "HTTP requests, by route and status.", ["route", "status"])
SECONDS = Histogram(
    "claude_usage_web_request_seconds",
    "Seconds from a request to its answer.",
    ["route"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 3, 10),
)
IN_FLIGHT = Gauge("claude_usage_web_in_flight", "HTTP requests under way.")


class Metered:
    """Counts what passes. Paths that are no route are one series: anybody may make them up."""

    def __init__(self, app: ASGIApp, routes: Collection[str]) -> None:
        self._app = app
        self._routes = frozenset(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route = scope["path"] if scope["path"] in self._routes else "other"
        began, status = time.perf_counter(), 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with IN_FLIGHT.track_inprogress():
                await self._app(scope, receive, seen)
        finally:
            REQUESTS.labels(route, str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - began)
