"""A key, model or feature that calls for the first time: said once, and no alarm."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.alerts.episode import Step, notice
from bot.core.alerts.reason import Decision, Reason
from bot.core.alerts.rule import Kind, Observation, Rule, Target
from bot.core.alerts.unusual import NOTICE

NEWS_FOR = timedelta(days=1)
"""A first call that is longer ago, as when a rule is new, is told to nobody."""
YOUNG = timedelta(days=7)
"""After the first call of all, everything is new, and none of it is news."""


def is_news(first: datetime, first_of_all: datetime, now: datetime) -> bool:
    """Whether the first call of something is told at all."""
    return now - NEWS_FOR < first <= now and first >= first_of_all + YOUNG


def said(rule: Rule, target: Target, first: datetime, calls: int, now: datetime) -> Step:
    """What tells of it, once."""
    seen = Observation(first, calls, complete=True)
    return notice(Decision(Reason.FIRST_CALL, seen), f"{NOTICE}{rule.id}", str(target), Kind.NEW, now)
