"""Brings the schema to this code's version, and refuses to work on one that is newer."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.core.errors import SchemaMismatch
from bot.store.database import Database

_MIGRATION_LOCK = 7_214_031
"""PostgreSQL advisory lock: two replicas that start together migrate one after the other."""


def migrate(database: Database) -> str:
    """Bring the schema up to date; returns its revision. Raises SchemaMismatch where the database is newer."""
    return database.write_now(_upgrade)


def check(connection: Connection) -> None:
    """Raise SchemaMismatch unless the database is at exactly this code's revision."""
    current, head = _revision(connection), _script().get_current_head()
    if current == head:
        return
    _refuse_newer(current)
    raise SchemaMismatch("The database's schema is older than this version. Run `claude-usage migrate`.")


def _upgrade(connection: Connection) -> str:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    _refuse_newer(_revision(connection))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return _revision(connection) or ""


def _refuse_newer(current: str | None) -> None:
    known = {script.revision for script in _script().walk_revisions()}
    if current is not None and current not in known:
        raise SchemaMismatch(
            f"The database was written by a newer version of this bot (schema {current}). "
            "Run that version or a later one."
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
