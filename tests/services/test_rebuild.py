"""The ledger follows from snapshots, directory and configuration alone, and can be made anew at any time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete

from bot.core.directory import Directory, Workspace
from bot.core.entries import Basis
from bot.core.money import Money
from bot.core.question import Dimension
from bot.core.usage import CostRecord, Source, UsageRecord
from bot.services.syncing.rebuild import rebuild, rebuild_everything
from bot.store import directory, ledger
from bot.store.database import Database
from bot.store.readings import snapshots
from bot.store.tables import (
    LedgerEntry,
    LedgerMonth,
    LedgerMonthTotal,
    LedgerOrganization,
    LedgerSeries,
    LedgerTotal,
    table,
)
from tests.services.world import DAYS, TEAMS, TODAY, World, billed, configured, days, dump

with_the_server = pytest.mark.asyncio(loop_scope="module")

DAY = date(2026, 11, 18)
START = datetime(2026, 11, 18, tzinfo=UTC)
AFTER = START + timedelta(days=1)
ORG = "org_1"
USED = UsageRecord(START, "w1", "k1", "claude-sonnet-5-5", "standard", "global", 0, 0, 0, 0, 1000, 0)


def paid(cents: str, model: str = "claude-sonnet-5-5") -> CostRecord:
    amount = Money.from_cents(cents)
    return CostRecord(
        START, "w1", "tokens", "output_tokens", model, "standard", "global", "0-200k", "Output", cents, amount
    )


def keep(
    connection: Connection,
    usage: list[UsageRecord] | None,
    costs: list[CostRecord] | None,
    at: datetime = AFTER,
) -> dict[str, tuple[int | None, int]]:
    """Store one day and rebuild it; billed units and tokens by key."""
    if usage is not None:
        snapshots.replace(connection, ORG, Source.USAGE, [START], usage, at)
    if costs is not None:
        snapshots.replace(connection, ORG, Source.COST, [START], costs, at)
    rebuild(connection, ORG, [DAY])
    found = ledger.figures(connection, DAY, DAY + timedelta(days=1), by=Dimension.KEY)
    return {
        key: (part.billed_cost.units if part.billed_cost else None, part.total_tokens or 0)
        for key, part in found.items()
    }


def test_a_day_is_known_as_far_as_it_was_read(any_database: Database) -> None:
    units = Money.from_cents("5").units
    assert any_database.write_now(keep, [USED], None) == {"k1": (None, 1000)}
    assert any_database.write_now(keep, None, [], START) == {"k1": (None, 1000)}
    assert any_database.write_now(keep, None, [paid("5")], START + timedelta(hours=9)) == {"k1": (units, 1000)}
    assert any_database.write_now(keep, None, [paid("5", "claude-opus-5-5")]) == {"k1": (0, 1000), "": (units, 0)}
    assert any_database.write_now(keep, [], None) == {"": (units, 0)}
    assert any_database.write_now(keep, [], []) == {}


def test_a_line_the_running_day_does_not_bill_yet_is_unknown_and_the_finished_day_makes_it_nothing(
    database: Database,
) -> None:
    other = paid("5", "claude-opus-5-5")
    before_its_end = AFTER - timedelta(microseconds=1)
    assert database.write_now(keep, [USED], [other], before_its_end)["k1"] == (None, 1000)
    assert database.write_now(keep, None, [other], AFTER)["k1"] == (0, 1000)


def test_an_organisation_without_directory_or_configuration_has_a_ledger_too(database: Database) -> None:
    database.write_now(keep, [USED], [paid("5")])
    assert list(billed(database, Dimension.TEAM)) == ["unallocated"]


def test_rebuilding_no_days_touches_nothing(database: Database) -> None:
    database.write_now(keep, [USED], [paid("5")])
    before = dump(database)
    database.write_now(rebuild, ORG, [])
    assert dump(database) == before


def test_two_organisations_with_the_same_ids_are_kept_apart(database: Database) -> None:
    def two(connection: Connection) -> int:
        for organization, space in (("org_1", "support"), ("org_2", "search")):
            directory.replace(connection, Directory(organization, organization, {"w1": Workspace("w1", space)}))
            snapshots.replace(connection, organization, Source.USAGE, [START], [USED], AFTER)
            snapshots.replace(connection, organization, Source.COST, [START], [paid("5")], AFTER)
        return rebuild_everything(connection)

    assert database.write_now(two) == 2
    configured(
        database,
        "teams: [{id: a, matches: [{workspace: support}]}, {id: b, matches: [{workspace: search}]}]",
    )
    units = Money.from_cents("5").units
    assert billed(database, Dimension.TEAM) == {"a": units, "b": units}


@with_the_server
async def test_the_whole_ledger_comes_back_the_same_from_what_anthropic_said(
    world: World, any_database: Database
) -> None:
    configured(any_database)
    await world.synced(any_database)
    before = dump(any_database)
    assert any_database.write_now(rebuild_everything) == DAYS + 1
    assert dump(any_database) == before

    def lose(connection: Connection) -> None:
        for one in (LedgerEntry, LedgerTotal, LedgerOrganization, LedgerMonth, LedgerMonthTotal, LedgerSeries):
            connection.execute(delete(table(one)))

    any_database.write_now(lose)
    assert dump(any_database) == []
    any_database.write_now(rebuild_everything)
    assert dump(any_database) == before


@with_the_server
async def test_the_past_follows_the_teams_and_comes_back_without_them(world: World, database: Database) -> None:
    await world.synced(database)
    without = dump(database)
    whole = sum(map(world.billed, days()))
    assert billed(database, Dimension.TEAM) == {"unallocated": whole}

    configured(database)
    teams = billed(database, Dimension.TEAM)
    assert set(teams) == {"alpha", "beta", "gamma", "unallocated"}
    assert sum(part or 0 for part in teams.values()) == whole

    configured(database, "timezone: UTC")
    assert dump(database) == without


@with_the_server
async def test_a_share_takes_its_part_of_what_nobody_claims_more_precisely(world: World, database: Database) -> None:
    await world.synced(database)
    sandbox = next(space.id for space in world.organization.workspaces if space.name == "sandbox")
    cost = billed(database, Dimension.WORKSPACE)[sandbox] or 0
    configured(database, TEAMS.replace(", {workspace: sandbox, share: 0.4}", ""))
    without = billed(database, Dimension.TEAM)
    configured(database)
    shared = billed(database, Dimension.TEAM)
    gained = (shared["gamma"] or 0) - (without["gamma"] or 0)
    assert abs(gained - cost * 4 // 10) < len(days()) * 20  # each line is split to the nearest unit
    assert gained == (without["unallocated"] or 0) - (shared["unallocated"] or 0)


def test_a_discount_shows_in_what_is_billed_and_not_in_the_list_cost(database: Database) -> None:
    def discounted(connection: Connection) -> tuple[int, int]:
        rebuild(connection, ORG, [DAY])
        found = ledger.figures(connection, DAY, DAY + timedelta(days=1))[""]
        assert found.billed_cost is not None
        assert found.list_cost is not None
        return found.billed_cost.units, found.list_cost.units

    database.write_now(keep, [USED], [paid("0.85")])
    assert database.write_now(discounted) == (Money.from_cents("0.85").units, Money.from_cents("1").units)


@with_the_server
async def test_the_basis_says_what_is_shared_and_what_is_reported(world: World, database: Database) -> None:
    configured(database)
    await world.synced(database)
    sums = database.read_now(ledger.sums, TODAY - timedelta(days=3), TODAY)
    found = {basis: sums.tokens(basis) for basis in Basis}
    assert found.pop(Basis.UNKNOWN) == 0
    assert found.pop(Basis.ADJUSTMENT) == 0, "no month is closed"
    assert all(found.values())
