"""Knocks once a minute; SQL decides what is due."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.core.errors import BotError, ClockWrong, StoreUnavailable
from bot.services.alerts.alerts import Alerts
from bot.services.books.reconcile import Reconcile
from bot.services.calls.forgetting import Forgetting
from bot.services.configuring.weekly import Weekly
from bot.services.digests.digests import Digests
from bot.services.syncing.sync import Sync
from bot.services.timekeeping import Timekeeping

log = structlog.get_logger()

KNOCK_SECONDS = 60


class Scheduler:
    """Runs what is due: the sync, the alerts over what it changed, the digests."""

    def __init__(
        self,
        sync: Sync,
        alerts: Alerts,
        digests: Digests,
        reconcile: Reconcile,
        weekly: Weekly,
        forgetting: Forgetting,
        timekeeping: Timekeeping,
        *,
        every: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._sync = sync
        self._alerts = alerts
        self._digests = digests
        self._reconcile = reconcile
        self._weekly = weekly
        self._forgetting = forgetting
        self._timekeeping = timekeeping
        self._every = every
        self._clock = clock
        self._jobs = AsyncIOScheduler(timezone="UTC")
        self._watching, self._posting = asyncio.Lock(), asyncio.Lock()

    def start(self) -> None:
        """One knock of each kind at a time, the first at once; a knock that comes late is one knock."""
        for knock in (self.watch, self.post):
            self._jobs.add_job(
                knock,
                "interval",
                seconds=KNOCK_SECONDS,
                next_run_time=datetime.now(self._jobs.timezone),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        self._jobs.start()

    async def stop(self, seconds: float) -> None:
        """No new knock, and let the running ones end: cut off between a post and its note, they would post again.

        Of a pile of digests only what is under way is posted; the rest is owed, to the next process.
        """
        if not self._jobs.running:
            return
        self._jobs.pause()
        self._digests.rest()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(self._watching.acquire(), self._posting.acquire()), seconds)
        self._jobs.shutdown(wait=False)

    async def knock(self) -> None:
        """Both knocks at once: digests do not wait for a sync that hangs, nor alerts for a thousand digests."""
        await asyncio.gather(self.watch(), self.post())

    async def watch(self) -> None:
        """The sync and what is about what it brings. Whatever breaks in one part does not keep the others from their
        turn."""
        async with self._watching:
            if not await self._on_time():
                return
            await _guarded("sync", self._due_sync)
            await _guarded("reconcile", self._due_reconcile)
            await _guarded("alerts", self._due_alerts)
            await _guarded("weekly", self._due_weekly)
            await _guarded("calls", self._due_forgetting)

    async def post(self) -> None:
        """The digests that are due."""
        async with self._posting:
            if await self._on_time():
                await _guarded("digests", self._due_digests)

    async def _on_time(self) -> bool:
        """Whether the clock is right; where nobody can say, each part finds out by itself what is wrong."""
        try:
            await self._timekeeping.check()
        except ClockWrong as error:
            log.error("The clock is wrong.", action="clock_wrong", error=str(error))
            return False
        except StoreUnavailable:
            return True
        return True

    async def _due_sync(self) -> None:
        await self._sync.run_if_due(self._clock, self._every)

    async def _due_reconcile(self) -> None:
        await self._reconcile.run(self._clock())

    async def _due_alerts(self) -> None:
        await self._alerts.run(self._clock())

    async def _due_weekly(self) -> None:
        await self._weekly.run(self._clock())

    async def _due_forgetting(self) -> None:
        await self._forgetting.run(self._clock())

    async def _due_digests(self) -> None:
        await self._digests.run(self._clock())


async def _guarded(action: str, part: Callable[[], Awaitable[None]]) -> None:
    try:
        await part()
    except BotError as error:
        log.warning("A part of the knock failed.", action=f"{action}_failed", error=str(error))
    except Exception:
        log.exception("A part of the knock broke.", action=f"{action}_broke")
