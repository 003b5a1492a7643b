"""Replicas of the next release that start at once, on an empty database or on this release's with rows in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import Connection, inspect

from bot.store import schema
from bot.store.database import Database
from tests import next_release
from tests.crash.arena import Count, undisturbed
from tests.crash.worker import Work, steps
from tests.services import world
from tests.services.books import Books


class Migrating:
    """`empty`: makes a new database without anything; its URL."""

    steps = steps(writes=("_upgrade",))
    statements, times, most = 100, 1, 8

    def __init__(self, empty: Callable[[], str]) -> None:
        self.count = Count("columns and rows")
        self._create = empty
        self._url = ""
        self._wanted: Counter[tuple[object, ...]] = Counter()
        self._expected: list[Counter[tuple[object, ...]]] = []
        for number in range(2):
            self.begin(number)
            undisturbed(self._work)
            self._expected.append(_held(self._url))

    def begin(self, number: int) -> Work:
        self._url = self._create()
        if number % 2:
            database = Database(self._url)
            schema.migrate(database)
            books = Books(database)
            for days in range(3):
                books.spend(date(2026, 1, 2) + days * timedelta(days=1), alpha="5.00", beta="7.00")
            database.close()
        self._wanted = self._expected[number % 2] if len(self._expected) == 2 else Counter()
        return self._work

    async def _work(self) -> None:
        with next_release.installed():
            schema.migrate(Database(self._url))

    def is_over(self) -> bool:
        return self.count.ended > 1  # whoever comes second finds nothing to do

    def reckon(self) -> None:
        self.count.hold(_held(self._url), self._wanted)

    def close(self) -> None:
        pass


def _held(url: str) -> Counter[tuple[object, ...]]:
    """Every column, every index and every row of the ledger, and which schemas are served."""
    database = Database(url)
    try:
        return Counter([*database.read_now(_shape), *world.dump(database)])
    finally:
        database.close()


def _shape(connection: Connection) -> list[tuple[object, ...]]:
    found = inspect(connection)
    columns = [(name, one["name"]) for name in found.get_table_names() for one in found.get_columns(name)]
    indexes = [(name, one["name"]) for name in found.get_table_names() for one in found.get_indexes(name)]
    said = [*connection.exec_driver_sql("SELECT revision FROM served_schema")]
    said += connection.exec_driver_sql("SELECT version_num FROM alembic_version")
    return [*columns, *indexes, *map(tuple, said)]
