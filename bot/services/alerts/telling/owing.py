"""What happened to episodes, and who is owed a message of it: decided once, in the transaction that writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.core.alerts.episode import Episode, Event, Happened
from bot.core.alerts.feedback import Silence, quiet
from bot.core.alerts.reason import Reason
from bot.core.alerts.rule import Severity
from bot.core.alerts.unusual import NOTICE
from bot.core.configuration import Configuration
from bot.services import undelivered
from bot.services.alerts.telling import causes
from bot.services.alerts.telling.about import about
from bot.store.alerts import episodes, silences
from bot.store.messages import deliveries, together
from bot.store.messages import told as told_
from bot.store.messages.deliveries import State

KIND = "alert/"
"""What the keys of messages about episodes begin with; their episode, event and receiver follow."""
TOGETHER = f"{KIND}together/"
"""What the keys of messages that carry several of them begin with; the first one's event and the receiver follow."""
_CAUSED = (Reason.UNUSUAL, Reason.MUCH_WORSE, Reason.NEW_SPENDER, Reason.DROPPED, Reason.DRIFTED)
"""What may be told of a narrower scope instead."""
_REACHED = (State.SENT, State.SENDING, State.WAITING)


class NotTold:
    """Why nobody is told of an event, where it is not feedback."""

    NOBODY = "nobody_to_tell"
    NOBODY_WAS_TOLD = "nobody_was_told"
    OVER = "over_before_the_silence_was"
    ELSEWHERE = "told_elsewhere"


def owe(connection: Connection, configuration: Configuration, now: datetime) -> None:
    """Owe what has happened to whom it is for, and hold back what a silence covers."""
    running = silences.running(connection, now)
    given = silences.given(connection)
    for episode, event in sorted(episodes.unsettled(connection), key=lambda one: causes.width(one[0])):
        if covering(running, episode, now):
            continue
        why = _not_told(episode, event, now)
        if why is None and event.what.alarms:
            base = episode.expected if episode.expected is not None else (event.limit or 0)
            why = quiet(given.get((episode.rule_id, episode.scope), ()), event.value or 0, base, now)
        if why is None and event.reason in _CAUSED:
            narrower = causes.explanation(connection, configuration, episode)
            if narrower is not None:
                _tell_too(connection, configuration, episode, narrower, now)
                why = NotTold.ELSEWHERE
        if why is None:
            receivers = _receivers(connection, configuration, episode, event, now)
            why = "" if receivers else _nobody(event)
            for receiver in receivers:
                _owe(connection, episode, event, receiver, now)
        episodes.settle(connection, event.id, now, why)


def chase(connection: Connection, configuration: Configuration, now: datetime) -> None:
    """Tell the next ones where nobody can be reached, or nobody acknowledges what is critical."""
    running = silences.running(connection, now)
    for episode in episodes.firing(connection):
        told = states(connection, episode)
        if not told or covering(running, episode, now):
            continue
        it = about(connection, configuration, episode)
        waiting = next((level for level in it.levels if not _any(level, told)), None)
        if waiting is None:
            continue
        events = [one for one in episodes.events(connection, episode.id) if one.what.tells]
        newest = events[-1]
        if all(state not in _REACHED for state in _newest(told).values()):
            for receiver in waiting:
                _owe(connection, episode, newest, receiver, now)
            continue
        reached = told_.last_sent(connection, prefix(episode))
        if it.severity is not Severity.CRITICAL or it.rule is None or episode.acknowledged_at or reached is None:
            continue
        if now >= reached + it.rule.escalate_after:
            event = Event(
                Happened.ESCALATED, now, episode.value, episode.limit, episode.mark, last_window=episode.last_window
            )
            episodes.note(connection, episode.id, event)


def withdraw(connection: Connection, happened: Iterable[tuple[Episode, Event]], now: datetime) -> None:
    """What waits to be told of a rule or scope that is gone is not told any more."""
    for episode, event in happened:
        if event.reason == Reason.RULE_GONE:
            _take_back(connection, episode, states(connection, episode), now, "Its rule is no longer configured.")


def unreachable(connection: Connection, now: datetime) -> None:
    """Let the admins know, once, of everybody whom an alert could not reach."""
    for failed in told_.failed(connection, KIND):
        told_.file_under(connection, failed, receiver_of(failed))
        for name, admin in undelivered.keys(connection, receiver_of(failed)).items():
            if admin.casefold() != receiver_of(failed).casefold():
                deliveries.owe(connection, name, now, place=admin)


