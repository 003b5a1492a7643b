"""Budgets in alerts: what a look at one period decides about its episodes, of the marks and of the forecast."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from bot.core.alerts.episode import Episode
from bot.core.alerts.reason import Decision, Reason
from bot.core.alerts.rule import Observation
from bot.core.money import Money
from bot.core.outlook import budget as budgets
from bot.core.outlook.budget import Budget, Said, Span, Standing, look, look_ahead
from bot.core.outlook.forecast import Forecast

LATE = timedelta(days=2)
"""How long after a period's end its last figures are still waited for."""
BUDGET, FORECAST = "budget:", "forecast:"
"""What the ids of their episodes' rules begin with: no rule's id has a colon."""
_REASONS = {
    budgets.Reason.NO_DATA: Reason.NO_DATA,
    budgets.Reason.BELOW_MARKS: Reason.BELOW_MARKS,
    budgets.Reason.SAID_BEFORE: Reason.SAID_BEFORE,
    budgets.Reason.CROSSED: Reason.CROSSED_MARK,
    budgets.Reason.NOT_ASKED: Reason.NO_FORECAST,
    budgets.Reason.NO_FORECAST: Reason.NO_FORECAST,
    budgets.Reason.HEADING_WITHIN: Reason.HEADING_WITHIN,
    budgets.Reason.HEADING_OVER: Reason.HEADING_OVER,
    budgets.Reason.BACK_WITHIN: Reason.BACK_WITHIN,
    budgets.Reason.OVER_ALREADY: Reason.OVER_ALREADY,
}


def marks(
    budget: Budget, span: Span, start: datetime, spent: Money | None, said: Collection[Said], episode: Episode | None
) -> Decision:
    """What is spent in a period that begins at `start`, held against the marks; `episode` is the period's own.

    Where the amount is the same and what was told is no longer crossed, the spending was restated.
    """
    notice, limit = look(budget, span, spent, said), budget.limit(span)
    seen = Observation(start, None if spent is None else spent.units, complete=False)
    told = episode.mark if episode is not None and episode.open else None
    if spent is not None and told is not None and episode is not None:
        crossed = part(limit, told)
        if crossed == episode.limit and spent.units < crossed:
            return Decision(Reason.RESTATED, seen, episode.limit, told)
    if notice.mark is not None:
        return Decision(Reason.CROSSED_MARK, seen, part(limit, notice.mark), notice.mark)
    reason = _REASONS[notice.reason]
    if told is not None and episode is not None:
        return Decision(reason, seen, episode.limit, told)
    return Decision(reason, seen, limit.units)


def ahead(standing: Standing, start: datetime, episode: Episode | None) -> Decision:
    """What a period is heading for, held against its limit; `episode` is the period's own forecast warning."""
    warned = episode is not None and episode.open
    reason = _REASONS[look_ahead(standing, warned=warned)]
    total = standing.forecast.total.units if isinstance(standing.forecast, Forecast) else None
    return Decision(reason, Observation(start, total, complete=False), standing.limit.units)


def over(start: datetime) -> Decision:
    """The period that began at `start` is over, and with it whatever was said of it."""
    return Decision(Reason.PERIOD_OVER, Observation(start, None, complete=True))


def part(limit: Money, mark: int) -> int:
    """The amount at which a mark is crossed, in units: the first that is so many per cent."""
    return -(-limit.units * mark // 100)
