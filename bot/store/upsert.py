"""The few statements that SQLite and PostgreSQL share in meaning but not in SQLAlchemy's spelling."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Mapping[str, Any]]


def insert_new(connection: Connection, table: Table, rows: Rows) -> int:
    """Insert the rows whose key is not taken; returns how many were."""
    if not rows:
        return 0
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    counting = {"preserve_rowcount": True}  # without it SQLAlchemy says -1 on PostgreSQL
    # One statement of many values would have to be written anew for each number of rows, which takes longer than they.
    statement = insert.on_conflict_do_nothing()
    return connection.execute(statement, [dict(row) for row in rows], execution_options=counting).rowcount


def upsert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert the rows, or replace what stands under their primary key."""
    if not rows:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    values = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=values), list(rows))


def add_up(connection: Connection, table: Table, rows: Rows, column: str) -> None:
    """Insert the rows, or add their `column` to what stands under their primary key."""
    if not rows:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    keys = [one.name for one in table.primary_key]
    grown = {column: table.c[column] + insert.excluded[column]}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=grown), list(rows))


def lock(connection: Connection, name: str) -> None:
    """Let one transaction at a time, over all replicas, do what `name` says; SQLite's write lock does so anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(name.encode())})
