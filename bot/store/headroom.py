"""How full rate limits were, by day, program and model, as the answers to calls said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select, tuple_

from bot.core.calls.call import Call, RateLimit
from bot.core.headroom import used
from bot.store.tables import CallLimitDay, CallLimitRow, table
from bot.store.upsert import upsert

_day = table(CallLimitDay)
_limit = table(CallLimitRow)
_SCOPE = (_day.c.day, _day.c.bound_team, _day.c.team, _day.c.model)
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


def note(connection: Connection, calls: Sequence[tuple[str, Call]]) -> None:
    """Raise the days of these calls to how full their limits were; each comes with the team of its token."""
    found: dict[_Scope, _Used] = {}
    for bound_team, call in calls:
        if call.rate_limit:
            scope = call.at.date(), bound_team, call.team, call.model
            found[scope] = _fuller(found.get(scope, (None, None)), used(call.rate_limit))
    if not found:
        return
    query = select(*_SCOPE, _day.c.requests_used, _day.c.tokens_used).where(tuple_(*_SCOPE).in_(list(found)))
    for *place, requests, tokens in connection.execute(query):
        day, bound_team, team, model = place
        scope = day, bound_team, team, model
        found[scope] = _fuller(found[scope], (requests, tokens))
    names = ("day", "bound_team", "team", "model")
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
    requests, tokens = (
        max((part for part in pair if part is not None), default=None) for pair in zip(one, other, strict=True)
    )
    return requests, tokens
