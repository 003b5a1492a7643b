"""A clock that is wrong: noticed against the database's, and harmless meanwhile."""

from pathlib import Path

import httpx
import psycopg
import pytest
from structlog.testing import capture_logs

from bot import wiring
from bot.core.errors import ClockWrong
from bot.services.timekeeping import BOUND, Timekeeping
from bot.setup import store
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.terminal import config
from tests.outside import NOW, Outside, bot, written


def turn(url: str, by: str) -> None:
    """Let the clock of this database go wrong by so much; that of the machine is as far off on the other side."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS odd")
        connection.execute(
            "CREATE OR REPLACE FUNCTION odd.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            f" AS $$ SELECT pg_catalog.clock_timestamp() + interval '{by}' $$"
        )
        name = url.split("/")[3].split("?")[0]
        connection.execute(f"ALTER DATABASE {name} SET search_path = odd, pg_catalog, public")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (name,),
        )


async def test_a_replica_whose_clock_is_wrong_says_so_and_does_nothing_until_it_is_right(
    outside: Outside, tmp_path: Path, postgresql_url: str
) -> None:
    async with bot(outside, postgresql_url) as address, wiring.parts(outside.settings(postgresql_url), NOW) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        knock = wiring.listening(parts).scheduler.knock
        turn(postgresql_url, "-10 minutes")
        with capture_logs() as log:
            await knock()
        assert outside.anthropic.count() == 0
        assert {line["action"] for line in log} == {"clock_wrong"}
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            healthy, ready, page = [await http.get(f"/{path}") for path in ("healthz", "readyz", "metrics")]
            assert (healthy.status_code, ready.status_code) == (200, 503)
            assert "seconds ahead of the database's" in ready.json()["status"]
            assert "claude_usage_clock_ahead_seconds 600." in page.text
            turn(postgresql_url, "30 seconds")
            assert (await http.get("/readyz")).status_code == 200
        await knock()
        assert outside.anthropic.count() > 0


async def test_doctor_says_how_far_the_clock_is_from_the_databases(
    outside: Outside, postgresql_url: str, tmp_path: Path
) -> None:
    async with wiring.parts(outside.settings(postgresql_url), NOW) as parts:
        for by, said in (("0", "agrees with this machine's"), ("75 seconds", "clock is 75 seconds behind")):
            turn(postgresql_url, by)
            lines, _ = await store.stored(parts.database, parts.settings)
            assert said in next(line.said for line in lines if line.check == store.CLOCK)


async def test_sqlite_has_no_clock_of_its_own(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    assert await Timekeeping(database).ahead() is None
    await Timekeeping(database).check()
    database.close()


async def test_up_to_the_bound_nothing_is_refused(postgresql_url: str) -> None:
    turn(postgresql_url, f"{BOUND.total_seconds() - 5} seconds")
    database = Database(postgresql_url)
    await Timekeeping(database).check()
    turn(postgresql_url, f"{BOUND.total_seconds() + 5} seconds")
    with pytest.raises(ClockWrong, match="65 seconds behind"):
        await Timekeeping(database).check()
    database.close()
    assert BOUND * 2 < deliveries.ABANDONED_AFTER, "a claim of a replica at one bound, seen from one at the other"
