"""Snapshots, directory and configuration become the ledger, a day at a time, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from sqlalchemy import Connection

from bot.core.allocation import Entry, allocate
from bot.core.configuration import Configuration
from bot.core.directory import Directory, Ownership
from bot.core.errors import StoreError
from bot.core.money import Money
from bot.core.usage import CostRecord, Source
from bot.services.configuration import in_force
from bot.store import directory as directories
from bot.store import snapshots
from bot.store.ledger import Ledger


def rebuild(connection: Connection, organization_id: str, days: Iterable[date]) -> None:
    """Make the ledger of these UTC days anew from what the store holds.

    Raises StoreError, and so undoes the whole transaction, if a day's sum is not what Anthropic reported.
    """
    wanted = sorted(days)
    if not wanted:
        return
    since, until = wanted[0], wanted[-1] + timedelta(days=1)
    owners = cache(_ownership(connection, organization_id).owners)
    usage = snapshots.usage(connection, organization_id, since, until)
    costs = snapshots.costs(connection, organization_id, since, until)
    cost_fetched = snapshots.fetched(connection, organization_id, Source.COST, since, until)
    ledger = Ledger(connection, organization_id)
    for day in wanted:
        fetched_at = cost_fetched.get(day)
        reported = costs.get(day, []) if fetched_at else None
        over = datetime.combine(day + timedelta(days=1), time(), UTC)
        entries = allocate(
            day, usage.get(day, ()), reported, owners, complete=fetched_at is not None and fetched_at >= over
        )
        _prove(day, entries, reported)
        ledger.replace_day(day, entries)


def rebuild_everything(connection: Connection) -> int:
    """Make the whole ledger anew, as after a change of teams; returns how many days that was."""
    days = 0
    for organization in directories.read_all(connection):
        held = snapshots.days_held(connection, organization.organization_id)
        rebuild(connection, organization.organization_id, held)
        days += len(held)
    return days


def _ownership(connection: Connection, organization_id: str) -> Ownership:
    directory = directories.read(connection, organization_id) or Directory(organization_id, organization_id)
    configuration = in_force(connection) or Configuration()
    return Ownership(directory, configuration.teams)


def _prove(day: date, entries: Iterable[Entry], reported: Iterable[CostRecord] | None) -> None:
    held = sum(entry.billed_cost or 0 for entry in entries)
    said = sum(cost.amount.units for cost in reported or ())
    if held != said:
        raise StoreError(
            f"The ledger of {day} would hold ${Money(held)} where Anthropic reported ${Money(said)}; nothing was "
            "changed. This is a mistake in the bot: please report it with the output of `claude-usage status`."
        )
