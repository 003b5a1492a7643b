"""The newer reports and the classic ones are two views of one truth; the ledger must not show which was read."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.core.entries import Basis
from bot.core.question import Dimension
from bot.core.usage import CONSOLE, LEDGER_SOURCES, Source, Surface
from bot.services.syncing.rebuild import rebuild_everything
from bot.store import directory as directories
from bot.store import ledger
from bot.store.database import Database
from bot.store.readings import snapshots
from tests.faults import status
from tests.services.world import FIRST, NOW, TODAY, TOMORROW, World, configured, figures, fresh

with_the_server = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with fresh(tmp_path_factory.mktemp("other")) as database:
        yield database


@with_the_server
async def test_both_surfaces_end_with_the_same_figures(world: World, database: Database, other: Database) -> None:
    await world.sync(database, surface=Surface.CLASSIC).run(NOW, sources=LEDGER_SOURCES)
    await world.sync(other, surface=Surface.ANALYTICS).run(NOW, sources=LEDGER_SOURCES)
    for by in (Dimension.DAY, Dimension.WORKSPACE, Dimension.MODEL, Dimension.TOKEN_TYPE):
        classic, newer = figures(database, by), figures(other, by)
        assert classic.keys() == newer.keys()
        for name in classic:
            assert newer[name].billed_cost == classic[name].billed_cost, (by, name)
            assert newer[name].quantities == classic[name].quantities, (by, name)


@with_the_server
async def test_the_newer_reports_share_nothing_out_below_what_they_report(world: World, database: Database) -> None:
    configured(database)
    await world.sync(database, surface=Surface.ANALYTICS).run(NOW, sources=LEDGER_SOURCES)
    shared = sum(database.read_now(ledger.sums, FIRST, TODAY).tokens(basis) for basis in (Basis.BY_KEY, Basis.BY_TEAM))
    everything = sum(database.read_now(ledger.sums, FIRST, TODAY).tokens(basis) for basis in Basis)
    priority = database.read_now(ledger.sums, FIRST, TODAY).tokens(Basis.NOT_BILLED)
    assert everything > priority > 0
    # What is left to share are teams' shares of one workspace, which no report could know.
    assert shared < everything / 10


@with_the_server
async def test_the_default_workspace_is_one_workspace_whatever_it_is_called(world: World, database: Database) -> None:
    await world.sync(database, surface=Surface.CLASSIC).run(NOW, sources=LEDGER_SOURCES)
    before = figures(database, Dimension.WORKSPACE).keys()
    await world.sync(database, surface=Surface.ANALYTICS).run(NOW, since=FIRST, sources=LEDGER_SOURCES)
    assert figures(database, Dimension.WORKSPACE).keys() == before
    assert "default" in before
    assert CONSOLE in figures(database, Dimension.KEY)


@with_the_server
async def test_the_choice_is_asked_for_once_and_remembered(world: World, database: Database) -> None:
    sync = world.sync(database, surface=None)
    await sync.run(NOW, sources=LEDGER_SOURCES)
    await sync.run(NOW, sources=LEDGER_SOURCES)
    probes = [seen for seen in world.faults.seen if "analytics" in seen.path and ("limit", "1") in seen.query]
    assert len(probes) == 1
    assert database.read_now(directories.surface, world.organization.id) is Surface.ANALYTICS


@with_the_server
async def test_a_key_that_may_not_read_the_newer_reports_reads_the_classic_ones(
    world: World, database: Database
) -> None:
    world.faults.next("/analytics/", status(403), times=None)
    await world.sync(database, surface=None).run(NOW, sources=LEDGER_SOURCES)
    assert database.read_now(directories.surface, world.organization.id) is Surface.CLASSIC
    held = database.read_now(snapshots.fetched, world.organization.id, Source.COST, FIRST, TOMORROW)
    assert len(held) == (TOMORROW - FIRST).days


@with_the_server
async def test_reading_again_with_the_other_surface_changes_no_total(world: World, database: Database) -> None:
    configured(database)
    await world.sync(database, surface=Surface.CLASSIC).run(NOW, sources=LEDGER_SOURCES)
    classic = figures(database, Dimension.DAY)
    newer = world.sync(database, surface=Surface.ANALYTICS)
    await newer.run(NOW, since=TODAY - timedelta(days=5), sources=LEDGER_SOURCES)
    database.write_now(rebuild_everything)
    assert {day: one.billed_cost for day, one in figures(database, Dimension.DAY).items()} == {
        day: one.billed_cost for day, one in classic.items()
    }
