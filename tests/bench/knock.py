"""What a look of the alerts costs over 10,000 keys with anomaly alerts: in a new process, and when nothing is new."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bot.core.allocation import Attribution, Basis, Entry
from bot.core.usage import OUTPUT, Source
from bot.services.alerts.alerts import Alerts
from bot.services.deliver import Deliverer
from bot.store import snapshots
from bot.store.database import Database
from bot.store.posting import Ledger
from tests.properties.test_alerts import Slack
from tests.services.books import MODEL, ORGANIZATION, Books

KEYS, DAYS = 10_000, 30
FIRST = date(2026, 10, 1)
CONFIGURATION = """\
admins: [ben@example.com]
teams: [{id: alpha, matches: [{workspace: alpha}]}]
alerts: [{id: odd, metric: cost, kind: anomaly, scope: each_key}]
"""
_DAY = timedelta(days=1)


async def measure(folder: Path) -> list[str]:
    database = Database(f"sqlite:///{folder / 'knock.db'}")
    Books(database).configure(CONFIGURATION)
    for day in (FIRST + n * _DAY for n in range(DAYS)):
        database.write_now(_spent, day)
    now = datetime.combine(FIRST + DAYS * _DAY, datetime.min.time(), UTC) + timedelta(hours=8)
    alerts, lines = Alerts(database, Deliverer(database, Slack()), "UTC"), []
    for name, minutes in (("the first process ever", 0), ("nothing is new", 1), ("a quarter later", 16)):
        begun = time.perf_counter()
        await alerts.run(now + timedelta(minutes=minutes))
        lines.append(f"knock, {KEYS:,} keys with {DAYS} days, {name}: {time.perf_counter() - begun:.2f} s")
    for name, hours in (("a new process", 1), ("a new process with a new day", 24)):
        if hours == 24:
            database.write_now(_spent, FIRST + DAYS * _DAY)
        begun = time.perf_counter()
        await Alerts(database, Deliverer(database, Slack()), "UTC").run(now + timedelta(hours=hours))
        lines.append(f"knock, {KEYS:,} keys with {DAYS} days, {name}: {time.perf_counter() - begun:.2f} s")
    database.close()
    return lines


def _spent(connection: Connection, day: date) -> None:
    """A day of which every report is whole."""
    start = datetime.combine(day, datetime.min.time(), UTC)
    for source in (Source.COST, Source.USAGE):
        snapshots.replace(connection, ORGANIZATION, source, [start], [], start + timedelta(days=1, hours=6))
        snapshots.attempted(connection, ORGANIZATION, source, start + timedelta(days=1, hours=6))
    with Ledger(connection, ORGANIZATION) as ledger:
        ledger.replace_day(day, [_entry(n, day) for n in range(KEYS)])


def _entry(n: int, day: date) -> Entry:
    spent = (10 + (n * 7 + day.toordinal()) % 5) * 10**10
    place = Attribution("alpha", "alpha", f"key_{n}", MODEL, "standard", "global")
    return Entry(place, OUTPUT, 1000, spent, spent, Basis.REPORTED)
