"""One simulated organisation for each module, and databases to sync it into."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.demo.anthropic_server import create_app
from bot.demo.serving import serve
from bot.store.database import Database
from tests import databases
from tests.faults import Faults
from tests.outside import simulated
from tests.services.world import DAYS, KEY, NOW, World, fresh


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[World]:
    organization = simulated(until=NOW, days=DAYS)
    world: World
    faults = Faults(create_app(organization, clock=lambda: world.now, admin_key=KEY))
    async with serve(faults) as url:
        world = World(url, faults, organization)
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(running: World) -> AsyncIterator[World]:
    """The server with nothing broken and its clock at NOW."""
    running.now = NOW
    running.faults.heal()
    running.faults.seen.clear()
    yield running
    while running.clients:
        await running.clients.pop().close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database."""
    with fresh(tmp_path) as database:
        yield database


@pytest.fixture
def any_database(migrated_url: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    with databases.opened(migrated_url) as database:
        yield database
