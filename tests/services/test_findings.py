"""The figures of answers, as programs get them: exact, adding up however they are cut, unknown where unknown."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import event

from bot.core.question import Dimension
from bot.core.usage import LEDGER_SOURCES, Source, Surface
from bot.core.words import TOLD
from bot.render.json import document
from bot.services.asking.ask import Ask
from bot.store.database import Database
from tests.faults import mutate, status
from tests.services.books import Books
from tests.services.world import NOW, World, configured, days, fresh

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
MONEY = ("billed_cost", "list_cost")
CUTS = [by for by in Dimension if by is not Dimension.HOUR and by not in TOLD]
"""Hours are shown of a week at most."""
WHOLE = "2026-11-02..2026-11-21"
SUBJECTS = [
    "summary",
    "teams",
    "models",
    "workspaces",
    "keys",
    "team alpha",
    "team group",
    "team unallocated",
    "model claude-opus-5-5",
    "workspace Default",
    "workspace shared-platform",
    "key website-chat",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def synced(running: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """Everything the organisation has, with teams; only to be read."""
    with fresh(tmp_path_factory.mktemp("findings")) as database:
        configured(database)
        assert (await running.synced(database)).failures == []
        yield database


async def told(database: Database, question: str, now: datetime = NOW) -> Json:
    """What `ask --format json` says."""
    return document(await Ask(database, "UTC").answer(question, now))


@contextmanager
def summed(database: Database) -> Iterator[set[str]]:
    """The tables of the ledger that are read meanwhile, but for those that say which ledger it is and of whom."""
    tables: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        tables.update(re.findall(r"(?:FROM|JOIN) (ledger_(?!version|series)\w+)", statement))

    event.listen(database.engine, "before_cursor_execute", note)
    yield tables
    event.remove(database.engine, "before_cursor_execute", note)


def added(rows: list[Json], field: str) -> Decimal:
    return sum((Decimal(row[field]) for row in rows if row[field] is not None), Decimal(0))


@pytest.mark.parametrize("question", [*SUBJECTS, "trend ytd", "chart trend", "status", "help team", "limits"])
async def test_what_was_asked_before_is_not_summed_again(synced: Database, question: str) -> None:
    first = await told(synced, question)
    with summed(synced) as tables:
        assert await told(synced, question) == first
    assert tables == set()


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("period", [WHOLE, "this month"])
async def test_the_rows_add_up_to_the_total_to_the_last_digit(synced: Database, subject: str, period: str) -> None:
    for by in CUTS:
        for top in ("", "top 2") if period == WHOLE else ("",):
            found = await told(synced, f"{subject} {period} by {by} {top}")
            total, rows = found["total"], found["rows"]
            assert rows
            for field in MONEY:
                assert added(rows, field) == Decimal(total[field]), (by, top, field)
            for field in total["tokens"]:
                assert sum(row["tokens"][field] or 0 for row in rows) == total["tokens"][field], (by, top, field)
            assert sum(row["web_search_requests"] or 0 for row in rows) == total["web_search_requests"]
            if Decimal(total["billed_cost"]):
                assert sum(row["share"] or 0 for row in rows) == pytest.approx(1, abs=1e-6 * len(rows))
            if top:
                assert len(rows) <= int(top.split()[1]) + 1


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_every_cut_of_a_subject_has_the_same_total(synced: Database, subject: str) -> None:
    totals = [(await told(synced, f"{subject} {WHOLE} by {by}"))["total"] for by in CUTS]
    assert totals == [totals[0]] * len(totals)


async def test_the_whole_is_what_anthropic_billed_and_counted(synced: Database, world: World) -> None:
    total = (await told(synced, "summary 2026-11-02..2026-11-22"))["total"]
    assert Decimal(total["billed_cost"]).scaleb(10) == sum(map(world.billed, days()))
    assert total["tokens"]["total"] == sum(map(world.tokens, days()))


async def test_the_kinds_of_a_thing_are_the_things_one_by_one(synced: Database) -> None:
    for many, one in (("teams", "team"), ("models", "model"), ("workspaces", "workspace"), ("keys", "key")):
        for row in (await told(synced, f"{many} {WHOLE}"))["rows"][:4]:
            if row["id"] and row["id"] not in ("group", "console"):
                alone = await told(synced, f'{one} "{row["id"]}" {WHOLE}')
                assert {name: row[name] for name in alone["total"]} == alone["total"], row["id"]


async def test_a_parent_contains_its_children(synced: Database) -> None:
    group = await told(synced, f"team group {WHOLE} by team")
    assert {row["id"] for row in group["rows"]} == {"alpha", "beta"}
    children = [(await told(synced, f"team {name} {WHOLE}"))["total"] for name in ("alpha", "beta")]
    assert added(children, "billed_cost") == Decimal(group["total"]["billed_cost"]) > 0


async def test_every_team_is_listed_even_one_that_spent_nothing_and_what_nobody_claims(synced: Database) -> None:
    rows = {row["id"]: row for row in (await told(synced, f"teams {WHOLE}"))["rows"]}
    assert set(rows) == {"group", "alpha", "beta", "gamma", "unallocated"}
    assert Decimal(rows["group"]["billed_cost"]) == 0
    assert rows["alpha"]["name"] == "Team Alpha"


async def test_rows_come_largest_first_and_days_in_their_order(synced: Database) -> None:
    models = [Decimal(row["billed_cost"]) for row in (await told(synced, f"models {WHOLE}"))["rows"]]
    assert models == sorted(models, reverse=True)
    by_day = [row["id"] for row in (await told(synced, f"summary {WHOLE} by day"))["rows"]]
    assert by_day == [day.isoformat() for day in days()[:-1]]
    weeks = [row["id"] for row in (await told(synced, f"summary {WHOLE} by week"))["rows"]]
    assert weeks == ["2026-11-02", "2026-11-09", "2026-11-16"]


async def test_the_period_before_is_the_one_beside_it(synced: Database) -> None:
    later = await told(synced, "team alpha 2026-11-10..2026-11-12")
    before = await told(synced, "team alpha 2026-11-07..2026-11-09")
    assert later["previous"] == before["total"] != later["total"]
    versus = await told(synced, "team alpha 2026-11-20..2026-11-21 vs 2026-11-07..2026-11-09")
    assert versus["previous"] == before["total"]


async def test_a_running_period_ends_with_the_data(synced: Database) -> None:
    found = await told(synced, "summary this month")
    assert found["query"]["period"]["end"] == "2026-11-23T00:00:00Z"
    assert found["data_through"] == "2026-11-22T00:00:00Z"
    assert "22 Nov is not complete yet." in found["notes"]

    asked_later = await told(synced, "summary this month", NOW + timedelta(days=3))
    assert asked_later["query"]["period"]["end"] == "2026-11-23T00:00:00Z"
    assert asked_later["total"] == found["total"]

    tomorrow = await told(synced, "summary 2026-11-20..2026-11-22", NOW + timedelta(days=1))
    assert "22 Nov is not complete yet." in tomorrow["notes"], "a day that is over and was read before its end"

    over = await told(synced, f"summary {WHOLE}")
    assert over["query"]["period"]["end"] == "2026-11-22T00:00:00Z"
    assert not any("complete" in note or "not in yet" in note for note in over["notes"])


async def test_a_geo_that_the_newer_reports_were_not_asked_for_is_said_to_stand_for_all_of_them(
    synced: Database, running: World, tmp_path: Path
) -> None:
    def said(found: Json) -> bool:
        return any("without the geo" in note for note in found["notes"])

    classic = await told(synced, f"summary {WHOLE} by geo")
    with fresh(tmp_path) as database:
        await running.sync(database, surface=Surface.ANALYTICS).run(NOW, sources=LEDGER_SOURCES)
        newer = await told(database, f"summary {WHOLE} by geo")
        assert not said(await told(database, f"summary {WHOLE} by tier"))
    assert (said(classic), said(newer)) == (False, True)


async def test_a_period_nobody_read_is_unknown_and_not_zero(synced: Database) -> None:
    found = await told(synced, "summary 2026-01")
    for figures in (found["total"], found["previous"]):
        assert (figures["billed_cost"], figures["list_cost"], figures["web_search_requests"]) == (None, None, None)
        assert set(figures["tokens"].values()) == {None}


async def test_a_thing_that_rested_in_a_period_that_was_read_is_zero(synced: Database) -> None:
    total = (await told(synced, f"key pipelines-legacy {WHOLE}"))["total"]
    assert Decimal(total["billed_cost"]) == 0
    assert (total["tokens"]["total"], total["cache_hit_rate"]) == (0, None)


async def test_what_is_shared_out_is_said_where_it_is_shown(synced: Database) -> None:
    def shared(found: Json) -> list[str]:
        return [note for note in found["notes"] if "shared out" in note]

    assert shared(await told(synced, f"models {WHOLE}")) == []
    (by_key,) = shared(await told(synced, f"keys {WHOLE}"))
    assert "not per key" in by_key
    (by_team,) = shared(await told(synced, f"teams {WHOLE}"))
    assert "teams share workspaces" in by_team


async def test_tokens_of_the_priority_tier_are_counted_and_named_but_not_billed(synced: Database) -> None:
    found = await told(synced, f"workspace Default {WHOLE} by tier")
    priority = next(row for row in found["rows"] if row["id"] == "priority")
    assert priority["tokens"]["total"] > 0
    assert not Decimal(priority["billed_cost"] or 0)
    assert any("priority tier have no billed cost" in note for note in found["notes"])


async def test_cost_that_is_not_in_yet_is_null_everywhere_and_said(world: World, database: Database) -> None:
    configured(database)
    await world.sync(database).run(NOW, sources=[Source.USAGE])
    world.faults.next("cost_report", status(500), times=None)
    await world.synced(database)
    for question in ("teams", "workspace Default by tier", "summary by day", "keys top 2"):
        found = await told(database, question)
        assert found["total"]["billed_cost"] is None, question
        assert Decimal(found["total"]["list_cost"]) > 0
        rows = [row for row in found["rows"] if row["id"] not in ("priority", "group")]
        assert {(row["billed_cost"], row["share"]) for row in rows} == {(None, None)}, question
        assert any(note.startswith("Billed cost is not in yet for 22 days") for note in found["notes"])
        assert found["data_through"] is None


async def test_usage_that_is_not_in_yet_is_null_everywhere_and_said(world: World, database: Database) -> None:
    world.faults.next("usage_report", status(500), times=None)
    await world.synced(database)
    for question in ("summary", "summary by day", "workspaces"):
        found = await told(database, f"{question} {WHOLE}")
        assert Decimal(found["total"]["billed_cost"]) > 0
        for figures in (found["total"], *found["rows"]):
            assert (figures["list_cost"], figures["web_search_requests"]) == (None, None), question
            assert set(figures["tokens"].values()) == {None}
        assert any(note.startswith("Usage is not in yet for 20 days") for note in found["notes"])


async def test_a_day_whose_usage_is_missing_is_unknown_among_days_that_are_known(
    world: World, database: Database
) -> None:
    await world.sync(database).run(NOW, sources=[Source.COST])
    await world.sync(database).run(NOW, sources=[Source.USAGE], since=days()[5])
    rows = (await told(database, "summary 2026-11-05..2026-11-08 by day"))["rows"]
    assert [row["tokens"]["total"] is None for row in rows] == [True, True, False, False]
    assert all(Decimal(row["billed_cost"]) > 0 for row in rows)


async def test_a_model_without_a_price_is_named_and_its_list_cost_is_null(world: World, database: Database) -> None:
    def unheard_of(body: Json) -> Json:
        for bucket in body["data"]:
            for result in bucket["results"]:
                if result["model"] == "claude-opus-4-8":
                    result["model"] = "claude-nobody-knows"
        return body

    world.faults.next("_report", mutate(unheard_of), times=None)
    await world.synced(database)
    found = await told(database, f"models {WHOLE}")
    row = next(row for row in found["rows"] if row["id"] == "claude-nobody-knows")
    assert (row["list_cost"], row["name"]) == (None, "claude-nobody-knows")
    assert Decimal(row["billed_cost"]) > 0
    assert row["tokens"]["total"] > 0
    assert "1 model has no list price: claude-nobody-knows" in found["notes"]


async def test_during_the_first_backfill_what_is_stored_already_counts(world: World, database: Database) -> None:
    world.faults.next("cost_report", mutate(lambda body: body))
    world.faults.next("cost_report", status(500), times=None)
    await world.sync(database, backfill_days=40).run(NOW)
    found = await told(database, f"summary {WHOLE}")
    assert Decimal(found["total"]["billed_cost"]) > 0
    assert not any("not in yet" in note for note in found["notes"])


async def test_with_nothing_read_at_all_everything_is_unknown(database: Database) -> None:
    for question in ("summary", "teams", "models by day", "keys top 3 last week"):
        found = await told(database, question)
        assert found["total"]["billed_cost"] is None, question
        assert found["data_through"] is None
        assert all(row["billed_cost"] is None for row in found["rows"])


async def test_a_discount_is_said_of_what_has_both_prices_and_of_whole_days_only(database: Database) -> None:
    books = Books(database)
    books.spend(NOW.date() - timedelta(days=2), alpha="8.80", tokens=10**6)  # ten dollars at list price
    books.use(NOW.date() - timedelta(days=1), alpha=10**6)
    books.bill(NOW.date() - timedelta(days=2), alpha="8.80", read_at=NOW)
    books.use(NOW.date(), alpha=10**6, read_at=NOW)
    books.bill(NOW.date(), alpha="1.00", read_at=NOW)  # today's bill lags behind its usage
    answer = await Ask(database, "UTC").answer("summary 3d", NOW)
    assert document(answer)["discount"] == 0.12
    assert next(fact.note for fact in answer.facts if fact.label == "List cost").endswith("; 12 % discount")
    books.bill(NOW.date() - timedelta(days=2), alpha="10.00", read_at=NOW)
    answer = await Ask(database, "UTC").answer("summary 3d", NOW)
    assert document(answer)["discount"] == 0
    assert next(fact.note for fact in answer.facts if fact.label == "List cost") == "tokens × public list price"
    assert document(await Ask(database, "UTC").answer("summary today", NOW))["discount"] is None
