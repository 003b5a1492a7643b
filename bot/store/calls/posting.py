"""Live calls go in: each once, with the sums of its hour and day, in one transaction.

An id that is there already is a repeat, whoever sends it, as long as model and tokens agree: two witnesses of one call
may differ in how long it took. With other figures it is another call under a taken id, and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import add, itemgetter
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from bot.core.calls import sums
from bot.core.calls.batch import MODEL, TEAM, Batch, joined
from bot.core.calls.call import RateLimit
from bot.core.calls.client import Client
from bot.core.utc import instant, microseconds
from bot.store import each
from bot.store.bulk import insert_columns
from bot.store.calls import growth, headroom
from bot.store.calls.headroom import Program, Told
from bot.store.calls.series import KnownSeries, Names, learn
from bot.store.tables import CallHorizonRow, CallRow, CallSeries, ImportedPieceRow, table
from bot.store.upsert import lock, upsert

_call = table(CallRow)
_series = table(CallSeries)
_piece = table(ImportedPieceRow)
_horizon = table(CallHorizonRow)
_DAY_LONG = 86_400_000_000

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
    series = dict[Names, int]()
    ids: list[str] = []
    kinds: list[int] = []
    ends: list[int] = []
    for batch, sender in sent:
        ids += sender.own(batch.ids)
        number = [series.setdefault((sender.team or "", *names), len(series)) for names in batch.names]
        kinds += map(number.__getitem__, batch.kinds)
        ends.append(len(ids))
    whole = joined([batch for batch, _ in sent])
    whole = replace(whole, ids=ids, kinds=kinds, names=[names[1:] for names in series])
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
    of = whole.figure
    models = [whole.names[kind][MODEL] for kind in whole.kinds]
    writes = map(add, of("cache_write_5m"), of("cache_write_1h"))
    return list(zip(models, of("uncached_input"), writes, of("cache_read"), of("output"), of("untyped"), strict=True))


def _insert(connection: Connection, new: Batch, series: Sequence[Names], now: datetime, known: KnownSeries) -> None:
    """The calls themselves, the sums of their hours and days, and the rate limits they tell of."""
    begun: dict[int, int] = {}
    for kind, at in zip(new.kinds, new.at, strict=True):
        if at < begun.get(kind, at + 1):
            begun[kind] = at
    ids = learn(connection, {series[kind]: at for kind, at in begun.items()}, known)
    by_kind = {kind: ids[series[kind]] for kind in begun}
    series_ids = list(map(by_kind.__getitem__, new.kinds))
    # What none of these calls has is left to the table's defaults: each value that is bound takes its time.
    stored = {"at": new.at, "stored_at": [microseconds(now)] * len(new)}
    insert_columns(connection, _call, {"id": new.ids, "series_id": series_ids, **stored, **new.figures})
    growth.grow(connection, new.at, series_ids, sums.columns(new))
    if any(new.limits):
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
    oldest = connection.execute(select(func.min(_call.c.stored_at))).scalar()
    return oldest is not None and oldest < before


def forget(connection: Connection, before: datetime, most: int) -> int:
    """Let go of some single calls that were stored before this; their sums stay. How many those were."""
    lock(connection, "call horizon")
    if before > (horizon(connection) or datetime.min.replace(tzinfo=UTC)):
        upsert(connection, _horizon, [{"id": 1, "stored_at": before}])
    # In the order of their index: a database that has not counted its rows lately would look through all of them.
    some = select(_call.c.id).where(_call.c.stored_at < before).order_by(_call.c.stored_at).limit(most)
    return connection.execute(delete(_call).where(_call.c.id.in_(some))).rowcount


def horizon(connection: Connection) -> datetime | None:
    """Of what was stored before this, no id may be known any more; None while all are."""
    found: datetime | None = connection.execute(select(_horizon.c.stored_at)).scalar()
    return found


def imported(connection: Connection, sha256: str) -> int | None:
    """How many calls a piece of a log held that is in already, bad lines left out; None for one that is not."""
    found = connection.execute(select(_piece.c.calls).where(_piece.c.sha256 == sha256)).scalar()
    return None if found is None else int(found)


def note_imported(connection: Connection, sha256: str, calls: int, now: datetime) -> None:
    """Remember a piece of a log, in the transaction that stores its calls."""
    upsert(connection, _piece, [{"sha256": sha256, "stored_at": now, "calls": calls}])


def _held(connection: Connection, ids: Sequence[str]) -> dict[str, _Used]:
    """The figures of those that are stored already."""
    wanted = each.texts(connection, ids)
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
