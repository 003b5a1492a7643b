"""What an organisation may use and spend, beside what the ledger says it has spent this month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from bot.answers import limits as limits_answer
from bot.answers.answer import Answer
from bot.answers.limits import Held, Live, Rate, Spend
from bot.core.calls.owners import CallOwners, Said
from bot.core.directory import Directory
from bot.core.headroom import LOOKED_AT, HeadRoom, Kind, reach
from bot.core.limits import MONTHLY, SpendLimit
from bot.core.money import ZERO
from bot.core.question import Dimension
from bot.core.usage import Source
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Names
from bot.store import memory
from bot.store.calls import headroom
from bot.store.readings import limits, refusals, snapshots, syncs

_DAY = timedelta(days=1)
_PERSON = "user"
"""The scope of a limit that is one person's: such limits are counted, not listed."""


def answer(asked: Inquiry) -> Answer:
    """Every limit that could be read."""
    connection, names, now = asked.connection, asked.names, asked.now
    today = now.astimezone(UTC).date()
    spends: list[Spend] = []
    rates: list[Rate] = []
    notes: list[str] = []
    for directory in names.organizations:
        held = limits.read(connection, directory.organization_id)
        limited = [limit for limit in held.spends if limit.amount is not None]
        spends += _spends(connection, directory, [limit for limit in limited if limit.scope != _PERSON], today)
        rates += (
            Rate(directory.organization_name, _workspace(directory, limit.workspace_id), limit) for limit in held.rates
        )
        notes += _notes(connection, directory, limited, today)
    tried = [one for one in syncs.statuses(connection) if one.source is Source.LIMITS]
    return limits_answer.answer(
        Held(
            spends,
            rates,
            list(_refused(connection, names)),
            notes,
            min((one.succeeded_at for one in tried if one.succeeded_at), default=None),
            asked.question.share,
            _live(connection, names, now),
        )
    )


def _refused(connection: Connection, names: Names) -> Iterator[str]:
    """What a key may not read, with its organisation where there are several."""
    called = {directory.organization_id: directory.organization_name for directory in names.organizations}
    for one in refusals.read(connection):
        if one.source is Source.LIMITS:
            whose = f" of {called.get(one.organization_id, one.organization_id)}" if len(called) > 1 else ""
            yield f"{one.part}{whose}: {one.sentence}"


def _live(connection: Connection, names: Names, now: datetime) -> list[Live]:
    """What programs were told of their rate limits within a day, by team and model."""
    today = now.astimezone(UTC).date()
    owners = CallOwners(names.configuration.teams, names.organizations)
    newest: dict[tuple[str, str], headroom.Held] = {}
    for told in sorted(headroom.newest(connection, now - _DAY), key=lambda one: one.at):
        newest[owners.team(Said(told.bound_team, told.team, "", ""), today), told.model] = told
    full: dict[tuple[str, str], dict[Kind, dict[date, int]]] = {}
    for (day, bound_team, team, model), used in headroom.days(connection, today - timedelta(days=LOOKED_AT)):
        kinds = full.setdefault((owners.team(Said(bound_team, team, "", ""), today), model), {})
        for kind, part in zip(Kind, used, strict=True):
            if part is not None:
                days = kinds.setdefault(kind, {})
                days[day] = max(part, days.get(day, 0))
    found: list[Live] = []
    for (team_id, model), told in newest.items():
        for kind, most, left in (
            (Kind.REQUESTS, told.limit.requests_limit, told.limit.requests_remaining),
            (Kind.TOKENS, told.limit.tokens_limit, told.limit.tokens_remaining),
        ):
            if most and left is not None:
                days = full.get((team_id, model), {}).get(kind, {})
                room = HeadRoom(model, kind, most, left, days)
                found.append(Live(names.of(Dimension.TEAM, team_id), room, room.lately(today), reach(days, today)))
    return found


def _spends(connection: Connection, directory: Directory, held: list[SpendLimit], today: date) -> Iterator[Spend]:
    """Each with what the month has cost so far; None for what the ledger does not tell apart, or has not read."""
    month, tomorrow = today.replace(day=1), today + _DAY
    asked = directory.organization_id, month, tomorrow
    by_workspace = memory.remembered(connection, ("by workspace", *asked), lambda: limits.billed(connection, *asked))
    known = bool(snapshots.fetched(connection, directory.organization_id, Source.COST, month, tomorrow))
    whole = sum(by_workspace.values(), ZERO)
    for limit in held:
        used = None
        if known and limit.period == MONTHLY and limit.scope in ("organization", "usage_tier"):
            used = whole
        elif known and limit.period == MONTHLY and limit.scope == "workspace" and limit.scope_id:
            used = by_workspace.get(limit.scope_id, ZERO)
        yield Spend(directory.organization_name, _name(directory, limit), limit, used)


def _name(directory: Directory, limit: SpendLimit) -> str:
    period = "" if limit.period == MONTHLY else f" ({limit.period})"
    match limit.scope:
        case "organization":
            return f"Whole organisation{period}"
        case "usage_tier":
            return f"Anthropic's cap for the usage tier{period}"
        case "workspace":
            return f"Workspace {_workspace(directory, limit.scope_id or '')}{period}"
        case _:
            return f"{limit.scope.replace('_', ' ').capitalize()} {limit.scope_id or ''}".rstrip() + period


def _workspace(directory: Directory, workspace_id: str) -> str:
    return directory.workspace_name(workspace_id) if workspace_id else ""


def _notes(connection: Connection, directory: Directory, limited: list[SpendLimit], today: date) -> Iterator[str]:
    people = sum(limit.scope == _PERSON for limit in limited)
    if people:
        yield f"{people} {'person has' if people == 1 else 'people have'} a spend limit of their own."
    if len(limited) > people:
        month = today.replace(day=1)
        read = snapshots.fetched(connection, directory.organization_id, Source.COST, month, today + _DAY)
        missing = today.day - len(read)
        if read and missing:
            yield f"What {missing} of the {today.day} days of this month cost is not in yet."
