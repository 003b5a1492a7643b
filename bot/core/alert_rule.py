"""Alert rules: what is watched, against which limit, and what one look at the figures decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.core.money import Money
from bot.core.periods import local_date, midnight
from bot.core.utc import month_after


class Metric(StrEnum):
    COST = "cost"
    TOTAL_TOKENS = "total_tokens"


class Window(StrEnum):
    """The local calendar window a limit is for."""

    DAY = "day"
    MONTH = "month"

    def containing(self, at: datetime, zone: str) -> datetime:
        """The start of the window that `at` lies in."""
        day = local_date(at, zone)
        return midnight(day if self is Window.DAY else day.replace(day=1), zone)

    def after(self, start: datetime, zone: str) -> datetime:
        """The start of the next window, which is this one's end."""
        day = local_date(start, zone)
        return midnight(day + timedelta(days=1) if self is Window.DAY else month_after(day), zone)


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


EACH_TEAM = "each_team"
WHOLE_ORGANISATION = "all"


@dataclass(frozen=True, slots=True)
class Rule:
    """A threshold rule: fires where `metric` over one `window` exceeds `above` (dollars or tokens).

    `scope` is "each_team", "all" or a team's id.
    """

    id: str
    metric: Metric
    above: Decimal
    window: Window
    scope: str = EACH_TEAM
    severity: Severity = Severity.WARNING

    @property
    def limit(self) -> int:
        """`above` in the unit values are compared in: tokens, or 10⁻¹⁰ dollars."""
        return Money.from_dollars(self.above).units if self.metric is Metric.COST else int(self.above)


class State(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a look at a window decided what it decided; shown in logs, tests and `alerts`."""

    ABOVE_LIMIT = "above_limit"
    STILL_ABOVE = "still_above_limit"
    WITHIN_LIMIT = "within_limit"
    BACK_WITHIN_LIMIT = "back_within_limit"
    NO_DATA = "no_data"
    WINDOW_STILL_OPEN = "window_still_open"


@dataclass(frozen=True, slots=True)
class Observation:
    """What the ledger holds of one scope in one window; `value` None: not in yet; `complete`: the window is over."""

    window_start: datetime
    value: int | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What one look decided, and why; `state` None: there is nothing to say."""

    state: State | None
    reason: Reason
    observation: Observation


def decide(rule: Rule, observation: Observation, *, firing: bool) -> Decision:
    """Hold one observation against the rule; `firing` says whether an episode is open.

    A day that is not over can break its limit but not keep it: days over the limit in a row are one episode. A month's
    episode ends with the month, since the next one has its own limit. Missing data neither fires nor resolves.
    """
    if observation.value is None:
        return Decision(State.UNKNOWN if firing else None, Reason.NO_DATA, observation)
    if observation.value > rule.limit:
        return Decision(State.FIRING, Reason.STILL_ABOVE if firing else Reason.ABOVE_LIMIT, observation)
    if not firing:
        return Decision(None, Reason.WITHIN_LIMIT, observation)
    if not observation.complete and rule.window is Window.DAY:
        return Decision(State.FIRING, Reason.WINDOW_STILL_OPEN, observation)
    return Decision(State.RESOLVED, Reason.BACK_WITHIN_LIMIT, observation)
