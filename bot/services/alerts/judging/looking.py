"""What the figures are of everything a rule looks at, read once for all rules of one look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from bot.core.alerts.rule import EACH, MILLION, Kind, Metric, Observation, Rule, Target
from bot.core.directory import family
from bot.core.errors import NotFound
from bot.core.hours import Stretch
from bot.core.periods import Period, Unit
from bot.core.question import Dimension, Question, Subject
from bot.core.report import Figures, added
from bot.core.usage import (
    CACHE_READ,
    CACHE_WRITE_1H,
    CACHE_WRITE_5M,
    CONSOLE,
    NOT_BY_KEY,
    OUTPUT,
    UNCACHED_INPUT,
    Source,
)
from bot.services.figures.names import Found, Names
from bot.services.figures.unreported import reported_until
from bot.services.figures.view import Coverage, View
from bot.store import calls, ledger
from bot.store.ledger import courses

BY = {
    "team": Dimension.TEAM,
    "key": Dimension.KEY,
    "model": Dimension.MODEL,
    "workspace": Dimension.WORKSPACE,
    "user": Dimension.USER,
}
"""What a target's kind is called in the ledger."""
_NOBODY = frozenset({"", CONSOLE, NOT_BY_KEY})
_CHARGES: Mapping[Metric, tuple[str, ...]] = {
    Metric.UNCACHED_INPUT_TOKENS: (UNCACHED_INPUT,),
    Metric.CACHE_READ_TOKENS: (CACHE_READ,),
    Metric.CACHE_WRITE_TOKENS: (CACHE_WRITE_5M, CACHE_WRITE_1H),
    Metric.OUTPUT_TOKENS: (OUTPUT,),
}


class Calls(Protocol):
    """The figures of calls that programs reported: what rules are held against that Anthropic's reports can't answer.

    `per_call` asks for the largest single call, everything else for the window. A value of None is one that is not
    known, such as the latency where there was no call; `complete` says that the window is over at `now`.
    """

    def __call__(
        self, connection: Connection, rule: Rule, targets: Sequence[Target], window: Stretch, now: datetime
    ) -> Mapping[Target, Observation]: ...


