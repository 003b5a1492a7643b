"""List cost where the report can't tell dearer calls apart: a range that holds the truth, and only where it must be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.core.money import Money
from bot.core.usage import Surface
from bot.demo.anthropic_server import create_app
from bot.demo.organization import Organization
from bot.demo.serving import serve
from bot.render.json import document
from bot.services.asking.ask import Ask
from bot.store.database import Database
from tests.faults import Faults
from tests.services.world import KEY, NOW, World, configured, fresh

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
DAYS = 6
FIRST = datetime(2026, 11, 16, tzinfo=UTC)
WHOLE = "2026-11-16..2026-11-21"
HAIKU, OPUS, SONNET = "claude-haiku-5-5", "claude-opus-5-5", "claude-sonnet-5-5"


@asynccontextmanager
async def organization(**traits: Any) -> AsyncIterator[World]:
    simulated = Organization.simulate(until=NOW, days=DAYS, **traits)
    faults = Faults(create_app(simulated, clock=lambda: NOW, admin_key=KEY))
    async with serve(faults) as url:
        world = World(url, faults, simulated)
        yield world
        for client in world.clients:
            await client.close()


async def filled(world: World, database: Database, surface: Surface) -> Database:
    configured(database)
    sync = world.sync(database, surface=surface, backfill_days=DAYS, hourly_days=DAYS + 1)
    assert (await sync.run(NOW)).failures == []
    return database


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dear() -> AsyncIterator[World]:
    """Long prompts, fast mode, and a discount that hides both."""
    async with organization(haiku_bands=True, fast_mode=True, discount=Decimal("0.15")) as world:
        yield world


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranges")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def classic(dear: World, folder: Path) -> AsyncIterator[Database]:
    with fresh(folder) as database:
        yield await filled(dear, database, Surface.CLASSIC)


async def told(database: Database, question: str) -> Json:
    return document(await Ask(database, "UTC").answer(question, NOW))


def truth(world: World, model: str | None = None) -> Decimal:
    """What the billed tokens and searches cost at the list price of each single call, in dollars."""
    rows = world.organization.costs(FIRST, FIRST + timedelta(days=DAYS))
    return sum((row.list_cents for row in rows if model in (None, row.model)), Decimal(0)) / 100


def ranges(found: Json) -> list[str]:
    return [note for note in found["notes"] if note.startswith("List cost of")]


@pytest.mark.parametrize("model", [HAIKU, OPUS])
async def test_the_truth_lies_within_the_range(classic: Database, dear: World, model: str) -> None:
    total = (await told(classic, f"model {model} {WHOLE}"))["total"]
    low, high = Decimal(total["list_cost"]), Decimal(total["list_cost_high"])
    assert low < truth(dear, model) < high
    assert high == low * (5 if model == HAIKU else 2)


async def test_the_note_says_the_range_and_why(classic: Database) -> None:
    found = await told(classic, f"model {HAIKU} {WHOLE}")
    low, high = (Money.from_dollars(found["total"][end]) for end in ("list_cost", "list_cost_high"))
    assert ranges(found) == [
        f"List cost of Claude Haiku 5.5 is between ${low.dollars:.2f} and ${high.dollars:.2f}: its price depends on "
        "the length of a prompt, which this report does not say."
    ]
    whole = ranges(await told(classic, f"summary {WHOLE}"))
    assert [note.rsplit(" depends on ")[1] for note in whole] == [
        "the length of a prompt, which this report does not say.",
        "fast mode, which this report does not say.",
    ]


async def test_the_answer_shows_the_range_where_it_shows_list_cost(classic: Database) -> None:
    answer = await Ask(classic, "UTC").answer(f"model {HAIKU} {WHOLE}", NOW)
    (listed,) = (fact.value for fact in answer.facts if fact.label == "List cost")
    assert isinstance(listed, str)
    low, high = listed.split(" to ")
    assert low != high


async def test_a_model_with_one_price_has_no_range(classic: Database) -> None:
    found = await told(classic, f"model {SONNET} {WHOLE}")
    assert "list_cost_high" not in found["total"]
    assert ranges(found) == []
    rows = {row["id"]: row for row in (await told(classic, f"models {WHOLE}"))["rows"]}
    assert "list_cost_high" not in rows[SONNET]
    assert "list_cost_high" in rows[HAIKU]


@pytest.mark.parametrize("by", ["team", "model", "workspace", "key", "day", "week", "token-type", "team top 2"])
async def test_every_cut_has_the_same_upper_end_and_the_rows_add_up_to_it(classic: Database, by: str) -> None:
    whole = (await told(classic, f"summary {WHOLE}"))["total"]
    found = await told(classic, f"summary {WHOLE} by {by}")
    assert found["total"] == whole
    ends = [Decimal(row.get("list_cost_high", row["list_cost"] or 0)) for row in found["rows"]]
    assert sum(ends) == Decimal(whole["list_cost_high"])


async def test_local_days_add_up_to_the_same_upper_end(classic: Database) -> None:
    asked = "summary 2026-11-17..2026-11-20"
    by_day, by_model = [
        document(await Ask(classic, "Europe/Berlin").answer(f"{asked} by {by}", NOW)) for by in ("day", "model")
    ]
    assert by_day["query"]["period"]["timezone"] == "Europe/Berlin"
    assert by_day["total"] == by_model["total"]
    for found in (by_day, by_model):
        ends = [Decimal(row.get("list_cost_high", row["list_cost"] or 0)) for row in found["rows"]]
        assert sum(ends) == Decimal(found["total"]["list_cost_high"])


async def test_the_newer_reports_say_the_list_price_so_there_is_no_range(dear: World, tmp_path: Path) -> None:
    with fresh(tmp_path) as database:
        await filled(dear, database, Surface.ANALYTICS)
        found = await told(database, f"model {HAIKU} {WHOLE}")
        assert Decimal(found["total"]["list_cost"]) == truth(dear, HAIKU)
        whole = await told(database, f"models {WHOLE}")
        for one in (found, whole):
            assert "list_cost_high" not in one["total"]
            assert ranges(one) == []


async def test_only_the_days_of_the_classic_report_are_a_range(dear: World, tmp_path: Path) -> None:
    with fresh(tmp_path) as database:
        await filled(dear, database, Surface.CLASSIC)
        everything = (await told(database, f"model {HAIKU} {WHOLE}"))["total"]
        newer = dear.sync(database, surface=Surface.ANALYTICS)
        await newer.run(NOW, since=(FIRST + timedelta(days=3)).date())
        mixed = await told(database, f"model {HAIKU} {WHOLE}")
        old = (await told(database, f"model {HAIKU} 2026-11-16..2026-11-18"))["total"]
        above = Decimal(mixed["total"]["list_cost_high"]) - Decimal(mixed["total"]["list_cost"])
        assert above == Decimal(old["list_cost_high"]) - Decimal(old["list_cost"])
        assert 0 < above < Decimal(everything["list_cost_high"]) - Decimal(everything["list_cost"])
        assert Decimal(mixed["total"]["list_cost"]) < truth(dear, HAIKU) < Decimal(mixed["total"]["list_cost_high"])


async def test_billed_to_the_last_digit_at_the_low_price_is_exact(tmp_path: Path) -> None:
    async with organization() as plain:
        with fresh(tmp_path) as database:
            await filled(plain, database, Surface.CLASSIC)
            found = await told(database, f"models {WHOLE}")
            opus = next(row for row in found["rows"] if row["id"] == OPUS)
            assert opus["billed_cost"] == opus["list_cost"]
            assert "list_cost_high" not in opus
            assert ranges(found) == []
