"""Rules over live calls: what they are held against, and a look at them soon after calls arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Connection

from bot.core.alerts.rule import MILLION, Metric, Observation, Rule, Target, Unit, unit_of
from bot.core.calls.owners import CallOwners, Said
from bot.core.calls.sums import Sums, added
from bot.core.directory import family
from bot.core.errors import BotError
from bot.core.hours import Stretch
from bot.services.alerts.judging.judged import Judged
from bot.services.alerts.judging.looking import Lookout
from bot.services.alerts.judging.memory import Memory
from bot.services.alerts.judging.rules import ruled
from bot.services.figures.names import Names
from bot.services.figures.unreported import NOT_BILLED
from bot.services.figures.view import Coverage
from bot.store import calls
from bot.store.calls import Held, Series
from bot.store.database import Database

log = structlog.get_logger()

SETTLE_SECONDS = 2.0
"""How long after the first of some new calls a look is taken: those that come meanwhile are looked at together."""
FEWEST = 5
"""Calls in a window below which a rate says more about chance than about what is called."""
_TOKENS: Mapping[Metric, Callable[[Sums], int]] = {
    Metric.TOTAL_TOKENS: lambda sums: sums.tokens,
    Metric.UNCACHED_INPUT_TOKENS: lambda sums: sums.uncached_input,
    Metric.CACHE_READ_TOKENS: lambda sums: sums.cache_read,
    Metric.CACHE_WRITE_TOKENS: lambda sums: sums.cache_write_5m + sums.cache_write_1h,
    Metric.OUTPUT_TOKENS: lambda sums: sums.output,
    Metric.REQUESTS: lambda sums: sums.calls,
    Metric.WEB_SEARCH_REQUESTS: lambda sums: sums.web_search,
    Metric.COST: lambda sums: sums.list_cost,
}
_PARTS = {
    Metric.LATENCY_P50_MS: 0.5,
    Metric.LATENCY_P90_MS: 0.9,
    Metric.LATENCY_P95_MS: 0.95,
    Metric.LATENCY_P99_MS: 0.99,
}


def observe(
    connection: Connection, rule: Rule, targets: Sequence[Target], window: Stretch, now: datetime
) -> dict[Target, Observation]:
    """What the calls of a window say of each target; with `per_call`, what the largest single one says.

    Cost is list cost. A window without calls has no rate and no latency, and its counts are 0: calls come seconds after
    they are made, so there is nothing to wait for.
    """
    names = Names.read(connection)
    owners = CallOwners(names.configuration.teams, names.organizations)
    if rule.per_call:
        found = calls.largest(connection, window.start, window.end, by=_largest_by(rule.metric))
    elif rule.window.minutes:
        found = calls.of_singles(connection, window.start, window.end)
    else:
        found = calls.by_series(connection, window.start, window.end)
    if rule.filled and names.organizations:
        # Beside what is billed: a subscription's use is no part of it, and an imported log may be of any account.
        found = [held for held in found if held.series.origin not in NOT_BILLED]
    complete = window.end <= now
    teams = {held.series_id: _team(owners, held.series, window.start) for held in found}
    return {
        target: Observation(window.start, _value(rule, _of(target, found, teams, owners)), complete)
        for target in targets
    }


def _team(owners: CallOwners, series: Series, at: datetime) -> str:
    return owners.team(Said(series.bound_team, series.team, series.api_key, series.caller), at.date())


def _of(target: Target, found: Sequence[Held], teams: Mapping[int, str], owners: CallOwners) -> list[Sums]:
    match target.kind:
        case None:
            return [held.sums for held in found]
        case "team":
            wanted = family(target.id, owners.teams)
            return [held.sums for held in found if teams[held.series_id] in wanted]
        case "model":
            return [held.sums for held in found if held.series.model == target.id]
        case "key":
            return [held.sums for held in found if held.series.api_key == target.id]
        case "user":
            return [held.sums for held in found if owners.person(held.series.caller) == target.id]
        case _:
            return []


def _value(rule: Rule, some: Sequence[Sums]) -> int | None:
    """In the unit of rules; None where it is not known."""
    metric = rule.metric
    if rule.per_call:
        values = [value for sums in some if (value := _metric(metric, sums, fewest=1)) is not None]
        return max(values, default=None if unit_of(metric) is not Unit.COUNT else 0)
    return _metric(metric, added(some), fewest=FEWEST)


def _metric(metric: Metric, sums: Sums, *, fewest: int) -> int | None:
    if part := _PARTS.get(metric):
        return sums.latency_ms(part)
    if unit_of(metric) is Unit.RATE:
        rate = {
            Metric.SUCCESS_RATE: sums.success_rate,
            Metric.ERROR_RATE: None if sums.success_rate is None else 1 - sums.success_rate,
            Metric.CACHE_HIT_RATE: sums.cache_hit_rate,
        }[metric]
        return None if rate is None or sums.calls < fewest else round(rate * MILLION)
    return _TOKENS[metric](sums)


def _largest_by(metric: Metric) -> str:
    """The column by which a single call is the largest."""
    if metric in _PARTS:
        return "duration_ms"
    return {
        Metric.OUTPUT_TOKENS: "output",
        Metric.UNCACHED_INPUT_TOKENS: "uncached_input",
        Metric.CACHE_READ_TOKENS: "cache_read",
        Metric.WEB_SEARCH_REQUESTS: "web_search",
        Metric.COST: "list_cost",
    }.get(metric, "tokens")


class Told(Protocol):
    """Whoever looks at every rule and tells people."""

    async def run(self, now: datetime) -> int: ...


class Watch:
    """Looks at the rules over live calls soon after calls arrive, and has people told when one has news."""

    def __init__(self, database: Database, alerts: Told, clock: Callable[[], datetime], zone: str) -> None:
        self._database = database
        self._alerts = alerts
        self._clock = clock
        self._zone = zone
        self._looking: asyncio.Task[None] | None = None
        self._again = False

    def wake(self) -> None:
        """New calls are there. It returns at once; looks follow each other, one at a time."""
        self._again = True
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def settled(self) -> None:
        """When the looks that were asked for are taken."""
        if self._looking is not None:
            await self._looking

    async def _look(self) -> None:
        while self._again:
            await asyncio.sleep(SETTLE_SECONDS)
            self._again = False
            try:
                if await self._database.read(_has_news, self._clock(), self._zone):
                    await self._alerts.run(self._clock())
            except BotError as error:
                log.warning("A look at live calls failed.", action="live_look_failed", error=str(error))
            except Exception:
                log.exception("A look at live calls broke.", action="live_look_broke")


def _nothing_unusual(_rule: Rule, _lookout: Lookout, _memory: Memory) -> Iterator[Judged]:
    """Anomalies are about what Anthropic reports: no rule over live calls is one."""
    return iter(())


def _has_news(connection: Connection, now: datetime, zone: str) -> bool:
    """Whether a rule over live calls would open or close an episode: all other rules wait for the minute's knock."""
    names = Names.read(connection)
    lookout = Lookout(connection, names, Coverage.read(connection, now), names.zone(zone), observe)
    live = [rule for rule in names.configuration.rules if lookout.hears_calls(rule)]
    if not live:
        return False
    memory = Memory.read(connection)
    judged = (one for rule in live for one in ruled(rule, lookout, memory, _nothing_unusual))
    return any(step.event is not None for one in judged for step in one.steps)
