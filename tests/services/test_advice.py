"""`advice` from a real organisation: what is planted is found, a clean one is left in peace, people stay hidden."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.core.access import NOBODY, OPERATOR, Asker
from bot.core.usage import Surface
from bot.demo.anthropic_server import create_app
from bot.demo.organization import Organization
from bot.demo.serving import serve
from bot.demo.simulation import cast, traffic
from bot.demo.simulation.traffic import Stream
from bot.render import csv
from bot.render.json import document
from bot.services.asking.ask import Ask
from bot.store.database import Database
from tests.faults import Faults
from tests.services.world import KEY, NOW, TODAY, World, configured, fresh

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
DAYS = 46
TEAMS = """
teams:
  - id: alpha
    name: Team Alpha
    owners: [ana@example.com]
    matches: [{workspace: support-*}, {workspace: Claude Code}]
  - {id: beta, name: Team Beta, matches: [{workspace: search-*}]}
"""
CLEAN = (
    Stream("support-prod", "support-assistant", "sonnet", traffic._CHAT, 1500, traffic._CUSTOMERS),
    Stream("data-pipelines", "pipelines-nightly", "sonnet", traffic._EXTRACT, 800, traffic._NIGHT, tier="batch"),
    traffic._code("ana", "opus", 180),
)


def organization(*streams: Stream) -> Organization:
    whole = Organization.simulate(until=NOW, days=DAYS)
    homes = {stream.key: stream.workspace for stream in streams if stream.key}
    return replace(whole, streams=streams, api_keys=tuple(cast.api_keys(whole.ids, whole.since, homes)))


async def synced(simulated: Organization, folder: Path, surface: Surface, *, hourly_days: int = 35) -> Database:
    with fresh(folder) as database:
        configured(database, TEAMS)
        server = Faults(create_app(simulated, clock=lambda: NOW, admin_key=KEY))
        async with serve(server) as url:
            world = World(url, server, simulated)
            sync = world.sync(database, backfill_days=DAYS, hourly_days=hourly_days, surface=surface)
            assert (await sync.run(NOW)).failures == []
            await world.clients.pop().close()
    return Database(f"sqlite:///{next(folder.glob('*.db'))}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wasteful(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    streams = (*CLEAN, *traffic._wasteful(NOW), traffic._code("ben", "opus", 320, speed="fast"))
    database = await synced(organization(*streams), tmp_path_factory.mktemp("wasteful"), Surface.ANALYTICS)
    yield database
    database.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[Surface.ANALYTICS, Surface.CLASSIC])
async def clean(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    database = await synced(organization(*CLEAN), tmp_path_factory.mktemp("clean"), request.param)
    yield database
    database.close()


async def told(database: Database, question: str, asker: Asker = OPERATOR, *, shared: bool = False) -> Json:
    return document(await Ask(database, "UTC").answer(question, NOW, asker, shared=shared))


def pieces(found: Json) -> Sequence[Sequence[Any]]:
    rows: Sequence[Sequence[Any]] = next(
        (table["rows"] for table in found["tables"] if table["title"].startswith("What would cost less")), []
    )
    return rows


def piece(found: Json, title: str) -> str:
    paragraph: str = next(one for one in found["paragraphs"] if re.match(rf"\d\. {title}", one))
    return paragraph


async def test_everything_planted_is_found_and_nothing_else(wasteful: Database) -> None:
    found = await told(wasteful, "advice")
    assert {(row[0], row[1]) for row in pieces(found)} == {
        ("Mend the cache", "Claude Sonnet 5.5 by search-digest"),
        ("Send it as a batch", "Claude Sonnet 5.5 by pipelines-reports"),
        ("Shorten the cache", "Claude Sonnet 5.5 by docs-index"),
        ("Leave fast mode", "Claude Opus 5.5 by claude_code_key_ben"),
        ("Try Claude Sonnet 5.5", "Claude Opus 5.5 by support-labels"),
        ("Move to Claude Sonnet 5.5", "Claude Sonnet 4.5 by contract-summaries"),
    }
    assert found["tables"][1]["rows"] == [["support-pilot", "13 Oct 2026"]]
    assert "Claude Sonnet 4.5 is switched off on 30 Nov." in found["headline"]


async def test_the_leak_has_its_hour_and_what_it_has_cost(wasteful: Database) -> None:
    found = await told(wasteful, "advice beta")
    assert piece(found, "Mend the cache").startswith(
        "1. Mend the cache (Claude Sonnet 5.5 by search-digest, Team Beta): $2"
    )
    assert "Since 13 Nov 14:00 (UTC), 88 %" in piece(found, "Mend the cache")
    began = TODAY - timedelta(days=9)
    assert began == date(2026, 11, 13)
    days = (await told(wasteful, "key search-digest 2026-10-24..2026-11-21 by day"))["rows"]
    usual = [Decimal(row["billed_cost"]) for row in days if row["id"] < began.isoformat()]
    since = [Decimal(row["billed_cost"]) for row in days if row["id"] >= began.isoformat()]
    above = sum(since, Decimal(0)) - len(since) * sum(usual, Decimal(0)) / len(usual)
    low, high = re.search(r"has cost \$([\d.]+) to \$([\d.]+)\.", piece(found, "Mend the cache")).groups()  # type: ignore[union-attr]
    assert float(low) <= float(high)
    assert float(high) == pytest.approx(float(above), rel=0.15)


async def test_a_team_is_advised_on_its_own_use(wasteful: Database) -> None:
    assert [row[0] for row in pieces(await told(wasteful, "advice team beta"))] == ["Mend the cache"]
    assert {row[1] for row in pieces(await told(wasteful, "advice alpha"))} == {
        "Claude Opus 5.5 by claude_code_key_ben",
        "Claude Opus 5.5 by support-labels",
    }


async def test_one_key_or_model_can_be_asked_about(wasteful: Database) -> None:
    assert [row[0] for row in pieces(await told(wasteful, "advice key docs-index"))] == ["Shorten the cache"]
    models = pieces(await told(wasteful, "advice model claude-opus-5-5"))
    assert {row[0] for row in models} == {"Leave fast mode", "Try Claude Sonnet 5.5"}


async def test_what_only_one_person_uses_is_told_to_those_who_may_see_it(wasteful: Database) -> None:
    def of_ben(found: Json) -> bool:
        return "claude_code_key_ben" in str(found)

    assert of_ben(await told(wasteful, "advice alpha", Asker.called("ana@example.com")))
    assert of_ben(await told(wasteful, "advice", Asker.called("ben@example.com")))
    for hidden in (await told(wasteful, "advice", NOBODY), await told(wasteful, "advice", OPERATOR, shared=True)):
        assert not of_ben(hidden)
        assert "Leave fast mode" not in str(hidden)
        assert any(note.startswith("Use that is a single person's is left out.") for note in hidden["notes"])
        assert "Mend the cache" in str(hidden)


async def test_programs_get_exact_amounts(wasteful: Database) -> None:
    answer = await Ask(wasteful, "UTC").answer("advice beta", NOW, OPERATOR)
    (row,) = pieces(document(answer))
    assert Decimal(row[2]) <= Decimal(row[3])
    assert csv.text(answer).splitlines()[1] == f"Mend the cache,Claude Sonnet 5.5 by search-digest,{row[2]},{row[3]}"


async def test_a_clean_organisation_is_left_in_peace(clean: Database) -> None:
    found = await told(clean, "advice")
    assert found["headline"].startswith("Nothing to change at Example Org that would save $")
    assert (found["tables"], found["paragraphs"]) == ([], [])


async def test_a_few_days_are_too_little_to_go_by(clean: Database) -> None:
    found = await told(clean, "advice 2026-11-10..2026-11-15")
    assert "advice takes 14 whole days (UTC), and this has 6." in found["headline"]
    assert found["tables"] == []


async def test_nothing_read_is_too_little_too(tmp_path: Path) -> None:
    with fresh(tmp_path) as empty:
        assert "this has 0." in (await told(empty, "advice"))["headline"]


async def test_the_classic_reports_give_the_same_advice_but_for_what_they_do_not_say(tmp_path: Path) -> None:
    database = await synced(organization(*CLEAN, *traffic._wasteful(NOW)), tmp_path, Surface.CLASSIC, hourly_days=0)
    found = await told(database, "advice")
    assert {row[0] for row in pieces(found)} == {
        *("Mend the cache", "Shorten the cache", "Try Claude Sonnet 5.5", "Move to Claude Sonnet 5.5")
    }
    assert "Since 13 Nov, " in piece(found, "Mend the cache") or "Since 14 Nov, " in piece(found, "Mend the cache")
    assert "of the uncached input" in piece(found, "Try Claude")
    database.close()
