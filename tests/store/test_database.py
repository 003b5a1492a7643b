"""The crossing between async and SQL: all or nothing, in turn, and a sentence for every way a database goes away."""

import asyncio
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, event, func, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from bot.core.errors import SettingsError, StoreUnavailable
from bot.store import attentive, bulk, preferences, schema
from bot.store import database as database_module
from bot.store.database import Database
from bot.store.tables import Milestone, table
from bot.store.upsert import lock
from tests import databases
from tests.databases import opened

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
_milestone = table(Milestone)


def count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(_milestone)).scalar_one())


def remember(connection: Connection, name: str) -> None:
    connection.execute(insert(_milestone).values(name=name, at=NOW))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def sqlite(file: Path) -> Iterator[Database]:
    database = Database(databases.sqlite(file))
    yield database
    database.close()


async def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    def half(connection: Connection) -> None:
        remember(connection, "one")
        raise RuntimeError("crashed")

    def twice(connection: Connection) -> None:
        remember(connection, "one")
        remember(connection, "one")

    with pytest.raises(RuntimeError):
        await database.write(half)
    with pytest.raises(IntegrityError):
        await database.write(twice)
    assert await database.read(count) == 0


async def test_a_read_sees_one_state_while_others_write(database: Database) -> None:
    begun, written = threading.Event(), threading.Event()

    def twice(connection: Connection) -> tuple[int, int]:
        before = count(connection)
        begun.set()
        assert written.wait(10)
        return before, count(connection)

    reading = asyncio.create_task(database.read(twice))
    await asyncio.to_thread(begun.wait)
    await database.write(remember, "meanwhile")
    written.set()
    assert await reading == (0, 0)
    assert await database.read(count) == 1


async def test_writers_take_turns_and_none_is_lost(database: Database) -> None:
    await database.write(remember, "counter")

    def later(connection: Connection) -> None:
        (at,) = connection.execute(select(_milestone.c.at).with_for_update()).one()
        connection.execute(update(_milestone).values(at=at + timedelta(seconds=1)))

    await asyncio.gather(*(database.write(later) for _ in range(30)))
    assert await database.write(preferences.first_time, "counter", NOW) == NOW + timedelta(seconds=30)


