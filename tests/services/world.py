"""A simulated organisation on a real port, a database synced from it, and what the two must agree on."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from bot.anthropic_api.client import AnthropicClient
from bot.core.money import Money
from bot.core.question import Dimension
from bot.core.report import Figures
from bot.core.usage import LEDGER_SOURCES, Surface
from bot.demo.organization import Organization
from bot.services import configuration
from bot.services.syncing.reading import Finished, Progress, SyncResult
from bot.services.syncing.rebuild import rebuild_everything
from bot.services.syncing.sync import Sync
from bot.store import ledger
from bot.store.database import Database
from bot.store.tables import (
    LedgerEntry,
    LedgerMonth,
    LedgerMonthTotal,
    LedgerOrganization,
    LedgerSeries,
    LedgerTotal,
    table,
)
from tests import databases
from tests.faults import Faults

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)
DAYS = 20
FIRST = TODAY - timedelta(days=DAYS)
KEY = "sk-ant-admin01-simulated"

TEAMS = """
teams:
  - {id: group, name: The Group}
  - {id: alpha, name: Team Alpha, parent: group, matches: [{workspace: support-*}, {api_key: alpha-*}]}
  - {id: beta, name: Team Beta, parent: group, matches: [{workspace: search-*}, {api_key: beta-*}]}
  - {id: gamma, name: Team Gamma, matches: [{workspace: data-*}, {workspace: sandbox, share: 0.4}]}
"""


@dataclass
class World:
    """The server, what is wrong with it, and the clock on its wall."""

    url: str
    faults: Faults
    organization: Organization
    now: datetime = NOW
    clients: list[AnthropicClient] = field(default_factory=list)

    def sync(
        self,
        database: Database,
        *,
        lookback_days: int = 3,
        backfill_days: int = DAYS,
        hourly_days: int = 0,
        surface: Surface | None = Surface.CLASSIC,
    ) -> Sync:
        """A sync whose client does not really wait between tries."""

        async def at_once(_seconds: float) -> None:
            return None

        client = AnthropicClient(api_key=KEY, base_url=self.url, timeout_seconds=5, sleep=at_once)
        self.clients.append(client)
        return Sync(
            database,
            [client],
            lookback_days=lookback_days,
            backfill_days=backfill_days,
            hourly_days=hourly_days,
            surface=surface,
        )

    async def synced(self, database: Database, progress: Progress = lambda _: None) -> SyncResult:
        """One sync of the ledger's own reports as of the clock."""
        return await self.sync(database).run(self.now, progress=progress, sources=LEDGER_SOURCES)

    def billed(self, day: date) -> int:
        """What Anthropic would bill for the hours of a day that are over, in units."""
        start = datetime.combine(day, time(), UTC)
        end = min(start + timedelta(days=1), self.now.replace(minute=0))
        return sum(Money.from_cents(f"{row.cents:f}").units for row in self.organization.costs(start, end))

    def tokens(self, day: date) -> int:
        start = datetime.combine(day, time(), UTC)
        end = min(start + timedelta(days=1), self.now.replace(minute=0))
        return sum(sum(row.tokens) for row in self.organization.usage(start, end))


@contextmanager
def fresh(folder: Path) -> Iterator[Database]:
    """A migrated SQLite database of its own."""
    names = (folder / f"fresh-{number}.db" for number in itertools.count())
    file = next(name for name in names if not name.exists())
    with databases.opened(databases.sqlite(file)) as database:
        yield database


def days(since: date = FIRST, until: date = TOMORROW) -> list[date]:
    return [since + timedelta(days=n) for n in range((until - since).days)]


def dump(database: Database) -> list[tuple[object, ...]]:
    """Every row of the ledger without its technical ids, in one order."""

    def read(connection: Connection) -> list[tuple[object, ...]]:
        series = table(LedgerSeries)
        joined = [
            select(
                *(column for column in series.c if column.name != "id"),
                *(column for column in entry.c if column.name != "series_id"),
            ).join(series, series.c.id == entry.c.series_id)
            for entry in (table(LedgerEntry), table(LedgerMonth))
        ]
        sums = [select(table(one)) for one in (LedgerTotal, LedgerOrganization, LedgerMonthTotal)]
        return [tuple(row) for query in (*joined, *sums) for row in connection.execute(query)]

    return sorted(database.read_now(read), key=repr)


def figures(
    database: Database, by: Dimension | None = None, since: date = FIRST, until: date = TOMORROW
) -> Mapping[str, Figures]:
    return database.read_now(ledger.figures, since, until, by=by)


def billed(database: Database, by: Dimension) -> dict[str, int | None]:
    """Billed units by one dimension; None where unknown."""
    return {name: part.billed_cost.units if part.billed_cost else None for name, part in figures(database, by).items()}


def configured(database: Database, text: str = TEAMS) -> None:
    """Apply a configuration and let the ledger follow."""

    def change(connection: Connection) -> None:
        if configuration.apply(connection, text, "teams.yml", NOW).ownership:
            rebuild_everything(connection)

    database.write_now(change)


def finished(into: list[Finished]) -> Callable[[Finished | int], None]:
    """A progress callback that keeps the finished chunks."""
    return lambda done: into.append(done) if isinstance(done, Finished) else None


def by_source(chunks: list[Finished]) -> dict[str, list[tuple[date, date]]]:
    found: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for chunk in chunks:
        found[chunk.source].append((chunk.span.since, chunk.span.until))
    return dict(found)
