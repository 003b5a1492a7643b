"""Bring the store up to date with Anthropic: what is missing, and the last days again, because they get restated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.anthropic_api.client import AnthropicClient
from bot.anthropic_api.directory import read_directory
from bot.core import wording
from bot.core.directory import Directory
from bot.core.errors import BotError
from bot.core.usage import Source, Surface
from bot.services.syncing import holder
from bot.services.syncing.beside import BESIDE
from bot.services.syncing.reading import Progress, Reading, SyncResult
from bot.services.syncing.rebuild import rebuild
from bot.services.syncing.spans import Wanted
from bot.services.syncing.turn import SYNC, turn
from bot.store import directory as directories
from bot.store import turns
from bot.store.database import Database
from bot.store.readings import pages, snapshots, syncs
from bot.store.upsert import lock

log = structlog.get_logger()


class Sync:
    """Reads every organisation there is a client for; one that fails leaves the others."""

    def __init__(
        self,
        database: Database,
        clients: Sequence[AnthropicClient],
        *,
        lookback_days: int,
        backfill_days: int,
        hourly_days: int = 0,
        surface: Surface | None = None,
        retain_pages_days: int = 400,
    ) -> None:
        self._database = database
        self._clients = clients
        self._lookback = timedelta(days=lookback_days)
        self._backfill = timedelta(days=backfill_days)
        self._hourly = timedelta(days=hourly_days)
        self._forced = surface
        self._retain_pages = timedelta(days=retain_pages_days)
        self._holder = holder.new()
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
        unknown: list[BotError] = []
        self._last_try = now
        wanted = Wanted(now, self._lookback, self._backfill, self._hourly, since, until)
        for client in self._clients:
            try:
                await self._read(client, wanted, sources, result, progress)
            except BotError as error:
                log.warning("The sync failed.", action="sync_failed", setting=client.setting, error=str(error))
                result.failures.append(error)
                if client in self._organizations:
                    await self._database.write(_fail, self._organizations[client], sources, now, error)
                else:
                    unknown.append(error)
        if unknown:
            await self._database.write(_miss, set(self._organizations.values()), sources, now, unknown[0])
        elif self._clients:
            reached = {self._organizations[client]: client.setting for client in self._clients}
            for name in await self._database.write(_leave, reached, sources, now):
                log.warning("No admin key is of this organisation any more.", action="organization_left", name=name)
        return result

    async def _read(
        self,
        client: AnthropicClient,
        wanted: Wanted,
        sources: Collection[Source],
        result: SyncResult,
        progress: Progress,
    ) -> None:
        """All that is due of one organisation."""
        directory = await read_directory(client)
        self._organizations[client] = directory.organization_id
        with structlog.contextvars.bound_contextvars(organization=directory.organization_id):
            await self._database.write(_remember, directory)
            named = len(self._clients) > 1
            reading = Reading(self._database, client, directory, wanted, result, progress, named=named)
            ledger = [one for one in sources if one not in BESIDE and (one is not Source.HOURS or self._hourly)]
            await reading.reports(ledger, self._forced)
            # Who names sources wants them asked for again.
            await reading.beside(sources, again=not set(sources).issuperset(Source))
            await self._database.write(pages.prune, directory.organization_id, wanted.now - self._retain_pages)

    async def run_if_due(self, clock: Callable[[], datetime], every: timedelta) -> SyncResult | None:
        """One sync if the last one is that long ago and no other replica is at it; None where it is not due."""
        if not await self.due(clock(), every):
            return None
        async with turn(self._database, self._holder, clock) as mine:
            # Again: another replica may have come to its end since.
            if not mine or not await self.due(clock(), every):
                return None
            await self._database.write(turns.begin, SYNC, self._holder, clock())
            result = await self.run(clock())
            await self._database.write(turns.end, SYNC)
            rows = Counter[str]()
            for done in result.finished:
                rows[done.source.value] += done.records
            log.info("A sync ended.", action="synced", rows=dict(rows), failures=len(result.failures))
            return result

    async def due(self, now: datetime, every: timedelta) -> bool:
        """Whether the last try is so long ago that the next one is due; at once where another process was cut off."""
        tries = (await self._database.read(_last_try), self._last_try)
        return all(last is None or last <= now - every for last in tries)


def _last_try(connection: Connection) -> datetime | None:
    """None too where the last one was cut off: some sources were tried, and the rest must not wait for an hour."""
    return None if turns.unfinished(connection, SYNC) else syncs.last_attempt(connection)


def _remember(connection: Connection, directory: Directory) -> None:
    """Keep the directory; where names or places changed, who owns what may have, so the ledger is made anew."""
    lock(connection, directory.organization_id)
    if directories.replace(connection, directory):
        rebuild(connection, directory.organization_id, snapshots.days_held(connection, directory.organization_id))


def _fail(
    connection: Connection, organization_id: str, sources: Collection[Source], now: datetime, error: BotError
) -> None:
    for source in sources:
        syncs.attempted(connection, organization_id, source, now, str(error))


def _leave(connection: Connection, reached: Mapping[str, str], sources: Collection[Source], now: datetime) -> list[str]:
    """Say so of the organisations that no key reads any more, whose figures stand still; returns their names."""
    left = [one for one in directories.read_all(connection) if one.organization_id not in reached]
    whose = "is of another one" if len(reached) == 1 else "are of others"
    why = f"No admin key is of this organisation any more: {wording.listed(list(reached.values()))} {whose}."
    for status in syncs.statuses(connection):
        if status.source in sources and status.organization_id in {one.organization_id for one in left}:
            syncs.attempted(connection, status.organization_id, status.source, now, why)
    return [one.organization_name for one in left]


def _miss(
    connection: Connection, reached: Collection[str], sources: Collection[Source], now: datetime, error: BotError
) -> None:
    """Say why, of the organisations that no key reached: a key refused at once does not even say whose it is."""
    for status in syncs.statuses(connection):
        if status.organization_id not in reached and status.source in sources:
            syncs.attempted(connection, status.organization_id, status.source, now, str(error))