def states(connection: Connection, episode: Episode) -> dict[tuple[int, str], State]:
    """What became of an episode's messages, by event and receiver."""
    found = {}
    for name, state in told_.states(connection, prefix(episode)).items():
        _, _, event, receiver = name.split("/", 3)
        found[int(event), receiver] = state
    return found


def receiver_of(key: str) -> str:
    """Whom the message of this key is for."""
    return key.split("/", 3)[3]


def episodes_of(connection: Connection, key: str) -> list[int]:
    """Which episodes the message of this key tells of."""
    keys = together.carried(connection, key) if key.startswith(TOGETHER) else [key]
    return [int(one.split("/", 3)[1]) for one in keys]


def prefix(episode: Episode) -> str:
    return f"{KIND}{episode.id}/"


def _owe(connection: Connection, episode: Episode, event: Event, receiver: str, now: datetime) -> None:
    """Under the same key in every process, so that it is sent once; and one after the other: that two receivers are one
    person shows when the first has the message."""
    line = f"{prefix(episode)}{event.id}"
    deliveries.owe(connection, f"{line}/{receiver}", now, place=told_.line_of(connection, line) or line)


def _receivers(
    connection: Connection, configuration: Configuration, episode: Episode, event: Event, now: datetime
) -> Iterable[str]:
    told = states(connection, episode)
    it = about(connection, configuration, episode)
    reached = {receiver: None for (_, receiver), state in told.items() if state in (State.SENT, State.SENDING)}
    match event.what:
        case Happened.FIRED:
            first = it.levels[0] if it.levels else ()
            known = _who_know(connection, configuration, episode)
            return [one for one in first if one.casefold() not in known]
        case Happened.WORSENED:
            _take_back(connection, episode, told, now, "Told with what came after it.")
            return dict.fromkeys([*(it.levels[0] if it.levels else ()), *reached])
        case Happened.ESCALATED:
            return next((level for level in it.levels if not _any(level, told)), ())
        case Happened.RESTATED:
            _take_back(connection, episode, told, now, "The figures were corrected before it went out.")
    return reached


def _tell_too(
    connection: Connection, configuration: Configuration, episode: Episode, narrower: Episode, now: datetime
) -> None:
    """Whoever would be told of the wider scope is told of the narrower one instead, if that is told at all."""
    told = states(connection, narrower)
    newest = max((event for event, _ in told), default=None)
    if newest is None:
        return
    it = about(connection, configuration, episode)
    names = {receiver.casefold() for _, receiver in told}
    for receiver in it.levels[0] if it.levels else ():
        if receiver.casefold() not in names:
            line = f"{prefix(narrower)}{newest}"
            deliveries.owe(connection, f"{line}/{receiver}", now, told_.line_of(connection, line) or line)


def _who_know(connection: Connection, configuration: Configuration, episode: Episode) -> set[str]:
    """Who was told of a wider scope already that this one explains."""
    return {
        receiver.casefold()
        for wider in causes.explained(connection, configuration, episode)
        for (_, receiver), state in states(connection, wider).items()
        if state in _REACHED
    }


def _take_back(
    connection: Connection, episode: Episode, told: Mapping[tuple[int, str], State], now: datetime, why: str
) -> None:
    """What is still waiting to be told is not told any more."""
    for (event, receiver), state in told.items():
        if state is State.WAITING:
            deliveries.skipped(connection, f"{prefix(episode)}{event}/{receiver}", now, why)


def _not_told(episode: Episode, event: Event, now: datetime) -> str | None:
    lasts = episode.open or episode.rule_id.startswith(NOTICE)
    if event.what.alarms and not lasts and event.at < now:
        return NotTold.OVER  # only a silence lets an event wait
    if event.what is Happened.ESCALATED and episode.acknowledged_at:
        return NotTold.OVER
    return None


def _nobody(event: Event) -> str:
    return NotTold.NOBODY if event.what in (Happened.FIRED, Happened.WORSENED) else NotTold.NOBODY_WAS_TOLD


def covering(running: Iterable[Silence], episode: Episode, now: datetime) -> list[Silence]:
    """The silences that cover an episode now."""
    rule_id = episode.rule_id.removeprefix(NOTICE)
    return [silence for silence in running if silence.covers(rule_id, episode.scope, now)]


def _any(level: Iterable[str], told: Mapping[tuple[int, str], State]) -> bool:
    names = {receiver.casefold() for _, receiver in told}
    return any(one.casefold() in names for one in level)


def _newest(told: Mapping[tuple[int, str], State]) -> dict[str, State]:
    """What became of the newest message to each receiver."""
    return {receiver: state for (_, receiver), state in sorted(told.items())}
