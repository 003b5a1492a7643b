"""People in answers: who sees whom, which rows stand as one, what a channel and a receipt show, and who is who."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, event

from bot.core.access import NOBODY, OPERATOR, Asker
from bot.core.directory import ApiKey, Directory, Member, ServiceAccount, Workspace
from bot.core.errors import NotFound, UnreadWords, Withheld, WordsError
from bot.core.money import Money
from bot.core.usage import LEDGER_SOURCES, CostRecord, Source, Surface, UsageRecord
from bot.render.json import document
from bot.services import configuration
from bot.services.asking.ask import Ask
from bot.services.asking.receipts import Receipts
from bot.services.figures.recognition import Recognition
from bot.services.syncing.rebuild import rebuild
from bot.store import directory
from bot.store.database import Database
from bot.store.readings import snapshots, syncs
from tests.faults import mutate, status
from tests.services.world import FIRST, TODAY, World, configured, figures

ORG, DAY = "org_people", date(2026, 11, 20)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
with_the_server = pytest.mark.asyncio(loop_scope="module")
MODEL = "claude-sonnet-5-5"
MEMBERS = ("ana", "ben", "chiara", "emi")
TEAMS = """
admins: [cfo@example.com]
people_data: {rule}
teams:
  - {{id: pair, name: The Pair, owners: [cara@example.com], matches: [{{workspace: pair}}]}}
  - {{id: trio, name: The Trio, owners: [U0EMI], matches: [{{workspace: trio}}]}}
  - {{id: mixed, name: Mixed, matches: [{{workspace: mixed}}]}}
  - {{id: bots, name: Bots, matches: [{{user: nightly*}}]}}
