"""`GET /metrics`: what was counted at the edges, and how the work stands by the database, for Prometheus."""

from __future__ import annotations

import asyncio
import math
import platform
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import product

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import bot
from bot.core.errors import BotError
from bot.core.usage import LEDGER_SOURCES
from bot.services.timekeeping import Timekeeping
from bot.services.vitals import Pulse, Vitals
from bot.store.database import Database, promptly
from bot.store.messages.deliveries import KINDS, State

FRESH_SECONDS = 15
"""How old the figures from the database may be: however many monitors ask, it is asked this often."""

PATIENCE_SECONDS = 8
"""Prometheus waits for ten."""


class Metrics:
    """The page. `connected` says whether Socket Mode is up; None where Slack comes over HTTP."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        connected: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._database = database
        self._pulse = Pulse(database)
        self._timekeeping = Timekeeping(database)
        self._clock = clock
        self._connected = connected
        self._asking = asyncio.Lock()
        self._vitals: Vitals | None = None
        self._ahead = timedelta()
        self._until = 0.0

    async def page(self) -> bytes:
        """What is counted is told even while the database is away; then its own figures are missing."""
        vitals = await self._fresh()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Said(_process(self._database)))
        if self._connected is not None:
            up = await self._connected()
            registry.register(_Said([_one("slack_connected", "1 while Socket Mode is connected.", up)]))
        registry.register(_Said([_one("database_up", "1 while the database answers.", vitals is not None)]))
        if vitals is not None:
            registry.register(_Said(_standing(vitals, self._ahead, self._clock())))
        return generate_latest(REGISTRY) + generate_latest(registry)

    async def _fresh(self) -> Vitals | None:
        async with self._asking:
            if time.monotonic() >= self._until:
                try:
                    async with promptly(PATIENCE_SECONDS):
                        self._vitals = await self._pulse.read(self._clock())
                        self._ahead = await self._timekeeping.ahead() or timedelta()
                except BotError:
                    self._vitals = None
                self._until = time.monotonic() + FRESH_SECONDS
            return self._vitals


class _Said(Collector):
    """Metrics that are known already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _process(database: Database) -> Iterator[Metric]:
    built = GaugeMetricFamily(
        "claude_usage_build_info", "Always 1; what runs.", labels=["version", "python", "database"]
    )
    built.add_metric([bot.__version__, platform.python_version(), database.dialect], 1)
    yield built
    pool = GaugeMetricFamily("claude_usage_sql_connections", "Database connections, by state.", labels=["state"])
    for state, count in database.connections().items():
        pool.add_metric([state], count)
    yield pool


def _standing(vitals: Vitals, ahead: timedelta, now: datetime) -> Iterator[Metric]:
    place = ["organization", "source"]
    age = GaugeMetricFamily(
        "claude_usage_data_age_seconds", "Seconds since the end of the newest whole day.", None, place
    )
    synced = GaugeMetricFamily(
        "claude_usage_sync_age_seconds", "Seconds since the last good sync; +Inf: none was yet.", None, place
    )
    failing = GaugeMetricFamily("claude_usage_sync_failing", "1 while the last sync failed.", None, place)
    for line in vitals.sources:
        where = [line.organization, line.source]
        if line.through and line.dated:
            age.add_metric(where, (now - line.through).total_seconds())
        if line.succeeded_at:
            synced.add_metric(where, (now - line.succeeded_at).total_seconds())
        elif line.error:
            synced.add_metric(where, math.inf)  # a rule on its age must see it, too
        failing.add_metric(where, bool(line.error))
    yield from (age, synced, failing)
    owed = GaugeMetricFamily("claude_usage_deliveries", "Messages, by kind and state.", labels=["kind", "state"])
    # With what there is none of yet: of a series that begins with its first failure nobody sees that it rose.
    none = dict.fromkeys(product(KINDS, State), 0)
    for (kind, state), count in sorted((none | dict(vitals.deliveries)).items()):
        owed.add_metric([kind, state.value], count)
    yield owed
    late = (now - vitals.owed_since).total_seconds() if vitals.owed_since else 0.0
    yield _one("delivery_wait_seconds", "Seconds since the oldest message still to go out was owed.", max(late, 0.0))
    restated = GaugeMetricFamily("claude_usage_restatements", "Days reported differently later.", labels=["source"])
    for source, count in sorted((dict.fromkeys(LEDGER_SOURCES, 0) | dict(vitals.restatements)).items()):
        restated.add_metric([source], count)
    yield restated
    yield _one(
        "clock_ahead_seconds", "Seconds that this machine is ahead of PostgreSQL's clock.", ahead.total_seconds()
    )
    yield _one(
        "unexplained_differences", "Days of the last week whose difference nothing explains.", vitals.unexplained_days
    )


def _one(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"claude_usage_{name}", what, value=float(value))
