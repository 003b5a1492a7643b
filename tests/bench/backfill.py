"""A year of a large organisation, read from a server that takes 100 ms a page: beside the same program with one request
in flight, beside what the allowed concurrency permits; and what refreshing, rebuilding and keeping it costs.

Once in pages of 1,000 rows, which is what the bot asks for and where its own work is the limit, and for fewer days in
the API's usual pages of 20 rows, where waiting is.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, func, select, text

from bot import wiring
from bot.core.usage import LEDGER_SOURCES, Source, Surface
from bot.services import configuration
from bot.services.syncing.reading import Finished
from bot.services.syncing.rebuild import rebuild_everything
from bot.settings import Settings
from bot.store.tables import LedgerEntry, LedgerSeries, LedgerTotal, table
from tests.bench import stand_in, year
from tests.databases import postgresql

PAGE_SECONDS = 0.1
DAYS, DAYS_ON_POSTGRESQL = 365, 31
USUAL_PAGE, DAYS_OF_USUAL_PAGES = 20, 24
IN_FLIGHT: int = Settings.model_fields["anthropic_in_flight"].default
NOW = datetime(2026, 12, 31, 12, tzinfo=UTC)
"""On this day the newer reports reach back a whole year."""
TEAMS = "teams:\n" + "".join(
    f"  - {{id: t{n}, name: Team {n}, matches: [{{workspace: team-{n}}}]}}\n" for n in range(1, year.WORKSPACES)
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one sync took."""

    seconds: float
    cpu: float
    pages: int
    memory: tuple[float, ...]
    """Resident megabytes after each quarter of the days."""


async def measure(folder: Path) -> list[str]:
    day = year.day()
    lines = [
        f"{year.WORKSPACES} workspaces, {year.KEYS} keys, {len(year.MODELS)} models of which each key uses "
        f"{year.MODELS_A_KEY}: {len(day.usage):,} usage rows a day, {len(day.analytics_cost):,} cost rows in the newer "
        f"report (1,000 a page) or {len(day.cost):,} in the classic one (up to 31 days a page)"
    ]
    async with stand_in.running(PAGE_SECONDS) as anthropic:
        for surface in Surface:
            lines += [f"{surface}: {line}" for line in await _surface(folder, anthropic, surface)]
        with postgresql() as server:
            lines.append(await _on_postgresql(anthropic, server.get_uri()))
    async with stand_in.running(PAGE_SECONDS, USUAL_PAGE) as anthropic:
        lines += [f"{USUAL_PAGE} rows a page: {line}" for line in await _waiting(folder, anthropic)]
    return lines


async def _waiting(folder: Path, anthropic: str) -> list[str]:
    """The newer reports in many small pages."""
    days = DAYS_OF_USUAL_PAGES
    runs = []
    for in_flight in (IN_FLIGHT, 1):
        database = f"sqlite:///{folder / f'usual-{in_flight}.db'}"
        settings = _settings(anthropic, database, Surface.ANALYTICS, in_flight=in_flight, days=days)
        async with wiring.parts(settings, NOW) as parts:
            runs.append((await _sync(anthropic, parts), parts.database.read_now(_entries)))
    (ours, entries), (rival, others) = runs
    if entries != others:
        raise RuntimeError("the two do not hold the same ledger")
    return [
        f"backfill of {days} days, {entries:,} ledger entries, {ours.pages} pages: {ours.seconds:.1f} s, "
        f"{ours.cpu:.1f} s of them CPU",
        *_compared(ours, rival),
    ]


