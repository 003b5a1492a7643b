"""docs/security.md says how a person is deleted: what it says leaves their name nowhere, and every figure as it was."""

import re
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg

from bot import wiring
from bot.core.access import Asker
from bot.core.alerts.feedback import Feedback, Until, Verdict
from bot.store import schema
from bot.store.database import Database
from bot.terminal import config
from tests.outside import ANA, NOW, TEAMS, Outside, written

ROOT = Path(__file__).parents[2]
SQL = re.search(r"```sql\n(.*?)```", (ROOT / "docs/security.md").read_text(encoding="utf-8"), re.DOTALL)
NAME = re.compile(r"(?<![a-z])(ana@example\.com|ana ribeiro|u0ana)")
"""Hana is somebody else."""


def texts(file: Path) -> Iterator[tuple[str, str]]:
    """Everything a database holds in words, packed words included, with the column it stands in."""
    with sqlite3.connect(file) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            found = connection.execute(f'SELECT * FROM "{name}"')
            columns = [one[0] for one in found.description]
            for row in found:
                for column, value in zip(columns, row, strict=True):
                    yield f"{name}.{column}", _words(value)
    connection.close()


def _words(value: object) -> str:
    if isinstance(value, bytes):
        try:
            value = zlib.decompress(value)
        except zlib.error:
            return ""
        return value.decode(errors="ignore").lower()
    return str(value).lower()


def named(file: Path) -> set[str]:
    return {column for column, text in texts(file) if NAME.search(text)}


def billed(file: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(file) as connection:
        found = connection.execute(
            "SELECT day, actor_id, sum(billed_cost), sum(quantity) FROM ledger_entry"
            " JOIN ledger_series ON id = series_id GROUP BY day, actor_id ORDER BY day, actor_id"
        ).fetchall()
    connection.close()
    return found


async def test_what_the_page_says_leaves_the_name_nowhere_and_the_figures_as_they_were(
    outside: Outside, held: Path, tmp_path: Path
) -> None:
    assert SQL is not None
    file = Path(shutil.copy(held, tmp_path / "people.db"))
    ana = Asker.called(ANA)
    async with wiring.parts(outside.settings(f"sqlite:///{file}"), NOW) as parts:
        await parts.alerts.run(NOW)
        await parts.alerts.silence(1, Until.DAY, ana, NOW)
        await parts.alerts.feedback(1, Feedback(Verdict.EXPECTED), ana, NOW)
        await parts.alerts.acknowledge(1, ana, NOW)
        without = TEAMS.replace("owners: [ana@example.com], ", "")
        await config.apply_file(written(tmp_path, without), parts.database, NOW + timedelta(hours=1))
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO receipt VALUES ('r', '2026-11-22', '{\"words\": \"user ana@example.com\"}')")
        connection.execute(
            'INSERT INTO change (at, "by", kind, name, before, after, form)'
            " VALUES ('2026-11-22', 'ben@example.com', 'team', 'alpha', NULL, '[\"Ana@example.com\"]', 'f')"
        )
    connection.close()
    before = billed(file)
    assert {
        "member.email",
        "code_day.actor",
        "episode_event.by",
        "configuration.body",
        "delivery.key",
        "page.body",
    } <= named(file)
    with sqlite3.connect(file) as connection:
        connection.executescript(SQL[1])
    connection.close()
    assert named(file) == set()
    assert billed(file) == before
    async with wiring.parts(outside.settings(f"sqlite:///{file}"), NOW + timedelta(hours=2)) as parts:
        found = await parts.ask.answer("users", NOW, Asker.called("ben@example.com"))
        assert "former-1" in str(found)


def test_postgresql_takes_it_as_well(postgresql_url: str) -> None:
    assert SQL is not None
    database = Database(postgresql_url)
    schema.migrate(database)
    database.close()
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for statement in SQL[1].split(";"):
            if statement.strip():
                connection.execute(statement.encode())
