"""A simulated organisation's server on a real port, a client of it, and the clock on its wall."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.demo.anthropic_server import create_app
from bot.demo.organization import Organization
from bot.demo.serving import serve
from tests.faults import Faults

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
KEY = "sk-ant-admin01-simulated"
HEADERS = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
ANALYTICS_BETA = "analytics-usage-cost-2026-08-24"
USAGE = "/v1/organizations/usage_report/messages"
COST = "/v1/organizations/cost_report"
ANALYSED_USAGE = "/v1/organizations/analytics/usage"
ANALYSED_COST = "/v1/organizations/analytics/cost"

Json = dict[str, Any]


@dataclass
class Wall:
    """A clock on the wall that a test may move."""

    now: datetime = NOW


@dataclass
class Api:
    """A real client of a real server, with the faults and the clock in between."""

    http: httpx.AsyncClient
    faults: Faults
    wall: Wall
    organization: Organization

    @property
    def simulated(self) -> int:
        """How many stretches of time have been simulated and summed so far."""
        kept: Any = self.organization._used
        return int(kept.cache_info().misses)

    async def get(self, path: str, **query: Any) -> Json:
        response = await self.http.get(path, params=_written(query))
        assert response.status_code == 200, response.text
        body: Json = response.json()
        return body

    async def refused(self, path: str, **query: Any) -> str:
        """The sentence of a 400."""
        response = await self.http.get(path, params=_written(query))
        assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error"), response.text
        message: str = response.json()["error"]["message"]
        return message

    async def buckets(self, path: str, **query: Any) -> list[Json]:
        """Every bucket of every page; of the analytics, every row."""
        body = await self.get(path, **query)
        found = list(body["data"])
        while body["has_more"]:
            body = await self.get(path, **query, page=body["next_page"])
            found += body["data"]
        assert body["next_page"] is None
        return found


def _written(query: Json) -> str:
    """`group_by=[…]` as repeated `group_by[]`; the rest as it is."""
    return urlencode({f"{name}[]" if isinstance(value, list) else name: value for name, value in query.items()}, True)


@asynccontextmanager
async def serving(organization: Organization, **options: Any) -> AsyncIterator[Api]:
    """The server with its clock at NOW; `options` are those of `create_app`."""
    wall = Wall()
    faults = Faults(create_app(organization, clock=lambda: wall.now, admin_key=KEY, **options))
    async with serve(faults) as url, httpx.AsyncClient(base_url=url, headers=HEADERS, trust_env=False) as http:
        yield Api(http, faults, wall, organization)


def tokens_of(row: Json) -> list[int]:
    """The five token counts of a usage row."""
    return [
        row["uncached_input_tokens"],
        row["cache_creation"]["ephemeral_5m_input_tokens"],
        row["cache_creation"]["ephemeral_1h_input_tokens"],
        row["cache_read_input_tokens"],
        row["output_tokens"],
    ]


def cents_of(bucket: Json) -> Decimal:
    """What a bucket of the classic cost report adds up to."""
    return sum((Decimal(row["amount"]) for row in bucket["results"]), Decimal(0))
