"""Live calls go in: each once, with the sums of its hour, in one transaction.

An id that is there already is a repeat, whoever sends it, as long as model and tokens agree: two witnesses of one call
may differ in how long it took. With other figures it is another call under a taken id, and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import add, attrgetter, itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    LargeBinary,
    Select,
    TableValuedAlias,
    Text,
    bindparam,
    delete,
    func,
    select,
    tuple_,
    type_coerce,
)

from bot.core.calls import sketch
from bot.core.calls.batch import FIGURES, MODEL, TEAM, Batch
from bot.core.calls.call import COUNTED, RateLimit
from bot.core.calls.client import Client
from bot.core.calls.sums import ADDED, Sums, grouped
from bot.core.utc import instant, microseconds
from bot.store import call_series, headroom
from bot.store.bulk import insert_columns
from bot.store.call_series import KnownSeries, Names
from bot.store.headroom import Program, Told
from bot.store.tables import CallHour, CallRow, CallSeries, ImportedPieceRow, table
from bot.store.upsert import insert_new, lock

_call = table(CallRow)
_hour = table(CallHour)
_series = table(CallSeries)
_piece = table(ImportedPieceRow)
_HOUR_LONG = 3_600_000_000
_DAY_LONG = 24 * _HOUR_LONG
_added = attrgetter(*ADDED)
_HOUR_COLUMNS = ("hour", "series_id", *ADDED, "longest_ms", "durations", "first_tokens", "first_at", "last_at")
_PLAIN = {name: LargeBinary if name in ("durations", "first_tokens") else BigInteger for name in _HOUR_COLUMNS}
"""As the driver gives them: an instant is a number."""
_ABSENT = {name: 0 if name in COUNTED else None for name in FIGURES}
"""What stands in a column for a call that has nothing of it."""
_Hour = tuple[int, int]
"""When an hour begins, in microseconds, and a series."""


TAKEN = "Its id belongs to another call, with another model or other token counts."


class Sent(NamedTuple):
    """Some calls, and who sends them."""

    batch: Batch
    sender: Client


class Posted(NamedTuple):
    """What became of them: how many are new and how many a repeat, and the positions (as `Batch.positions`) of those
    whose id belongs to a call with other figures."""

    accepted: int
    duplicates: int
    taken: list[int]


def post(connection: Connection, sent: Sequence[Sent], now: datetime, known: KnownSeries) -> list[Posted]:
    """Store what is new; what became of each batch. `known` is read and added to.

    Whoever keeps `known` must forget it when the transaction fails: its ids may be of rows that were never there.
    """
    lock(connection, "calls")
    whole, series = Batch(), dict[Names, int]()
    ends: list[int] = []
    for batch, sender in sent:
        whole.add(batch)
        whole.ids[len(whole) - len(batch) :] = sender.own(batch.ids)
        number = [series.setdefault((sender.team or "", *names), len(series)) for names in batch.names]
        whole.kinds[len(whole) - len(batch) :] = map(number.__getitem__, batch.kinds)
        ends.append(len(whole))
    whole.names = [names[1:] for names in series]
    new, duplicates, taken = _sorted_out(whole, _held(connection, whole.ids))
    if new:
        _insert(connection, whole if len(new) == len(whole) else whole.only(new), list(series), now, known)
    posted: list[Posted] = []
    begin = 0
    for end in ends:
        repeats = sum(begin <= one < end for one in duplicates)
        others = [whole.positions[one] for one in taken if begin <= one < end]
        posted.append(Posted(end - begin - repeats - len(others), repeats, others))
        begin = end
    return posted


_Used = tuple[str | int, ...]
"""What two witnesses of one call agree on: its model and tokens."""


def _sorted_out(whole: Batch, held: Mapping[str, _Used]) -> tuple[Sequence[int], list[int], list[int]]:
    """Which calls are new, which repeat one that is held or came just before, and which have its id alone."""
    if not held and len(set(whole.ids)) == len(whole):
        return range(len(whole)), [], []
    new: list[int] = []
    duplicates: list[int] = []
    taken: list[int] = []
    first: dict[str, int] = {}
    used = _used(whole)
    for position, call_id in enumerate(whole.ids):
        before = first.setdefault(call_id, position)
        if before == position and call_id not in held:
            new.append(position)
        elif used[position] == (held.get(call_id) or used[before]):
            duplicates.append(position)
        else:
            taken.append(position)
    return new, duplicates, taken


def _used(whole: Batch) -> list[_Used]:
    """Of each call. One witness may not tell cache writes apart."""
    of = whole.figures
    models = [whole.names[kind][MODEL] for kind in whole.kinds]
    writes = map(add, of["cache_write_5m"], of["cache_write_1h"])
    return list(zip(models, of["uncached_input"], writes, of["cache_read"], of["output"], of["untyped"], strict=True))


def _insert(connection: Connection, new: Batch, series: Sequence[Names], now: datetime, known: KnownSeries) -> None:
    """The calls themselves, the sums of their hours, and the rate limits they tell of."""
    kinds = grouped(new, zip([at - at % _HOUR_LONG for at in new.at], new.kinds, strict=True))
    begun: dict[Names, datetime] = {}
    for (_, kind), sums in kinds.items():
        assert sums.first_at
        begun[series[kind]] = min(sums.first_at, begun.get(series[kind], sums.first_at))
    ids = call_series.learn(connection, begun, known)
    by_kind = {kind: ids[series[kind]] for _, kind in kinds}
    hours: dict[_Hour, Sums] = {}
    for (hour, kind), sums in kinds.items():
        held = hours.setdefault((hour, by_kind[kind]), sums)
        if held is not sums:
            held.merge(sums)
    series_ids = list(map(by_kind.__getitem__, new.kinds))
    # What none of these calls has is left to the table's defaults: each value that is bound takes its time.
    figures = {name: column for name, column in new.figures.items() if column.count(_ABSENT[name]) < len(column)}
    stored = {"at": new.at, "stored_at": [microseconds(now)] * len(new)}
    insert_columns(connection, _call, {"id": new.ids, "series_id": series_ids, **stored, **figures})
    _add_hours(connection, hours)
    headroom.note(connection, _told(new, series))


def _told(new: Batch, series: Sequence[Names]) -> Iterator[Told]:
    """By program and UTC day."""
    programs = [(bound, names[TEAM], names[MODEL]) for bound, *names in series]
    said: dict[tuple[Program, int], list[tuple[int, RateLimit]]] = {}
    for kind, at, limit in zip(new.kinds, new.at, new.limits, strict=True):
        if limit:
            said.setdefault((programs[kind], at // _DAY_LONG), []).append((at, limit))
    for (program, _), some in said.items():
        at, limit = max(some, key=itemgetter(0))
        yield Told(program, instant(at), limit, {one for _, one in some})


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


def _held(connection: Connection, ids: Sequence[str]) -> dict[str, _Used]:
    """The figures of those that are stored already."""
    wanted = _each_text(connection, ids)
    query = (
        select(
            _call.c.id,
            _series.c.model,
            _call.c.uncached_input,
            _call.c.cache_write_5m + _call.c.cache_write_1h,
            *(_call.c.cache_read, _call.c.output, _call.c.untyped),
        )
        .select_from(wanted)
        .join(_call, _call.c.id == wanted.c.value)
        .join(_series, _series.c.id == _call.c.series_id)
    )
    return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


def _each_text(connection: Connection, values: Sequence[str]) -> TableValuedAlias:
    """One variable for all, and not one for each: those are thousands."""
    if connection.dialect.name == "postgresql":
        return func.unnest(bindparam("ids", list(values), ARRAY(Text))).table_valued("value").render_derived()
    return func.json_each(msgspec.json.encode(values).decode()).table_valued("value")


def _add_hours(connection: Connection, hours: Mapping[_Hour, Sums]) -> None:
    """Read, add, put back: sketches can't be added by SQL. `post` has the lock."""
    rows = {key: _hour_row(key, sums) for key, sums in hours.items()}
    here = tuple_(_hour.c.hour, _hour.c.series_id).in_(_each_hour(connection, hours))
    held = connection.execute(select(*(type_coerce(_hour.c[name], _PLAIN[name]) for name in _HOUR_COLUMNS)).where(here))
    before = [tuple(row) for row in held]
    for row in before:
        rows[row[:2]] = _both(row, rows[row[:2]])
    if before:
        connection.execute(delete(_hour).where(here))
    insert_columns(
        connection, _hour, dict(zip(_HOUR_COLUMNS, map(list, zip(*rows.values(), strict=True)), strict=True))
    )


