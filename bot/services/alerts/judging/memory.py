"""What earlier looks said: the newest episode of each rule and scope, and what was told of each budget's period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.core.alerts.episode import Episode, Event, Happened, Step
from bot.core.alerts.rule import Kind
from bot.core.money import Money
from bot.core.outlook.budget import Said
from bot.store.alerts import episodes

_OF_A_PERIOD = (Kind.BUDGET, Kind.FORECAST)
Key = tuple[str, str, datetime | None]
"""Rule and scope; of a budget also when its period began."""


@dataclass(slots=True)
class Memory:
    """What a look may know of those before it. The live alerts keep it in tables, a replay nowhere else."""

    episodes: dict[Key, Episode] = field(default_factory=dict)
    said: dict[tuple[str, datetime], list[Said]] = field(default_factory=lambda: defaultdict(list))
    events: list[tuple[Episode, Event]] = field(default_factory=list)
    """What the looks through this memory left, in order."""

    @classmethod
    def read(cls, connection: Connection) -> Memory:
        memory = cls()
        for episode in episodes.newest_of_all(connection):
            memory.episodes[_key(episode)] = episode
        for rule_id, since, mark, value in episodes.said_marks(connection):
            memory.said[rule_id, since].append(Said(mark, Money(value)))
        return memory

    def episode(self, rule_id: str, scope: str, since: datetime | None = None) -> Episode | None:
        return self.episodes.get((rule_id, scope, since))

    def open(self) -> list[Episode]:
        return [episode for episode in self.episodes.values() if episode.open]

    def take(self, steps: Sequence[Step], connection: Connection | None = None) -> None:
        """Remember the steps of one rule and scope; with a connection, in the tables too."""
        id_ = 0
        for one in steps:
            episode, event = one.episode, one.event
            if episode is None:
                continue
            begins = event is not None and event.what is Happened.FIRED
            if not episode.id and not begins:
                episode = replace(episode, id=id_)
            before = self.episodes.get(_key(episode))
            if connection is not None and (begins or episode != before):
                episode = episodes.store(connection, episode)
            elif begins:
                episode = replace(episode, id=len(self.events) + 1)
            id_ = episode.id
            self.episodes[_key(episode)] = episode
            if event is None:
                continue
            if connection is not None:
                event = episodes.note(connection, episode.id, event)
            self.events.append((episode, event))
            if event.mark is not None and event.value is not None and event.what in (Happened.FIRED, Happened.WORSENED):
                self.said[episode.rule_id, episode.since].append(Said(event.mark, Money(event.value)))


def _key(episode: Episode) -> Key:
    return episode.rule_id, episode.scope, episode.since if episode.kind in _OF_A_PERIOD else None
