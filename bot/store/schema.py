"""Brings the schema to this code's version, and refuses to work on one that is newer and no longer serves it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import ColumnClause, Connection, String, TableClause, delete, insert, inspect, select, text

from bot.core.errors import SchemaMismatch
from bot.store.database import Database
from bot.store.tables import ServedSchemaRow, table

MIGRATION_LOCK = 7_214_031
"""PostgreSQL advisory lock: two replicas that start together migrate one after the other."""

_served = table(ServedSchemaRow)
_version = TableClause("alembic_version", ColumnClause("version_num", String))


def migrate(database: Database, waits: Callable[[], object] = lambda: None) -> str:
    """Bring the schema up to date; returns its revision. Raises SchemaMismatch as `check` does.

    `waits` is called where another replica is at it, before it is waited for.
    """
    return database.write_now(_upgrade, waits)


def check(connection: Connection) -> str:
    """Raise SchemaMismatch unless this code works on the database as it is.

    Returns the database's revision where it is a newer one, which serves this code until the upgrade is through.
    """
    current, head = _revision(connection), _script().get_current_head()
    if current == head:
        return ""
    if _is_newer(connection, current):
        return current or ""
    raise SchemaMismatch("The database's schema is older than this version. Run `claude-usage migrate`.")


def watched() -> Callable[[Connection], None]:
    """For `Database.may_write`: raises SchemaMismatch as `check` does, once the schema is another one.

    A program that has been left behind while it runs would else go on writing what the newer schema knows nothing of.
    """
    fits: str | None = ""

    def check_if_changed(connection: Connection) -> None:
        nonlocal fits
        current = connection.execute(select(_version.c.version_num)).scalar()
        if current != fits:
            check(connection)
            fits = current

    return check_if_changed


def _upgrade(connection: Connection, waits: Callable[[], object]) -> str:
    if connection.dialect.name == "postgresql":
        lock = {"lock": MIGRATION_LOCK}
        if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), lock).scalar():
            waits()
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), lock)
    current, script = _revision(connection), _script()
    if current == script.get_current_head() or _is_newer(connection, current):
        return current or ""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    newest = script.get_revision("head")
    assert newest is not None
    connection.execute(delete(_served))
    served = (newest.revision, *newest.module.serves)
    connection.execute(insert(_served), [{"revision": revision} for revision in served])
    return newest.revision


def _is_newer(connection: Connection, current: str | None) -> bool:
    """Whether a newer program wrote it, and this one may go on. Raises SchemaMismatch where it may not."""
    script = _script()
    if current is None or current in {one.revision for one in script.walk_revisions()}:
        return False
    if script.get_current_head() not in set(connection.execute(select(_served.c.revision)).scalars()):
        raise SchemaMismatch(
            f"The database was written by a newer version of this bot (schema {current}), and no longer serves this "
            "one. Run that version or a later one."
        )
    return True


def _revision(connection: Connection) -> str | None:
    """Alembic's own way makes another table object each time, and SQLAlchemy would keep a statement of each of them."""
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.execute(select(_version.c.version_num)).scalar()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _script() -> ScriptDirectory:
    return _read(_config)


@cache
def _read(config: Callable[[], Config]) -> ScriptDirectory:
    """Once in a process: `/healthz` and `/readyz` ask at every look, and each reading leaves circles behind."""
    return ScriptDirectory.from_config(config())
