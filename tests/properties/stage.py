"""Where organisations answer, each to its own key, in pages of any size and rows in any order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.anthropic_api.client import AnthropicClient
from bot.core.usage import Surface
from bot.demo.anthropic_server import create_app
from bot.demo.organization import Organization
from bot.services.syncing.sync import Sync
from bot.store.database import Database
from tests.faults import mutate
from tests.properties.organizations import DAYS, LOOKBACK, NOW

Json = dict[str, Any]


class Stage:
    """One address for all organisations of an example. `pages`: how many buckets or rows a page may hold."""

    def __init__(self) -> None:
        self.url = ""
        self.pages: int | None = None
        self.backwards = False
        self._apps: Mapping[str, ASGIApp] = {}
        self._clients: dict[str, AnthropicClient] = {}

    def play(self, *organizations: Organization) -> None:
        self.pages, self.backwards = None, False
        self._apps = {key_of(one): create_app(one, clock=lambda: NOW, admin_key=key_of(one)) for one in organizations}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._apps[Headers(scope=scope)["x-api-key"]]
        if not any(report in scope["path"] for report in ("_report", "/analytics/")):
            await app(scope, receive, send)
            return
        if self.pages:
            query = dict.fromkeys(["limit"], str(self.pages))
            said = [(name, query.get(name, value)) for name, value in parse_qsl(scope["query_string"].decode())]
            scope = {**scope, "query_string": urlencode(said).encode()}
        if self.backwards:
            await mutate(_backwards)(app, scope, receive, send)
        else:
            await app(scope, receive, send)

    def sync(self, database: Database, *organizations: Organization, surface: Surface | None = Surface.CLASSIC) -> Sync:
        """A sync of these organisations, and of nothing that others on the stage say."""
        keys = [key_of(one) for one in organizations]
        for key in set(keys) - self._clients.keys():
            self._clients[key] = AnthropicClient(api_key=key, base_url=self.url)
        clients = [self._clients[key] for key in keys]
        return Sync(database, clients, lookback_days=LOOKBACK, backfill_days=DAYS, surface=surface)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()


def key_of(organization: Organization) -> str:
    return f"sk-ant-admin01-{organization.id}"


def _backwards(body: Json) -> Json:
    """Rows of a bucket, or of a page of the newer reports, the last one first."""
    if body["data"] and "results" in body["data"][0]:
        for bucket in body["data"]:
            bucket["results"].reverse()
    else:
        body["data"].reverse()
    return body
