"""Live calls go in: each once, with the sums of its hour, in one transaction.

An id that is there already is a repeat, whoever sends it, as long as model and tokens agree: two witnesses of one call
may differ in how long it took. With other figures it is another call under a taken id, and is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, any_, bindparam, delete, func, select

from bot.core.calls import sketch
from bot.core.calls.call import Call
from bot.core.calls.client import Client
from bot.core.calls.listed import list_units
from bot.core.calls.sums import ADDED, Sums
from bot.core.hours import on_the_hour
from bot.store import call_series, headroom
from bot.store.bulk import insert_rows
from bot.store.call_series import SeriesIds
from bot.store.headroom import Told
from bot.store.tables import CallHour, CallRow, CallSeries, ImportedPieceRow, table
from bot.store.upsert import insert_new, lock

_call = table(CallRow)
_hour = table(CallHour)
_series = table(CallSeries)
_piece = table(ImportedPieceRow)
_COUNTED = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "untyped", "web_search")
"""The columns that say how much a call used, in `Call` and in the tables."""
_TIMED = ("duration_ms", "first_token_ms", "status")
_figures: Callable[[Call], tuple[Any, ...]] = attrgetter(*_COUNTED, *_TIMED)
_HOUR_LONG = timedelta(hours=1)
_FEW = 100
"""Up to so many series are asked for by all they are; for more it is faster to read every one there is."""
_COLUMNS = (
    *("id", "series_id", "at", "stored_at", *_COUNTED),
    *(*_TIMED, "list_cost", "own_cost"),
)

_added = attrgetter(*ADDED)
_HOUR_COLUMNS = ("hour", "series_id", *ADDED, "longest_ms", "durations", "first_tokens", "first_at", "last_at")


class Fate(Enum):
    """What became of a call that was sent."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    TAKEN = "taken"
    """Its id belongs to a call with other figures."""


class Arrival(NamedTuple):
    """A call, and who sends it."""

    call: Call
    sender: Client


def post(connection: Connection, arrivals: Sequence[Arrival], now: datetime, known: SeriesIds) -> list[Fate]:
    """Store what is new; what became of each, in their order. `known` is read and added to.

    Whoever keeps `known` must forget it when the transaction fails: its ids may be of rows that were never there.
    """
    lock(connection, "calls")
    ids = [sender.own(call.id) for call, sender in arrivals]
    held = _held(connection, ids)
    fates: list[Fate] = []
    new: list[tuple[str, Call, tuple[str, ...]]] = []
    first: dict[str, Call] = {}
    for call_id, (call, sender) in zip(ids, arrivals, strict=True):
        before = first.setdefault(call_id, call)
        if before is call and call_id not in held:
            new.append((call_id, call, (sender.team or "", *call_series.named(call))))
            fates.append(Fate.ACCEPTED)
        else:
            same = _used(call) == (held.get(call_id) or _used(before))
            fates.append(Fate.DUPLICATE if same else Fate.TAKEN)
    if new:
        begun: dict[tuple[str, ...], datetime] = {}
        for _, call, names in new:
            if names not in known:
                begun[names] = min(call.at, begun.get(names, call.at))
        folded = call_series.learn(connection, begun, known)
        if folded:
            new = [(call_id, call, folded.get(names, names)) for call_id, call, names in new]
        _insert(connection, new, now, known)
    return fates


def _insert(
    connection: Connection, new: Sequence[tuple[str, Call, tuple[str, ...]]], now: datetime, known: SeriesIds
) -> None:
    """The calls themselves, the sums of their hours, and the rate limits they tell of."""
    rows: list[tuple[Any, ...]] = []
    hours: dict[tuple[datetime, int], Sums] = {}
    told: list[Told] = []
    begin = end = now  # of the last hour: most calls come in the order of time
    for call_id, call, names in new:
        at, own, limit = call.at, call.own_cost, call.rate_limit
        series_id, units = known[names], list_units(call)
        rows.append((call_id, series_id, at, now, *_figures(call), units, None if own is None else own.units))
        if not begin <= at < end:
            begin = on_the_hour(at)
            end = begin + _HOUR_LONG
        sums = hours.get((begin, series_id))
        if sums is None:
            sums = hours[begin, series_id] = Sums()
        sums.add(call, units)
        if limit:
            told.append(Told(names[0], names[1], names[5], at, limit))
    insert_rows(connection, _call, _COLUMNS, rows)
    _add_hours(connection, hours)
    headroom.note(connection, told)


