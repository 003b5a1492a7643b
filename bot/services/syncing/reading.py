"""One organisation read in one sync: its reports a chunk at a time, each stored whole, then held against other sums."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.anthropic_api.analytics import Analytics, may_read, reaches
from bot.anthropic_api.buckets import Chunk
from bot.anthropic_api.client import AnthropicClient
from bot.anthropic_api.cost_report import read_totals
from bot.anthropic_api.reports import Said, reader
from bot.anthropic_api.tape import Recording
from bot.core.directory import Directory
from bot.core.errors import BotError
from bot.core.usage import Source, Surface
from bot.services import tracing
from bot.services.books import reconcile
from bot.services.syncing.ahead import ahead
from bot.services.syncing.beside import Beside
from bot.services.syncing.rebuild import rebuild, rebuild_hours
from bot.services.syncing.spans import Span, Wanted, all_days, spans
from bot.store import directory as directories
from bot.store.database import Database
from bot.store.readings import pages, reported, snapshots, syncs
from bot.store.readings.snapshots import Record
from bot.store.upsert import lock

log = structlog.get_logger()

CHUNKS_AT_ONCE = 16
"""How many chunks of a source are read at once. This bounds memory; the client bounds requests."""
CHUNKS_TOGETHER = 6
"""How many are stored in one transaction: months are summed and owners found once for all of them, and whoever else
wants to write waits no longer than that."""
_DAY = timedelta(days=1)
_There = tuple[Span, Mapping[Source, Said]]
"""Days with what was read of them."""


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
    refused: list[Source] = field(default_factory=list)
    """What a key may not read, which is no failure: `status` says why."""


Progress = Callable[[Finished | int], None]
"""Told how many days there are to read, again if that turns out to be more, and of each finished chunk."""


class Reading:
    """Reads the organisation of a directory. A chunk that fails leaves the ones before it in place.

    `named`: failures begin with the organisation's name, because there are several.
    """

    def __init__(
        self,
        database: Database,
        client: AnthropicClient,
        directory: Directory,
        wanted: Wanted,
        result: SyncResult,
        progress: Progress,
        *,
        named: bool,
    ) -> None:
        self._database = database
        self._client = client
        self._directory = directory
        self._id = directory.organization_id
        self._wanted = wanted
        self._now = wanted.now
        self._result = result
        self._progress = progress
        self._named = named

    async def reports(self, sources: Collection[Source], forced: Surface | None) -> None:
        """The reports that the ledger is made of, and their hours; then what Anthropic adds up itself beside them."""
        work = {source: await self._database.read(self._wanted.spans, self._directory, source) for source in sources}
        self._progress(all_days(work.values()))
        surface = forced or await self._surface()
        together: dict[tuple[Span, ...], list[Source]] = defaultdict(list)
        for source, run in work.items():
            together[tuple(run)].append(source)
        before = len(self._result.finished)
        await asyncio.gather(*(self._chunks(same, run, surface) for run, same in together.items()))
        touched: dict[Source, set[date]] = defaultdict(set)
        for done in self._result.finished[before:]:
            touched[done.source].update(done.span.dates)
        await self._own_sums(touched[Source.COST], surface)
        await self._look(set().union(*touched.values()))

    async def beside(self, sources: Collection[Source], *, again: bool) -> None:
        """The sources that stand beside the ledger, each for itself. `again`: also what was refused lately."""
        beside = Beside(self._database, self._client, self._directory, self._now, again)
        for source, read in ((Source.CODE, self._code), (Source.LIMITS, self._limits)):
            if source not in sources:
                continue
            try:
                if await read(beside):
                    await self._database.write(syncs.attempted, self._id, source, self._now)
                else:
                    self._result.refused.append(source)
            except BotError as error:
                await self.failed(source, error)

    async def failed(self, source: Source, error: BotError) -> None:
        """Remember why a source could not be read to its end."""
        await self._database.write(syncs.attempted, self._id, source, self._now, str(error))
        log.warning("A source could not be read.", action="source_failed", source=source, error=str(error))
        self._result.failures.append(
            type(error)(f"{self._directory.organization_name}: {error}") if self._named else error
        )

    async def _chunks(self, sources: Sequence[Source], run: Sequence[Span], surface: Surface) -> None:
        """Sources that want the same days are stored together, so that a day's ledger is made once."""
        unread = set(sources)

        async def read(turn: tuple[int, Span]) -> list[tuple[Source, Said | BotError]]:
            return await asyncio.gather(*(self._chunk(one, *turn, surface) for one in sources if one in unread))

        # More chunks than requests: when one has been read, the next one's pages are asked for already.
        in_flight = self._client.in_flight
        at_once = min(CHUNKS_AT_ONCE, in_flight * 3 // 2)
        # The last ones share a turn: waiting for each other, they would leave requests unused at the end.
        turns = [(min(number, max(0, len(run) - in_flight)), span) for number, span in enumerate(run)]
        async with aclosing(ahead(turns, read, at_once=at_once, together=CHUNKS_TOGETHER)) as reading:
            async for some in reading:
                there: list[_There] = []
                for (_, span), said in some:
                    for source, one in said:
                        if isinstance(one, BotError) and source in unread:
                            unread.discard(source)
                            await self.failed(source, one)
                    there.append(
                        (span, {one: chunk for one, chunk in said if isinstance(chunk, Chunk) and one in unread})
                    )
                await self._keep(there, unread)
                if not unread:
                    break
        for source in unread:
            await self._database.write(syncs.attempted, self._id, source, self._now)

    async def _keep(self, there: Sequence[_There], unread: set[Source]) -> None:
        """Store these chunks in one transaction; if one can't be stored, one by one, so that those before it are kept.

        The sources of one that can't are `unread` no more.
        """
        kept: dict[str, str | int] = {
            "since": min(span.since for span, _ in there).isoformat(),
            "until": max(span.until for span, _ in there).isoformat(),
            "records": sum(len(chunk.records) for _, chunks in there for chunk in chunks.values()),
        }
        try:
            with tracing.span("sync.store", **kept):
                await self._database.write(_store, self._id, [chunks for _, chunks in there], self._now)
        except BotError as error:
            if len(there) > 1:
                for span, chunks in there:
                    await self._keep([(span, {one: chunks[one] for one in chunks if one in unread})], unread)
                return
            for source in there[0][1]:
                unread.discard(source)
                await self.failed(source, error)
            return
        for span, chunks in there:
            for source, chunk in chunks.items():
                self._finished(source, span, len(chunk.records))

    async def _chunk(self, source: Source, turn: int, span: Span, surface: Surface) -> tuple[Source, Said | BotError]:
        """The days of a report with their pages, or why they can't be read."""
        default = self._directory.default_workspace_id
        read = reader(source, default, newer=self._newer(surface, span))
        tape = Recording(self._client, turn)
        days = {"since": span.since.isoformat(), "until": span.until.isoformat()}
        try:
            with tracing.span("sync.read", source=source.value, **days):
                chunk = await read(tape, span.since, span.until)
        except BotError as error:
            return source, error
        return source, replace(chunk, pages=tuple(tape.kept))

    async def _code(self, beside: Beside) -> bool:
        if not await beside.may_read_code():
            return False
        run = await self._database.read(self._wanted.spans, self._directory, Source.CODE)
        self._progress(sum(done.span.days for done in self._result.finished) + all_days([run]))
        await beside.read_code(
            [span.since for span in run],
            lambda day, records: self._finished(Source.CODE, Span(day, day + _DAY), records),
        )
        return True

    async def _limits(self, beside: Beside) -> bool:
        count = await beside.read_limits()
        today = self._now.astimezone(UTC).date()
        if count is not None:
            self._finished(Source.LIMITS, Span(today, today), count)
        return count is not None

    async def _own_sums(self, touched: set[date], surface: Surface) -> None:
        """Read Anthropic's own sums of the days just read and of any that lack them; the rows are as good without."""
        try:
            behind = await self._database.read(reported.behind, self._id)
            for span in spans(touched.union(behind)):
                newer = Analytics(self._directory.default_workspace_id).read_totals
                read = newer if self._newer(surface, span) else read_totals
                chunk = await read(self._client, span.since, span.until)
                fetched_at = min(self._now, chunk.known_until or self._now)
                await self._database.write(reported.replace, self._id, chunk.records, fetched_at)
        except BotError as error:
            log.warning("Anthropic's own sums could not be read.", action="sums_failed", error=str(error))

    async def _look(self, touched: set[date]) -> None:
        """Hold the ledger against them; what nothing explains is an error, and the admins' business."""
        try:
            for day in await self._database.write(reconcile.look, self._id, touched, self._now):
                log.error("Nothing explains a difference.", action="not_reconciled", day=day.isoformat())
        except BotError as error:
            log.warning("The ledger could not be reconciled.", action="reconcile_failed", error=str(error))

    def _newer(self, surface: Surface, span: Span) -> bool:
        return surface is Surface.ANALYTICS and reaches(span.since, self._now)

    async def _surface(self) -> Surface:
        """Which reports to read: asked once, and remembered for good."""
        known = await self._database.read(directories.surface, self._id)
        if known is None:
            known = Surface.ANALYTICS if await may_read(self._client, self._now) else Surface.CLASSIC
            await self._database.write(directories.remember_surface, self._id, known)
            log.info("Reports chosen.", action="surface_chosen", surface=known.value)
        return known

    def _finished(self, source: Source, span: Span, records: int) -> None:
        done = Finished(source, span, records)
        self._result.finished.append(done)
        self._progress(done)


def _store(connection: Connection, organization_id: str, there: Sequence[Mapping[Source, Said]], now: datetime) -> None:
    """Chunks whole or not at all: their buckets, the pages they came from, and the ledger of the days they change."""
    lock(connection, organization_id)
    touched: set[date] = set()
    hourly: set[date] = set()
    fresh: dict[Source, dict[date, list[Record]]] = defaultdict(dict)
    for source, chunk in ((source, chunk) for chunks in there for source, chunk in chunks.items()):
        fetched_at = min(now, chunk.known_until or now)
        changed = snapshots.replace(connection, organization_id, source, chunk.starts, chunk.records, fetched_at, now)
        said: Sequence[Record] = chunk.records
        fresh[source].update(snapshots.by_day(said))
        (hourly if source is Source.HOURS else touched).update(changed)
        # A day that came out the same goes on resting on the pages it came from first.
        if other := [start for start in chunk.starts if start.date() in changed]:
            pages.keep(connection, organization_id, source, other, chunk.pages, now)
    rebuild(connection, organization_id, touched, noticed=now.astimezone(UTC).date(), fresh=fresh)
    rebuild_hours(connection, organization_id, hourly - touched, fresh)
