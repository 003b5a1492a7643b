"""Bad days of the database: full, read-only, away."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from structlog.testing import capture_logs

from bot import process, wiring
from bot.core.errors import StoreUnavailable
from bot.slack import history
from bot.store import attentive, database
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.terminal import config
from bot.web import metrics
from tests import databases
from tests.bad_days.table import LINES, proves
from tests.outside import NOW, Outside, asked, bot, moved, synced, until, written
from tests.services import world

pytestmark = pytest.mark.proof

ONE_DAY = timedelta(days=1)
TAKES_NO_MORE = "The database's disk takes no more. Free some space, or check it; nothing was half-written."
DISK_FULL = "The database's disk is full. Free some space, then try again; nothing was half-written."
FULL = "the disk full, or a quota (SQLite)"
READ_ONLY = "the database read-only, or its disk full"
LOG_FULL = "the disk of PostgreSQL's own log (WAL) full"
AWAY = "the database away or failing over"
HANGS = "the database hangs: it keeps its connections and says nothing"
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
        with capture_logs() as log:
            assert str(StoreUnavailable.aside) in await asked(outside, "team alpha")
        with pytest.raises(StoreUnavailable):
            await parts.digests.run(NOW)
        await LINES[AWAY].holds(address, log)
        threading.Timer(0.3, alter, (postgresql, name, "WITH ALLOW_CONNECTIONS true")).start()
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            for _ in range(100):
                if (await http.get("/healthz")).status_code == 200:
                    break
            assert (await http.get("/readyz")).json() == {"status": "ok"}
        assert "alpha" in (await asked(outside, "team alpha")).casefold()


@contextmanager
def hanging(server: str) -> Iterator[None]:
    """The server as it is for whoever waits for it: its processes stand still, and the system answers for them."""
    with psycopg.connect(server, autocommit=True) as connection:
        (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        backends = connection.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()").fetchall()
    own = int(Path(data, "postmaster.pid").read_text().splitlines()[0])
    stopped = [own, *(pid for (pid,) in backends)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@proves(HANGS)
async def test_a_database_that_hangs_is_given_up_on_and_found_again(
    outside: Outside, postgresql: str, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, seconds in (
        (attentive, "PATIENCE_SECONDS", 0.1),
        (database, "BUSY_TIMEOUT_SECONDS", 2),
        (process, "HEALTH_SECONDS", 0.2),
        (metrics, "PATIENCE_SECONDS", 0.2),
    ):
        monkeypatch.setattr(module, name, seconds)
    async with bot(outside, postgresql_url) as address:
        assert "unallocated" in await asked(outside, "teams")
        with hanging(postgresql):
            with capture_logs() as log:
                await asked(outside, "teams")  # first hears that it takes a while
                await until(lambda: outside.posted()[-1].text == StoreUnavailable.aside)
            await LINES[HANGS].holds(address, log)
        assert "unallocated" in await asked(outside, "teams")


def test_a_postgresql_that_takes_no_more_connections_says_so(postgresql: str, postgresql_url: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as server:
        name = postgresql_url.partition("?")[0].rpartition("/")[2]
        server.execute("CREATE ROLE few LOGIN")  # no limit holds for a superuser
        server.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 0").format(sql.Identifier(name)))
        few = postgresql_url.replace("postgres:@", "few:@", 1)
        try:
            with databases.opened(few) as other, pytest.raises(StoreUnavailable, match="takes no more connections"):
                other.read_now(lambda connection: connection.execute(text("SELECT 1")))
        finally:
            server.execute("DROP ROLE few")


def test_a_statement_that_takes_long_is_waited_for_while_the_server_lives(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attentive, "PATIENCE_SECONDS", 0.1)
    with databases.opened(postgresql_url) as held:
        assert held.read_now(lambda connection: connection.execute(text("SELECT 1 FROM pg_sleep(0.7)")).scalar()) == 1


@contextmanager
def disk(megabytes: int) -> Iterator[Path]:
    """A folder on a disk of its own."""
    with tempfile.TemporaryDirectory(prefix="usage-disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
        if subprocess.run(mount, check=False).returncode:
            pytest.skip("A disk of its own needs the right to mount one.")
        try:
            Path(folder).chmod(0o755)
            place = Path(folder, "place")
            place.mkdir()
            yield place
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def small_disk(postgresql: str) -> Iterator[str]:
    """A database on a disk of its own, of 64 MB."""
    with disk(64) as place, ExitStack() as stack:
        server = stack.enter_context(psycopg.connect(postgresql, autocommit=True))
        (data,) = server.execute("SHOW data_directory").fetchone() or ("",)
        os.chown(place, Path(data).stat().st_uid, -1)
        server.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(str(place)))
        stack.callback(server.execute, "DROP TABLESPACE small")
        server.execute("CREATE DATABASE on_small TABLESPACE small")
        stack.callback(server.execute, "DROP DATABASE on_small WITH (FORCE)")
        yield postgresql.replace("/postgres?", "/on_small?")


@dataclass(frozen=True, slots=True)
class Machine:
    """A PostgreSQL of its own, whose log lies on a disk of 64 MB."""

    url: str
    log: Path
    begin: Callable[[], None]
    """Does nothing while it runs, or is on its way down."""

    def leaves(self, room: int) -> Path:
        """Let another file take the disk, so that only so many bytes of log find room; that file."""
        other = self.log / "other"
        with suppress(OSError), other.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65536))
        with psycopg.connect(self.url, autocommit=True) as connection:
            segment = 16 * 2**20
            query = "SELECT %s - (pg_walfile_name_offset(pg_current_wal_insert_lsn())).file_offset"
            (left,) = connection.execute(query, [segment]).fetchone() or (0,)
            assert left > room
            connection.execute("SELECT pg_logical_emit_message(false, '', repeat('x', %s))", [left - room])
        return other

    def started(self) -> bool:
        """Whether it answers; where it does not run, it is started."""
        self.begin()
        with suppress(psycopg.OperationalError), psycopg.connect(self.url):
            return True
        return False


@pytest.fixture
def small_log() -> Iterator[Machine]:
    with disk(64) as place, databases.postgresql() as server:
        server.stop()
        log = server.pgdata / "pg_wal"
        shutil.copytree(log, place, dirs_exist_ok=True)
        for path in (place, *place.rglob("*")):
            os.chown(path, server.pgdata.stat().st_uid, -1)
        shutil.rmtree(log)
        log.symlink_to(place)
        server.ensure_postgres_running()
        yield Machine(server.get_uri(), place, server.ensure_postgres_running)


def fill(url: str) -> None:
    """Write until no byte is left."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE filler (what text)")
        query = "INSERT INTO filler SELECT repeat(md5(n::text), 60) FROM generate_series(1, %s) n"
        for rows in (1000, 1):
            with suppress(psycopg.errors.DiskFull):
                while True:
                    connection.execute(query, [rows])


