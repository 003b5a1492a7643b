"""What calls have in common, kept once; and no more of it than a store can hold.

A program that invents a name for each of its calls would make a series, and a sum for each hour, of every single one.
From a certain number on such calls are kept together: their tokens, cost and latencies count as before, under one name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, bindparam, func, select, tuple_, type_coerce, update

from bot.store import metering
from bot.store.bulk import insert_columns
from bot.store.memory import renew
from bot.store.tables import CallHour, CallSeries, table

MOST_SERIES = 10_000
"""Beyond it, new ones are told apart by team and model alone."""
_MOST_TOGETHER = 2_000
"""Beyond so many more, not even by these: who invents features may invent teams."""
REST = "everything else"
"""What those calls are named that are kept together."""
_FEW = 100
"""Up to so many series are asked for by all they are; for more it is faster to read every one there is."""
_hour = table(CallHour)
_series = table(CallSeries)
_since = type_coerce(_series.c.since, BigInteger)


class Series(NamedTuple):
    """What calls of one kind have in common, in the order of `call_series`."""

    bound_team: str
    team: str
    caller: str
    api_key: str
    feature: str
    model: str
    endpoint: str
    event_type: str
    service_tier: str
    inference_geo: str
    speed: str
    error_type: str
    origin: str


Names = tuple[str, ...]
"""A series as a bare tuple: calls come by the million."""


class Known(NamedTuple):
    """A series that is there: its id, which never changes or goes, and when its first call was made (microseconds)."""

    id: int
    since: int


KnownSeries = dict[Names, Known]


def learn(connection: Connection, begun: Mapping[Names, int], known: KnownSeries) -> dict[Names, int]:
    """The ids of these series, each with when, in microseconds, the first of some calls of it was made. They are made
    where there are none, begin earlier where an older call comes late, and are kept under another where there are too
    many."""
    _find(connection, begun, known)
    missing = {names: since for names, since in begun.items() if names not in known}
    folded = _make(connection, missing, known) if missing else {}
    earlier: dict[Names, int] = {}
    for names, since in begun.items():
        under = folded.get(names, names)
        if since < earlier.get(under, known[under].since):
            earlier[under] = since
    if earlier:
        at = bindparam("at", type_=BigInteger)
        lower = update(_series).where(_series.c.id == bindparam("series"), _since > at).values(since=at)
        connection.execute(lower, [{"series": known[names].id, "at": since} for names, since in earlier.items()])
        known.update((names, Known(known[names].id, since)) for names, since in earlier.items())
    return {names: known[folded.get(names, names)].id for names in begun}


def _make(connection: Connection, begun: Mapping[Names, int], known: KnownSeries) -> dict[Names, Names]:
    """Make these; says which are kept under another."""
    held = connection.execute(select(func.count()).select_from(_series)).scalar_one()
    room = max(0, MOST_SERIES - held)
    made = dict(islice(begun.items(), room))
    together = {names: _together(Series._make(names), apart=True) for names in islice(begun, room, None)}
    _find(connection, together.values(), known)
    folded: dict[Names, Names] = {}
    kept: dict[Names, int] = {}
    for names, under in together.items():
        many = held + len(made) + len(kept) >= MOST_SERIES + _MOST_TOGETHER
        if many and under not in known and under not in kept:
            under = _together(Series._make(names), apart=False)
        folded[names] = under
        kept[under] = min(begun[names], kept.get(under, begun[names]))
    _find(connection, kept, known)
    made |= {names: since for names, since in kept.items() if names not in known}
    if made:
        # Nobody else makes any meanwhile: whoever stores calls has the lock.
        columns = dict(zip(Series._fields, zip(*made, strict=True), strict=True))
        insert_columns(connection, _series, {**columns, "since": list(made.values())})
        if not held:
            renew(connection, "calls")  # from here on there are some, and series never go
        _find(connection, made, known)
    metering.FOLDED.inc(len(folded))
    return folded


def calls_together(connection: Connection, since: datetime) -> int:
    """How many calls are kept under one name since then."""
    rest = select(_series.c.id).where(_series.c.feature == REST)
    query = select(func.coalesce(func.sum(_hour.c.calls), 0)).where(_hour.c.hour >= since, _hour.c.series_id.in_(rest))
    return int(connection.execute(query).scalar_one())


def _find(connection: Connection, wanted: Iterable[Names], known: KnownSeries) -> None:
    unknown = [names for names in dict.fromkeys(wanted) if names not in known]
    if not unknown:
        return
    columns = [_series.c[name] for name in Series._fields]
    query = select(_series.c.id, _since, *columns)
    if len(unknown) < _FEW:
        query = query.where(tuple_(*columns).in_(unknown))
    known.update((tuple(row[2:]), Known(row[0], row[1])) for row in connection.execute(query))


def _together(series: Series, *, apart: bool) -> Names:
    """The series that stands for it and others: whether they failed, and how they came, is still told apart."""
    team, model = (series.team, series.model) if apart else ("", REST)
    return Series(
        *(series.bound_team, team),
        *("", "", REST, model, REST, REST, REST, "", ""),
        *(REST if series.error_type else "", series.origin),
    )
