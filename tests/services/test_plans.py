"""`plan`: what people do, held against seats; what programs do, against the usage tiers; nobody's figure given away."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from bot.core.access import NOBODY, OPERATOR, Asker
from bot.core.errors import Withheld
from bot.core.limits import Limits, SpendLimit
from bot.core.money import Money
from bot.core.usage import Surface
from bot.render.json import document
from bot.services.asking.ask import Ask
from bot.store.database import Database
from bot.store.readings import limits
from tests.services.world import DAYS, NOW, TEAMS, World, configured, fresh

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
WHOLE = "2026-11-02..2026-11-21"
CODERS = """
teams:
  - {id: coders, name: The Coders, matches: [{workspace: Claude Code}]}
"""


async def synced(world: World, database: Database, surface: Surface, teams: str = TEAMS) -> Database:
    configured(database, teams)
    assert (await world.sync(database, surface=surface).run(NOW)).failures == []
    await world.clients.pop().close()
    return database


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newer(running: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    with fresh(tmp_path_factory.mktemp("plans")) as database:
        yield await synced(running, database, Surface.ANALYTICS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def classic(running: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    with fresh(tmp_path_factory.mktemp("plans")) as database:
        yield await synced(running, database, Surface.CLASSIC, CODERS)


async def told(database: Database, question: str, asker: Asker = OPERATOR) -> Json:
    return document(await Ask(database, "UTC").answer(question, NOW, asker))


def facts(found: Json) -> dict[str, Decimal]:
    return {
        fact["label"]: Decimal(fact["value"])
        for fact in found["facts"]
        if fact["label"] in ("API cost a month", "By people")
    }


async def test_a_month_at_this_pace_is_thirty_days_of_what_was_billed(newer: Database) -> None:
    billed = Decimal((await told(newer, f"summary {WHOLE}"))["total"]["billed_cost"])
    found = facts(await told(newer, f"plan {WHOLE}"))
    assert found["API cost a month"] == pytest.approx(billed * 30 / DAYS, abs=Decimal("1e-9"))


async def test_the_running_day_does_not_slow_the_pace(newer: Database) -> None:
    assert facts(await told(newer, "plan since 2026-11-02")) == facts(await told(newer, f"plan {WHOLE}"))


async def test_people_are_told_from_programs_by_the_product(newer: Database) -> None:
    rows = (await told(newer, f"summary {WHOLE} by product"))["rows"]
    code = next(Decimal(row["billed_cost"]) for row in rows if row["id"] == "claude_code")
    found = facts(await told(newer, f"plan {WHOLE}"))
    assert found["By people"] == pytest.approx(code * 30 / DAYS, abs=Decimal("1e-9"))
    assert 0 < found["By people"] < found["API cost a month"]


async def test_without_products_the_workspace_claude_code_is_the_least_and_everything_the_most(
    classic: Database,
) -> None:
    space = Decimal((await told(classic, f'workspace "Claude Code" {WHOLE}'))["total"]["billed_cost"])
    answer = await told(classic, f"plan {WHOLE}")
    found = facts(answer)
    assert found["By people"] == pytest.approx(space * 30 / DAYS, abs=Decimal("1e-9"))
    note = next(fact["note"] for fact in answer["facts"] if fact["label"] == "By people")
    assert note.startswith("up to $")
    assert any("name no product" in line for line in answer["notes"])


async def test_a_team_has_seats_but_no_usage_tier(newer: Database) -> None:
    team = await told(newer, f"plan team beta {WHOLE}")
    assert "Usage tier" not in {fact["label"] for fact in team["facts"]}
    assert "Usage tier" in {fact["label"] for fact in (await told(newer, f"plan {WHOLE}"))["facts"]}


async def test_the_organisations_own_cap_counts_where_it_can_be_read(running: World, newer: Database) -> None:
    async def tier() -> Json:
        found: Json = next(
            fact for fact in (await told(newer, f"plan {WHOLE}"))["facts"] if fact["label"] == "Usage tier"
        )
        return found

    organization = running.organization.id
    newer.write_now(limits.replace, organization, Limits())
    assert (await tier())["note"] == "the lowest whose cap is enough"
    cap = SpendLimit("spl_1", "usage_tier", None, Money.from_dollars(1000), "monthly")
    newer.write_now(limits.replace, organization, Limits((), (cap,)))
    found = await tier()
    assert found["value"] == "Build"
    assert found["note"].startswith("cap $1,000 a month; this pace is ")


async def test_a_person_is_shown_only_to_those_who_may_see_them(newer: Database, running: World) -> None:
    rows = (await told(newer, f"users {WHOLE}"))["rows"]
    person = next(row for row in rows if row["id"] and row["id"].startswith("user_") and row["billed_cost"])
    found = await told(newer, f"plan user {person['id']} {WHOLE}")
    assert found["title"].startswith(f"Plans for {person['name']}")
    month = Decimal(person["billed_cost"]) * 30 / DAYS
    assert facts(found)["API cost a month"] == pytest.approx(month, abs=Decimal("1e-9"))
    with pytest.raises(Withheld):
        await told(newer, f"plan user {person['id']} {WHOLE}", NOBODY)


async def test_the_split_is_left_open_where_it_would_be_one_persons(newer: Database, running: World) -> None:
    rows = (await told(newer, f"users {WHOLE}"))["rows"]
    person = next(row for row in rows if row["id"] and row["id"].startswith("user_") and row["billed_cost"])
    configured(
        newer,
        f"teams: [{{id: pair, name: The Pair, matches: [{{user: {person['id']}}}, {{workspace: support-*}}]}}]",
    )
    seen, hidden = [await told(newer, f"plan team pair {WHOLE}", asker) for asker in (OPERATOR, NOBODY)]
    configured(newer)
    assert facts(seen)["By people"] > 0
    assert facts(hidden)["By people"] == 0
    assert facts(hidden)["API cost a month"] == facts(seen)["API cost a month"]
    assert any("would tell of a single one" in note for note in hidden["notes"])
    assert "People named" not in {fact["label"] for fact in hidden["facts"]}


async def test_nothing_read_is_not_nothing_spent(newer: Database) -> None:
    found = await told(newer, "plan 2026-01")
    assert found["headline"].startswith("Nothing has been read")
    assert (found["facts"], found["tables"]) == ([], [])
