"""Bad days of the database: full, read-only, away."""

import resource
import threading
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from structlog.testing import capture_logs

from bot import wiring
from bot.core.errors import StoreUnavailable
from bot.terminal import config
from tests.bad_days.table import LINES, proves
from tests.outside import NOW, Outside, asked, bot, moved, synced, written

pytestmark = pytest.mark.proof

ONE_DAY = timedelta(days=1)
TAKES_NO_MORE = "The database's disk takes no more. Free some space, or check it; nothing was half-written."
FULL = "the disk full, or a quota (SQLite)"
READ_ONLY = "the database read-only, or its disk full"
AWAY = "the database away or failing over"
GONE = "the SQLite file deleted or replaced under it"


@proves(FULL)
async def test_a_full_disk_leaves_questions_answered_and_the_rest_for_later(outside: Outside, tmp_path: Path) -> None:
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as address, wiring.parts(outside.settings(url), NOW + ONE_DAY) as parts:
        knock = wiring.listening(parts).scheduler.knock
        outside.clock.pass_(ONE_DAY)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        try:
            with capture_logs() as log:
                await knock()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert {line["error"] for line in log if line["action"] == "digests_failed"} == {TAKES_NO_MORE}
        assert "Team Alpha" in await asked(outside, "team alpha")
        await LINES[FULL].holds(address, log)
        with capture_logs() as log:
            await knock()
        assert not {line["action"] for line in log} & LINES[FULL].actions


def alter(server: str, name: str, what: str) -> None:
    """Change a database on the server and throw everybody out of it."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} {what}")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


@proves(READ_ONLY)
@proves(AWAY)
async def test_a_database_that_is_read_only_answers_and_one_that_is_away_says_so_until_it_is_back(
    outside: Outside, tmp_path: Path, postgresql: str, postgresql_url: str
) -> None:
    name = postgresql_url.split("/")[3].split("?")[0]
    settings = outside.settings(postgresql_url)
    async with bot(outside, postgresql_url) as address, wiring.parts(settings, NOW) as parts:
        knock = wiring.listening(parts).scheduler.knock
        await config.apply_file(written(tmp_path), parts.database, NOW)
        alter(postgresql, name, "SET default_transaction_read_only = on")
        assert "alpha" in (await asked(outside, "team alpha")).casefold()
        with capture_logs() as log:
            await knock()
        assert all("can't be written to" in line["error"] for line in log if line["action"] == "digests_failed")
        await LINES[READ_ONLY].holds(address, log)
        alter(postgresql, name, "RESET default_transaction_read_only")
        alter(postgresql, name, "WITH ALLOW_CONNECTIONS false")
        assert "database" in (await asked(outside, "team alpha")).casefold()
        with pytest.raises(StoreUnavailable):
            await parts.digests.run(NOW)
        await LINES[AWAY].holds(address)
        threading.Timer(0.3, alter, (postgresql, name, "WITH ALLOW_CONNECTIONS true")).start()
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            for _ in range(100):
                if (await http.get("/healthz")).status_code == 200:
                    break
            assert (await http.get("/readyz")).json() == {"status": "ok"}
        assert "alpha" in (await asked(outside, "team alpha")).casefold()


@proves(GONE)
async def test_a_file_that_is_deleted_is_said_and_nothing_is_written_into_the_void(
    outside: Outside, tmp_path: Path
) -> None:
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as address:
        assert "Team Alpha" in await asked(outside, "team alpha")
        moved(tmp_path / "synced.db", ".moved")
        assert "database file is gone" in await asked(outside, "team alpha")
        await LINES[GONE].holds(address)
