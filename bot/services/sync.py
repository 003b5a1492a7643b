"""Bring the store up to date with Anthropic: what is missing, and the last days again, because they get restated."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import structlog
from sqlalchemy import Connection

from bot.anthropic_api.analytics import Analytics, may_read, reaches
from bot.anthropic_api.buckets import LONGEST_PAGE_DAYS, Chunk
from bot.anthropic_api.client import AnthropicClient, Reader
from bot.anthropic_api.cost_report import read_cost, read_totals
from bot.anthropic_api.directory import read_directory
from bot.anthropic_api.tape import Recording
from bot.anthropic_api.usage_report import read_usage
from bot.core.directory import Directory
from bot.core.errors import BotError
from bot.core.usage import LEDGER_SOURCES, CostRecord, DayTotal, Source, Surface, UsageRecord
from bot.services import reconcile
from bot.services.rebuild import rebuild
from bot.store import directory as directories
from bot.store import pages, reported, snapshots
from bot.store.database import Database
from bot.store.upsert import lock

log = structlog.get_logger()

Read = Callable[[Reader, date, date], Awaitable[Chunk[UsageRecord] | Chunk[CostRecord]]]
_CLASSIC: Mapping[Source, Read] = {Source.USAGE: read_usage, Source.COST: read_cost}
ReadTotals = Callable[[AnthropicClient, date, date], Awaitable[Chunk[DayTotal]]]
CHUNKS_AT_ONCE = 4
"""Chunks of a source that are read at the same time; they bound the memory, the client bounds the requests."""


@dataclass(frozen=True, slots=True)
class Span:
    """UTC days to read in one go: `since` inclusive, `until` exclusive."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days


@dataclass(frozen=True, slots=True)
class Finished:
    """One chunk that is safely stored."""

    source: Source
    span: Span
    records: int


@dataclass(slots=True)
class SyncResult:
    """What a sync did; `failures` are the sources that could not be read to the end, and why."""

    finished: list[Finished] = field(default_factory=list)
    failures: list[BotError] = field(default_factory=list)


Progress = Callable[[Finished | int], None]
"""Told first how many days there are to read in all, then of each finished chunk."""


