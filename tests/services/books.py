"""A ledger whose every figure a test sets: put where a sync puts what Anthropic reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from bot.core.directory import Directory, Workspace
from bot.core.money import Money
from bot.core.usage import CostRecord, Source, UsageRecord
from bot.services import configuration
from bot.services.syncing.rebuild import rebuild, rebuild_everything, rebuild_hours
from bot.store import directory
from bot.store.database import Database
from bot.store.readings import snapshots, syncs

ORGANIZATION = "org_books"
MODEL = "claude-sonnet-5-5"
TEAMS = ("alpha", "beta", "gamma")
"""Each has a workspace that is called like it."""
OPENED = datetime(2026, 10, 1, tzinfo=UTC)


class Books:
    """One organisation's reports. `database` has the schema and is closed by whoever gave it; several may share it."""

    def __init__(self, database: Database, organization: str = ORGANIZATION, name: str = "Example Org") -> None:
        self.database = database
        self.organization = organization
        if database.read_now(directory.read, organization) is None:
            spaces = {team: Workspace(team, team) for team in TEAMS}
            database.write_now(directory.replace, Directory(organization, name, spaces))

    def configure(self, text: str, at: datetime = OPENED) -> None:
        """Put a configuration in force, as `config apply` does."""
        self.database.write_now(_configured, text, at)

    @staticmethod
    def reconfigure(database: Database, text: str, at: datetime = OPENED) -> None:
        """The same over a ledger that another test filled."""
        database.write_now(_configured, text, at)

    def spend(self, day: date, *, read_at: datetime | None = None, tokens: int = 1000, **dollars: str) -> None:
        """The whole organisation's day: `tokens` and so many dollars in each team named, nothing in the others.

        Read the morning after unless `read_at` says otherwise, as a second reading of the day replaces the first.
        """
        self.use(day, read_at=read_at, **dict.fromkeys(dollars, tokens))
        self.bill(day, read_at=read_at, **dollars)

    def spend_daily(self, days: Sequence[date], *, tokens: int = 1000, **dollars: str) -> None:
        """The same of many days at once, all of them read the morning after the last."""
        usage = [_usage(day, team, tokens) for day in days for team in dollars]
        costs = [_cost(day, team, Decimal(amount)) for day in days for team, amount in dollars.items()]
        self.database.write_now(_reported, self.organization, Source.USAGE, days, usage, _morning_after(days[-1]))
        self.database.write_now(_reported, self.organization, Source.COST, days, costs, _morning_after(days[-1]))

    def bill(self, day: date, *, read_at: datetime | None = None, **dollars: str) -> None:
        """The cost report's half of a day."""
        costs = [_cost(day, team, Decimal(amount)) for team, amount in dollars.items()]
        self.database.write_now(_reported, self.organization, Source.COST, [day], costs, read_at or _morning_after(day))

    def use(self, day: date, *, read_at: datetime | None = None, **tokens: int) -> None:
        """The usage report's half of a day."""
        usage = [_usage(day, team, count) for team, count in tokens.items()]
        self.database.write_now(
            _reported, self.organization, Source.USAGE, [day], usage, read_at or _morning_after(day)
        )

    def by_hour(self, day: date, **tokens: Mapping[int, int]) -> None:
        """The usage report of a day by the hour: team → hour → tokens."""
        records = [
            _usage(day, team, count)._replace(start=_midnight(day) + timedelta(hours=hour))
            for team, hours_ in tokens.items()
            for hour, count in hours_.items()
        ]
        self.database.write_now(_by_hour, self.organization, day, records)

    def deliveries(self) -> dict[str, str]:
        """What became of each message, by its key."""
        return dict(self.database.read_now(_rows, "SELECT key, state FROM delivery"))

    def errors(self) -> dict[str, str]:
        """Why messages did not go out, by key."""
        return dict(self.database.read_now(_rows, "SELECT key, error FROM delivery WHERE error IS NOT NULL"))

    def episodes(self) -> list[tuple[str, str, bool]]:
        """Rule, scope and whether it is over, oldest first."""
        query = "SELECT rule_id, scope, resolved_at IS NOT NULL FROM episode ORDER BY id"
        return [(rule, scope, bool(over)) for rule, scope, over in self.database.read_now(_rows, query)]


def _rows(connection: Connection, query: str) -> list[Any]:
    return [tuple(row) for row in connection.execute(text(query))]


def _configured(connection: Connection, body: str, at: datetime) -> None:
    configuration.apply(connection, body, "teams.yml", at)
    rebuild_everything(connection)


def _reported(
    connection: Connection,
    organization: str,
    source: Source,
    days: Sequence[date],
    records: list[UsageRecord] | list[CostRecord],
    read_at: datetime,
) -> None:
    snapshots.replace(connection, organization, source, [_midnight(day) for day in days], records, read_at)
    rebuild(connection, organization, days, noticed=read_at.date())
    for one in Source:
        syncs.attempted(connection, organization, one, read_at)


def _by_hour(connection: Connection, organization: str, day: date, records: list[UsageRecord]) -> None:
    snapshots.replace(connection, organization, Source.HOURS, [_midnight(day)], records, _morning_after(day))
    rebuild_hours(connection, organization, [day])


def _usage(day: date, team: str, tokens: int) -> UsageRecord:
    return UsageRecord(_midnight(day), team, f"key_{team}", MODEL, "standard", "global", 0, 0, 0, 0, tokens, 0)


def _cost(day: date, team: str, dollars: Decimal) -> CostRecord:
    cents = f"{dollars * 100:f}"
    paid = ("tokens", "output_tokens", MODEL, "standard", "global", "0-200k", f"{MODEL} output", cents)
    return CostRecord(_midnight(day), team, *paid, Money.from_cents(cents))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _morning_after(day: date) -> datetime:
    return _midnight(day) + timedelta(days=1, hours=6)
