"""The messages of an episode that lie before people, as each of them may see it by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.answers.alert import gathered
from bot.answers.answer import Answer
from bot.core.access import Asker
from bot.services.alerts.telling import messages, owing
from bot.store.alerts import episodes
from bot.store.messages import together, told
from bot.store.messages.deliveries import State


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
    prefix = f"{owing.prefix(episode)}{events[-1].id}/"
    found = []
    for key, state in told.states(connection, prefix).items():
        if state is State.SENT:
            reader = Asker.called(owing.receiver_of(key))
            answer = messages.current(connection, episode_id, now, zone, reader)
            for channel, ts in told.places(connection, key):
                found.append(Copy(channel, ts, message_at(connection, channel, ts, episode_id, answer, now, zone)))
    return found


def message_at(
    connection: Connection, channel: str, ts: str, episode_id: int, answer: Answer, now: datetime, zone: str
) -> Answer:
    """The message in this place of Slack: `answer` says how this episode stands, beside the others that it tells of."""
    key = together.carrier(connection, channel, ts)
    if key is None:
        return answer
    reader = Asker.called(owing.receiver_of(key))
    told_of = [int(one.split("/", 3)[1]) for one in together.carried(connection, key, State.SENT)]
    parts = {
        id_: answer if id_ == episode_id else messages.current(connection, id_, now, zone, reader) for id_ in told_of
    }
    return gathered(list(parts.values()))