async def _surface(folder: Path, anthropic: str, surface: Surface) -> list[str]:
    file, other = folder / f"{surface}.db", folder / f"{surface}-alone.db"
    async with wiring.parts(_settings(anthropic, f"sqlite:///{file}", surface), NOW) as parts:
        ours = await _sync(anthropic, parts)
        entries = parts.database.read_now(_entries)
        again = await _sync(anthropic, parts)
        size = file.stat().st_size
        started = time.perf_counter()
        parts.database.write_now(_reorganize)
        rebuilt = time.perf_counter() - started
    async with wiring.parts(_settings(anthropic, f"sqlite:///{other}", surface, in_flight=1), NOW) as alone:
        rival = await _sync(anthropic, alone)
        if alone.database.read_now(_entries) != entries:
            raise RuntimeError("the two do not hold the same ledger")
    memory = ", ".join(f"{part:.0f}" for part in ours.memory)
    return [
        f"backfill of {DAYS} days, {entries:,} ledger entries, {ours.pages} pages of {PAGE_SECONDS * 1000:.0f} ms: "
        f"{ours.seconds:.1f} s, {ours.cpu:.1f} s of them CPU ({entries / ours.seconds:,.0f} entries a second)",
        *_compared(ours, rival),
        f"resident memory after each quarter of the days: {memory} MB",
        f"a refresh that finds nothing new: {again.pages} requests, {again.seconds:.2f} s ({again.cpu:.2f} s CPU)",
        f"a rebuild after a change of configuration: {rebuilt:.1f} s, {entries / rebuilt:,.0f} entries a second",
        f"SQLite: {size / entries:.0f} bytes a ledger entry, with the reports and pages it came from",
    ]


def _compared(ours: Run, rival: Run) -> list[str]:
    permitted = ours.pages * PAGE_SECONDS / IN_FLIGHT
    return [
        f"one page after another, stored by the same code: {rival.seconds:.1f} s ({rival.pages} pages) "
        f"→ {rival.seconds / ours.seconds:.1f} × faster (mark: 8)",
        f"{IN_FLIGHT} requests in flight permit {permitted:.1f} s → {ours.seconds / permitted:.2f} × of it (mark: 1.3)",
    ]


async def _sync(anthropic: str, parts: wiring.Parts) -> Run:
    memory: list[float] = []
    stored = 0

    def progress(done: Finished | int) -> None:
        nonlocal stored
        if isinstance(done, Finished) and done.source is Source.COST:
            stored += done.span.days
            if stored * 4 >= DAYS * (len(memory) + 1):
                memory.append(_resident_megabytes())

    before = await stand_in.served(anthropic)
    started, cpu = time.perf_counter(), time.process_time()
    result = await parts.sync.run(NOW, sources=LEDGER_SOURCES, progress=progress)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    if result.failures:
        raise result.failures[0]
    return Run(seconds, cpu, await stand_in.served(anthropic) - before - 1, tuple(memory))


async def _on_postgresql(anthropic: str, url: str) -> str:
    """A month is enough: what an entry takes does not depend on how many there are."""
    settings = _settings(anthropic, url, Surface.ANALYTICS, days=DAYS_ON_POSTGRESQL)
    async with wiring.parts(settings, NOW) as parts:
        run = await _sync(anthropic, parts)
        entries = parts.database.read_now(_entries)
        ledger, everything = parts.database.read_now(_sizes)
    return (
        f"PostgreSQL: {ledger / entries:.0f} bytes a ledger entry, {everything / entries:.0f} with the reports and "
        f"pages it came from; {DAYS_ON_POSTGRESQL} days of the newer reports took {run.seconds:.1f} s "
        f"({entries / run.seconds:,.0f} entries a second)"
    )


def _settings(
    anthropic: str, database: str, surface: Surface, *, in_flight: int = IN_FLIGHT, days: int = DAYS
) -> Settings:
    return Settings(
        _env_file=None,
        anthropic_admin_api_key=SecretStr("sk-ant-admin01-bench"),
        anthropic_base_url=anthropic,
        anthropic_reports=surface.value,
        anthropic_in_flight=in_flight,
        database_url=SecretStr(database),
        backfill_days=days - 1,
        log_level="error",
    )


def _reorganize(connection: Connection) -> None:
    configuration.apply(connection, TEAMS, "bench.yml", NOW)
    rebuild_everything(connection)


def _entries(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(table(LedgerEntry))).scalar_one()


def _sizes(connection: Connection) -> tuple[int, int]:
    """Bytes of the ledger's tables with their indexes, and of the whole database."""
    of_one = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
    ledger = [str(row.__tablename__) for row in (LedgerEntry, LedgerSeries, LedgerTotal)]
    whole = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    return sum(connection.execute(of_one, {"name": name}).scalar_one() for name in ledger), whole


def _resident_megabytes() -> float:
    kilobytes = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kilobytes[1]) / 1024 if kilobytes else float("nan")