class Lookout:
    """The ledger as one look sees it. What was read for one rule is not read again for another."""

    def __init__(
        self, connection: Connection, names: Names, coverage: Coverage, zone: str, calls: Calls | None = None
    ) -> None:
        self.connection = connection
        self.names = names
        self.configuration = names.configuration
        self.coverage = coverage
        self.zone = zone
        self._calls = calls
        self._view = View(connection, names.selection(), coverage)
        self._ids: dict[str, list[str]] = {}
        self._parts: dict[tuple[str, Period], dict[str, Figures]] = {}
        self._whole: dict[tuple[Source, Period], bool] = {}
        self._reported: datetime | None = None

    def at(self, coverage: Coverage) -> Lookout:
        """The same ledger as of another moment."""
        other = Lookout(self.connection, self.names, coverage, self.zone, self._calls)
        other._ids = self._ids
        return other

    @property
    def now(self) -> datetime:
        return self.coverage.now

    def grounds(self) -> object:
        """What every verdict rests on but live calls: the same again, and nothing can have changed.

        Windows begin and end, and days are over, at a quarter of an hour in every zone there is.
        """
        quarter = self.now.replace(minute=self.now.minute // 15 * 15, second=0, microsecond=0)
        read = courses.newest_reading(self.connection)
        return self.configuration, self.zone, replace(self.coverage, now=quarter), read

    def targets(self, rule: Rule) -> list[Target]:
        """Everything the rule looks at. A key or workspace that the ledger does not know yet is none of it."""
        kind = EACH.get(rule.scope)
        if kind == "team":
            return [Target("team", team.id) for team in self.configuration.teams]
        if kind:
            return [Target(kind, id_) for id_ in self.ids(kind)]
        one = Target.of(rule.scope)
        called = self._called(one)
        if len(called) > 1 and rule.kind is not Kind.ANOMALY:
            return [one]  # a limit is for all that is called so
        return called

    def _called(self, target: Target) -> list[Target]:
        """The keys, models or workspaces that the file calls by one name; what it says where nothing is called so."""
        if target.kind in (None, "team") or target.id in self.ids(target.kind):
            return [target]
        with suppress(NotFound):
            chosen = self.found(target).selection.columns.values()
            return [Target(target.kind, id_) for ids in chosen for id_ in sorted(ids)] or [target]
        return [target]

    def ids(self, kind: str) -> list[str]:
        """What of a kind the ledger has ever seen."""
        if kind not in self._ids:
            names = ledger.names(self.connection, BY[kind], apart=self._view.selection.apart)
            self._ids[kind] = [one for one in names if one not in _NOBODY]
        return self._ids[kind]

    def found(self, target: Target) -> Found:
        """A target's part of the ledger. Raises NotFound for a name nobody has."""
        period = self.period(self.now, self.now)
        subject = Subject(target.kind) if target.kind else Subject.SUMMARY
        question = Question(subject, target.id or None, period, None, None, None, share=False, text="")
        return self.names.find(self.connection, question)

    def period(self, since: datetime, until: datetime) -> Period:
        """Any stretch of time, as figures are asked for."""
        return Period(since, until, self.zone, "", Unit.RANGE, running=True)

    def called(self, target: Target) -> str:
        """What people call it."""
        return self.names.of(BY[target.kind], target.id) if target.kind else self.names.organization

    def observe(self, rule: Rule, targets: Sequence[Target], start: datetime) -> dict[Target, Observation]:
        """What is known of each target in the rule's window that begins at `start`."""
        period = rule.window.period(start, self.zone)
        if rule.live:
            if self._calls is None or not targets:
                return {target: Observation(start, None, complete=False) for target in targets}
            return dict(self._calls(self.connection, rule, targets, Stretch(period.start, period.end), self.now))
        cut = self.coverage.cut(period)
        complete = self._complete(Source.COST if rule.metric is Metric.COST else Source.USAGE, period)
        found = {
            target: Observation(start, value_of(rule.metric, self.figures(target, cut)), complete) for target in targets
        }
        if complete or not self.hears_calls(rule):
            return found
        newer = self._told(rule, targets, max(period.start, self._reported_until()), period.end)
        told = self._told(rule, targets, period.start, period.end)
        return {
            target: replace(one, value=self._filled(one.value, newer.get(target, 0), told.get(target, 0)))
            for target, one in found.items()
        }

    def hears_calls(self, rule: Rule) -> bool:
        """Whether new calls can change what is said of it."""
        if rule.live:
            return True
        return rule.filled and self._calls is not None and calls.any_held(self.connection)

    def _filled(self, reported: int | None, newer: int, told: int) -> int | None:
        """A window that is not all reported: its newest calls are added to what is, and it came to no less than all its
        calls, of which a report may still miss some. Where nothing is ever reported, calls are all there is."""
        if reported is None and not told and self.coverage.organizations:
            return None
        return max((reported or 0) + newer, told)

    def _told(self, rule: Rule, targets: Sequence[Target], since: datetime, until: datetime) -> Mapping[Target, int]:
        """What calls come to, in the unit of the rule."""
        if self._calls is None or since >= until or not targets:
            return {}
        seen = self._calls(self.connection, rule, targets, Stretch(since, until), self.now)
        return {target: one.value or 0 for target, one in seen.items()}

    def _reported_until(self) -> datetime:
        """Where the hours begin that no report holds yet."""
        if self._reported is None:
            self._reported = reported_until(self.connection, self.coverage)
        return self._reported

    def figures(self, target: Target, period: Period) -> Figures:
        """One target's sum; a team's holds that of the teams below it."""
        if target.kind is None:
            return self._view.total(period)
        if target.kind != "team" and target.id not in self.ids(target.kind):
            try:
                return View(self.connection, self.found(target).selection, self.coverage).total(period)
            except NotFound:
                return self._view.nothing_in(period)
        if (target.kind, period) not in self._parts:
            self._parts[target.kind, period] = self._view.by(BY[target.kind], period)
        parts = self._parts[target.kind, period]
        wanted = family(target.id, self.configuration.teams) if target.kind == "team" else (target.id,)
        mine = [parts[id_] for id_ in wanted if id_ in parts]
        return _all(mine) if mine else self._view.nothing_in(period)

    def _complete(self, source: Source, period: Period) -> bool:
        """Whether all of a window is over and in."""
        if (source, period) not in self._whole:
            through = self.coverage.data_through
            over = through is not None and through >= period.end
            self._whole[source, period] = over and not self.coverage.missing(self.connection, source, period)
        return self._whole[source, period]


def value_of(metric: Metric, figures: Figures) -> int | None:
    """A metric of some figures in the unit of rules; None where it is not known."""
    if metric is Metric.COST:
        return figures.billed_cost.units if figures.billed_cost is not None else None
    if metric is Metric.TOTAL_TOKENS:
        return figures.total_tokens
    if metric is Metric.REQUESTS:
        return figures.requests
    if metric is Metric.WEB_SEARCH_REQUESTS:
        return figures.web_search_requests
    if metric is Metric.CACHE_HIT_RATE:
        rate = figures.cache_hit_rate
        return None if rate is None else round(rate * MILLION)
    tokens = figures.tokens
    return None if tokens is None else sum(tokens[one] for one in _CHARGES[metric])


def _all(parts: Iterable[Figures]) -> Figures:
    """The sum of a team and those below it; one part alone is itself."""
    some = list(parts)
    return some[0] if len(some) == 1 else added(some)
