"""Bring the store up to date with Anthropic: what is missing, and the last days again, because they get restated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import structlog
from sqlalchemy import Connection

from bot.anthropic_api.buckets import LONGEST_PAGE_DAYS, Chunk
from bot.anthropic_api.client import AnthropicClient
from bot.anthropic_api.cost_report import read_cost
from bot.anthropic_api.directory import read_directory
from bot.anthropic_api.usage_report import read_usage
from bot.core.directory import Directory
from bot.core.errors import BotError
from bot.core.usage import CostRecord, Source, UsageRecord
from bot.services.rebuild import rebuild
from bot.store import directory as directories
from bot.store import snapshots
from bot.store.database import Database
from bot.store.upsert import lock

log = structlog.get_logger()

Read = Callable[[AnthropicClient, date, date], Awaitable[Chunk[UsageRecord] | Chunk[CostRecord]]]
_READ: Mapping[Source, Read] = {Source.USAGE: read_usage, Source.COST: read_cost}


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
        self, database: Database, clients: Sequence[AnthropicClient], *, lookback_days: int, backfill_days: int
    ) -> None:
        self._database = database
        self._clients = clients
        self._lookback = timedelta(days=lookback_days)
        self._backfill = timedelta(days=backfill_days)
        self._organizations: dict[AnthropicClient, str] = {}
        self._last_try: datetime | None = None

    async def run(
        self,
        now: datetime,
        *,
        since: date | None = None,
        until: date | None = None,
        sources: Collection[Source] = tuple(Source),
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

        async def one_source(source: Source, spans: list[Span]) -> None:
            try:
                for span in spans:
                    chunk = await _READ[source](client, span.since, span.until)
                    await self._database.write(_store, organization_id, source, chunk, now)
                    done = Finished(source, span, len(chunk.records))
                    result.finished.append(done)
                    progress(done)
            except BotError as error:
                await self._fail(organization_id, source, now, error)
                log.warning("A source could not be read.", action="source_failed", source=source, error=str(error))
                result.failures.append(error)
            else:
                await self._database.write(snapshots.attempted, organization_id, source, now)

        await asyncio.gather(*(one_source(source, spans) for source, spans in work.items()))

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
) -> None:
    """One chunk whole or not at all: its buckets, and the ledger of its days."""
    lock(connection, organization_id)
    snapshots.replace(connection, organization_id, source, chunk.starts, chunk.records, fetched_at)
    rebuild(connection, organization_id, [start.date() for start in chunk.starts])
