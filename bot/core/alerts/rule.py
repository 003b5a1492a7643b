"""Alert rules: what is watched, over which window, against which limit, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from bot.core.alerts.window import Window
from bot.core.money import Money


class Metric(StrEnum):
    """What is measured; the value is the word in the configuration file."""

    COST = "cost"
    TOTAL_TOKENS = "total_tokens"
    UNCACHED_INPUT_TOKENS = "uncached_input_tokens"
    CACHE_READ_TOKENS = "cache_read_tokens"
    CACHE_WRITE_TOKENS = "cache_write_tokens"
    OUTPUT_TOKENS = "output_tokens"
    CACHE_HIT_RATE = "cache_hit_rate"
    REQUESTS = "requests"
    WEB_SEARCH_REQUESTS = "web_search_requests"
    SUCCESS_RATE = "success_rate"
    ERROR_RATE = "error_rate"
    LATENCY_P50_MS = "latency_p50_ms"
    LATENCY_P90_MS = "latency_p90_ms"
    LATENCY_P95_MS = "latency_p95_ms"
    LATENCY_P99_MS = "latency_p99_ms"

    @property
    def counts(self) -> bool:
        """It only grows while a window runs; a rate or a percentile goes up and down."""
        return self not in _WAVERS


_RATES = frozenset({Metric.CACHE_HIT_RATE, Metric.SUCCESS_RATE, Metric.ERROR_RATE})
_LATENCIES = frozenset({Metric.LATENCY_P50_MS, Metric.LATENCY_P90_MS, Metric.LATENCY_P95_MS, Metric.LATENCY_P99_MS})
_WAVERS = _RATES | _LATENCIES
_OF_CALLS = _LATENCIES | {Metric.SUCCESS_RATE, Metric.ERROR_RATE}
"""Only the calls that programs report know these; Anthropic's reports do not."""
MILLION = 1_000_000


class Unit(StrEnum):
    """What the whole number of a value counts."""

    MONEY = "10⁻¹⁰ dollars"
    COUNT = "count"
    RATE = "millionths"
    MILLISECONDS = "ms"


def unit_of(metric: Metric) -> Unit:
    if metric is Metric.COST:
        return Unit.MONEY
    return Unit.RATE if metric in _RATES else Unit.MILLISECONDS if metric in _LATENCIES else Unit.COUNT


class Kind(StrEnum):
    """What sort of thing an episode is about. The first four are words of the configuration file."""

    THRESHOLD = "threshold"
    ANOMALY = "anomaly"
    NEW = "new"
    """The first call of a key, model or feature."""
    RUNAWAY = "runaway"
    """A program that calls steadily at an hour at which it hardly ever does."""
    BUDGET = "budget"
    FORECAST = "forecast"
    SOURCE = "source"
    """A source of data that has gone silent."""


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


WHOLE_ORGANISATION = "all"
EACH_TEAM = "each_team"
EACH = {EACH_TEAM: "team", "each_key": "key", "each_model": "model", "each_workspace": "workspace"}
"""Scopes that stand for many → what each of them is."""
EACH_OF_CALLS = {"each_feature": "feature"}
"""The same of what only live calls know."""
OWNERS, ADMINS, CHANNEL = "owners", "admins", "channel"
"""Words for who is told."""
ESCALATE_AFTER = timedelta(minutes=30)


class Target(NamedTuple):
    """One thing a rule looks at: a subject's word and an id, or None and "" for the whole organisation.

    As text it is "all", a team's id, or "key/apikey_01…": no team's id has a slash.
    """

    kind: str | None = None
    id: str = ""

    @classmethod
    def of(cls, scope: str) -> Target:
        if scope == WHOLE_ORGANISATION:
            return cls()
        kind, slash, id_ = scope.partition("/")
        return cls(kind, id_) if slash else cls("team", scope)

    def __str__(self) -> str:
        if self.kind is None:
            return WHOLE_ORGANISATION
        return self.id if self.kind == "team" else f"{self.kind}/{self.id}"

    @property
    def team(self) -> str | None:
        return self.id if self.kind == "team" else None


@dataclass(frozen=True, slots=True)
class Rule:
    """A threshold fires where `metric` over one `window` goes above `above` or below `below`; an anomaly where spend is
    unusual by at least `min_impact` dollars.

    `scope` is one of EACH, "all", or a Target as text.
    """

    id: str
    metric: Metric
    above: Decimal = Decimal(0)
    window: Window = Window.DAY
    scope: str = EACH_TEAM
    severity: Severity = Severity.WARNING
    kind: Kind = Kind.THRESHOLD
    below: Decimal | None = None
    per_call: bool = False
    """The limit is for a single call; the window is how long its calls are one piece of news."""
    min_impact: Decimal | None = None
    notify: tuple[str, ...] = (OWNERS,)
    escalate_after: timedelta = ESCALATE_AFTER
    """How long a critical episode may go without an acknowledgement before the next ones are told."""

    @property
    def each(self) -> str | None:
        """What each thing is that it looks at; None where it looks at one."""
        return (EACH | EACH_OF_CALLS).get(self.scope)

    @property
    def limit(self) -> int:
        """`above` or `below` in the unit values are compared in."""
        limit = self.above if self.below is None else self.below
        match unit_of(self.metric):
            case Unit.MONEY:
                return Money.from_dollars(limit).units
            case Unit.RATE:
                return int(limit * MILLION)
        return int(limit)

    @property
    def live(self) -> bool:
        """Only reported calls can tell: Anthropic's reports know neither single calls nor minutes."""
        if self.kind in (Kind.NEW, Kind.RUNAWAY):
            return True
        return self.kind is Kind.THRESHOLD and (self.per_call or self.metric in _OF_CALLS or self.window.minutes)

    @property
    def filled(self) -> bool:
        """It adds up what reports tell, and calls tell of the hours that no report holds yet."""
        return self.kind is Kind.THRESHOLD and self.metric.counts and self.below is None and not self.live

    def breaks(self, value: int) -> bool:
        """Whether a value is beyond the limit; the limit itself is within it."""
        return value > self.limit if self.below is None else value < self.limit


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of one scope in one window; `value` None: not in yet; `complete`: the window is over and all of it
    is in. `expected` is what would have been usual, where that is known; `window_end` is given where the windows of a
    rule overlap.
    """

    window_start: datetime
    value: int | None
    complete: bool
    expected: int | None = None
    window_end: datetime | None = None

    @property
    def told(self) -> datetime:
        """Up to when this is news once it is told."""
        return self.window_end or self.window_start
