"""Many rows at once, without the ORM's cost per value: a ledger of a year is millions of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Column, Connection, Table
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]


_MOST_VARIABLES = 32_000
"""SQLite binds no more than 32,766 in one statement."""


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert tuples of exactly these columns' values, in their order; days and instants as Python has them."""
    write = _copy if connection.dialect.name == "postgresql" else _insert
    write(connection, table, columns, iter(_bound(connection, [table.c[name] for name in columns], rows)))


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterator[Row]) -> None:
    """Hundreds of rows a statement: for each single one the driver would let go of the interpreter and wait for it
    again, which takes longer than the row while another thread reads."""
    places = f"({', '.join('?' * len(columns))})"
    while some := list(islice(rows, _MOST_VARIABLES // len(columns))):
        values = f"VALUES {', '.join([places] * len(some))}"
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) {values}"
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))


def _copy(connection: Connection, table: Table, columns: Sequence[str], rows: Iterator[Row]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    cursor: psycopg.Cursor[Any] = connection.connection.cursor()  # type: ignore[assignment]
    try:
        with cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:  # as SQLAlchemy would have said it, so that the store's sentences fit
        raise DBAPIError(statement.as_string(), None, error) from error


def _bound(connection: Connection, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> Iterable[Row]:
    """The rows as the driver takes them: what has a type of its own, such as an instant, is checked and translated."""
    own: list[tuple[int, Callable[[Any], Any]]] = []
    for position, column in enumerate(columns):
        process = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if process:
            own.append((position, cache(process)))  # of days and instants there are few, and each in many rows
    if not own:
        return rows
    return (_with(row, own) for row in rows)


def _with(row: Row, own: Sequence[tuple[int, Callable[[Any], Any]]]) -> Row:
    values = list(row)
    for position, process in own:
        values[position] = process(values[position])
    return tuple(values)
