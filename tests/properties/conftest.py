"""A stage for the organisations of each example, and empty databases for what is read of them."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count

import pytest
import pytest_asyncio

from bot.demo.serving import serve
from bot.store.database import Database
from tests.databases import sqlite
from tests.properties.stage import Stage

Databases = Callable[[], Database]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    async with serve(stage) as stage.url:
        yield stage
        await stage.close()


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes migrated databases; the ones of an example are closed when the next one asks."""
    folder, numbers, opened = tmp_path_factory.mktemp("properties"), count(), list[Database]()

    def empty() -> Database:
        opened.append(Database(sqlite(folder / f"{next(numbers)}.db")))
        return opened[-1]

    yield empty
    for database in opened:
        database.close()
