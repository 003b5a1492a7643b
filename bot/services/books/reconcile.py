"""Hold the ledger against what Anthropic adds up itself and against list prices; tell the admins what nothing explains.

Looked at after every sync, for the days it touched and those that have just settled. Each day is owed to each admin
once, ever; days that are found together are one message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from bot.answers import reconcile as reconcile_answer
from bot.answers.reconcile import Held
from bot.core.books.reconcile import reconcile
from bot.core.books.reconciliation import Reconciliation, Stage
from bot.core.errors import NotFound, SettingsError
from bot.core.money import ZERO, Money
from bot.core.periods import Period, days
from bot.core.usage import Source
from bot.core.utc import midnight
from bot.services.configuration import in_force
from bot.services.deliver import Deliverer, Message
from bot.store import directory as directories
from bot.store import ledger, memory
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.store.readings import hours, reported, snapshots
from bot.store.upsert import lock

"""What Anthropic adds up are UTC days."""
SETTLES = timedelta(days=4)
"""How long after its end a day may still be restated in one report and not yet in the other."""
RECENT = timedelta(days=7)
"""Days that are looked at again even if no sync touched them: they settle in the meantime."""
_DAY = timedelta(days=1)
_BESIDE = timedelta(days=31)


class Reconcile:
    def __init__(self, database: Database, deliverer: Deliverer | None) -> None:
        self._database = database
        self._deliverer = deliverer

    async def days(self, period: Period, now: datetime) -> list[Held]:
        """Every day of the period that has begun and of which anything was read, oldest first, as of `now`."""
        return await self._database.read(_held, days(period), now)

    async def run(self, now: datetime) -> int:
        """Send what is owed; returns how many messages went out."""
        if self._deliverer is None:
            raise SettingsError("There is no Slack to tell the admins: set SLACK_BOT_TOKEN.")
        owed = await self._database.read(deliveries.due, now)
        keys = [key for key in owed if key.startswith("reconcile/")]
        return sum([await self._deliverer.send(key, lambda key: self._message(key, now), now) for key in keys])

    async def _message(self, key: str, now: datetime) -> Message:
        return await self._database.read(_message_for, key, now)


def look(connection: Connection, organization_id: str, touched: Collection[date], now: datetime) -> list[date]:
    """The days that nothing explains, oldest first; each is owed to each admin, once."""
    today = now.astimezone(UTC).date()
    wanted = {*touched, *(today - _DAY * n for n in range(RECENT.days))}
    unexplained = [found.day for found in _reconciled(connection, organization_id, wanted, now) if not found.explained]
    lock(connection, "reconcile")
    for admin in in_force(connection).admins:
        new = [day for day in unexplained if deliveries.find(connection, _key(day, admin)) is None]
        for day in new:
            deliveries.owe(connection, _key(day, admin), now)
        for day in new[:-1]:
            deliveries.skipped(connection, _key(day, admin), now, f"Told together with {new[-1]}.")
    return unexplained


def recent(connection: Connection, now: datetime) -> list[Held]:
    """How the last look went."""
    today = now.astimezone(UTC).date()
    return _held(connection, [today - _DAY * n for n in range(RECENT.days)], now)


def _held(connection: Connection, wanted: Iterable[date], now: datetime) -> list[Held]:
    wanted = list(wanted)
    found = [
        Held(organization.organization_name, one)
        for organization in directories.read_all(connection)
        for one in _reconciled(connection, organization.organization_id, wanted, now)
    ]
    return sorted(found, key=lambda held: held.found.day)


def _reconciled(
    connection: Connection, organization_id: str, wanted: Iterable[date], now: datetime
) -> Iterable[Reconciliation]:
    """Each of these days of which either report was read, a day at a time: a year of entries would fill the memory."""
    wanted = sorted(wanted)
    if not wanted:
        return
    since, until = wanted[0], wanted[-1] + _DAY
    used = snapshots.fetched(connection, organization_id, Source.USAGE, since, until)
    paid = snapshots.fetched(connection, organization_id, Source.COST, since, until)
    sums = reported.read(connection, organization_id, since, until)
    adjusted = reported.adjusted(connection, organization_id, since, until)
    hourly = hours.tokens(connection, organization_id, since - _DAY, until + _DAY)
    for day in wanted:
        if day not in used and day not in paid:
            continue
        said = sums.get(day)
        beside = _Beside(
            said.amount if said else None,
            _stage(day, used.get(day), paid.get(day), now),
            said is not None and said.fetched_at != paid.get(day),
            adjusted.get(day, ZERO),
            tuple(_around(hourly, day)),
        )
        key = "reconciled", organization_id, day, beside
        yield from memory.remembered(connection, key, partial(_looked_at, connection, organization_id, day, beside))


class _Beside(NamedTuple):
    """What stands beside a day's entries, as `reconcile` has it."""

    reported: Money | None
    stage: Stage
    restated: bool
    adjusted: Money
    hours: tuple[int, ...]


def _looked_at(connection: Connection, organization_id: str, day: date, beside: _Beside) -> list[Reconciliation]:
    """The one of a day."""
    entries = ledger.summed(connection, organization_id, day)
    reported, stage, restated, adjusted, around = beside
    return [reconcile(day, entries, reported, stage=stage, restated=restated, adjusted=adjusted, hours=around)]


def _around(hourly: Mapping[date, list[int]], day: date) -> list[int]:
    """The tokens of each hour from the day before to the day after; none where one of the days is not known so."""
    days = [hourly.get(one) for one in (day - _DAY, day, day + _DAY)]
    return [count for one in days if one for count in one] if all(days) else []


def _stage(day: date, used: datetime | None, paid: datetime | None, now: datetime) -> Stage:
    over = midnight(day + _DAY)
    if used is None or paid is None:
        return Stage.UNREAD
    if min(used, paid) < over:
        return Stage.RUNNING
    return Stage.SETTLING if now < over + SETTLES else Stage.SETTLED


def _message_for(connection: Connection, key: str, now: datetime) -> Message:
    """What does not add up by now: the day it is about, and the others that were found with it."""
    _, text, admin = key.split("/", 2)
    day = date.fromisoformat(text)
    held = _held(connection, [day - _DAY * n for n in range(_BESIDE.days)], now)
    wrong = [one for one in held if not one.found.explained]
    if all(one.found.day != day for one in wrong):
        raise NotFound(f"{day} adds up by now.")
    return Message(reconcile_answer.answer(wrong, ""), receiver=admin, topic=f"reconcile/{day}/")


def _key(day: date, admin: str) -> str:
    return f"reconcile/{day}/{admin}"
