"""docs/security.md says how a person is deleted: what it says leaves their name nowhere, and every figure as it was."""

import json
import re
import shutil
import sqlite3
import zlib
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import wiring
from bot.core.access import Asker
from bot.core.alerts.feedback import Feedback, Until, Verdict
from bot.core.calls.log import Log
from bot.services import configuration
from bot.services.calls import importing
from bot.terminal import config
from tests.outside import ANA, NOW, TEAMS, Outside, written

ROOT = Path(__file__).parents[2]
FIRST, SQL = re.findall(r"```sql\n(.*?)```", (ROOT / "docs/security.md").read_text(encoding="utf-8"), re.DOTALL)
NAME = re.compile(r"(?<![a-z])(ana@example\.com|ana ribeiro|u0ana)")
"""Hana is somebody else."""


class Books:
    """A database as psql or sqlite3 sees it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def run(self, statements: str) -> None:
        if self._url.startswith("sqlite"):
            with closing(sqlite3.connect(self._url.removeprefix("sqlite:///"))) as connection:
                connection.executescript(statements)
            return
        with psycopg.connect(self._url, autocommit=True) as connection:
            for statement in statements.split(";"):
                if statement.strip():
                    connection.execute(statement.encode())

    def rows(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of the columns, and the rows."""
        lite = self._url.startswith("sqlite")
        path = self._url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path) if lite else psycopg.connect(self._url)) as connection:
            found = connection.execute(query)
            return [one[0] for one in found.description or ()], found.fetchall()

    def named(self) -> set[str]:
        """The columns that name her anywhere, packed words included."""
        lite = "SELECT name FROM sqlite_master WHERE type = 'table'"
        other = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        found = set()
        for (table,) in self.rows(lite if self._url.startswith("sqlite") else other)[1]:
            columns, rows = self.rows(f'SELECT * FROM "{table}"')
            for row in rows:
                found |= {f"{table}.{name}" for name, one in zip(columns, row, strict=True) if NAME.search(_words(one))}
        return found

    def billed(self) -> list[tuple[object, ...]]:
        return self.rows(
            "SELECT day, actor_id, sum(billed_cost), sum(quantity) FROM ledger_entry"
            " JOIN ledger_series ON id = series_id GROUP BY day, actor_id ORDER BY day, actor_id"
        )[1]


def _words(value: object) -> str:
    if isinstance(value, bytes):
        try:
            value = zlib.decompress(value)
        except zlib.error:
            return ""
        return value.decode(errors="ignore").lower()
    return str(value).lower()


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, outside: Outside, held: Path, tmp_path: Path) -> str:
    """A database that holds what Anthropic reports, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(held, tmp_path / 'people.db')}"
    found: str = request.getfixturevalue("postgresql_url")
    async with wiring.parts(outside.settings(found), NOW) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        await parts.sync.run(NOW)
    return found


async def test_what_the_page_says_leaves_the_name_nowhere_and_the_figures_as_they_were(
    outside: Outside, url: str, tmp_path: Path
) -> None:
    books, ana = Books(url), Asker.called(ANA)
    call = {"timestamp": NOW.isoformat(), "model": "claude-sonnet-5-5", "input_tokens": 5, "user": "Ana@example.com"}
    log = tmp_path / "calls.jsonl"
    log.write_text(json.dumps(call), encoding="utf-8")
    books.run(
        "INSERT INTO receipt VALUES ('r', '2026-11-22', '{\"words\": \"user ana@example.com\"}');"
        'INSERT INTO change (at, "by", kind, name, before, after, form)'
        " VALUES ('2026-11-22', 'ben@example.com', 'team', 'alpha', NULL, '[\"Ana@example.com\"]', 'f');"
        'INSERT INTO preference VALUES (\'digest\', \'mine\', \'{"to": "U0ANA", "scope": "own",'
        ' "cadence": "daily", "at": "08:00"}\', \'2026-11-22\', \'U0ANA\');'
    )
    async with wiring.parts(outside.settings(url), NOW) as parts:
        await importing.read(log, Log.AUTO, parts.database, lambda: NOW)
        await config.apply_file(written(tmp_path, f"{TEAMS}\n"), parts.database, NOW)
        await parts.alerts.run(NOW)
        await parts.alerts.silence(1, Until.DAY, ana, NOW)
        await parts.alerts.feedback(1, Feedback(Verdict.EXPECTED), ana, NOW)
        await parts.alerts.acknowledge(1, ana, NOW)
        exported = await parts.database.read(configuration.export)
        assert ANA in str(exported)
        books.run(FIRST)
        without = TEAMS.replace("owners: [ana@example.com], ", "")
        await config.apply_file(written(tmp_path, without), parts.database, NOW + timedelta(hours=1))
        assert ANA not in str(await parts.database.read(configuration.export))
    before = books.billed()
    assert {
        "member.email",
        "code_day.actor",
        "call_series.caller",
        "episode_event.by",
        "configuration.body",
        "delivery.key",
        "page.body",
    } <= books.named()
    books.run(SQL)
    assert books.named() == set()
    assert books.billed() == before
    async with wiring.parts(outside.settings(url), NOW + timedelta(hours=2)) as parts:
        found = await parts.ask.answer("users", NOW, Asker.called("ben@example.com"))
        assert "former-1" in str(found)