def _each_hour(connection: Connection, hours: Iterable[_Hour]) -> Select[Any]:
    if connection.dialect.name == "postgresql":
        begun, ids = (bindparam(None, list(part), ARRAY(BigInteger)) for part in zip(*hours, strict=True))
        each = func.unnest(begun, ids).table_valued("hour", "series_id").render_derived()
        return select(each.c.hour, each.c.series_id)
    each = func.json_each(msgspec.json.encode(list(hours)).decode()).table_valued("value")
    return select(func.json_extract(each.c.value, "$[0]"), func.json_extract(each.c.value, "$[1]"))


def _hour_row(key: _Hour, sums: Sums) -> tuple[Any, ...]:
    assert sums.first_at
    assert sums.last_at
    sketches = sketch.encode(sums.durations), sketch.encode(sums.first_tokens)
    between = microseconds(sums.first_at), microseconds(sums.last_at)
    return *key, *_added(sums), sums.longest_ms, *sketches, *between


def _both(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    """Two rows of one hour and series, added up."""
    longest, durations, first_tokens, first_at, last_at = zip(one[-5:], other[-5:], strict=True)
    return (
        *one[:2],
        *map(add, one[2:-5], other[2:-5]),
        max(longest),
        *(sketch.together(*durations), sketch.together(*first_tokens)),
        *(min(first_at), max(last_at)),
    )