async def test_our_own_writers_wait_for_each_other_however_long(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_SECONDS", 0.05)

    def slowly(connection: Connection, name: str) -> None:
        remember(connection, name)
        time.sleep(0.2)

    with opened(databases.sqlite(file)) as database:
        await asyncio.gather(database.write(slowly, "backfill"), database.write(slowly, "digest"))
        assert await database.read(count) == 2


async def test_a_file_locked_by_another_program_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_SECONDS", 0.1)
    with opened(databases.sqlite(file)) as database, closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked by another program") as caught:
            await database.write(remember, "one")
        assert not caught.value.permanent
        assert await database.read(count) == 0  # readers go on
        other.rollback()
        await database.write(remember, "one")
        assert await database.read(count) == 1


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with (
        opened(f"sqlite:///{tmp_path / 'no' / 'folder' / 'test.db'}") as database,
        pytest.raises(StoreUnavailable, match="Check DATABASE_URL and that its folder exists"),
    ):
        schema.migrate(database)


def test_a_file_that_is_no_database_is_named_and_left_as_it_is(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 200)
    with opened(f"sqlite:///{file}") as database, pytest.raises(StoreUnavailable, match="is not a database"):
        schema.migrate(database)
    assert file.read_bytes() == b"Dear diary, " * 200


def test_a_damaged_file_is_named(file: Path) -> None:
    with opened(f"sqlite:///{file}") as database:
        schema.migrate(database)
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    with opened(f"sqlite:///{file}") as database, pytest.raises(StoreUnavailable, match="damaged"):
        database.read_now(count)


def test_a_file_that_vanished_is_named_at_the_next_start(file: Path) -> None:
    with opened(databases.sqlite(file)) as database:
        assert database.read_now(count) == 0
    file.unlink()
    with (
        opened(f"sqlite:///{file}") as database,
        pytest.raises(StoreUnavailable, match="has no tables"),
    ):
        database.read_now(count)


def test_a_file_that_vanishes_under_us_is_named_instead_of_written_into(sqlite: Database, file: Path) -> None:
    sqlite.write_now(remember, "before")
    away = file.with_name("away")
    for name in (file, *file.parent.glob(f"{file.name}-*")):
        name.replace(str(name).replace(file.name, away.name))
    with pytest.raises(StoreUnavailable, match="The database file is gone"):
        sqlite.write_now(remember, "after")
    for name in away.parent.glob("away*"):
        name.replace(str(name).replace(away.name, file.name))
    sqlite.write_now(remember, "put back")
    assert sqlite.read_now(count) == 2


def test_a_file_that_may_only_be_read_is_named(sqlite: Database, file: Path) -> None:
    sqlite.write_now(remember, "one")
    with opened(f"sqlite:///file:{file}?mode=ro&uri=true") as database:
        assert database.read_now(count) == 1
        with pytest.raises(StoreUnavailable, match="can't be written to"):
            database.write_now(remember, "two")


def test_a_full_disk_is_named_and_nothing_is_half_written(file: Path) -> None:
    with opened(databases.sqlite(file)) as database:

        @event.listens_for(database.engine, "checkout")
        def fill(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute("PRAGMA max_page_count = 1")  # as full as it is

        def much(connection: Connection) -> None:
            remember(connection, "small")
            remember(connection, "x" * 2_000_000)

        with pytest.raises(StoreUnavailable, match="disk is full"):
            database.write_now(much)
        assert database.read_now(count) == 0


def test_a_postgresql_that_is_not_there_is_named_within_seconds() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"postgresql://someone:hush@127.0.0.1:{held.getsockname()[1]}/usage"
        before = time.monotonic()
        with opened(url) as database, pytest.raises(StoreUnavailable, match="that PostgreSQL is running") as caught:
            database.read_now(count)
    assert time.monotonic() - before < 3
    assert "hush" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_a_postgresql_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_SECONDS", 2)  # the least the driver takes
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://someone@127.0.0.1:{silent.getsockname()[1]}/usage"
        before = time.monotonic()
        with opened(url) as database, pytest.raises(StoreUnavailable, match="does not answer"):
            database.read_now(count)
    assert time.monotonic() - before < 5


def test_a_postgresql_that_restarts_is_found_again(postgresql_url: str) -> None:
    with opened(postgresql_url) as database:
        schema.migrate(database)

        def cut_off(connection: Connection) -> None:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with psycopg.connect(postgresql_url, autocommit=True) as killer:
                killer.execute("SELECT pg_terminate_backend(%s)", (pid,))
            time.sleep(0.05)
            remember(connection, "lost")

        with pytest.raises(StoreUnavailable, match="does not answer"):
            database.write_now(cut_off)
        database.write_now(remember, "kept")
        with psycopg.connect(postgresql_url, autocommit=True) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        time.sleep(0.05)
        assert database.read_now(count) == 1  # an idle connection that died is replaced unseen


def test_a_database_that_is_not_there_or_may_not_be_written_is_named(postgresql_url: str) -> None:
    with (
        opened(postgresql_url.replace("/test_", "/gone_")) as database,
        pytest.raises(StoreUnavailable, match="does not know the database"),
    ):
        database.read_now(count)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET default_transaction_read_only = on")
    with opened(postgresql_url) as database, pytest.raises(StoreUnavailable, match="can't be written to"):
        schema.migrate(database)


def test_a_read_cannot_write_on_postgresql(postgresql_url: str) -> None:
    with opened(postgresql_url) as database:
        schema.migrate(database)
        with pytest.raises(StoreUnavailable):
            database.read_now(remember, "one")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("claude-usage.db", "is not a database address"),
        ("postgresql://bot:secret@db:port/usage", "is not a database address"),
        ("mysql://someone:hush@example.com/usage", "'mysql'.*sqlite or postgresql"),
    ],
)
def test_an_address_that_cannot_be_one_is_a_wrong_setting(url: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        Database(url)
    assert caught.value.exit_code == 3
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_the_driver_is_our_business(name: str, postgresql_url: str) -> None:
    with opened(postgresql_url.replace("postgresql://", f"{name}://")) as database:
        assert schema.migrate(database)


def test_a_transaction_of_a_replica_that_hangs_is_undone_and_the_others_go_on(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "HUNG_SECONDS", 0.3)
    locked, hung = threading.Event(), threading.Event()

    def hang(connection: Connection) -> None:
        lock(connection, "alerts")
        locked.set()
        hung.wait(20)
        connection.execute(text("SELECT 1"))

    with opened(postgresql_url) as one, opened(postgresql_url) as other, ThreadPoolExecutor(1) as thread:
        suspended = thread.submit(one.write_now, hang)
        try:
            assert locked.wait(10)
            other.write_now(lock, "alerts")
            assert not suspended.done()
        finally:
            hung.set()
        with pytest.raises(StoreUnavailable, match="does not answer"):
            suspended.result()
        one.write_now(lock, "alerts")


def test_a_connection_on_which_nothing_comes_back_any_more_is_replaced(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a failover that moved the address, or behind a firewall that forgot what it let through."""
    with way_to(postgresql_url) as way, opened(way.url) as database:
        assert database.read_now(one) == 1
        monkeypatch.setattr(database_module, "BUSY_TIMEOUT_SECONDS", 0.2)
        way.swallow()
        assert [database.read_now(one) for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("at", ["a statement", "a copy", "the commit"])
def test_a_connection_on_which_nothing_comes_back_in_the_middle_of_a_transaction_is_given_up(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Whatever lies between takes every word of it, so no keepalive tells, and the server lets everybody else in."""
    with way_to(postgresql_url) as way, opened(way.url) as database:
        schema.migrate(database)

        def lost(connection: Connection) -> None:
            def rows() -> Iterator[tuple[str, datetime]]:
                way.swallow()
                yield at, NOW

            remember(connection, "before")
            if at == "a copy":
                bulk.insert_rows(connection, _milestone, ("name", "at"), rows())
            way.swallow()
            if at == "a statement":
                remember(connection, at)

        monkeypatch.setattr(attentive, "PATIENCE_SECONDS", 0.1)
        with pytest.raises(StoreUnavailable, match="does not answer"):
            database.write_now(lost)
        assert database.read_now(count) == 0


def one(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 1")).scalar_one())


class Way:
    """What lies between the bot and its database."""

    def __init__(self, listener: socket.socket, host: str, url: str) -> None:
        self._listener, self._host, self.url = listener, host, url
        self._open: list[socket.socket] = []
        self._swallows: set[socket.socket] = set()

    def swallow(self) -> None:
        """Take what comes over the connections of now, and bring nothing of it anywhere."""
        self._swallows.update(self._open)

    def take(self) -> None:
        with suppress(OSError):  # closed
            while True:
                ours = self._listener.accept()[0]
                theirs = socket.socket(socket.AF_UNIX)
                theirs.connect(f"{self._host}/.s.PGSQL.5432")
                self._open += [ours, theirs]
                for pair in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._bring, args=pair, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for each in (self._listener, *self._open):
            each.close()

    def _bring(self, here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while brought := here.recv(65_536):
                if here not in self._swallows:
                    there.sendall(brought)
            there.shutdown(socket.SHUT_RDWR)


@contextmanager
def way_to(url: str) -> Iterator[Way]:
    parsed = make_url(url)
    listener = socket.create_server(("127.0.0.1", 0))
    there = parsed.set(host="127.0.0.1", port=listener.getsockname()[1], query={})
    way = Way(listener, str(parsed.query["host"]), there.render_as_string(hide_password=False))
    threading.Thread(target=way.take, daemon=True).start()
    try:
        yield way
    finally:
        way.close()