class Sync:
    """Reads every organisation there is a client for. A chunk that fails leaves the ones before it in place."""

    def __init__(
        self,
        database: Database,
        clients: Sequence[AnthropicClient],
        *,
        lookback_days: int,
        backfill_days: int,
        surface: Surface | None = None,
        retain_pages_days: int = 400,
    ) -> None:
        self._database = database
        self._clients = clients
        self._lookback = timedelta(days=lookback_days)
        self._backfill = timedelta(days=backfill_days)
        self._forced = surface
        self._retain_pages = timedelta(days=retain_pages_days)
        self._organizations: dict[AnthropicClient, str] = {}
        self._last_try: datetime | None = None

    async def run(
        self,
        now: datetime,
        *,
        since: date | None = None,
        until: date | None = None,
        sources: Collection[Source] = LEDGER_SOURCES,
        progress: Progress = lambda _: None,
    ) -> SyncResult:
        """One sync as of `now`; `since` and `until` name the days to read instead of what is due."""
        result = SyncResult()
        self._last_try = now
        for client in self._clients:
            try:
                directory = await read_directory(client)
                self._organizations[client] = directory.organization_id
                await self._database.write(_remember, directory)
                await self._read(client, directory, now, since, until, sources, progress, result)
                await self._database.write(pages.prune, directory.organization_id, now - self._retain_pages)
            except BotError as error:
                log.warning("The sync failed.", action="sync_failed", error=str(error))
                result.failures.append(error)
                if client in self._organizations:
                    for source in sources:
                        await self._fail(self._organizations[client], source, now, error)
        return result

    async def due(self, now: datetime, every: timedelta) -> bool:
        """Whether the last try is so long ago that the next one is due."""
        tries = (await self._database.read(snapshots.last_attempt), self._last_try)
        return all(last is None or last <= now - every for last in tries)

    async def _read(
        self,
        client: AnthropicClient,
        directory: Directory,
        now: datetime,
        since: date | None,
        until: date | None,
        sources: Collection[Source],
        progress: Progress,
        result: SyncResult,
    ) -> None:
        organization_id = directory.organization_id
        work = {
            source: await self._database.read(self._spans, organization_id, source, now, since, until)
            for source in sources
        }
        progress(sum(span.days for spans in work.values() for span in spans))

        surface = await self._surface(client, organization_id, now)
        analytics = Analytics(directory.default_workspace_id)
        newer: Mapping[Source, Read] = {Source.USAGE: analytics.read_usage, Source.COST: analytics.read_cost}

        async def read(source: Source, span: Span) -> Chunk[UsageRecord] | Chunk[CostRecord]:
            reads = newer if surface is Surface.ANALYTICS and reaches(span.since, now) else _CLASSIC
            tape = Recording(client)
            chunk = await reads[source](tape, span.since, span.until)
            return replace(chunk, pages=tuple(tape.kept))

        async def one_source(source: Source, spans: list[Span]) -> None:
            """Chunks are read ahead and stored in their order, so that the newest days can be asked about first."""
            waiting = deque(spans)
            ahead: deque[tuple[Span, asyncio.Future[Chunk[UsageRecord] | Chunk[CostRecord]]]] = deque()
            try:
                while waiting or ahead:
                    while waiting and len(ahead) < CHUNKS_AT_ONCE:
                        ahead.append((waiting[0], asyncio.ensure_future(read(source, waiting.popleft()))))
                    span, reading = ahead.popleft()
                    chunk = await reading
                    await self._database.write(
                        _store, organization_id, source, chunk, min(now, chunk.known_until or now), now
                    )
                    done = Finished(source, span, len(chunk.records))
                    result.finished.append(done)
                    progress(done)
            except BotError as error:
                await self._fail(organization_id, source, now, error)
                log.warning("A source could not be read.", action="source_failed", source=source, error=str(error))
                result.failures.append(error)
            else:
                await self._database.write(snapshots.attempted, organization_id, source, now)
            finally:
                for _, reading in ahead:
                    reading.cancel()
                await asyncio.gather(*(reading for _, reading in ahead), return_exceptions=True)

        before = len(result.finished)
        await asyncio.gather(*(one_source(source, spans) for source, spans in work.items()))
        touched = {done.source: set[date]() for done in result.finished[before:]}
        for done in result.finished[before:]:
            touched[done.source].update(_days(done.span.since, done.span.until))
        totals = analytics.read_totals if surface is Surface.ANALYTICS else read_totals
        await self._own_sums(client, organization_id, touched.get(Source.COST, set()), totals, now)
        await self._look(organization_id, set().union(*touched.values()), now)

    async def _own_sums(
        self, client: AnthropicClient, organization_id: str, read: set[date], totals: ReadTotals, now: datetime
    ) -> None:
        """Anthropic's own sums of the days just read and of any that have none; without them the rows are as good."""
        try:
            behind = await self._database.read(reported.behind, organization_id)
            for span in spans([*read.union(behind)]):
                reads = totals if reaches(span.since, now) else read_totals
                chunk = await reads(client, span.since, span.until)
                fetched_at = min(now, chunk.known_until or now)
                await self._database.write(reported.replace, organization_id, chunk.records, fetched_at)
        except BotError as error:
            log.warning("Anthropic's own sums could not be read.", action="sums_failed", error=str(error))

    async def _look(self, organization_id: str, touched: set[date], now: datetime) -> None:
        """Hold the ledger against them; what nothing explains is an error, and the admins' business."""
        try:
            for day in await self._database.write(reconcile.look, organization_id, touched, now):
                log.error("Nothing explains a difference.", action="not_reconciled", day=day.isoformat())
        except BotError as error:
            log.warning("The ledger could not be reconciled.", action="reconcile_failed", error=str(error))

    async def _surface(self, client: AnthropicClient, organization_id: str, now: datetime) -> Surface:
        """Which reports to read: what the settings force, else what one question found out, once for ever."""
        if self._forced:
            return self._forced
        known = await self._database.read(directories.surface, organization_id)
        if known is None:
            known = Surface.ANALYTICS if await may_read(client, now) else Surface.CLASSIC
            await self._database.write(directories.remember_surface, organization_id, known)
            log.info("Reports chosen.", action="surface_chosen", organization=organization_id, surface=known.value)
        return known

    async def _fail(self, organization_id: str, source: Source, now: datetime, error: BotError) -> None:
        await self._database.write(snapshots.attempted, organization_id, source, now, str(error))

    def _spans(
        self,
        connection: Connection,
        organization_id: str,
        source: Source,
        now: datetime,
        since: date | None,
        until: date | None,
    ) -> list[Span]:
        """What to read, newest first: the days asked for, or the recent ones and every older one not held whole."""
        today = now.astimezone(UTC).date()
        tomorrow = today + timedelta(days=1)
        if since is not None or until is not None:
            last = min(until or tomorrow, tomorrow)
            return spans(_days(since or today - self._backfill, last))
        first = today - self._backfill
        fetched = snapshots.fetched(connection, organization_id, source, first, tomorrow)
        recent = today - self._lookback
        return spans([day for day in _days(first, tomorrow) if day >= recent or not _whole(day, fetched)])


def spans(days: Sequence[date]) -> list[Span]:
    """The days as runs that one page can hold, newest first."""
    found: list[Span] = []
    for day in sorted(days, reverse=True):
        last = found[-1] if found else None
        if last and last.since == day + timedelta(days=1) and last.days < LONGEST_PAGE_DAYS:
            found[-1] = Span(day, last.until)
        else:
            found.append(Span(day, day + timedelta(days=1)))
    return found


def _whole(day: date, fetched: dict[date, datetime]) -> bool:
    """Whether the day was read after it was over."""
    return day in fetched and fetched[day] >= datetime.combine(day + timedelta(days=1), time(), UTC)


def _days(since: date, until: date) -> list[date]:
    return [since + timedelta(days=n) for n in range((until - since).days)]


def _remember(connection: Connection, directory: Directory) -> None:
    """Keep the directory; where names or places changed, who owns what may have, so the ledger is made anew."""
    lock(connection, directory.organization_id)
    if directories.replace(connection, directory):
        rebuild(connection, directory.organization_id, snapshots.days_held(connection, directory.organization_id))


def _store(
    connection: Connection,
    organization_id: str,
    source: Source,
    chunk: Chunk[UsageRecord] | Chunk[CostRecord],
    fetched_at: datetime,
    now: datetime,
) -> None:
    """One chunk whole or not at all: its buckets, the pages they came from, and the ledger of its days."""
    lock(connection, organization_id)
    snapshots.replace(connection, organization_id, source, chunk.starts, chunk.records, fetched_at)
    pages.keep(connection, organization_id, source, chunk.starts, chunk.pages, now)
    days = [start.date() for start in chunk.starts]
    rebuild(connection, organization_id, days, noticed=now.astimezone(UTC).date())
