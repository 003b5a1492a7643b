"""What calls have in common, kept once; and no more of it than a store can hold.

A program that invents a name for each of its calls would make a series, and a sum for each hour, of every single one.
From a certain number on such calls are kept together: their tokens, cost and latencies count as before, under one name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import Connection, func, select, tuple_

from bot.core.calls.call import Call
from bot.store import metering
from bot.store.bulk import insert_rows
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


named: Callable[[Call], tuple[str, ...]] = attrgetter(
    *("team", "user", "api_key", "feature", "model", "endpoint", "event_type", "service_tier", "inference_geo"),
    *("speed", "error_type", "origin"),
)
"""What a call says of its series: all but the team of its sender's token."""
Names = tuple[str, ...]
"""A series as a bare tuple: calls come by the million."""
SeriesIds = dict[Names, int]
"""The ids of series that are known to be committed: one never changes or goes."""


def learn(connection: Connection, begun: Mapping[Names, datetime], known: SeriesIds) -> dict[Names, Names]:
    """Add the ids of these series, which are made where there are none, each with when its first call was made; and say
    which are kept under another, because there are too many."""
    if not begun:
        return {}
    _find(connection, begun, known)
    missing = [names for names in begun if names not in known]
    if not missing:
        return {}
    held = connection.execute(select(func.count()).select_from(_series)).scalar_one()
    room = max(0, MOST_SERIES - held)
    made = {names: begun[names] for names in missing[:room]}
    together = {names: _together(Series._make(names), apart=True) for names in missing[room:]}
    _find(connection, {under: begun[names] for names, under in together.items()}, known)
    folded: dict[Names, Names] = {}
    kept: dict[Names, datetime] = {}
    for names, under in together.items():
        many = held + len(made) + len(kept) >= MOST_SERIES + _MOST_TOGETHER
        if many and under not in known and under not in kept:
            under = _together(Series._make(names), apart=False)
        folded[names] = under
        kept[under] = min(begun[names], kept.get(under, begun[names]))
    _find(connection, kept, known)
    made |= {names: since for names, since in kept.items() if names not in known}
    # Nobody else makes any meanwhile: whoever stores calls has the lock.
    insert_rows(connection, _series, (*Series._fields, "since"), [(*names, since) for names, since in made.items()])
    _find(connection, made, known)
    metering.FOLDED.inc(len(folded))
    return folded


def calls_together(connection: Connection, since: datetime) -> int:
    """How many calls are kept under one name since then."""
    rest = select(_series.c.id).where(_series.c.feature == REST)
    query = select(func.coalesce(func.sum(_hour.c.calls), 0)).where(_hour.c.hour >= since, _hour.c.series_id.in_(rest))
    return int(connection.execute(query).scalar_one())


def _find(connection: Connection, wanted: Mapping[Names, datetime], known: SeriesIds) -> None:
    if not wanted:
        return
    columns = [_series.c[name] for name in Series._fields]
    query = select(_series.c.id, *columns)
    if len(wanted) < _FEW:
        query = query.where(tuple_(*columns).in_(list(wanted)))
    known.update((tuple(row[1:]), row[0]) for row in connection.execute(query))


def _together(series: Series, *, apart: bool) -> Names:
    """The series that stands for it and others: whether they failed, and how they came, is still told apart."""
    team, model = (series.team, series.model) if apart else ("", REST)
    return Series(
        *(series.bound_team, team),
        *("", "", REST, model, REST, REST, REST, "", ""),
        *(REST if series.error_type else "", series.origin),
    )
