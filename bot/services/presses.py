"""What is done once: a button, by however many hands it is pressed, and an event, however often Slack tells of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.errors import StoreError
from bot.store.database import Database
from bot.store.messages import deliveries

REPEATED = timedelta(days=1)
"""Slack repeats an event for an hour at most."""
_EVENT = "event/"


class Presses:
    """Remembers what was done under a key, among the deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def once(self, key: str, channel: str, now: datetime, act: Callable[[], Awaitable[bool]]) -> bool:
        """Whether this was the first press, and `act` was done for it. An act that failed may be pressed again."""
        try:
            first = await self._database.write(_claim, key, now)
        except StoreError:
            first = True  # the act needs the store too, and says what is wrong with it
        if not first:
            return False
        done = False
        try:
            done = await act()
        finally:
            with suppress(StoreError):
                await self._database.write(_end, key, channel, now, done)
        return True

    async def told(self, id_: str, at: int, place: str, now: datetime, act: Callable[[], Awaitable[bool]]) -> bool:
        """The same for an event that Slack tells of, which happened `at` (Unix seconds).

        Those of days before it are forgotten: there is one for every look at a Home. The time stands in the key, so
        that they are one stretch of keys.
        """
        bound = int(min(at, now.timestamp()) - REPEATED.total_seconds())
        with suppress(StoreError):
            await self._database.write(deliveries.forget, _EVENT, f"{_EVENT}{bound:010}")
        return await self.once(f"{_EVENT}{at:010}/{id_}", place, now, act)


def _claim(connection: Connection, key: str, now: datetime) -> bool:
    deliveries.owe(connection, key, now)
    deliveries.try_again(connection, key, now)
    return deliveries.claim(connection, key, now)


def _end(connection: Connection, key: str, channel: str, now: datetime, done: bool) -> None:
    if done:
        deliveries.sent(connection, key, now, channel, "")
    else:
        deliveries.failed(connection, key, now, "It could not be done.", None)