def any_stored(connection: Connection, before: datetime) -> bool:
    """Whether there is a single call that was stored before this."""
    return connection.execute(select(_call.c.id).where(_call.c.stored_at < before).limit(1)).first() is not None


def forget(connection: Connection, before: datetime, most: int) -> int:
    """Let go of some single calls that were stored before this; their sums stay. How many those were."""
    some = select(_call.c.id).where(_call.c.stored_at < before).limit(most)
    return connection.execute(delete(_call).where(_call.c.id.in_(some))).rowcount


def imported(connection: Connection, sha256: str) -> int | None:
    """How many calls a piece of a log held that is in already; None for one that is not."""
    found = connection.execute(select(_piece.c.calls).where(_piece.c.sha256 == sha256)).scalar()
    return None if found is None else int(found)


def note_imported(connection: Connection, sha256: str, calls: int, now: datetime) -> None:
    """Remember a piece of a log, in the transaction that stores its calls."""
    insert_new(connection, _piece, [{"sha256": sha256, "stored_at": now, "calls": calls}])


def _used(call: Call) -> tuple[str | int, ...]:
    """What two witnesses of one call agree on; one of them may not tell cache writes apart."""
    writes = call.cache_write_5m + call.cache_write_1h
    return call.model, call.uncached_input, writes, call.cache_read, call.output, call.untyped


def _held(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str | int, ...]]:
    """The figures of those that are stored already."""
    query = (
        select(
            _call.c.id,
            _series.c.model,
            _call.c.uncached_input,
            _call.c.cache_write_5m + _call.c.cache_write_1h,
            *(_call.c.cache_read, _call.c.output, _call.c.untyped),
        )
        .join(_series, _series.c.id == _call.c.series_id)
        .where(_among(connection, _call.c.id, ids))
    )
    return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


def _among(connection: Connection, column: Column[Any], ids: Sequence[str | int]) -> ColumnElement[bool]:
    """One value for all ids, and not a variable for each: those are thousands."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam("ids", list(ids), ARRAY(column.type)))
    each = func.json_each(json.dumps(ids)).table_valued("value")
    return column.in_(select(each.c.value))


def _add_hours(connection: Connection, hours: Mapping[tuple[datetime, int], Sums]) -> None:
    """Read, add, put back: sketches can't be added by SQL. `post` has the lock."""
    for key, before in _taken_hours(connection, hours).items():
        hours[key].merge(before)
    rows = (_hour_row(hour, series_id, sums) for (hour, series_id), sums in hours.items())
    insert_rows(connection, _hour, _HOUR_COLUMNS, rows)


def _taken_hours(connection: Connection, keys: Iterable[tuple[datetime, int]]) -> dict[tuple[datetime, int], Sums]:
    """What these hours hold by now; it is taken out, to be put back with more."""
    by_hour: dict[datetime, list[int]] = {}
    for hour, series_id in keys:
        by_hour.setdefault(hour, []).append(series_id)
    found: dict[tuple[datetime, int], Sums] = {}
    for hour, ids in by_hour.items():
        wanted = set(ids)
        here = _hour.c.hour == hour, _among(connection, _hour.c.series_id, ids)
        for row in connection.execute(select(_hour).where(*here)):
            found[hour, row.series_id] = sums_of(row)
            wanted.discard(row.series_id)
        if len(wanted) < len(ids):
            connection.execute(delete(_hour).where(*here))
    return found


def sums_of(row: Any) -> Sums:
    """A row of `call_hour` as sums; how its calls failed is its series' to say."""
    return Sums(
        **{name: getattr(row, name) for name in ADDED},
        longest_ms=row.longest_ms,
        durations=sketch.decode(row.durations),
        first_tokens=sketch.decode(row.first_tokens),
        first_at=row.first_at,
        last_at=row.last_at,
    )


def _hour_row(hour: datetime, series_id: int, sums: Sums) -> tuple[Any, ...]:
    sketches = sketch.encode(sums.durations), sketch.encode(sums.first_tokens)
    return hour, series_id, *_added(sums), sums.longest_ms, *sketches, sums.first_at, sums.last_at
