"""Databases prepared once and copied for each test: migrating another takes a hundred times as long as a copy."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TypeAlias

from bot.store import schema
from bot.store.database import Database

Preparation: TypeAlias = Callable[[Database], object]
"""What is put into a migrated database; a function of a module, as it is done once in a process and then copied."""
Fresh: TypeAlias = Callable[[Preparation], AbstractContextManager[str]]
"""The URL of a database of one's own, for as long as the block lasts."""


def nothing(_database: Database) -> None:
    """A database with its tables and no row."""


def sqlite(file: Path, prepare: Preparation = nothing) -> str:
    """The URL of a new database in `file`, as `prepare` leaves a migrated one."""
    file.write_bytes(_prepared(prepare))
    return f"sqlite:///{file}"


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database, closed at the end."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


@cache
def _prepared(prepare: Preparation) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prepared.db"
        with opened(f"sqlite:///{file}") as database:
            schema.migrate(database)
            prepare(database)
        return file.read_bytes()
