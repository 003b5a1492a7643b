"""Many rows at once, without the ORM's cost per value: a ledger of a year is millions of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Column, Connection, Table
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]
Columns = Mapping[str, Sequence[Any]]
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


_MOST_VARIABLES = 32_000
"""SQLite binds no more than 32,766 in one statement."""
_MOST_ROWS = 1024


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert tuples of exactly these columns' values, in their order; days and instants as Python has them."""
    write = _copy if connection.dialect.name == "postgresql" else _insert
    write(connection, table, columns, iter(rows), _own(connection, [table.c[name] for name in columns]))


def insert_columns(connection: Connection, table: Table, columns: Columns) -> None:
    """The same of columns, whose values are as the driver takes them: whole numbers, texts and None."""
    if connection.dialect.name == "postgresql":
        rows = map("\t".join, zip(*map(_copied, columns.values()), strict=True))
        with _copying(connection, table, list(columns)) as copy:
            copy.write("".join(f"{row}\n" for row in rows))
        return
    _insert_columns(connection, table, columns, "")


def add_columns(connection: Connection, table: Table, columns: Columns, grown: Mapping[str, str]) -> None:
    """Insert columns of whole numbers and bytes, or let what stands under the same key grow: `grown` says to what, in
    the SQL of this dialect. No key may come twice."""
    keys = ", ".join(column.name for column in table.primary_key)
    conflict = f"ON CONFLICT ({keys}) DO UPDATE SET {', '.join(f'{name} = {to}' for name, to in grown.items())}"
    if connection.dialect.name == "postgresql":
        kinds = [("bytea" if isinstance(column[0], bytes) else "bigint") for column in columns.values()]
        arrays = ", ".join(f"string_to_array(%s, ',')::{kind}[]" for kind in kinds)
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) {conflict}"  # noqa: S608
        connection.exec_driver_sql(statement, tuple(map(_listed, columns.values())))
        return
    _insert_columns(connection, table, columns, conflict)


def _insert_columns(connection: Connection, table: Table, columns: Columns, conflict: str) -> None:
    width, begin = len(columns), 0
    for many in _portions(len(next(iter(columns.values()))), width):
        flat = [None] * (many * width)
        for position, column in enumerate(columns.values()):
            flat[position::width] = column[begin : begin + many]
        connection.exec_driver_sql(f"{_statement(table, list(columns), many)} {conflict}", tuple(flat))
        begin += many


def _portions(rows: int, width: int) -> Iterator[int]:
    """How many rows go into one statement after the other: powers of two, because the driver keeps what it compiled,
    and a text of thousands of places takes as long to compile as its rows to write."""
    many = _MOST_ROWS
    while rows:
        while many > rows or many * width > _MOST_VARIABLES:
            many //= 2
        yield many
        rows -= many


def _copied(column: Sequence[int | str | None]) -> Sequence[str]:
    """As COPY reads it: a driver that looks at each value for itself takes longer than the server with the row."""
    if isinstance(next((one for one in column if one is not None), None), str):
        return [r"\N" if one is None else str(one).translate(_ESCAPED) for one in column]
    return [r"\N" if one is None else str(one) for one in column]


def _listed(column: Sequence[int | bytes]) -> str:
    """As `string_to_array` reads it."""
    return ",".join(f"\\x{one.hex()}" if isinstance(one, bytes) else str(one) for one in column)


_Own = Sequence[tuple[int, Callable[[Any], Any]]]
"""Positions of what has a type of its own, such as an instant, and what checks and translates it for the driver."""


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterator[Row], own: _Own) -> None:
    """Hundreds of rows a statement: for each single one the driver would let go of the interpreter and wait for it
    again, which takes longer than the row while another thread reads."""
    width = len(columns)
    while some := list(islice(rows, _MOST_VARIABLES // width)):
        flat = list(chain.from_iterable(some))
        for position, process in own:
            flat[position::width] = map(process, flat[position::width])
        connection.exec_driver_sql(_statement(table, columns, len(some)), tuple(flat))


def _statement(table: Table, columns: Sequence[str], rows: int) -> str:
    places = f"({', '.join('?' * len(columns))})"
    values = f"VALUES {', '.join([places] * rows)}"
    return f"INSERT INTO {table.name} ({', '.join(columns)}) {values}"


def _copy(connection: Connection, table: Table, columns: Sequence[str], rows: Iterator[Row], own: _Own) -> None:
    with _copying(connection, table, columns) as copy:
        for row in rows:
            copy.write_row(_with(row, own) if own else row)


@contextmanager
def _copying(connection: Connection, table: Table, columns: Sequence[str]) -> Iterator[psycopg.Copy]:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    cursor: psycopg.Cursor[Any] = connection.connection.cursor()  # type: ignore[assignment]
    try:
        with cursor, cursor.copy(statement) as copy:
            yield copy
    except psycopg.Error as error:  # as SQLAlchemy would have said it, so that the store's sentences fit
        raise DBAPIError(statement.as_string(), None, error) from error


def _own(connection: Connection, columns: Sequence[Column[Any]]) -> _Own:
    found: list[tuple[int, Callable[[Any], Any]]] = []
    for position, column in enumerate(columns):
        process = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if process:
            found.append((position, _remembering(process)))
    return found


def _remembering(process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Rows of one day, or stored at one instant, follow each other and share the value itself."""
    last: object = None
    result: object = None

    def translated(value: object) -> object:
        nonlocal last, result
        if value is not last:
            last, result = value, process(value)
        return result

    return translated


def _with(row: Row, own: _Own) -> Row:
    values = list(row)
    for position, process in own:
        values[position] = process(values[position])
    return tuple(values)
