"""A migrated database of each kind."""

from collections.abc import Iterator

import pytest

from bot.store import schema
from bot.store.database import Database


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    """A database without a single table."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def database(empty: Database) -> Database:
    schema.migrate(empty)
    return empty
