"""Many rows at once: what goes in comes out, on both databases, and what is refused is refused whole."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import BigInteger, Connection, select, type_coerce
from sqlalchemy.exc import DBAPIError

from bot.store.bulk import insert_columns, insert_rows
from bot.store.calls import Series
from bot.store.database import Database
from bot.store.tables import BucketRow, CallSeries, CostSnapshot, LedgerTotal, table

_cost, _total, _bucket, _series = table(CostSnapshot), table(LedgerTotal), table(BucketRow), table(CallSeries)
COST = ("organization_id", "start", "workspace_id", "cost_type", "description", "amount_cents", "attributed")
START = datetime(2026, 11, 18, tzinfo=UTC)
TOTAL = ("day", "organization_id", "team_id", "model", "charge", "basis", "quantity")
AMOUNTS = ("list_cost", "billed_cost", "unlisted")


def read(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(select(*(_cost.c[name] for name in COST)).order_by(_cost.c.id))]


def total(day: date, team: str, quantity: int) -> tuple[Any, ...]:
    return day, "org", team, "m", "output", "reported", quantity, 2**62, -(2**62), 0


def test_more_rows_than_one_statement_holds_come_back_as_they_were(database: Database) -> None:
    rows = [
        ("org", START + timedelta(days=n), None if n % 3 else "w\t\\N", "tokens", 'ü "quoted"\n', f"{n}.5", n % 2 == 0)
        for n in range(7_000)
    ]
    database.write_now(insert_rows, _cost, COST, rows)
    assert database.read_now(read) == rows


def test_days_and_the_largest_amounts_keep_their_value(database: Database) -> None:
    rows = [total(date(2026, 11, 18), "alpha", 2**63 - 1), total(date(2026, 11, 19), "beta", 0)]
    database.write_now(insert_rows, _total, (*TOTAL, *AMOUNTS), iter(rows))
    held = database.read_now(lambda connection: connection.execute(select(_total).order_by(_total.c.day)).all())
    assert [tuple(row) for row in held] == rows


def test_columns_come_back_as_they_were_whatever_their_texts_hold(database: Database) -> None:
    odd = ["", "\\", "\\N", "a\tb", "a\nb\r", "ü, {x} 100 %", 'he said "no"', "\\.", "%s", "'"]
    texts = [f"{odd[n % len(odd)]}{n}" for n in range(2_500)]
    columns: dict[str, Any] = {name: [""] * len(texts) for name in Series._fields}
    columns |= {"feature": texts, "since": range(len(texts))}
    database.write_now(insert_columns, _series, columns)
    kept = select(_series.c.feature, type_coerce(_series.c.since, BigInteger)).order_by(_series.c.since)
    rows = database.read_now(lambda connection: connection.execute(kept).all())
    assert [tuple(row) for row in rows] == list(zip(texts, range(len(texts)), strict=True))


def test_no_rows_are_no_statement(database: Database) -> None:
    database.write_now(insert_rows, _cost, COST, [])
    assert database.read_now(read) == []


def test_a_row_that_is_refused_takes_the_others_with_it_and_is_an_error_of_the_database(database: Database) -> None:
    twice = [total(date(2026, 11, 18), "alpha", 1)] * 2
    with pytest.raises(DBAPIError, match=r"(?i)unique"):
        database.write_now(insert_rows, _total, (*TOTAL, *AMOUNTS), [total(date(2026, 11, 17), "alpha", 1), *twice])
    assert database.read_now(lambda connection: connection.execute(select(_total)).all()) == []


def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    naive = START.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"):
        database.write_now(insert_rows, _cost, COST, [("org", naive, None, "tokens", "", "1", False)])
