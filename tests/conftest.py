"""What every test may rely on: none of our settings from outside, an empty working directory, and real databases."""

import asyncio
import fcntl
import gc
import os
import re
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.interpreter import calm_collector
from bot.store import schema
from tests import databases
from tests import outside as world
from tests.databases import Fresh, Preparation
from tests.outside import Outside, opened
from tests.running import Run, Start

EXAMPLE = (Path(__file__).parents[1] / ".env.example").read_text(encoding="utf-8")
SETTINGS = frozenset(re.findall(r"^(?:# )?([A-Z][A-Z_]*)=", EXAMPLE, re.MULTILINE))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The garbage collector looks as seldom as in the bot at work, and never at what was loaded before the first test:
    walking over thousands of tests again and again took a seventh of all."""
    calm_collector()
    found = yield
    gc.freeze()
    return found


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's credentials, `.env` and database stay out of every test."""
    for name in tuple(os.environ):
        if name in SETTINGS or name.startswith(("ANTHROPIC_", "SLACK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server's maintenance database; the first test that asks for it starts the server."""
    with databases.postgresql() as server:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            for shortcut in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here outlives a crash
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(shortcut)))
            connection.execute("SELECT pg_reload_conf()")
        yield url


@pytest.fixture
def postgresql_url(postgresql: str) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database, dropped afterwards whoever is still connected."""
    with _created(postgresql, "template1") as url:
        yield url


@pytest.fixture(scope="session")
def _templates(postgresql: str) -> Iterator[Callable[[Preparation], str]]:
    """The name of a database that is prepared like this and not used: copying it takes a tenth of migrating another."""
    with ExitStack() as stack:

        @cache
        def template(prepare: Preparation) -> str:
            url = stack.enter_context(_created(postgresql, "template1"))
            with databases.opened(url) as database:
                schema.migrate(database)
                prepare(database)
            return url.split("/")[3].split("?")[0]

        yield template


@contextmanager
def _created(postgresql: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        created = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        connection.execute(created)
        yield postgresql.replace("/postgres?", f"/{name}?")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh, empty database, once on each kind: every test that takes it runs twice."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """Makes one database after another, each as a preparation leaves a migrated one, once on each kind."""
    if request.param == "sqlite":
        return lambda prepare: nullcontext(databases.sqlite(tmp_path / "test.db", prepare))
    server, template = request.getfixturevalue("postgresql"), request.getfixturevalue("_templates")
    return lambda prepare: _created(server, template(prepare))


@pytest.fixture
def prepared_url(fresh: Fresh) -> Iterator[Callable[[Preparation], str]]:
    """The URL of a fresh database as a preparation leaves a migrated one, once on each kind."""
    with ExitStack() as stack:
        yield lambda prepare: stack.enter_context(fresh(prepare))


@pytest.fixture
def migrated_url(prepared_url: Callable[[Preparation], str]) -> str:
    """The URL of a fresh database that has the schema, once on each kind."""
    return prepared_url(databases.nothing)


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[Outside]:
    """Anthropic and Slack as they stand in, started once for a module."""
    with opened() as outside:
        yield outside


@pytest.fixture
def outside(stand_ins: Outside) -> Outside:
    """The stand-ins with nothing said, broken or remembered yet."""
    return stand_ins.fresh()


@pytest.fixture(scope="session")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that holds what Anthropic reports: to copy, not to change. Read once, for all workers."""
    run = tmp_path_factory.getbasetemp()
    folder = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    path = folder / "synced.db"
    with (folder / "synced.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        if not path.exists():
            making = tmp_path_factory.mktemp("synced")
            with opened() as outside:
                asyncio.run(world.synced(outside, making))
            (making / "synced.db").rename(path)
    return path


@pytest.fixture
def start(outside: Outside, tmp_path: Path) -> Iterator[Start]:
    """Start `run` with everything it needs; keyword arguments change its environment, "" leaves one out."""
    begun: list[Run] = []

    def run(database_url: str, **environment: str) -> Run:
        begun.append(Run(tmp_path, outside.environment(database_url, **environment)))
        return begun[-1]

    yield run
    for one in begun:
        one.process.kill()
        one.process.wait()
        assert one.process.stdout is not None
        one.process.stdout.close()
