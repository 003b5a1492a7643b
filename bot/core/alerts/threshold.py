"""Thresholds: observations held against a limit, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.core.alerts.episode import Episode, Step, step, undone
from bot.core.alerts.reason import Decision, Reason
from bot.core.alerts.rule import Kind, Observation, Rule, Target


def decide(rule: Rule, observation: Observation, *, firing: datetime | None) -> Decision:
    """Hold one observation against the rule; `firing`: the newest window beyond the limit of an open episode.

    A window that is not over can break its limit but not keep it, and windows beyond it in a row are one episode. A
    month's or quarter's episode ends with it, since the next one has its own limit. What counts only grows while a
    window runs: where the very window that fired is within its limit now, it was restated. Missing data neither fires
    nor resolves.
    """

    def because(reason: Reason) -> Decision:
        return Decision(reason, observation, rule.limit)

    value = observation.value
    if value is None:
        return because(Reason.NO_DATA)
    if rule.below is not None and not observation.complete:
        return because(Reason.WINDOW_STILL_OPEN if firing else Reason.WITHIN_LIMIT)  # the first calls make any rate
    if rule.breaks(value):
        if rule.below is None:
            return because(Reason.STILL_ABOVE if firing else Reason.ABOVE_LIMIT)
        return because(Reason.STILL_BELOW if firing else Reason.BELOW_LIMIT)
    if firing is None:
        return because(Reason.WITHIN_LIMIT)
    if rule.below is None and rule.metric.counts and observation.window_start == firing:
        return because(Reason.RESTATED)
    if not observation.complete and rule.window.unit not in ("month", "quarter"):
        return because(Reason.WINDOW_STILL_OPEN)
    return because(Reason.BACK_WITHIN_LIMIT)


def walk(
    rule: Rule, target: Target, episode: Episode | None, observations: Iterable[Observation], now: datetime
) -> list[Step]:
    """Every step that a look at some windows, the oldest first, makes; `episode` is the newest there was.

    A window that a past episode has spoken for is looked at again only to see whether what was told of it still holds.
    """
    steps = []
    for seen in observations:
        if episode is not None and seen.window_start <= episode.last_window:
            if episode.open and seen.window_start < episode.last_window:
                continue
            again = episode.resolved_because == Reason.RESTATED and seen.window_start == episode.last_window
            if not episode.open and not again:
                if not _undone(rule, episode, seen):
                    continue
                steps.append(undone(episode, Decision(Reason.RESTATED, seen, rule.limit), now))
                episode = steps[-1].episode
                continue
        firing = episode.last_window if episode is not None and episode.open else None
        decision = decide(rule, seen, firing=firing)
        steps.append(step(episode, decision, rule.id, str(target), Kind.THRESHOLD, now))
        episode = steps[-1].episode or episode
    return steps


def _undone(rule: Rule, episode: Episode, seen: Observation) -> bool:
    """Whether all that was told of a resolved episode was one window, which keeps its limit by now."""
    if seen.value is None or rule.below is not None or not rule.metric.counts:
        return False
    return episode.since == episode.last_window == seen.window_start and not rule.breaks(seen.value)
