"""What people do with an alert: each press acts once, for those who may, however late it comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.answers.answer import Answer
from bot.core import wording
from bot.core.access import Asker
from bot.core.alerts.episode import Episode, Event, Happened, Outcome
from bot.core.alerts.episode import acknowledge as acknowledged
from bot.core.alerts.feedback import Feedback, Given, Silence, Until, Verdict
from bot.core.alerts.unusual import NOTICE
from bot.core.errors import NotFound, Withheld
from bot.core.receivers import may_act
from bot.services.alerts.telling import messages, unsilencing
from bot.services.alerts.telling.about import about
from bot.services.alerts.telling.owing import covering
from bot.services.configuration import in_force
from bot.store.alerts import episodes, silences
from bot.store.upsert import lock

_TWICE = timedelta(minutes=2)
"""The same press by the same person within this is one press."""
_HAPPENED = {
    Verdict.EXPECTED: Happened.EXPECTED,
    Verdict.PLANNED: Happened.PLANNED,
    Verdict.NOT_USEFUL: Happened.NOT_USEFUL,
}


def acknowledge(connection: Connection, episode_id: int, asker: Asker, now: datetime, zone: str) -> Answer:
    """Note who has it in hand."""
    episode = _allowed(connection, episode_id, asker)
    taken = acknowledged(episode, _called(asker), now)
    if taken.reason == Outcome.DONE and taken.episode and taken.event:
        episodes.store(connection, taken.episode)
        episodes.note(connection, episode_id, taken.event)
    note = (
        "It was over before you pressed: there is nothing left to acknowledge." if taken.reason == Outcome.OVER else ""
    )
    return _now(connection, episode_id, asker, now, zone, note)


def silence(
    connection: Connection, episode_id: int, until: Until, asker: Asker, now: datetime, own_zone: str, zone: str
) -> Answer:
    """Nobody is told of its rule and scope until then."""
    episode = _allowed(connection, episode_id, asker)
    end, by = until.instant(now, own_zone), _called(asker)
    event = Event(Happened.SILENCED, now, by=by, until=end)
    if not _repeated(connection, episode_id, event):
        rule_id = episode.rule_id.removeprefix(NOTICE)
        silences.add(connection, Silence(rule_id, episode.scope, end, by), now)
        episodes.note(connection, episode_id, event)
    return _now(connection, episode_id, asker, now, zone)


def end_silence(connection: Connection, episode_id: int, asker: Asker, now: datetime, zone: str) -> Answer:
    """End what keeps it quiet, as far as this person may."""
    episode, by = _allowed(connection, episode_id, asker), _called(asker)
    configuration = in_force(connection)
    running = covering(silences.running(connection, now), episode, now)
    theirs = [one for one in running if unsilencing.may_end(connection, configuration, asker, one)]
    if [one for one in theirs if unsilencing.end(connection, one, by, now)]:
        episodes.note(connection, episode_id, Event(Happened.SILENCE_ENDED, now, by=by))
    note = "" if running else "Its silence had ended before you pressed."
    if left := next((one for one in running if one not in theirs), None):
        until = wording.instant(left.until)
        note = f"It stays silenced until {until}: {left.by} silenced more than this, and only admins may end that."
    return _now(connection, episode_id, asker, now, zone, note)


def feedback(connection: Connection, episode_id: int, said: Feedback, asker: Asker, now: datetime, zone: str) -> Answer:
    """What somebody says of it counts for its rule and scope from now on."""
    episode = _allowed(connection, episode_id, asker)
    by, base = _called(asker), episode.expected if episode.expected is not None else episode.limit
    event = Event(_HAPPENED[said.verdict], now, by=by, until=said.until)
    if not _repeated(connection, episode_id, event):
        given = Given(said.verdict, now, episode.value, base, said.until)
        silences.give(connection, episode.rule_id, episode.scope, given, by)
        episodes.note(connection, episode_id, event)
    return _now(connection, episode_id, asker, now, zone)


def _allowed(connection: Connection, episode_id: int, asker: Asker) -> Episode:
    """The episode, if this person may act on it by what is configured now. Raises Withheld, NotFound."""
    lock(connection, "alerts")
    episode = episodes.read(connection, episode_id)
    if episode is None:
        raise NotFound("This alert is not in the books any more.")
    configuration = in_force(connection)
    it = about(connection, configuration, episode)
    if not may_act(configuration, asker, it.notify, it.teams):
        owners = "the owners of the team and of those above it, and " if it.teams else ""
        raise Withheld(f"Only {owners}admins can act on this alert. Ask one of them, or to be made an owner.")
    return episode


def _now(connection: Connection, episode_id: int, asker: Asker, now: datetime, zone: str, note: str = "") -> Answer:
    """The message as it is by now."""
    answer = messages.current(connection, episode_id, now, zone, asker)
    return replace(answer, notes=(note, *answer.notes)) if note else answer


def _repeated(connection: Connection, episode_id: int, event: Event) -> bool:
    """Whether the same was done and not undone: by the same person just now, or with the same end by anybody."""
    happened = episodes.events(connection, episode_id)
    undone = max((at for at, one in enumerate(happened) if one.what is Happened.SILENCE_ENDED), default=-1)
    return any(
        one.what is event.what
        and (
            (one.by == event.by and event.at - one.at < _TWICE) or (one.until is not None and one.until == event.until)
        )
        for at, one in enumerate(happened)
        if at > undone or event.what is not Happened.SILENCED
    )


def _called(asker: Asker) -> str:
    """How the books call whoever pressed: by e-mail where it is known."""
    if asker.operator and not asker.names:
        return "Whoever runs the bot"
    names = sorted(asker.names)
    return next((name for name in names if "@" in name), names[0].upper() if names else "Somebody")
