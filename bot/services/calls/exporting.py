"""Live calls as a CSV file, one in a line, as long as they are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from bot.core.access import OPERATOR, Access, access
from bot.core.books.spreadsheet import Number, written
from bot.core.calls.owners import CallOwners, Said
from bot.core.directory import UNALLOCATED
from bot.core.hours import Stretch
from bot.core.money import Money
from bot.core.periods import Period
from bot.core.words import Sheet
from bot.services.books.export import Exported, Sink, selected
from bot.services.figures.names import Names
from bot.store import calls

COLUMNS = (
    *("timestamp", "id", "team", "user", "feature", "model", "endpoint", "event_type", "service_tier", "success"),
    *("status", "error_type", "input_tokens", "cache_creation_5m_input_tokens", "cache_creation_1h_input_tokens"),
    *("cache_read_input_tokens", "output_tokens", "untyped_tokens", "web_search_requests", "duration_ms"),
    *("first_token_ms", "list_cost", "own_cost", "origin"),
)
_LINES = 5_000
KEPT = "Single calls are kept for RETAIN_CALLS_DAYS after they came in; older ones are in the sums of `calls` alone."


def export(connection: Connection, period: Period, team: str | None, sink: Sink) -> Exported:
    """Write all of them, for whoever runs the bot. Raises NotFound for a team it doesn't know."""
    names = Names.read(connection)
    teams = selected(connection, names, team, period).teams
    return write(connection, period, teams, names, access(names.configuration, OPERATOR, names.organizations), sink)


def write(
    connection: Connection, period: Period, teams: Collection[str] | None, names: Names, allowed: Access, sink: Sink
) -> Exported:
    """Write the calls of these teams, or of all, to `sink`. People whom the asker may not see have no name in it."""
    digest = hashlib.sha256()
    rows = _rows(connection, period, teams, names, allowed)

    def put(lines: list[tuple[object, ...]]) -> None:
        piece = written(lines).encode("utf-8", "backslashreplace")
        digest.update(piece)
        sink(piece)

    put([COLUMNS])
    while some := list(islice(rows, _LINES)):
        put(some)
    since, until = Stretch(period.start, period.end).touched
    return Exported(Sheet.CALLS, since, until, digest.hexdigest(), None, (KEPT,))


def _rows(
    connection: Connection, period: Period, teams: Collection[str] | None, names: Names, allowed: Access
) -> Iterator[tuple[object, ...]]:
    owners = CallOwners(names.configuration.teams, names.organizations)
    dated = bool(owners.turns())
    known: dict[object, tuple[str, bool]] = {}
    for call in calls.singly(connection, period.start, period.end):
        key = (call.series_id, call.at.date() if dated else None)
        if key not in known:
            said = Said(call.bound_team, call.team, call.api_key, call.caller)
            team = owners.team(said, call.at.date())
            person = owners.person(call.caller) if call.caller else ""
            known[key] = team, bool(person) and not allowed.sees(person, team)
        team, hidden = known[key]
        if teams is None or team in teams:
            yield _row(call, team, "" if hidden else call.caller)


def _row(call: Any, team: str, user: str) -> tuple[object, ...]:
    return (
        _instant(call.at),
        call.id.removeprefix("/"),
        team or UNALLOCATED,
        user,
        call.feature,
        call.model,
        call.endpoint,
        call.event_type,
        call.service_tier,
        "true" if not call.error_type else "false",
        call.status,
        call.error_type,
        call.uncached_input,
        call.cache_write_5m,
        call.cache_write_1h,
        call.cache_read,
        call.output,
        call.untyped,
        call.web_search,
        call.duration_ms,
        call.first_token_ms,
        _dollars(call.list_cost),
        _dollars(call.own_cost),
        call.origin,
    )


def _instant(at: datetime) -> str:
    text = at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return text.replace("+00:00", "Z") if at.utcoffset() == timedelta() else text


def _dollars(units: int | None) -> Number | None:
    return None if units is None else Number(Money(units).dollars)
