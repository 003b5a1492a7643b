"""A migrated database of each kind."""

from collections.abc import Iterator

import pytest

from bot.store.database import Database
from tests import databases


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    """A database without a single table."""
    with databases.opened(database_url) as database:
        yield database


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    with databases.opened(migrated_url) as database:
        yield database
