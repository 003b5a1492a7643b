"""Runaway loops: calls that come minute after minute, at an hour at which their team or feature hardly makes any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from bot.core.alerts.episode import Episode, Step, step
from bot.core.alerts.reason import Decision, Reason
from bot.core.alerts.rule import Kind, Observation, Rule, Target

WINDOW = timedelta(minutes=15)
LEAST = Decimal(240)
"""Requests an hour, unless the rule says otherwise."""
HISTORY_DAYS = 28
FEWEST_DAYS = 4
"""Without the same hour of so many days like this one, nobody knows what is usual at it."""
TIMES = 5
_SILENT_MINUTES = 1
"""One may be empty: the newest calls may still be on their way."""
_BURST = 3
"""Times the mean: a busier minute is a batch that somebody started, and no loop."""
_AN_HOUR = timedelta(hours=1) // WINDOW
MINUTES = WINDOW // timedelta(minutes=1)


def an_hour(minutes: Sequence[int]) -> int:
    """What the calls of a window make in an hour."""
    return sum(minutes) * _AN_HOUR


def judged(
    rule: Rule,
    target: Target,
    minutes: Sequence[int],
    usual: Sequence[int],
    episode: Episode | None,
    now: datetime,
) -> Step:
    """One look: the calls of each minute of the window that ends with the last whole minute, and those of the same hour
    of each earlier day that is like this one."""
    end = now.replace(second=0, microsecond=0)
    value, open_ = an_hour(minutes), episode is not None and episode.open
    known = len(usual) >= FEWEST_DAYS
    expected = sorted(usual)[-2] if known else None  # the highest may have been a loop itself
    limit = max(rule.limit, TIMES * (expected or 0))
    seen = Observation(end - WINDOW, value, complete=True, expected=expected, window_end=end)
    if value <= limit:
        reason = Reason.CALMED_DOWN if open_ else Reason.USUAL
    elif not known:
        reason = Reason.TOO_FEW_DAYS
    elif open_:
        reason = Reason.STILL_RUNNING
    else:
        reason = Reason.RUNS_AWAY if _steady(minutes) else Reason.NOT_STEADY
    return step(episode, Decision(reason, seen, limit), rule.id, str(target), Kind.RUNAWAY, now)


def _steady(minutes: Sequence[int]) -> bool:
    return sum(not one for one in minutes) <= _SILENT_MINUTES and max(minutes) * len(minutes) <= _BURST * sum(minutes)
