"""The sums of hours and of days grow within the database: nothing of them is read to add what is new."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import BigInteger, Connection, Table, bindparam, func, or_, select, type_coerce, update

from bot.core.calls import sketch
from bot.core.calls.batch import Column
from bot.core.calls.sums import ADDED, folded
from bot.store import each
from bot.store.bulk import add_columns
from bot.store.tables import CallDay, CallHour, table

_hour = table(CallHour)
_day = table(CallDay)
_KEPT = ((_hour, "hour", 3_600_000_000), (_day, "day", 86_400_000_000))
_SKETCHES = ("durations", "first_tokens")


def grow(connection: Connection, at: Column, series_ids: Column, some: Mapping[str, Column]) -> None:
    """Add single calls, as `sums.columns` has them, to their hours and days; `at` is when they began, in microseconds.
    Whoever stores calls has the lock."""
    for kept, start, long in _KEPT:
        groups: dict[tuple[int, int], int] = {}
        keys = zip([one - one % long for one in at], series_ids, strict=True)
        places = [groups.setdefault(key, len(groups)) for key in keys]
        some = folded(some, places, len(groups))
        at, series_ids = map(list, zip(*groups, strict=True))
        nothing = dict.fromkeys(_SKETCHES, [b""] * len(groups))
        columns = {start: at, "series_id": series_ids, **nothing, **some}
        add_columns(connection, kept, columns, {name: _grown(connection, kept, name) for name in (*_SKETCHES, *some)})
        _shorten(connection, kept, start, set(at))


def _grown(connection: Connection, kept: Table, name: str) -> str:
    """What a column comes to that has a value already."""
    mine, more = f"{kept.name}.{name}", f"excluded.{name}"
    most, least = ("greatest", "least") if connection.dialect.name == "postgresql" else ("max", "min")
    match name:
        case _ if name in ADDED:
            return f"{mine} + {more}"
        case "durations" | "first_tokens":
            # SQLite takes bytes that are put together for a text.
            return f"CAST({mine} || {more} AS {kept.c[name].type.compile(connection.dialect)})"
        case "first_at":
            return f"{least}({mine}, {more})"
        case _:
            return f"{most}({mine}, {more})"


def _shorten(connection: Connection, kept: Table, start: str, touched: Collection[int]) -> None:
    """Write those sketches anew that have been appended to for long."""
    begun = type_coerce(kept.c[start], BigInteger)
    long = or_(*(func.length(kept.c[name]) > sketch.LONG_BYTES for name in _SKETCHES))
    query = select(begun, kept.c.series_id, *(kept.c[name] for name in _SKETCHES))
    rows = connection.execute(query.where(begun.in_(each.numbers(connection, touched)), long)).all()
    if rows:
        shorter = update(kept).where(begun == bindparam("begun"), kept.c.series_id == bindparam("series"))
        names = ("begun", "series", *(f"new_{name}" for name in _SKETCHES))
        written = [(*row[:2], *(sketch.encode(sketch.decode(one)) for one in row[2:])) for row in rows]
        connection.execute(
            shorter.values({name: bindparam(f"new_{name}") for name in _SKETCHES}),
            [dict(zip(names, one, strict=True)) for one in written],
        )
