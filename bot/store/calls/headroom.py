"""How full rate limits were, by day, program and model, as the answers to calls said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import NamedTuple

from sqlalchemy import Connection, select, tuple_

from bot.core.calls.call import RateLimit
from bot.core.headroom import used
from bot.store.tables import CallLimitDay, CallLimitRow, table
from bot.store.upsert import upsert

_day = table(CallLimitDay)
_limit = table(CallLimitRow)
_SCOPE = (_day.c.day, _day.c.bound_team, _day.c.team, _day.c.model)
_PROGRAM = ("bound_team", "team", "model")
_Scope = tuple[date, str, str, str]
_Used = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Held:
    """What one program's answers said last of one model."""

    bound_team: str
    team: str
    model: str
    at: datetime
    limit: RateLimit


Program = tuple[str, str, str]
"""The team of a token, what its calls say of their team, and their model."""


class Told(NamedTuple):
    """What the answers to calls of one UTC day said of a program's limits: the last one, and all that were said."""

    program: Program
    at: datetime
    limit: RateLimit
    all: Collection[RateLimit]


def note(connection: Connection, told: Iterable[Told]) -> None:
    """Keep what every program was told last, and raise its days to how full its limits were."""
    last: dict[Program, Told] = {}
    fullest: dict[_Scope, _Used] = {}
    for one in told:
        before = last.get(one.program)
        if before is None or before.at < one.at:
            last[one.program] = one
        fullest[one.at.date(), *one.program] = reduce(_fuller, map(used, one.all))
    if last:
        _note_last(connection, last)
        _note_days(connection, fullest)


def _note_last(connection: Connection, last: Mapping[Program, Told]) -> None:
    """The newest of each program's, whichever comes in last."""
    scope = tuple_(_limit.c.bound_team, _limit.c.team, _limit.c.model)
    stored = connection.execute(
        select(_limit.c.bound_team, _limit.c.team, _limit.c.model, _limit.c.at).where(scope.in_(list(last)))
    )
    newer = {(row.bound_team, row.team, row.model): row.at for row in stored}
    rows = [
        {**dict(zip(_PROGRAM, program, strict=True)), "at": one.at, **one.limit._asdict()}
        for program, one in last.items()
        if program not in newer or newer[program] < one.at
    ]
    upsert(connection, _limit, rows)


def _note_days(connection: Connection, found: dict[_Scope, _Used]) -> None:
    query = select(*_SCOPE, _day.c.requests_used, _day.c.tokens_used).where(tuple_(*_SCOPE).in_(list(found)))
    for *place, requests, tokens in connection.execute(query):
        day, bound_team, team, model = place
        scope = day, bound_team, team, model
        found[scope] = _fuller(found[scope], (requests, tokens))
    names = ("day", *_PROGRAM)
    rows = [
        {**dict(zip(names, scope, strict=True)), "requests_used": requests, "tokens_used": tokens}
        for scope, (requests, tokens) in sorted(found.items())
    ]
    upsert(connection, _day, rows)


def newest(connection: Connection, since: datetime) -> list[Held]:
    """What every program was told last, if that was not before `since`."""
    rows = connection.execute(select(_limit).where(_limit.c.at >= since))
    return [
        Held(
            row.bound_team, row.team, row.model, row.at, RateLimit(*(getattr(row, name) for name in RateLimit._fields))
        )
        for row in rows
    ]


def days(connection: Connection, since: date) -> Iterable[tuple[_Scope, _Used]]:
    """Each program's days since then, with what was used of requests and of tokens."""
    query = select(*_SCOPE, _day.c.requests_used, _day.c.tokens_used).where(_day.c.day >= since)
    for day, bound_team, team, model, requests, tokens in connection.execute(query):
        yield (day, bound_team, team, model), (requests, tokens)


def _fuller(one: _Used, other: _Used) -> _Used:
    return _larger(one[0], other[0]), _larger(one[1], other[1])


def _larger(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return one if one > other else other
