"""What is due to one receiver at once goes out as one message: five alerts are one look at the phone, not five."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from bot.core.receivers import is_channel
from bot.services.alerts.telling import owing
from bot.store.messages import deliveries, together
from bot.store.messages.deliveries import Owed
from bot.store.messages.together import Untried
from bot.store.upsert import lock


def due(connection: Connection, now: datetime) -> list[Owed]:
    """What is to go out, gathered in the same transaction: no replica sees it before it is."""
    if len(deliveries.line(connection, now, owing.KIND)) > 1:
        lock(connection, "alerts")
        _gather(connection, now)
    return deliveries.line(connection, now, owing.KIND)


def _gather(connection: Connection, now: datetime) -> None:
    """Only what nobody has begun to send: what Slack may have must be found again under its own key."""
    waiting: dict[str, list[Untried]] = defaultdict(list)
    for one in together.untried(connection, now, owing.KIND):
        if not one.key.startswith(owing.TOGETHER):
            waiting[owing.receiver_of(one.key).casefold()].append(one)
    lines = _lines(waiting.values())
    for some in waiting.values():
        first = min(some, key=_event)
        line = lines[_line(first)]
        if len(some) > 1:
            key = f"{owing.TOGETHER}{_event(first)}/{owing.receiver_of(first.key)}"
            together.carry(connection, key, some, line)
        elif first.place != line:
            together.move(connection, first, line)


def _lines(every: Collection[list[Untried]]) -> dict[str, str]:
    """The line that the messages of each event wait in: one for all events that go out with each other to anybody.

    That two receivers are one person shows when the first has the message, so what tells them the same must not go out
    at once. A channel is nobody under another name, and joins no lines.
    """
    after: dict[str, str] = {}

    def end(line: str) -> str:
        while (next_ := after.setdefault(line, line)) != line:
            line = next_
        return line

    for some in every:
        for one in some:
            if one.place:
                after[end(_line(one))] = end(one.place)
        if not is_channel(owing.receiver_of(some[0].key)):
            for one in some[1:]:
                after[end(_line(one))] = end(_line(some[0]))
    return {line: end(line) for line in [_line(one) for some in every for one in some]}


def _event(one: Untried) -> int:
    return int(one.key.split("/", 3)[2])


def _line(one: Untried) -> str:
    """Where the messages of its event wait by themselves."""
    return "/".join(one.key.split("/", 3)[:3])
