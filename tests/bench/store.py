"""A ledger of many teams and many days, written the way a sync writes it."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from bot.core.directory import Directory
from bot.core.entries import Attribution, Basis, Entry
from bot.core.usage import CACHE_READ, LEDGER_SOURCES, OUTPUT, UNCACHED_INPUT
from bot.services import configuration
from bot.store import directory as directories
from bot.store.database import Database
from bot.store.ledger.posting import Ledger
from bot.store.readings import snapshots, syncs

ORGANIZATION = "bench"
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5-20251001")
"""One of them for each of a team's keys."""
CHARGES = (UNCACHED_INPUT, CACHE_READ, OUTPUT)


def fill(database: Database, *, teams: int, days: int, until: date) -> int:
    """Write the ledger of `days` days before and including `until`; returns how many entries it holds."""
    database.write_now(_prepare, teams, until)
    return sum(database.write_now(_day, until - timedelta(days=n), teams) for n in range(days))


def _prepare(connection: Connection, teams: int, until: date) -> None:
    directories.replace(connection, Directory(ORGANIZATION, "Bench"))
    lines = [f"  - {{id: team-{n}, name: Team {n}, matches: [{{workspace: team-{n}-*}}]}}" for n in range(teams)]
    now = datetime.combine(until, time(12), UTC)
    configuration.apply(connection, "teams:\n" + "\n".join(lines) + "\n", "bench.yml", now)
    for source in LEDGER_SOURCES:
        syncs.attempted(connection, ORGANIZATION, source, now)


def _day(connection: Connection, day: date, teams: int) -> int:
    start = datetime.combine(day, time(), UTC)
    for source in LEDGER_SOURCES:
        snapshots.replace(connection, ORGANIZATION, source, [start], [], start + timedelta(days=1))
    dice = random.Random(day.toordinal())
    entries = [
        Entry(
            Attribution(
                f"team-{team}", f"wrkspc_{team:022d}", f"apikey_{team:04d}_{key:018d}", model, "standard", "global"
            ),
            charge,
            quantity := dice.randrange(1, 10**7),
            quantity * 20_000,
            quantity * 20_000,
            Basis.REPORTED,
        )
        for team in range(teams)
        for key, model in enumerate(MODELS)
        for charge in CHARGES
    ]
    with Ledger(connection, ORGANIZATION) as ledger:
        ledger.replace_day(day, entries)
    return len(entries)
