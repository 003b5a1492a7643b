"""Episodes: fires → (acknowledged | silenced) → resolves. Every step says what it did and why, and may leave an event.

An event is what is told and written down; a step without one is news to nobody. The functions here are the only ones
that move an episode, in the live alerts, in the replay and in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.core.alerts.reason import Change, Decision, Reason
from bot.core.alerts.rule import Kind


class State(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"
    """It fires, and what it was about is not in yet."""


class Happened(StrEnum):
    """What an event is."""

    FIRED = "fired"
    WORSENED = "worsened"
    RESOLVED = "resolved"
    RESTATED = "restated"
    """What was told is not so any more: the figures were corrected."""
    ENDED = "ended"
    """Over without being news: the period ended, the rule is gone."""
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    SILENCE_ENDED = "silence_ended"
    """Before its time, by somebody."""
    EXPECTED = "expected"
    PLANNED = "planned"
    NOT_USEFUL = "not_useful"

    @property
    def tells(self) -> bool:
        """People get a message of it."""
        return self in _TOLD

    @property
    def alarms(self) -> bool:
        """It says that something is wrong, and not that it is over."""
        return self in _ALARMS


_ALARMS = frozenset({Happened.FIRED, Happened.WORSENED, Happened.ESCALATED})
_TOLD = _ALARMS | {Happened.RESOLVED, Happened.RESTATED}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an episode: by itself, or `by` somebody."""

    what: Happened
    at: datetime
    value: int | None = None
    limit: int | None = None
    mark: int | None = None
    by: str = ""
    until: datetime | None = None
    """Of a silence, or of what is planned."""
    reason: str = ""
    last_window: datetime | None = None
    """The window whose value this is: the episode may have gone on since."""
    id: int = 0
    """0 until it is stored."""


@dataclass(frozen=True, slots=True)
class Episode:
    """`since` is the start of its first window beyond the limit, `last_window` of its newest. Values are in the unit of
    the rule's metric."""

    rule_id: str
    scope: str
    kind: Kind
    since: datetime
    last_window: datetime
    fired_at: datetime
    value: int
    limit: int
    expected: int | None = None
    mark: int | None = None
    resolved_at: datetime | None = None
    resolved_because: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    id: int = 0
    """0 until it is stored."""

    @property
    def open(self) -> bool:
        return self.resolved_at is None

    def state(self, *, silenced: bool = False, known: bool = True) -> State:
        """`silenced`: a silence covers it now; `known`: what it is about is in."""
        if not self.open:
            return State.RESOLVED
        if silenced:
            return State.SILENCED
        if self.acknowledged_at:
            return State.ACKNOWLEDGED
        return State.FIRING if known else State.UNKNOWN


class Outcome(StrEnum):
    """Why a press did what it did."""

    DONE = "done"
    ALREADY = "already"
    """Somebody was faster."""
    OVER = "over"
    """The episode had resolved."""


@dataclass(frozen=True, slots=True)
class Step:
    """The episode after a step (None: there is none), why, and what it leaves."""

    reason: str
    episode: Episode | None
    event: Event | None = None


def step(episode: Episode | None, decision: Decision, rule_id: str, scope: str, kind: Kind, now: datetime) -> Step:
    """Move the open episode of a rule and scope (None: there is none) as one look at the figures decided."""
    seen, reason = decision.observation, decision.reason
    episode = episode if episode is not None and episode.open else None
    if episode is None:
        if reason.change not in (Change.FIRES, Change.WORSENS) or seen.value is None:
            return Step(reason, None)
        begun = Episode(
            rule_id,
            scope,
            kind,
            since=seen.window_start,
            last_window=seen.told,
            fired_at=now,
            value=seen.value,
            limit=decision.limit,
            expected=seen.expected,
            mark=decision.mark,
        )
        return Step(reason, begun, _event(Happened.FIRED, decision, now))
    match reason.change:
        case Change.GOES_ON | Change.FIRES if seen.value is not None and reason is not Reason.WINDOW_STILL_OPEN:
            newest = max(episode.last_window, seen.told)
            return Step(reason, replace(episode, last_window=newest, value=seen.value))
        case Change.WORSENS if seen.value is not None:
            worse = replace(
                episode,
                last_window=max(episode.last_window, seen.told),
                value=seen.value,
                limit=decision.limit,
                expected=seen.expected,
                mark=decision.mark,
                acknowledged_at=None,
                acknowledged_by="",
            )
            return Step(reason, worse, _event(Happened.WORSENED, decision, now))
        case Change.RESOLVES:
            over = replace(episode, resolved_at=now, resolved_because=reason)
            return Step(reason, over, _event(_end(episode, reason), decision, now))
    return Step(reason, episode)


def notice(decision: Decision, rule_id: str, scope: str, kind: Kind, now: datetime) -> Step:
    """Something that is said once and is no alarm: an episode that is over as soon as it is told."""
    begun = step(None, decision, rule_id, scope, kind, now)
    if begun.episode is None:
        return begun
    return replace(begun, episode=replace(begun.episode, resolved_at=now, resolved_because=decision.reason))


def undone(episode: Episode, decision: Decision, now: datetime) -> Step:
    """What was told of a resolved episode is not so any more: its only window is within the limit by now."""
    over = replace(episode, resolved_because=Reason.RESTATED)
    return Step(Reason.RESTATED, over, _event(Happened.RESTATED, decision, now))


def acknowledge(episode: Episode, by: str, now: datetime) -> Step:
    """Somebody has it in hand: nobody else is told because nobody answered."""
    if not episode.open:
        return Step(Outcome.OVER, episode)
    if episode.acknowledged_at:
        return Step(Outcome.ALREADY, episode)
    taken = replace(episode, acknowledged_at=now, acknowledged_by=by)
    return Step(Outcome.DONE, taken, Event(Happened.ACKNOWLEDGED, now, by=by))


def _end(episode: Episode, reason: Reason) -> Happened:
    if reason in (Reason.PERIOD_OVER, Reason.RULE_GONE, Reason.BELOW_MARKS):
        return Happened.ENDED
    if reason is Reason.RESTATED:
        # Only what was told of this one window is wrong; where windows before it were beyond the limit too, it is over.
        return Happened.RESTATED if episode.since == episode.last_window else Happened.RESOLVED
    return Happened.RESOLVED


def _event(what: Happened, decision: Decision, now: datetime) -> Event:
    seen = decision.observation
    return Event(what, now, seen.value, decision.limit, decision.mark, reason=decision.reason, last_window=seen.told)
