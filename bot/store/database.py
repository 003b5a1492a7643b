"""The one crossing between async code and SQL, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.core.errors import AmountTooLarge, SettingsError, StoreUnavailable
from bot.store import metering
from bot.store.attentive import ALIVE, AttentiveConnection

P = ParamSpec("P")
T = TypeVar("T")

BUSY_TIMEOUT_SECONDS = 5
HUNG_SECONDS = 120
"""How long a transaction on PostgreSQL may say nothing before it is undone and the others have what it held: its
process is suspended, or on a machine that is gone."""
HUNG_READING_SECONDS = 900
"""One that reads keeps only migrations waiting, and may work or write a file for minutes between two statements."""
THREADS = 8


class Database:
    """Runs functions that take a Connection, each in one transaction, in a worker thread.

    `await database.read(function, …)` sees one consistent state and changes nothing;
    `await database.write(function, …)` commits all of it or none. On SQLite a write takes the write lock at its
    first statement: a read that upgrades half-way would fail at once instead of waiting its turn.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.dialect = self.engine.dialect.name
        self.may_write: Callable[[Connection], object] = lambda _connection: None
        """Asked first in every transaction that writes; what it raises, that one raises, and nothing is written."""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sql")
        # A long write of ours, such as a backfill's, must not look like a lock that another program holds.
        self._turn = threading.RLock() if self.dialect == "sqlite" else nullcontext()

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._cross(lambda: self.read_now(function, *args, **kwargs))

    async def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._cross(lambda: self.write_now(function, *args, **kwargs))

    def read_now(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` for callers that are not async (the command line before its loop runs)."""
        return self._transact("read", function, *args, **kwargs)

    def write_now(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`write` for callers that are not async."""
        with self._turn:
            return self._transact("write", function, *args, **kwargs)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)  # what has not begun is nobody's any more
        self.engine.dispose()

    def connections(self) -> dict[str, int]:
        """How many are in use, and how many lie ready."""
        pool: Any = self.engine.pool
        return {"used": pool.checkedout(), "idle": pool.checkedin()} if hasattr(pool, "checkedout") else {}

    async def _cross(self, work: Callable[[], T]) -> T:
        metering.WAITING.inc()

        def begun() -> T:
            metering.WAITING.dec()
            return work()

        try:
            running = self._threads.submit(begun)
        except RuntimeError:  # closed: nobody waits for what never begins
            metering.WAITING.dec()
            raise
        running.add_done_callback(lambda done: metering.WAITING.dec() if done.cancelled() else None)
        return await asyncio.wrap_future(running)

    def _transact(
        self,
        kind: str,
        function: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        try:
            with metering.transaction(kind), self._begun(writes=kind == "write") as connection:
                if kind == "write":
                    self.may_write(connection)
                return function(connection, *args, **kwargs)
        except DBAPIError as error:
            raise unavailable(error) or error from error

    @contextmanager
    def _begun(self, *, writes: bool) -> Iterator[Connection]:
        """A connection in a transaction, which is committed at the end. One that died while it lay idle is found out by
        its BEGIN and replaced, so that nobody has to be asked first whether he is still there."""
        with self.engine.connect().execution_options(bot_writes=writes) as connection:
            try:
                begun = connection.begin()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            else:
                with begun:
                    yield connection
                return
        # The pool has let go of all that lay idle with it: this one is new.
        with self.engine.connect().execution_options(bot_writes=writes) as connection, connection.begin():
            yield connection


@asynccontextmanager
async def promptly(seconds: float) -> AsyncIterator[None]:
    """For monitors, who do not wait: raises StoreUnavailable where what is asked in the block takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise StoreUnavailable(f"The database did not answer within {seconds:.0f} seconds.") from None


def unavailable(error: DBAPIError) -> StoreUnavailable | None:
    """The sentence for a database that can't be used now; None for an error in our own SQL."""
    said = str(error.orig).lower()
    for sign, sentence in _TOO_LARGE.items():
        if sign in said:
            return AmountTooLarge(sentence)
    for sign, sentence in _SIGNS.items():
        if sign in said:
            return StoreUnavailable(sentence)
    return StoreUnavailable(_SIGNS["connection"]) if error.connection_invalidated else None


_TOO_MANY = "PostgreSQL takes no more connections. Raise its max_connections, or end what holds them."
_BETWEEN = "PostgreSQL is starting or stopping. If it stays so, look into its log."
_TOO_LARGE = {
    "integer overflow": "A sum is larger than any amount this bot can hold ($922 million). Ask for a shorter period.",
    **dict.fromkeys(
        ("call_hour_exact", "call_day_exact", "bigint out of range"),
        "A figure is larger than any that this bot can hold ($922 million). Look for a wrong price or count.",
    ),
}
_SIGNS = {
    "is locked": "The database is locked by another program for too long. Stop what holds it, then try again.",
    "disk is full": "The database's disk is full. Free some space, then try again; nothing was half-written.",
    "disk i/o error": "The database's disk takes no more. Free some space, or check it; nothing was half-written.",
    "no space left": "The database's disk is full. Free some space, then try again; nothing was half-written.",
    # What PostgreSQL says to whoever connects meanwhile.
    "could not write init file": "The database's disk is full. Free some space, then try again.",
    "readonly": "The database can't be written to. Check the file's permissions and the volume.",
    "read-only": "The database can't be written to. Check its permissions, or whether it is a replica.",
    "unable to open": "The database file can't be opened. Check DATABASE_URL and that its folder exists.",
    "not a database": "The file in DATABASE_URL is not a database. Check the path.",
    "malformed": "The database file is damaged. Restore it from a backup, or move it away and sync again.",
    "no such table": "The database has no tables. Run `claude-usage migrate`.",
    "too many clients": _TOO_MANY,
    "too many connections": _TOO_MANY,
    "remaining connection slots": _TOO_MANY,
    "starting up": _BETWEEN,
    "shutting down": _BETWEEN,
    "in recovery mode": _BETWEEN,
    "not accepting connections": _BETWEEN,
    "password authentication": "PostgreSQL refused the user or password in DATABASE_URL.",
    "does not exist": "PostgreSQL does not know the database or table. Check DATABASE_URL; run `claude-usage migrate`.",
    "connection": "The database does not answer. Check DATABASE_URL and that PostgreSQL is running.",
    "could not translate host": "The host in DATABASE_URL is unknown. Check its name.",
    "failed to resolve host": "The host in DATABASE_URL is unknown. Check its name.",
}


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number, half an IPv6 address
        raise SettingsError(
            "DATABASE_URL is not a database address. Write sqlite:///claude-usage.db or postgresql://user@host/name."
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        engine = create_engine(
            parsed.set(drivername="sqlite"), connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        if parsed.database and not parsed.database.startswith((":memory:", "file:")):
            file = Path(parsed.database).absolute()
            event.listen(engine, "connect", partial(_note_file, file))
            event.listen(engine, "checkout", partial(_refuse_orphan, file))
        return engine
    if backend in ("postgresql", "postgres"):
        return _postgresql(parsed)
    raise SettingsError(f"DATABASE_URL names {backend!r}; this bot keeps its data in sqlite or postgresql.")


def _postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=THREADS,
            connect_args={"connect_timeout": BUSY_TIMEOUT_SECONDS, **ALIVE},
        )
    except NoSuchModuleError as error:
        raise SettingsError(f"DATABASE_URL can't be used: {error}.") from error
    event.listen(engine, "do_connect", _attentive)
    event.listen(engine, "connect", _prepare_postgresql)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _attentive(_dialect: object, _record: object, where: Sequence[Any], how: Mapping[str, Any]) -> AttentiveConnection:
    connection = AttentiveConnection.connect(*where, **how)
    connection.another = partial(AttentiveConnection.connect, *where, **how)
    return connection


def _prepare_postgresql(connection: AttentiveConnection, _record: object) -> None:
    connection.autocommit = True  # transactions are ours here too
    connection.find_home()


def _begin_postgresql(connection: Connection) -> None:
    """One that writes says nothing of it: the server may be set to read-only, as managed ones are while their disk is
    full, and must not be talked out of it."""
    writes = connection.get_execution_options().get("bot_writes", True)
    begin = "BEGIN" if writes else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    silent = HUNG_SECONDS if writes else HUNG_READING_SECONDS
    driver = connection.connection.driver_connection
    assert isinstance(driver, AttentiveConnection)
    with driver.at_once(BUSY_TIMEOUT_SECONDS):  # nothing keeps a server from answering this
        # Not in the session's settings: behind a pooler the next transaction has another server connection.
        connection.exec_driver_sql(f"{begin}; SET LOCAL idle_in_transaction_session_timeout = '{silent}s'")


_ROOM = "cache_size = -8000"
"""In KiB. Ids of calls lie anywhere in their index: with SQLite's own 2 MB most of its pages are read again to be
written."""


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are ours; the driver would begin them late and commit them early
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", _ROOM):
        connection.execute(f"PRAGMA {pragma}")


def _note_file(file: Path, _connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    record.info["file"] = _identity(file)


def _refuse_orphan(file: Path, _connection: sqlite3.Connection, record: ConnectionPoolEntry, *_: object) -> None:
    """SQLite goes on writing into a file that was deleted under it, and all of that would be lost."""
    if _identity(file) != record.info["file"]:
        raise StoreUnavailable(
            "The database file is gone or was replaced. Put it back and restart, or restart with a new one."
        )


def _identity(file: Path) -> int | None:
    return file.stat().st_ino if file.exists() else None


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("bot_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
