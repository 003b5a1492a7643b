"""A simulated Anthropic on a real port with faults in between, clients of it, and applications that only replay."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.anthropic_api.client import AnthropicClient
from tests.faults import Faults

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
KEY = "sk-ant-admin01-simulated-and-secret"

Json = dict[str, Any]


@dataclass
class Api:
    """Where the server listens, what is wrong with it, and how long its clients were told to wait."""

    url: str
    faults: Faults
    pauses: list[float] = field(default_factory=list)
    clients: list[AnthropicClient] = field(default_factory=list)

    def client(
        self, *, key: str = KEY, url: str | None = None, timeout_seconds: float = 5.0, in_flight: int = 4
    ) -> AnthropicClient:
        """A client that does not sleep but writes down how long it would have."""

        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        client = AnthropicClient(
            api_key=key,
            base_url=url or self.url,
            version="1.2.3",
            in_flight=in_flight,
            timeout_seconds=timeout_seconds,
            sleep=sleep,
        )
        self.clients.append(client)
        return client


def replay(bodies: Iterable[Json]) -> Starlette:
    """An API that answers any path with these pages, one after the other by cursor."""
    pages = list(bodies)

    async def page(request: Request) -> Response:
        at = int(request.query_params.get("page", "0"))
        last = at == len(pages) - 1
        return JSONResponse({**pages[at], "has_more": not last, "next_page": None if last else str(at + 1)})

    return Starlette(routes=[Route("/{path:path}", page)])


def raw(body: str) -> Starlette:
    """An API that answers everything with exactly this text."""

    async def answer(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/{path:path}", answer)])


def one_bucket(*results: Json, start: str = "2026-11-18T00:00:00Z", end: str = "2026-11-19T00:00:00Z") -> Json:
    """A page of one day with these results."""
    return {"data": [{"starting_at": start, "ending_at": end, "results": list(results)}]}


def copied(body: Json) -> Json:
    """A copy that may be changed."""
    found: Json = json.loads(json.dumps(body))
    return found
