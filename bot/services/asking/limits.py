"""What an organisation may use and spend, beside what the ledger says it has spent this month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from bot.answers import limits as limits_answer
from bot.answers.answer import Answer
from bot.answers.limits import Held, Rate, Spend
from bot.core.directory import Directory
from bot.core.limits import MONTHLY, SpendLimit
from bot.core.money import ZERO
from bot.core.question import Question
from bot.core.usage import Source
from bot.services.figures.names import Names
from bot.store import limits, refusals, snapshots

_DAY = timedelta(days=1)
_PERSON = "user"
"""The scope of a limit that is one person's: such limits are counted, not listed."""


def answer(connection: Connection, question: Question, names: Names, now: datetime) -> Answer:
    """Every limit that could be read, as of `now`."""
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
    tried = [one for one in snapshots.statuses(connection) if one.source is Source.LIMITS]
    return limits_answer.answer(
        Held(
            spends,
            rates,
            [f"{one.part}: {one.sentence}" for one in refusals.read(connection) if one.source is Source.LIMITS],
            notes,
            min((one.succeeded_at for one in tried if one.succeeded_at), default=None),
            question.share,
        )
    )


def _spends(connection: Connection, directory: Directory, held: list[SpendLimit], today: date) -> Iterator[Spend]:
    """Each with what the month has cost so far; None for what the ledger does not tell apart, or has not read."""
    month, tomorrow = today.replace(day=1), today + _DAY
    by_workspace = limits.billed(connection, directory.organization_id, month, tomorrow)
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
