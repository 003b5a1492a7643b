"""One simulated organisation for each module, since starting and stopping a server takes longer than a test."""

from collections.abc import AsyncIterator

import pytest_asyncio
from starlette.types import ASGIApp

from bot.demo.anthropic_server import create_app
from bot.demo.serving import serve
from tests.anthropic_api.api import KEY, NOW, Api
from tests.faults import Faults
from tests.outside import simulated


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[tuple[str, Faults, ASGIApp]]:
    organization = simulated(until=NOW, days=80)
    app = create_app(organization, clock=lambda: NOW, admin_key=KEY)
    faults = Faults(app)
    async with serve(faults) as url:
        yield url, faults, app


@pytest_asyncio.fixture(loop_scope="module")
async def api(running: tuple[str, Faults, ASGIApp]) -> AsyncIterator[Api]:
    """The server with nothing broken and nothing seen; its clients are closed afterwards."""
    url, faults, app = running
    faults.app = app
    faults.heal()
    faults.seen.clear()
    api = Api(url, faults)
    yield api
    for client in api.clients:
        await client.close()
