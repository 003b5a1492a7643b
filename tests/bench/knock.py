"""What a look of the alerts costs over 10,000 keys with anomaly alerts: an hour later, when nothing is new, as a day
begins, and in a new process."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bot.core.entries import Attribution, Basis, Entry
from bot.core.hours import IN_A_DAY
from bot.core.usage import OUTPUT, Source
from bot.core.utc import midnight
from bot.interpreter import calm_collector
from bot.services.alerts.alerts import Alerts
from bot.services.deliver import Deliverer
from bot.store.database import Database
from bot.store.ledger.posting import Ledger
from bot.store.readings import snapshots, syncs
from tests import databases
from tests.properties.test_alerts import Slack
from tests.services.books import MODEL, ORGANIZATION, Books

KEYS, DAYS, BY_HOUR = 10_000, 30, 4
FIRST = date(2026, 10, 1)
CONFIGURATION = """\
admins: [ben@example.com]
teams: [{id: alpha, matches: [{workspace: alpha}]}]
alerts: [{id: odd, metric: cost, kind: anomaly, scope: each_key}]
"""
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


async def measure(folder: Path) -> list[str]:
    calm_collector()  # as the process does: else half of what a new one takes is looking for garbage among its series
    database = Database(databases.sqlite(folder / "knock.db"))
    Books(database).configure(CONFIGURATION)
    for n in range(DAYS):
        database.write_now(_spent, FIRST + n * _DAY, IN_A_DAY if n >= DAYS - BY_HOUR else 0)
    today = FIRST + DAYS * _DAY
    now, lines = midnight(today) + 9 * _HOUR, list[str]()
    process = _process(database)

    async def look(name: str, alerts: Alerts) -> None:
        begun = time.perf_counter()
        await alerts.run(now)
        lines.append(f"knock, {KEYS:,} keys with {DAYS} days, {name}: {time.perf_counter() - begun:.2f} s")

    database.write_now(_spent, today, 8)
    await look("the first process ever", process)
    now += timedelta(minutes=1)
    await look("nothing is new", process)
    now += _HOUR
    database.write_now(_spent, today, 9)
    await look("an hour later", process)
    await look("a new process", _process(database))
    now = midnight(today + _DAY) + 2 * _HOUR
    database.write_now(_spent, today, IN_A_DAY)
    database.write_now(_spent, today + _DAY, 1)
    await look("the day closed and another begun", process)
    database.close()
    return lines


def _process(database: Database) -> Alerts:
    return Alerts(database, Deliverer(database, Slack()), "UTC")


def _spent(connection: Connection, day: date, hours: int) -> None:
    """A day of every key, read as its last hour here was over, or in the morning after where no hours are known."""
    start = midnight(day)
    read_at = start + (hours + 1) * _HOUR if 0 < hours < IN_A_DAY else start + _DAY + 2 * _HOUR
    for source in (Source.COST, Source.USAGE, *([Source.HOURS] if hours else [])):
        snapshots.replace(connection, ORGANIZATION, source, [start], [], read_at)
        syncs.attempted(connection, ORGANIZATION, source, read_at)
    with Ledger(connection, ORGANIZATION) as ledger:
        entries = [_entry(n, day, hours or IN_A_DAY) for n in range(KEYS)]
        parts = [_entry(n, day, 1) for n in range(KEYS)] if hours else []
        ledger.replace_day(day, entries, [(hour, part) for part in parts for hour in range(hours)])


def _entry(n: int, day: date, hours: int) -> Entry:
    spent = hours * (10 + (n * 7 + day.toordinal()) % 5) * 10**10 // IN_A_DAY
    place = Attribution("alpha", "alpha", f"key_{n}", MODEL, "standard", "global")
    return Entry(place, OUTPUT, 1000 * hours, spent, spent, Basis.REPORTED)
