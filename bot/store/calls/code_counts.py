"""What Claude Code itself counts, summed by day, person and model; each request and each total counts once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from bot.core.coding import Actor, ActorKind, CodeRecord, Work
from bot.core.money import Money
from bot.core.otlp.metrics import OLDEST, Count, Measure
from bot.store.tables import CodeCounterRow, CodeCountRow, TelemetryRow, table
from bot.store.upsert import add_up, insert_new, lock, upsert

_count = table(CodeCountRow)
_counter = table(CodeCounterRow)
_request = table(TelemetryRow)
_REPEATED_WITHIN = timedelta(days=1)
"""For so long exporters may send a request again that they had no answer to."""
_AT_ONCE = 500

TELEMETRY = "telemetry"
"""What stands where Anthropic's report says api or subscription: Claude Code does not know."""
NAMELESS = Actor(ActorKind.OTHER, "no name given")
"""Whoever works with an API key: Claude Code knows nobody then."""
_SAME = (
    *(Measure.SESSIONS, Measure.LINES_ADDED, Measure.LINES_REMOVED, Measure.COMMITS, Measure.PULL_REQUESTS),
    *(Measure.ACCEPTED, Measure.REJECTED),
)
"""The measures that `Work` calls the same."""
_TOKENS = (Measure.INPUT, Measure.OUTPUT, Measure.CACHE_READ, Measure.CACHE_WRITE)


def add(connection: Connection, counts: Sequence[Count], bound_team: str, mark: str, now: datetime) -> None:
    """Add up what is new in one request."""
    connection.execute(delete(_request).where(_request.c.stored_at < now - _REPEATED_WITHIN))
    if not counts or not insert_new(connection, _request, [{"mark": mark, "stored_at": now}]):
        return
    sums: dict[tuple[date, str, str, str, str], int] = defaultdict(int)
    for count, amount in _new(connection, counts, now):
        if amount:
            sums[count.at.date(), count.team, count.person, count.model, count.measure] += amount
    names = ("day", "team", "person", "model", "measure")
    rows = [
        # In one order for everybody: two transactions that wait for each other's rows would never end.
        {**dict(zip(names, key, strict=True)), "bound_team": bound_team, "amount": amount}
        for key, amount in sorted(sums.items())
    ]
    add_up(connection, _count, rows, "amount")


def read(connection: Connection, since: date, until: date, actor: Actor | None = None) -> list[CodeRecord]:
    """Everybody's days, or one person's, from `since` (inclusive) to `until` (exclusive), over all models."""
    query = select(_count.c.day, _count.c.person, _count.c.measure, func.sum(_count.c.amount))
    query = query.where(_count.c.day >= since, _count.c.day < until)
    if actor:
        query = query.where(_count.c.person == _person(actor))
    query = query.group_by(_count.c.day, _count.c.person, _count.c.measure).order_by(_count.c.day, _count.c.person)
    found: dict[tuple[date, str], dict[str, int]] = defaultdict(dict)
    for day, person, measure, amount in connection.execute(query):
        found[day, person][measure] = int(amount)
    return [CodeRecord(day, _actor(person), TELEMETRY, _work(sums)) for (day, person), sums in found.items()]


def actors(connection: Connection) -> set[Actor]:
    """Everybody it tells of."""
    return {_actor(person) for person in connection.execute(select(_count.c.person).distinct()).scalars()}


def _actor(person: str) -> Actor:
    return Actor(ActorKind.PERSON, person) if person else NAMELESS


def _person(actor: Actor) -> str | None:
    """None for a key or another kind of program: those it does not know."""
    return "" if actor == NAMELESS else actor.name if actor.kind is ActorKind.PERSON else None


def _work(sums: Mapping[str, int]) -> Work:
    counted = {field: sums.get(field, 0) for field in _SAME}
    tokens = sum(sums.get(measure, 0) for measure in _TOKENS)
    return Work(**counted, tokens=tokens, estimated=Money(sums.get(Measure.COST, 0)))


def _new(connection: Connection, counts: Sequence[Count], now: datetime) -> Iterable[tuple[Count, int]]:
    """Each count with how much of it is new: all of an increment, of a total what it is more than the last one."""
    totals = [count for count in counts if count.series]
    if not totals:
        return [(count, count.amount) for count in counts]
    lock(connection, "code counters")
    connection.execute(delete(_counter).where(_counter.c.at < now - OLDEST))
    held = _held(connection, sorted({count.series for count in totals}))
    found = [(count, count.amount) for count in counts if not count.series]
    for count in sorted(totals, key=lambda one: one.at):
        at, before = held.get(count.series, (count.at, 0))
        if count.at < at:
            continue  # it was overtaken, and what came since holds it already
        # Less than before: the process began anew without saying so.
        found.append((count, count.amount - before if count.amount >= before else count.amount))
        held[count.series] = count.at, count.amount
    rows = [{"series": series, "at": at, "amount": amount} for series, (at, amount) in sorted(held.items())]
    upsert(connection, _counter, rows)
    return found


def _held(connection: Connection, series: Sequence[str]) -> dict[str, tuple[datetime, int]]:
    found: dict[str, tuple[datetime, int]] = {}
    for start in range(0, len(series), _AT_ONCE):
        some = series[start : start + _AT_ONCE]
        query = select(_counter.c.series, _counter.c.at, _counter.c.amount).where(_counter.c.series.in_(some))
        found |= {row.series: (row.at, row.amount) for row in connection.execute(query)}
    return found
