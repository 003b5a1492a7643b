"""What people configure: put in force once, refused whole, kept as it was written."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.configuration import Configuration
from bot.core.directory import ApiKey, Directory, Member, Workspace
from bot.core.errors import ConfigError
from bot.services import configuration
from bot.services.configuration import Change
from bot.store import directory
from bot.store.database import Database

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FIRST = """# ours
teams:
  - {id: alpha, name: Team Alpha, matches: [{workspace: support-*}]}
  - {id: beta, matches: [{workspace: search-*}]}
digests:
  - {id: morning, channel: C0GENERAL, cadence: daily, at: "09:00", timezone: Europe/Berlin, scope: all}
"""
DIRECTORY = Directory(
    "org_1",
    "Example",
    workspaces={"w1": Workspace("w1", "support-search")},
    api_keys={"k1": ApiKey("k1", "runner", "w1")},
)


def apply(database: Database, text: str, now: datetime = NOW) -> Change:
    return database.write_now(configuration.apply, text, "teams.yml", now)


def test_before_the_first_there_is_an_empty_one(any_database: Database) -> None:
    assert any_database.read_now(configuration.in_force) == Configuration()
    assert any_database.read_now(configuration.export) is None


def test_applying_says_what_it_changed_and_the_second_time_nothing(any_database: Database) -> None:
    assert apply(any_database, FIRST) == Change(
        ("team alpha: added", "team beta: added", "digest morning: added"), ownership=True
    )
    assert apply(any_database, FIRST, NOW + timedelta(days=1)) == Change((), ownership=False)
    assert any_database.read_now(configuration.export) == FIRST
    found = any_database.read_now(configuration.in_force)
    assert found is not None
    assert [team.id for team in found.teams] == ["alpha", "beta"]


def test_only_a_change_of_teams_calls_for_a_new_ledger(database: Database) -> None:
    apply(database, FIRST)
    later = FIRST.replace("09:00", "10:00") + "timezone: Europe/Paris\n"
    assert apply(database, later) == Change(("digest morning: changed", "timezone: changed"), ownership=False)
    moved = later.replace("search-*", "find-*")
    assert apply(database, moved) == Change(("team beta: changed",), ownership=True)
    assert apply(database, "teams: []") == Change(
        ("team alpha: removed", "team beta: removed", "digest morning: removed", "timezone: changed"), ownership=True
    )


def test_a_file_with_a_mistake_leaves_the_old_one_in_force(database: Database) -> None:
    apply(database, FIRST)
    with pytest.raises(ConfigError, match=r"teams\.yml"):
        apply(database, FIRST.replace("cadence: daily", "cadence: hourly"))
    assert database.read_now(configuration.export) == FIRST


def test_two_teams_that_claim_the_same_in_the_real_organisation_are_both_named(database: Database) -> None:
    tied = FIRST.replace("search-*", "'*-search'")
    configuration.check(None, tied, "teams.yml")  # only the organisation shows the tie
    apply(database, FIRST)
    database.write_now(directory.replace, DIRECTORY)
    for what in (database.read_now, database.write_now):
        with pytest.raises(ConfigError, match='"support-search" is claimed by "alpha" and "beta"') as caught:
            what(configuration.check, tied, "teams.yml")
    assert 'key "runner" is claimed by' in str(caught.value)
    with pytest.raises(ConfigError):
        apply(database, tied)
    assert database.read_now(configuration.export) == FIRST


def test_two_teams_that_claim_one_person_are_refused_by_both_names(database: Database) -> None:
    ana = Member("user_1", "ana.r@example.com", "Ana Ribeiro", "developer")
    database.write_now(directory.replace, Directory("org_1", "Example", members={"user_1": ana}))
    text = """teams:
  - {id: alpha, matches: [{user: ana.*}, {workspace: "*"}]}
  - {id: beta, matches: [{user: "*@example.com"}]}
"""
    with pytest.raises(ConfigError) as refused:
        apply(database, text)
    assert str(refused.value) == (
        'teams.yml: user "ana.r@example.com" is claimed by "alpha" and "beta" with equal precision. '
        "Let one of them name it more exactly."
    )
    assert apply(database, text.replace('{user: "*@example.com"}', "{user: ben*}")).ownership
