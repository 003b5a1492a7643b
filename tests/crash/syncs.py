"""The first sync of an organisation, chunk by chunk: the ledger must be the one of an undisturbed run, to the row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sqlalchemy import Connection

from bot.anthropic_api.client import AnthropicClient
from bot.services.syncing import spans
from bot.services.syncing.sync import Sync
from bot.store.database import Database
from tests.crash.anthropic import DAYS, HOURLY_DAYS, KEY, NOW
from tests.crash.arena import Count, undisturbed
from tests.crash.worker import Work, steps
from tests.services import world

_MORE = {
    "usage_snapshot": "*",
    "cost_snapshot": "*",
    "hour_snapshot": "*",
    "bucket": "source, start, counted",
    "code_day": "*",
    "reported_total": "*",
    "restatement": "*",
}


class Syncing:
    """`database`: makes a new one that has the schema; its URL."""

    steps = steps(
        writes=("_remember", "_store", "remember_surface", "attempted", "replace", "look", "prune"),
        reads=("spans",),
        calls=("a page",),
    )
    statements, times, most = 600, 4, 4

    def __init__(self, database: Callable[[], str], anthropic_url: str) -> None:
        self.count = Count("rows")
        self._create, self._anthropic_url = database, anthropic_url
        self._url = database()
        undisturbed(self._work)
        self._wanted = _rows(self._url)

    def begin(self, _number: int) -> Work:
        self._url = self._create()
        return self._work

    async def _work(self) -> None:
        spans.ROWS_A_CHUNK = 2 * spans.ROWS_A_KEY * 30  # about two days each
        client = AnthropicClient(api_key=KEY, base_url=self._anthropic_url)
        sync = Sync(Database(self._url), [client], lookback_days=3, backfill_days=DAYS, hourly_days=HOURLY_DAYS)
        result = await sync.run(NOW)
        if result.failures:
            raise result.failures[0]

    def is_over(self) -> bool:
        return self.count.ended > 0

    def reckon(self) -> None:
        self.count.hold(_rows(self._url), self._wanted)

    def close(self) -> None:
        pass


def _rows(url: str) -> Counter[tuple[object, ...]]:
    """The ledger and what it is made of, without technical ids and the times of reading."""
    database = Database(url)
    try:
        rows = Counter(world.dump(database))
        for table in _MORE:
            rows.update(database.read_now(_of, table))
    finally:
        database.close()
    return rows


def _of(connection: Connection, table: str) -> list[tuple[object, ...]]:
    found = connection.exec_driver_sql(f"SELECT {_MORE[table]} FROM {table}").mappings()
    return [(table, *(value for name, value in row.items() if name not in ("id", "noticed_at"))) for row in found]
