"""What else the store remembers: names, configurations, first times and episodes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.alerts.episode import Episode, Event, Happened
from bot.core.alerts.rule import Kind
from bot.core.directory import ApiKey, Directory, Member, ServiceAccount, Workspace
from bot.store import directory, preferences
from bot.store.alerts import episodes
from bot.store.database import Database

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DIRECTORY = Directory(
    "org_1",
    "Example",
    workspaces={"w1": Workspace("w1", "support", {"team": "alpha"}), "w2": Workspace("w2", "old", archived=True)},
    api_keys={"k1": ApiKey("k1", "runner", "w1", "active", "sk-ant-api03-x...y")},
    members={"u1": Member("u1", "ana@example.com", "Ana", "admin"), "u2": Member("u2", "b@example.com", "B", "user")},
)


def test_a_directory_comes_back_as_it_was_and_only_a_real_change_is_one(database: Database) -> None:
    assert database.read_now(directory.read, "org_1") is None
    assert database.write_now(directory.replace, DIRECTORY)
    assert database.read_now(directory.read_all) == [DIRECTORY]
    assert not database.write_now(directory.replace, DIRECTORY)

    promoted = replace(DIRECTORY, members={"u1": replace(DIRECTORY.members["u1"], role="owner")})
    assert not database.write_now(directory.replace, promoted)

    married = replace(DIRECTORY, members={"u1": replace(DIRECTORY.members["u1"], email="ana@new.example")})
    programmed = replace(DIRECTORY, service_accounts={"s1": ServiceAccount("s1", "nightly")})
    for changed in (married, programmed):
        assert database.write_now(directory.replace, changed), "`user:` matches look at it"

    renamed = replace(DIRECTORY, workspaces={"w1": Workspace("w1", "search", {"team": "alpha"})})
    retagged = replace(DIRECTORY, workspaces={"w1": Workspace("w1", "search", {"team": "beta"})})
    moved = replace(DIRECTORY, api_keys={"k1": ApiKey("k1", "runner", "w2", "active", None)})
    for changed in (renamed, retagged, moved):
        assert database.write_now(directory.replace, changed)


def test_whatever_is_gone_keeps_its_name_and_a_person_is_marked_as_removed_until_they_come_back(
    database: Database,
) -> None:
    accounts = {"s1": ServiceAccount("s1", "nightly")}
    database.write_now(directory.replace, replace(DIRECTORY, service_accounts=accounts))
    assert not database.write_now(directory.replace, Directory("org_1", "Example"))
    found = database.read_now(directory.read, "org_1")
    assert found is not None
    assert (found.workspaces, found.api_keys) == (DIRECTORY.workspaces, DIRECTORY.api_keys)
    assert found.service_accounts == accounts
    assert found.members == {id_: replace(one, removed=True) for id_, one in DIRECTORY.members.items()}

    database.write_now(directory.replace, DIRECTORY)
    back = database.read_now(directory.read, "org_1")
    assert back is not None
    assert back.members == DIRECTORY.members


def test_organisations_are_kept_apart_and_in_order(database: Database) -> None:
    other = replace(DIRECTORY, organization_id="org_0", workspaces={"w1": Workspace("w1", "theirs")})
    database.write_now(directory.replace, DIRECTORY)
    database.write_now(directory.replace, other)
    assert database.read_now(directory.read_all) == [other, DIRECTORY]


def test_the_configuration_applied_last_is_in_force(database: Database) -> None:
    assert database.read_now(preferences.newest) is None
    for body in ("one: ü", "two"):
        database.write_now(preferences.apply, "teams.yml", body, NOW)
    found = database.read_now(preferences.newest)
    assert found is not None
    assert (found.name, found.body, found.applied_at) == ("teams.yml", "two", NOW)


def test_a_first_time_happens_once(database: Database) -> None:
    first = database.write_now(preferences.first_time, "first_start", NOW)
    again = database.write_now(preferences.first_time, "first_start", NOW + HOUR)
    assert first == again == NOW


def test_an_episode_opens_goes_on_resolves_and_gives_way_to_the_next(database: Database) -> None:
    def newest() -> dict[str, Episode]:
        return {one.scope: one for one in database.read_now(episodes.newest_of_all)}

    assert newest() == {}
    begun = Episode("day_cap", "alpha", Kind.THRESHOLD, NOW, NOW, NOW + HOUR, 7, 5)
    first = database.write_now(episodes.store, begun)
    beta = database.write_now(episodes.store, replace(begun, scope="beta"))
    assert newest() == {"alpha": first, "beta": beta} == {"alpha": replace(begun, id=first.id), "beta": beta}

    over = replace(first, last_window=NOW + HOUR, value=9, resolved_at=NOW + 2 * HOUR, resolved_because="why")
    database.write_now(episodes.store, over)
    assert newest() == {"alpha": over, "beta": beta}
    assert database.read_now(episodes.firing) == [beta]

    again = database.write_now(episodes.store, replace(begun, since=NOW + 3 * HOUR))
    assert newest() == {"alpha": again, "beta": beta}


def test_what_happened_to_an_episode_waits_until_it_is_settled(database: Database) -> None:
    begun = database.write_now(episodes.store, Episode("b", "all", Kind.BUDGET, NOW, NOW, NOW, 7, 5, mark=50))
    fired = database.write_now(episodes.note, begun.id, Event(Happened.FIRED, NOW, 7, 5, 50))
    seen = database.write_now(episodes.note, begun.id, Event(Happened.ACKNOWLEDGED, NOW + HOUR, by="ana@example.com"))
    assert database.read_now(episodes.unsettled) == [(begun, fired)], "an acknowledgement is told to nobody"
    database.write_now(episodes.settle, fired.id, NOW, "planned")
    assert database.read_now(episodes.unsettled) == []
    assert database.read_now(episodes.settled_as, begun.id) == {fired.id: "planned"}
    assert database.read_now(episodes.events, begun.id) == [fired, seen]
    assert database.read_now(episodes.said_marks) == [("b", NOW, 50, 7)]