@proves(READ_ONLY)
async def test_a_postgresql_without_space_answers_and_goes_on_when_there_is_some(
    outside: Outside, tmp_path: Path, small_disk: str
) -> None:
    later = NOW + ONE_DAY
    async with bot(outside, small_disk) as address, wiring.parts(outside.settings(small_disk), later) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        assert not (await parts.sync.run(NOW)).failures
        await parts.digests.run(NOW)
        knock = wiring.listening(parts).scheduler.knock
        outside.clock.pass_(ONE_DAY)
        fill(small_disk)
        with capture_logs() as log:
            await knock()
        assert {line["error"] for line in log if line["action"] == "digests_failed"} == {DISK_FULL}
        assert "Team Alpha" in await asked(outside, "team alpha")
        await LINES[READ_ONLY].holds(address, log)
        with psycopg.connect(small_disk, autocommit=True) as connection:
            connection.execute("DROP TABLE filler")
        with capture_logs() as log:
            await knock()
        assert not {line["action"] for line in log} & LINES[READ_ONLY].actions
        assert "delivered" in {line["action"] for line in log}


@proves(LOG_FULL)
@pytest.mark.parametrize("room", [0, 200_000], ids=["at once", "in the middle"])
async def test_a_postgresql_that_stops_for_want_of_log_loses_nothing_and_goes_on_once_it_is_started(
    outside: Outside, tmp_path: Path, small_log: Machine, room: int
) -> None:
    later = NOW + ONE_DAY
    well = await synced(outside, tmp_path)
    async with wiring.parts(outside.settings(well), NOW) as parts:
        await parts.digests.run(NOW)
    outside.clock.pass_(ONE_DAY)
    async with wiring.parts(outside.settings(well), later) as parts:
        await wiring.listening(parts).scheduler.knock()
        wanted, ledger = owed(parts.database), world.dump(parts.database)
    outside.fresh()
    async with bot(outside, small_log.url) as address, wiring.parts(outside.settings(small_log.url), later) as parts:
        await config.apply_file(written(tmp_path), parts.database, NOW)
        assert not (await parts.sync.run(NOW)).failures
        await parts.digests.run(NOW)
        knock = wiring.listening(parts).scheduler.knock
        outside.clock.pass_(ONE_DAY)
        other = small_log.leaves(room)
        with capture_logs() as log:
            await knock()
        assert "can't be used just now" in await asked(outside, "team alpha")
        await LINES[LOG_FULL].holds(address, None if room else log)  # with some room, what comes first gets through
        other.unlink()
        await until(small_log.started)
        assert "Team Alpha" in await asked(outside, "team alpha")
        await knock()  # by who may hold what Slack has taken while nothing could be written down
        async with wiring.parts(outside.settings(small_log.url), later + 2 * deliveries.ABANDONED_AFTER) as again:
            await wiring.listening(again).scheduler.knock()
        assert world.dump(parts.database) == ledger
        assert owed(parts.database) == wanted
        arrived = [one.metadata["event_payload"]["key"] for one in outside.posted() if one.metadata]
        assert sorted(arrived) == sorted(history.mark(key, NOW)["event_payload"]["key"] for key, _ in wanted)


def owed(database: Database) -> list[tuple[str, str]]:
    """Every message with its state, by key."""
    query = "SELECT key, state FROM delivery WHERE carried_by IS NULL ORDER BY key"
    return database.read_now(lambda connection: [(key, state) for key, state in connection.exec_driver_sql(query)])


@proves(GONE)
async def test_a_file_that_is_deleted_is_said_and_nothing_is_written_into_the_void(
    outside: Outside, tmp_path: Path
) -> None:
    url = await synced(outside, tmp_path)
    async with bot(outside, url) as address:
        assert "Team Alpha" in await asked(outside, "team alpha")
        moved(tmp_path / "synced.db", ".moved")
        with capture_logs() as log:
            assert str(StoreUnavailable.aside) in await asked(outside, "team alpha")
        assert ["database file is gone" in line["error"] for line in log] == [True]
        await LINES[GONE].holds(address, log)
