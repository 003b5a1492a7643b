"""Once a week each admin is told what nobody owns; where everything has an owner, nobody is told anything."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.answers import unowned as unowned_answer
from bot.answers.answer import Answer
from bot.core.schedule import Cadence, Digest, newest_due
from bot.services.configuration import in_force, zone_in_force
from bot.services.configuring import unowned
from bot.services.deliver import Deliverer, Message
from bot.services.figures.names import Names
from bot.store import preferences
from bot.store.database import Database
from bot.store.messages import deliveries

KIND = "unowned/"
_MONDAY, _NINE = 0, time(9)
_KEPT = timedelta(days=28)


class Weekly:
    """`zone` is where people count their days unless the configuration says another."""

    def __init__(self, database: Database, deliverer: Deliverer | None, zone: str) -> None:
        self._database = database
        self._deliverer = deliverer
        self._zone = zone

    async def run(self, now: datetime) -> int:
        """Tell each admin what is due; returns how many messages went out. After a downtime it is one, not a pile."""
        if self._deliverer is None:
            return 0
        await self._database.write(_owe, now, self._zone)
        owed = await self._database.read(deliveries.line, now, KIND)

        async def build(key: str) -> Message:
            answer = await self._database.read(_answer, now, self._zone)
            return Message(answer, receiver=key.split("/", 2)[2], topic=key.rpartition("/")[0] + "/")

        return await self._deliverer.send_all(owed, build, now) if owed else 0


def _owe(connection: Connection, now: datetime, zone: str) -> None:
    here = zone_in_force(connection, zone)
    since = preferences.first_time(connection, KIND, now)
    occurrence = newest_due(Digest(KIND, None, Cadence.WEEKLY, _NINE, here, weekday=_MONDAY), since=since, now=now)
    if occurrence is None or occurrence.due < now - timedelta(days=7):
        return
    admins = in_force(connection).admins
    new = [key for admin in admins if deliveries.find(connection, key := f"{KIND}{occurrence.day}/{admin}") is None]
    if not new:
        return
    if not unowned.read(connection, Names.read(connection), now, here).things:
        return
    for key in new:
        deliveries.owe(connection, key, now, place=key.split("/", 2)[2])
    deliveries.forget(connection, KIND, f"{KIND}{(now.astimezone(ZoneInfo(here)) - _KEPT).date()}")


def _answer(connection: Connection, now: datetime, zone: str) -> Answer:
    """The list as it is when it is sent: what was claimed meanwhile is not in it."""
    names = Names.read(connection)
    return unowned_answer.answer(unowned.read(connection, names, now, names.zone(zone)))
