"""Why a figure moved, over a real ledger: causes, drivers and days that add up to the change that the answers show."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from bot.core.change import Cause
from bot.core.question import Dimension
from bot.core.usage import Source
from bot.core.words import TOLD
from bot.render import csv
from bot.render.json import document
from bot.services.asking.ask import Ask
from bot.store.database import Database
from tests.services.world import NOW, World, configured, days, fresh

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
WEEKS = "2026-11-09..2026-11-15"
SUBJECTS = ["", "team alpha", "team group", "model claude-opus-5-5", "workspace Default", "key website-chat"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def synced(running: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """Everything the organisation has, with teams; only to be read."""
    with fresh(tmp_path_factory.mktemp("change")) as database:
        configured(database)
        assert (await running.synced(database)).failures == []
        yield database


async def told(database: Database, question: str) -> Json:
    """What `ask --format json` says."""
    return document(await Ask(database, "UTC").answer(question, NOW))


def summed(parts: list[Json], field: str = "billed_cost") -> Decimal:
    return sum((Decimal(part[field]) for part in parts), Decimal(0))


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_causes_and_drivers_add_up_to_the_change_that_the_plain_answer_shows(
    synced: Database, subject: str
) -> None:
    plain = await told(synced, f"{subject or 'summary'} {WEEKS}")
    change = Decimal(plain["total"]["billed_cost"]) - Decimal(plain["previous"]["billed_cost"])
    assert change
    for by in (one for one in Dimension if one not in TOLD):
        found = await told(synced, f"why {subject} {WEEKS} by {by}")
        assert (found["total"], found["previous"]) == (plain["total"], plain["previous"])
        assert Decimal(found["change"]) == summed(found["effects"]) == change, by
        assert summed(found["rows"], "change") == change, by
        assert summed([row for row in found["rows"] if row["billed_cost"]]) == Decimal(found["total"]["billed_cost"])
        assert [effect["name"] for effect in found["effects"]] == [cause.value for cause in Cause]


async def test_periods_swapped_turn_every_sign(synced: Database) -> None:
    there = await told(synced, "why team alpha 2026-11-09..2026-11-15 vs 2026-11-02..2026-11-08")
    back = await told(synced, "why team alpha 2026-11-02..2026-11-08 vs 2026-11-09..2026-11-15")
    turned = [{**effect, "billed_cost": Decimal(effect["billed_cost"])} for effect in there["effects"]]
    assert [{**effect, "billed_cost": -Decimal(effect["billed_cost"])} for effect in back["effects"]] == turned
    assert any(effect["billed_cost"] for effect in turned)


async def test_the_causes_of_the_whole_are_the_sum_of_those_of_its_teams(synced: Database) -> None:
    whole = await told(synced, f"why {WEEKS}")
    teams = [await told(synced, f"why team {team} {WEEKS}") for team in ("group", "gamma", "unallocated")]
    for at, effect in enumerate(whole["effects"]):
        parts = sum(Decimal(team["effects"][at]["billed_cost"]) for team in teams)
        assert parts == Decimal(effect["billed_cost"]), effect["name"]


async def test_what_was_there_only_before_is_a_driver_too(synced: Database) -> None:
    rows = (await told(synced, "why 2026-11-14 vs 2026-11-12 by model"))["rows"]
    now = {row["id"] for row in (await told(synced, "models 2026-11-14"))["rows"]}
    before = {row["id"] for row in (await told(synced, "models 2026-11-12"))["rows"]}
    assert {row["id"] for row in rows} == now | before


async def test_what_moved_most_comes_first_and_the_rest_is_one_row(synced: Database) -> None:
    rows = (await told(synced, f"why {WEEKS} by key"))["rows"]
    sizes = [abs(Decimal(row["change"])) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    top = (await told(synced, f"why {WEEKS} by key top 2"))["rows"]
    assert top[:2] == rows[:2]
    assert len(top) == 3
    assert summed(top, "change") == summed(rows, "change")


async def test_days_stand_beside_days_and_one_too_many_beside_nothing(synced: Database) -> None:
    answer = await Ask(synced, "UTC").answer("why 2026-11-09..2026-11-10 vs 2026-11-02..2026-11-04 by day", NOW)
    assert answer.report
    rows = answer.report.rows
    assert [row.id for row in rows] == ["2026-11-04", "2026-11-09", "2026-11-10"]
    assert rows[0].figures.billed_cost
    assert rows[0].figures.billed_cost.units == 0
    before = (await told(synced, "summary 2026-11-02..2026-11-04 by day"))["rows"]
    beside = [str(row.previous.billed_cost) for row in rows if row.previous]
    assert beside == [before[2]["billed_cost"], before[0]["billed_cost"], before[1]["billed_cost"]]
    assert "2 days are compared with 3." in answer.notes


async def test_cost_that_is_not_in_yet_is_no_fall_in_use(world: World, database: Database) -> None:
    configured(database)
    await world.synced(database)
    world.now = NOW + timedelta(days=1)
    await world.sync(database).run(world.now, sources=[Source.USAGE])
    found = document(
        await Ask(database, "UTC").answer("why 2026-11-20..2026-11-23 vs 2026-11-16..2026-11-19", world.now)
    )
    effects = {effect["name"]: Decimal(effect["billed_cost"]) for effect in found["effects"]}
    assert effects["not_in_yet"] < 0
    assert sum(effects.values()) == Decimal(found["change"])


async def test_a_period_nobody_read_can_not_be_compared_and_says_so(synced: Database) -> None:
    first = days()[0]
    answer = await Ask(synced, "UTC").answer(f"why {first}..{first + timedelta(days=3)}", NOW)
    found = document(answer)
    assert (found["change"], found["effects"]) == (None, None)
    assert {row["change"] for row in found["rows"]} == {None}
    assert "nothing to compare with" in answer.headline
    assert answer.tables == ()


async def test_a_file_has_both_sides_and_the_change_of_each_row(synced: Database) -> None:
    text = csv.text(await Ask(synced, "UTC").answer(f"why team alpha {WEEKS}", NOW))
    head, *rows = (line.split(",") for line in text.strip().split("\r\n"))
    assert head[-2:] == ["previous_billed_cost", "change"]
    assert sum(Decimal(row[-1]) for row in rows[:-1]) == Decimal(rows[-1][-1])
