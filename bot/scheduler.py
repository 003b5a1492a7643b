"""Knocks once a minute; SQL decides what is due."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import Counter, Gauge, Histogram

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
CUT_SECONDS = 2
"""How long what is cut off may take to let go, as of its turn to sync."""
PARTS = Counter(
    "claude_usage_knock_parts",
    "Parts of the scheduler's knocks, by what they look after and outcome (ok, failed, broken).",
    ["part", "outcome"],
)
PART_SECONDS = Histogram(
    "claude_usage_knock_part_seconds",
    "Seconds that a part of a knock took.",
    ["part"],
    buckets=(0.02, 0.1, 0.5, 2, 10, 60, 300, 1800),
)
KNOCK_AGE = Gauge(
    "claude_usage_knock_age_seconds",
    "Seconds since a knock ended; one that hangs and none at all let it grow.",
    ["knock"],
)
for _part in ("sync", "reconcile", "alerts", "weekly", "calls", "digests"):
    for _outcome in ("ok", "failed", "broken"):
        PARTS.labels(_part, _outcome)  # of a series that begins with its first failure nobody sees that it rose


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
        self._ended: dict[str, float] = {}

    def start(self) -> None:
        """One knock of each kind at a time, the first at once; a knock that comes late is one knock."""
        for knock in (self.watch, self.post):
            name = knock.__name__
            self._ended[name] = time.monotonic()
            KNOCK_AGE.labels(name).set_function(partial(self._age, name))
            self._jobs.add_job(
                partial(_to_the_end, knock),
                "interval",
                seconds=KNOCK_SECONDS,
                next_run_time=datetime.now(self._jobs.timezone),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        self._jobs.start()

    def _age(self, knock: str) -> float:
        return time.monotonic() - self._ended[knock]

    async def stop(self, seconds: float) -> None:
        """No new knock, and let the running ones end: cut off between a post and its note, they would post again.

        Of a pile of digests only what is under way is posted; the rest is owed, to the next process.
        """
        if not self._jobs.running:
            return
        self._jobs.pause()
        self._digests.rest()
        ended = asyncio.gather(self._watching.acquire(), self._posting.acquire())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(ended), seconds)
        self._jobs.shutdown(wait=False)  # cuts off what is still under way
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended, CUT_SECONDS)

    async def knock(self) -> None:
        """Both knocks at once: digests do not wait for a sync that hangs, nor alerts for a thousand digests."""
        await asyncio.gather(self.watch(), self.post())

    async def watch(self) -> None:
        """The sync and what is about what it brings. Whatever breaks in one part does not keep the others from their
        turn."""
        async with self._watching:
            if await self._on_time():
                await _guarded("sync", self._due_sync)
                await _guarded("reconcile", self._due_reconcile)
                await _guarded("alerts", self._due_alerts)
                await _guarded("weekly", self._due_weekly)
                await _guarded("calls", self._due_forgetting)
            self._ended["watch"] = time.monotonic()

    async def post(self) -> None:
        """The digests that are due."""
        async with self._posting:
            if await self._on_time():
                await _guarded("digests", self._due_digests)
            self._ended["post"] = time.monotonic()

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

    async def _due_sync(self) -> bool:
        result = await self._sync.run_if_due(self._clock, self._every)
        return not (result and result.failures)

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


async def _to_the_end(knock: Callable[[], Awaitable[None]]) -> None:
    """Let a stop cut a knock off without an alarm: the next process goes on with it."""
    try:
        await knock()
    except asyncio.CancelledError:
        log.warning("Cut off by the stop; the next process goes on with it.", action="cut_off")


async def _guarded(action: str, part: Callable[[], Awaitable[bool | None]]) -> None:
    """`part` may say False: it failed, and has told the log about it."""
    outcome = "ok"
    with PART_SECONDS.labels(action).time():
        try:
            if await part() is False:
                outcome = "failed"
        except BotError as error:
            outcome = "failed"
            log.warning("A part of the knock failed.", action=f"{action}_failed", error=str(error))
        except Exception:
            outcome = "broken"
            log.exception("A part of the knock broke.", action=f"{action}_broke")
    PARTS.labels(action, outcome).inc()