"""
USES = (
    ("pair", "user_ana", "", 1),
    ("pair", "user_ben", "", 2),
    ("trio", "user_ana", "", 4),
    ("trio", "user_ben", "", 8),
    ("trio", "user_chiara", "", 16),
    ("mixed", "user_ben", "", 32),
    ("mixed", None, "key_app", 64),
    ("other", "svac_1", "", 128),
)
"""Workspace, actor, key and dollars: no two sums are the same."""

ANA, EMI, CFO = Asker.called("ana@example.com"), Asker.called("U0EMI"), Asker.called("cfo@example.com")
PERIOD = f"{DAY}..{DAY}"
Json = dict[str, Any]


def filled(database: Database, rule: str = "owners", *, requests: int | None = 3) -> Database:
    """A day of people, programs and a key in a few workspaces."""
    database.write_now(_fill, rule, requests)
    return database


def _fill(connection: Connection, rule: str, requests: int | None) -> None:
    spaces = {name: Workspace(name, name) for name in ("pair", "trio", "mixed", "other")}
    members = {f"user_{one}": Member(f"user_{one}", f"{one}@example.com", one.title(), "developer") for one in MEMBERS}
    keys = {"key_app": ApiKey("key_app", "app", "mixed")}
    accounts = {"svac_1": ServiceAccount("svac_1", "nightly-import")}
    found = Directory(ORG, "Example Org", spaces, keys, members, service_accounts=accounts)
    directory.replace(connection, found)
    configuration.apply(connection, TEAMS.format(rule=rule), "teams.yml", NOW)
    midnight = datetime.combine(DAY, time(), UTC)
    usage = [
        UsageRecord(
            *(midnight, space, key or None, MODEL, "standard", "global", 0, 0, 0, 0, 1000 * dollars, 0),
            *(actor, "claude_code" if actor else "messages_api", requests),
        )
        for space, actor, key, dollars in USES
    ]
    costs = [
        CostRecord(
            *(midnight, space, "tokens", "output_tokens", MODEL, None, None, None, "", str(100 * dollars)),
            *(Money.from_cents(str(100 * dollars)), True, key or None, actor),
            *("claude_code" if actor else "messages_api", str(100 * dollars)),
        )
        for space, actor, key, dollars in USES
    ]
    at = midnight + timedelta(days=1, hours=6)
    for source, records in ((Source.USAGE, usage), (Source.COST, costs)):
        snapshots.replace(connection, ORG, source, [midnight], records, at)
        syncs.attempted(connection, ORG, source, at)
    rebuild(connection, ORG, [DAY])


async def told(database: Database, words: str, asker: Asker, *, shared: bool = False) -> Json:
    return document(await Ask(database, "UTC").answer(f"{words} {PERIOD}", NOW, asker, shared=shared))


def billed(found: Json) -> dict[str, Decimal]:
    """Dollars by the name of each row."""
    return {row["name"]: Decimal(row["billed_cost"]) for row in found["rows"]}


async def test_an_admin_and_the_operator_see_everybody_by_name(database: Database) -> None:
    filled(database, "admins")
    for asker in (CFO, OPERATOR):
        assert billed(await told(database, "users", asker)) == {
            "nightly-import": 128,
            "No person named": 64,
            "Ben": 42,
            "Chiara": 16,
            "Ana": 5,
        }


async def test_an_owner_sees_people_within_the_own_team_and_nobody_elsewhere(database: Database) -> None:
    filled(database)
    assert billed(await told(database, "team trio by user", EMI)) == {"Chiara": 16, "Ben": 8, "Ana": 4}
    assert billed(await told(database, "users", EMI)) == {
        "nightly-import": 128,
        "No person named": 64,
        "Chiara": 16,
        "2 people": 47,
    }
    ben = await told(database, "user ben", EMI)
    assert ben["total"]["billed_cost"] == "8.0000"
    assert "This is what Ben spent within your teams." in ben["notes"]
    with pytest.raises(Withheld, match="admins, the owners of their team and to themselves"):
        await told(database, "team mixed by user", EMI)


async def test_a_bare_name_is_a_teams_or_a_keys_and_never_tells_who_is_here(database: Database) -> None:
    filled(database)
    assert (await told(database, "what did the trio spend", EMI))["query"]["name"] == "trio"
    assert (await told(database, "app", EMI))["query"]["subject"] == "key"
    assert (await told(database, "pair and trio", EMI))["query"]["subject"] == "compare"
    assert (await told(database, "trend claude-sonnet-5-5", CFO))["query"]["name"] == MODEL
    with pytest.raises(WordsError, match="`alerts` takes a team"):
        await told(database, "alerts claude-sonnet-5-5", CFO)
    with pytest.raises(NotFound, match="There is no team “claude-sonnet-5-5”"):
        await told(database, "trend team claude-sonnet-5-5", CFO)
    for who in ("ben", "ben@example.com", "nobody@example.com"):
        with pytest.raises(UnreadWords, match=f"I don't know the word “{who}”"):
            await told(database, who, CFO)


async def test_a_name_nobody_has_leads_to_the_same_question_of_one_that_there_is(database: Database) -> None:
    filled(database)
    for words, sentence in (
        ("plan trio", "There is no user “trio”, but a team of that name. Try `/claude-usage plan team trio`."),
        ("team app", "There is no team “app”, but a key of that name. Try `/claude-usage key app`."),
        (
            "alerts team app",
            'The closest are: The Pair, unallocated, Bots. Try `/claude-usage alerts team "The Pair"`.',
        ),
        ("plan app", "The closest are: Ana, nightly-import, Ben. Try `/claude-usage plan user Ana`."),
        ("plan bem", "There is no user “bem”. The closest are: Ben, Emi, Ana. Try `/claude-usage plan user Ben`."),
        ("forecast team tri", 'Try `/claude-usage forecast team "The Trio"`.'),
    ):
        with pytest.raises(NotFound) as refused:
            await told(database, words, CFO)
        assert str(refused.value).endswith(sentence), words


async def test_where_people_data_is_admins_an_owner_sees_totals_only(database: Database) -> None:
    filled(database, "admins")
    assert (await told(database, "team trio", EMI))["total"]["billed_cost"] == "28.0000"
    for words in ("team trio by user", "users", "user chiara"):
        with pytest.raises(Withheld, match="shown to admins and to themselves"):
            await told(database, words, EMI)


async def test_everybody_sees_their_own_whatever_the_rule(database: Database) -> None:
    filled(database, "admins")
    for words in ("user me", "user ana", "user ana@example.com", 'user "Ana"', "user user_ana"):
        found = await told(database, words, ANA)
        assert found["total"]["billed_cost"] == "5.0000", words
        assert found["query"]["name"] == "user_ana"
    with pytest.raises(Withheld):
        await told(database, "user ben", ANA)
    with pytest.raises(NotFound, match="I don't know who you are"):
        await told(database, "user me", Asker.called("U0NOBODY"))


async def test_a_team_of_two_tells_neither_of_them_the_others_figure(database: Database) -> None:
    filled(database)
    for words in ("team pair", "team pair by user", "team pair by model", "workspace pair"):
        with pytest.raises(Withheld):
            await told(database, words, ANA)
    assert (await told(database, "team pair", NOBODY))["total"]["billed_cost"] == "3.0000"
    with pytest.raises(Withheld):
        await told(database, "team pair by user", NOBODY)
    teams = billed(await told(database, "teams", ANA))
    assert "The Pair" not in teams
    assert sum(teams.values()) == 255


async def test_the_last_other_person_of_a_team_stands_with_what_is_nobodys(database: Database) -> None:
    filled(database)
    found = await told(database, "team mixed by user", Asker.called("ben@example.com"))
    assert billed(found) == {"No person named": 64, "Ben": 32}
    with pytest.raises(Withheld):  # Ben's part stands with the rest, and nobody is left to show
        await told(database, "team mixed by user", ANA)
    assert (await told(database, "team mixed", ANA))["total"]["billed_cost"] == "96.0000"


async def test_a_key_or_a_model_that_is_one_persons_is_shown_with_others(database: Database) -> None:
    filled(database)
    by_product = billed(await told(database, "team mixed by product", ANA))
    assert by_product == {"2 products together": 96}
    assert billed(await told(database, "team mixed by product", CFO)) == {"Messages api": 64, "Claude code": 32}


async def test_rows_that_stand_as_one_are_found_before_the_top_is_cut_off(database: Database) -> None:
    filled(database)
    found = await told(database, "team trio by user top 1", ANA)
    assert billed(found) == {"Ana": 4, "and 2 more": 24}


async def test_a_shared_message_shows_nobody_unless_everybody_may_see_everybody(database: Database) -> None:
    filled(database)
    for asker in (CFO, OPERATOR, EMI, ANA):
        for words in ("users", "team trio by user", "user ana", "user me"):
            with pytest.raises(Withheld, match="A channel is shown"):
                await told(database, words, asker, shared=True)
            with pytest.raises(Withheld, match="A channel is shown"):
                await told(database, f"{words} share", asker)
    assert (await told(database, "team trio", ANA, shared=True))["total"]["billed_cost"] == "28.0000"
    everyone = billed(await told(filled(database, "everyone"), "users", NOBODY, shared=True))
    assert everyone["Ben"] == 42


async def test_why_names_nobody_whom_the_asker_may_not_see(database: Database) -> None:
    filled(database)
    ask = Ask(database, "UTC")
    compared = f"{PERIOD} vs {PERIOD}"
    for words in ("why team pair", "why team trio by user", "why user ben"):
        with pytest.raises(Withheld):
            await ask.answer(f"{words} {compared}", NOW, ANA if "pair" in words else NOBODY)
    mine = billed(document(await ask.answer(f"why team trio {compared} by user", NOW, ANA)))
    assert mine == {"Ana": 4, "2 people": 24}
    pair = await ask.answer(f"why team pair {DAY + timedelta(days=1)}..{TODAY} vs {PERIOD}", NOW, ANA)
    assert document(pair)["effects"] is None
    assert (pair.tables, pair.charts) == ((), ())


async def test_a_service_account_is_no_person(database: Database) -> None:
    filled(database, "admins")
    found = await told(database, "user nightly-import", NOBODY)
    assert found["total"]["billed_cost"] == "128.0000"
    assert (await told(database, "team bots", NOBODY))["total"]["billed_cost"] == "128.0000"


async def test_what_the_period_before_would_tell_is_not_compared_with(database: Database) -> None:
    filled(database)
    ask = Ask(database, "UTC")
    found = document(await ask.answer(f"team trio {DAY + timedelta(days=1)}..{TODAY} vs {PERIOD}", NOW, ANA))
    assert Decimal(found["previous"]["billed_cost"]) == 28
    later = document(await ask.answer(f"team mixed {DAY + timedelta(days=1)}..{TODAY} vs {PERIOD}", NOW, ANA))
    assert Decimal(later["previous"]["billed_cost"]) == 96
    pair = document(await ask.answer(f"team pair {DAY + timedelta(days=1)}..{TODAY} vs {PERIOD}", NOW, ANA))
    assert pair["previous"]["billed_cost"] is None


async def test_people_with_one_name_are_told_apart_and_never_added_up(database: Database) -> None:
    filled(database)

    def renamed(connection: Connection) -> None:
        members = {"user_ana": Member("user_ana", "ana@example.com", "Alex", "developer")}
        members["user_ben"] = Member("user_ben", "ben@example.com", "Alex", "developer")
        directory.replace(connection, Directory(ORG, "Example Org", members=members))

    database.write_now(renamed)
    assert {"Alex (ana@example.com)", "Alex (ben@example.com)"} <= billed(await told(database, "users", CFO)).keys()
    with pytest.raises(NotFound, match=r"2 people have this name\. Ask by e-mail"):
        await told(database, "user alex", CFO)


async def test_who_left_keeps_their_name_and_whom_nobody_knows_is_called_by_id(database: Database) -> None:
    filled(database)

    def left(connection: Connection) -> None:
        directory.replace(connection, Directory(ORG, "Example Org"))
        connection.exec_driver_sql("DELETE FROM member WHERE id = 'user_chiara'")

    database.write_now(left)
    names = billed(await told(database, "users", CFO))
    assert {"Ana", "Ben", "user_chiara"} <= names.keys()
    assert (await told(database, "user ana", ANA))["total"]["billed_cost"] == "5.0000"


async def test_a_receipt_shows_no_rows_of_people_whom_the_asker_may_not_see(database: Database) -> None:
    receipts = Receipts(filled(database), "UTC")

    async def titles(asker: Asker) -> set[str]:
        return {table.title for table in (await receipts.answer(f"team trio {PERIOD}", NOW, asker)).tables}

    rows = "Rows of the ledger, the largest first"
    assert rows in await titles(CFO)
    assert rows in await titles(EMI)
    assert rows not in await titles(ANA)
    assert not (await receipts.make(f"team trio {PERIOD}", NOW, ANA)).whole
    with pytest.raises(Withheld):
        await receipts.answer(f"team pair {PERIOD}", NOW, ANA)
    made = await receipts.make(f"user ben {PERIOD}", NOW, CFO)
    assert made.document["chosen"]["actors"] == ["user_ben"]
    assert made.document["figures"]["billed_cost"] == "42.0000"


# --- who is who


class Slack:
    """What Slack would say, and how often it was asked."""

    def __init__(self, **called: str) -> None:
        self.called = called
        self.asked: list[str] = []

    async def names(self, name: str) -> frozenset[str]:
        self.asked.append(name)
        return frozenset({self.called[name]} if name in self.called else ())

    def known(self, name: str) -> frozenset[str] | None:
        return frozenset({self.called[name]} if name in self.called else ()) if name in self.asked else None


async def test_an_asker_known_by_their_slack_id_is_found_by_their_email(database: Database) -> None:
    slack = Slack(u0ana="Ana@Example.com")
    ask = Ask(filled(database), "UTC", Recognition(slack))
    found = document(await ask.answer(f"user me {PERIOD}", NOW, Asker.called("U0ANA")))
    assert found["total"]["billed_cost"] == "5.0000"
    assert slack.asked == ["u0ana"]


async def test_whoever_is_known_already_is_answered_in_one_transaction(database: Database) -> None:
    slack = Slack(u0ana="ana@example.com")
    ask = Ask(filled(database), "UTC", Recognition(slack))
    begun: list[str] = []

    @event.listens_for(database.engine, "begin")
    def note(_connection: Connection) -> None:
        begun.append("")

    asked = []
    for _ in range(2):
        await ask.answer(f"teams {PERIOD}", NOW, Asker.called("U0ANA"))
        asked.append((len(begun), len(slack.asked)))
    assert asked == [(2, 1), (3, 1)]


async def test_who_may_change_something_is_known_where_no_report_names_anybody_too(database: Database) -> None:
    database.write_now(configuration.apply, "admins: [cfo@example.com]\n", "teams.yml", NOW)
    ask = Ask(database, "UTC", Recognition(Slack(u0cfo="cfo@example.com")))
    for words in ("settings", "subscribe to a digest"):
        told = await ask.answer(words, NOW, Asker.called("U0CFO"))
        assert "You are an admin" in told.paragraphs[-1]
    assert "You may have a digest" in (await ask.answer("settings", NOW, Asker.called("U0BEN"))).paragraphs[-1]


async def test_whoever_runs_the_bot_may_change_everything_with_a_slack_beside_it_too(database: Database) -> None:
    told = await Ask(database, "UTC", Recognition(Slack())).answer("settings", NOW, OPERATOR)
    assert told == await Ask(database, "UTC").answer("settings", NOW, OPERATOR)


async def test_slack_is_not_asked_where_it_makes_no_difference(database: Database) -> None:
    slack = Slack()
    filled(database)
    database.write_now(configuration.apply, TEAMS.format(rule="admins").replace("cfo@example.com", "U0CFO"), "t", NOW)
    ask = Ask(database, "UTC", Recognition(slack))
    for asker in (OPERATOR, NOBODY, Asker.called("U0CFO")):
        await ask.answer(f"teams {PERIOD}", NOW, asker)
    assert slack.asked == []


@with_the_server
async def test_an_organisation_without_named_people_asks_slack_for_nobody_and_hides_nothing(
    world: World, database: Database
) -> None:
    await world.synced(database)
    slack = Slack()
    ask = Ask(database, "UTC", Recognition(slack))
    found = document(await ask.answer("users 2026-11-02..2026-11-21", world.now, Asker.called("U0ANA")))
    assert [row["name"] for row in found["rows"]] == ["No person named"]
    assert "For 20 days of this time Anthropic's reports name no people: the classic ones never do." in found["notes"]
    ana = document(await ask.answer("user ana 2026-11-02..2026-11-21", world.now, OPERATOR))
    assert (ana["total"]["billed_cost"], ana["total"]["requests"]) == (None, None), "unknown is not zero"
    assert slack.asked == []


# --- through sync, end to end


@with_the_server
async def test_requests_are_counted_by_the_newer_reports_and_unknown_where_a_classic_one_is_in_the_period(
    world: World, database: Database
) -> None:
    since, until = datetime.combine(FIRST, time(), UTC), datetime.combine(TODAY, time(), UTC)
    calls = sum(row.requests for row in world.organization.usage(since, until))
    await world.sync(database, surface=Surface.ANALYTICS).run(world.now, sources=LEDGER_SOURCES)
    ask = Ask(database, "UTC")

    async def found(words: str) -> Json:
        return document(await ask.answer(words, world.now, OPERATOR))

    for by in ("team", "model", "workspace", "key", "user", "day", "week", "tier", "geo", "product"):
        whole = await found(f"summary 2026-11-02..2026-11-21 by {by}")
        assert whole["total"]["requests"] == calls, by
        assert sum(row["requests"] for row in whole["rows"]) == calls, by
    assert (await found("key pipelines-legacy 2026-11-02..2026-11-21"))["total"]["requests"] == 0
    by_type = await found("summary 2026-11-02..2026-11-21 by token-type")
    assert {row["requests"] for row in by_type["rows"]} == {None}
    assert "Requests" not in {row["name"] for row in by_type["rows"]}

    classic = world.sync(database, surface=Surface.CLASSIC)
    await classic.run(world.now, since=FIRST, until=FIRST + timedelta(days=1), sources=LEDGER_SOURCES)
    mixed = await found("summary 2026-11-02..2026-11-21 by day")
    assert mixed["total"]["requests"] is None
    assert [row["requests"] is None for row in mixed["rows"]] == [True] + [False] * 19
    assert (await found("summary 2026-11-03..2026-11-21"))["total"]["requests"] is not None
    assert (await found("summary 2026-10"))["total"]["requests"] is None


@with_the_server
async def test_people_and_service_accounts_and_tags_are_matched_through_a_sync(
    world: World, database: Database
) -> None:
    teams = (
        "teams:\n"
        "  - {id: ana, name: Ana's, matches: [{user: ana@*}]}\n"
        "  - {id: ben, name: Ben's, matches: [{user: Ben Okafor}]}\n"
        "  - {id: night, name: Night, matches: [{user: pipelines-*}]}\n"
        "  - {id: prod, name: Production, matches: [{workspace_tag: {env: prod}}]}\n"
    )
    configured(database, teams)
    await world.sync(database, surface=Surface.ANALYTICS).run(world.now, sources=LEDGER_SOURCES)
    ask = Ask(database, "UTC")

    async def who(team: str, by: str) -> set[str]:
        answer = await ask.answer(f"team {team} 2026-11-02..2026-11-21 by {by}", world.now, OPERATOR)
        return set(billed(document(answer)))

    assert await who("ana", "user") == {"Ana Ribeiro"}
    assert await who("ben", "user") == {"Ben Okafor"}
    assert await who("night", "user") == {"pipelines-nightly", "pipelines-enrich"}
    assert await who("prod", "workspace") == {"support-prod", "search-prod"}


@with_the_server
@pytest.mark.parametrize(("part", "expected"), [("/workspaces", set()), ("/users", {"Gus Lindqvist"})])
async def test_a_workspace_that_loses_its_tag_or_a_person_with_a_new_address_moves_with_the_next_sync(
    world: World, database: Database, part: str, expected: set[str]
) -> None:
    configured(
        database,
        "teams:\n  - {id: prod, name: Prod, matches: [{workspace_tag: {env: prod}}]}\n"
        "  - {id: hana, name: Hana's, matches: [{user: hana@married.*}]}\n",
    )
    await world.sync(database, surface=Surface.ANALYTICS).run(world.now, sources=LEDGER_SOURCES)

    def change(body: Json) -> Json:
        for item in body["data"]:
            item.get("tags", {}).pop("env", None)
            if item.get("email") == "gus@example.com":
                item["email"] = "hana@married.example"
        return body

    async def billed_to(team: str) -> Json:
        answer = await Ask(database, "UTC").answer(f"team {team} 2026-11-02..2026-11-21 by user", world.now, OPERATOR)
        return document(answer)

    before = figures(database), Decimal((await billed_to("prod"))["total"]["billed_cost"])
    world.faults.next(part, mutate(change), times=None)
    await world.sync(database, surface=Surface.ANALYTICS).run(world.now, sources=LEDGER_SOURCES)
    after = figures(database), Decimal((await billed_to("prod"))["total"]["billed_cost"])
    assert after[0] == before[0]
    assert before[1] > 0
    assert (after[1] == 0) is (part == "/workspaces")
    assert set(billed(await billed_to("hana"))) == expected


@with_the_server
@pytest.mark.parametrize("refusal", [401, 403, 404])
async def test_service_accounts_that_anthropic_refuses_are_called_by_their_ids(
    world: World, database: Database, refusal: int
) -> None:
    world.faults.next("service_accounts", status(refusal), times=None)
    result = await world.sync(database, surface=Surface.ANALYTICS).run(world.now, sources=LEDGER_SOURCES)
    assert not result.failures
    answer = await Ask(database, "UTC").answer("users 2026-11-02..2026-11-21", world.now, OPERATOR)
    assert {name[:5] for name in billed(document(answer)) if name.startswith("svac_")} == {"svac_"}
