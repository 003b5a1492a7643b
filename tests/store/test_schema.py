"""Migrations: from nothing, again, from two sides at once, and never on a database from the future."""

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

from bot.core.errors import SchemaMismatch
from bot.store import schema, tables
from bot.store.database import Database


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _left_behind(connection: Connection) -> None:
    """Two releases later: what this one knows is not served any more."""
    connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    connection.execute(text("UPDATE served_schema SET revision = '9999'"))


def test_a_database_is_migrated_from_empty_and_a_second_time_changes_nothing(empty: Database) -> None:
    assert empty.read_now(_tables) == set()
    first = schema.migrate(empty)
    held = empty.read_now(_tables)
    assert held == {*SQLModel.metadata.tables, "alembic_version"}
    assert (schema.migrate(empty), empty.read_now(_tables)) == (first, held)
    empty.read_now(schema.check)


def test_looking_at_it_again_and_again_leaves_nothing_behind(database: Database) -> None:
    def statements() -> int:
        for _ in range(5):
            database.read_now(schema.check)
        cache = database.engine._compiled_cache
        assert cache is not None
        return len(cache)

    assert statements() == statements()


def test_looking_at_it_again_and_again_reads_no_migration_again(database: Database) -> None:
    database.read_now(schema.check)
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            database.read_now(schema.check)
        assert gc.collect() == 0, "whoever reads them makes objects in circles"
    finally:
        gc.enable()


def test_the_migrated_schema_is_the_one_the_tables_say(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))

    assert database.read_now(differences) == []
    assert tables.table(tables.LedgerEntry).name in database.read_now(_tables)


def test_two_replicas_that_start_together_migrate_once(database_url: str) -> None:
    replicas = [Database(database_url) for _ in range(4)]
    with ThreadPoolExecutor(len(replicas)) as threads:
        revisions = list(threads.map(schema.migrate, replicas))
    assert len(set(revisions)) == 1
    for replica in replicas:
        replica.read_now(schema.check)
        replica.close()


def test_a_database_that_no_longer_serves_this_version_is_left_alone(database: Database) -> None:
    database.write_now(_left_behind)
    works: list[Callable[[], object]] = [lambda: schema.migrate(database), lambda: database.read_now(schema.check)]
    for work in works:
        with pytest.raises(SchemaMismatch, match=r"newer version of this bot \(schema 9999\)") as caught:
            work()
        assert caught.value.exit_code == 3


def test_a_database_that_was_never_migrated_is_told_how(empty: Database) -> None:
    with pytest.raises(SchemaMismatch, match="Run `claude-usage migrate`") as caught:
        empty.read_now(schema.check)
    assert caught.value.exit_code == 3


def test_every_migration_serves_the_schema_before_it() -> None:
    for one in schema._script().walk_revisions():
        assert isinstance(one.module.serves, tuple)
        assert one.down_revision is None or one.down_revision in one.module.serves, one.revision
