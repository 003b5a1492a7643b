"""The messages of an episode that lie before people, as each of them may see it by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.answers.answer import Answer
from bot.core.access import Asker
from bot.services.alerts import messages, telling
from bot.store import episodes, told
from bot.store.deliveries import State


@dataclass(frozen=True, slots=True)
class Copy:
    """One message that is out, and what it should say."""

    channel: str
    ts: str
    answer: Answer


def copies(connection: Connection, episode_id: int, now: datetime, zone: str) -> list[Copy]:
    """Every message of the newest event that people were told of; older ones stay as they were."""
    episode = episodes.read(connection, episode_id)
    events = [one for one in episodes.events(connection, episode_id) if one.what.tells]
    if episode is None or not events:
        return []
    prefix = f"{telling.prefix(episode)}{events[-1].id}/"
    found = []
    for key, state in told.states(connection, prefix).items():
        if state is State.SENT:
            reader = Asker.called(key.split("/", 3)[3])
            answer = messages.current(connection, episode_id, now, zone, reader)
            found += [Copy(channel, ts, answer) for channel, ts in told.places(connection, key)]
    return found
