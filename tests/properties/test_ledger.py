"""Whatever an organisation looks like and however it is read: nothing is lost, invented or mixed."""

import asyncio
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.money import ZERO, Money
from bot.core.question import Dimension
from bot.core.usage import LEDGER_SOURCES, Surface
from bot.core.words import TOLD
from bot.demo.organization import Organization
from bot.render.json import document
from bot.services.asking.ask import Ask
from bot.services.books.reconcile import Reconcile
from bot.services.syncing.reading import Finished
from bot.services.syncing.rebuild import rebuild_everything
from bot.store.database import Database
from bot.terminal.period import period as said
from tests.properties.conftest import Databases
from tests.properties.organizations import FIRST, NOW, TODAY, TOMORROW, Tree, cuts, few, organizations, some, trees
from tests.properties.stage import Stage
from tests.services.world import configured, days, dump, figures

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
DAY = timedelta(days=1)
WHOLE = f"{FIRST}..{TODAY}"
surfaces = st.sampled_from(list(Surface))


async def read(stage: Stage, database: Database, organization: Organization, surface: Surface) -> Database:
    """The whole history in one go."""
    assert (await stage.sync(database, organization, surface=surface).run(NOW, sources=LEDGER_SOURCES)).failures == []
    return database


async def told(database: Database, question: str) -> Json:
    """What `ask --format json` says."""
    return document(await Ask(database, "UTC").answer(question, NOW))


def added(rows: list[Json]) -> dict[str, Decimal]:
    """What the rows come to, measure by measure; nothing and unknown add nothing."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for name, value in {"billed": row["billed_cost"], "listed": row["list_cost"], **row["tokens"]}.items():
            sums[name] += Decimal(value or 0)
    return {name: value for name, value in sums.items() if value}


def billed(figures: Json) -> Decimal:
    return Decimal(figures["billed_cost"] or 0)


@few
@given(organization=organizations(), tree=trees(), surface=surfaces)
async def test_teams_rows_and_days_add_up_to_what_was_reported_to_the_last_digit(
    stage: Stage, databases: Databases, organization: Organization, tree: Tree, surface: Surface
) -> None:
    stage.play(organization)
    database = databases()
    configured(database, tree.text)
    await read(stage, database, organization, surface)

    held = figures(database, Dimension.DAY, FIRST, TOMORROW)
    for day in days(FIRST, TOMORROW):
        start = datetime.combine(day, time(), UTC)
        end = min(start + DAY, NOW.replace(minute=0))
        of_day = held.get(day.isoformat())
        cost = sum(Money.from_cents(f"{row.cents:f}").units for row in organization.costs(start, end))
        assert (of_day.billed_cost.units if of_day and of_day.billed_cost else 0) == cost, day
        tokens = sum(sum(row.tokens) for row in organization.usage(start, end))
        assert ((of_day.total_tokens or 0) if of_day else 0) == tokens, day

    whole = (await told(database, f"summary {WHOLE}"))["total"]
    for by in (one for one in Dimension if one not in TOLD):
        cut = await told(database, f"summary {WHOLE} by {by}")
        assert added(cut["rows"]) == added([whole]), by
    months = [(await told(database, f"summary {month}"))["total"] for month in ("2026-10", "2026-11")]
    assert added(months) == added([whole])

    totals = {team: (await told(database, f"team {team} {WHOLE}"))["total"] for team in (*tree.parents, "unallocated")}
    roots = [totals[team] for team, parent in tree.parents.items() if parent is None]
    assert added([*roots, totals["unallocated"]]) == added([whole]), "no team is counted twice"
    for team, parent in tree.parents.items():
        assert billed(totals[team]) <= billed(totals[parent] if parent else whole)
        rows = (await told(database, f"team {team} {WHOLE} by team"))["rows"]
        assert added(rows) == added([totals[team]]), "its own and its children's"


@few
@given(
    organization=organizations(),
    tree=trees(),
    surface=surfaces,
    cut=cuts(),
    order=st.randoms(use_true_random=False),
    pages=st.integers(1, 9),
)
async def test_how_it_was_read_changes_no_row(
    stage: Stage,
    databases: Databases,
    organization: Organization,
    tree: Tree,
    surface: Surface,
    cut: list[date],
    order: Random,
    pages: int,
) -> None:
    """In one go, again, in pieces of any order, in pages of any size, rows backwards, before or after the teams."""
    stage.play(organization)
    once, pieces = databases(), databases()
    configured(once, tree.text)
    rows = dump(await read(stage, once, organization, surface))
    assert dump(await read(stage, once, organization, surface)) == rows, "read again"
    once.write_now(rebuild_everything)
    assert dump(once) == rows, "made anew"

    stage.pages, stage.backwards = pages, True
    edges = [FIRST, *cut, TOMORROW]
    jobs = [(source, *edge) for source in LEDGER_SOURCES for edge in pairwise(edges)]
    order.shuffle(jobs)
    sync = stage.sync(pieces, organization, surface=surface)
    for source, since, until in jobs:
        assert (await sync.run(NOW, sources=[source], since=since, until=until)).failures == []
    configured(pieces, tree.text)
    assert dump(pieces) == rows


@few
@given(organization=organizations(), tree=trees(), surface=surfaces, after=st.integers(0, 3))
async def test_killed_at_any_chunk_it_resumes_and_ends_with_the_same_rows(
    stage: Stage, databases: Databases, organization: Organization, tree: Tree, surface: Surface, after: int
) -> None:
    stage.play(organization)
    undisturbed, database, left = databases(), databases(), [after]
    for one in (undisturbed, database):
        configured(one, tree.text)
    sync = stage.sync(database, organization, surface=surface)
    hole = FIRST + DAY  # held already, so that the rest is two chunks
    await sync.run(NOW, since=hole, until=hole + DAY, sources=LEDGER_SOURCES)

    def kill(progress: Finished | int) -> None:
        if left[0] == 0:
            running.cancel()
        left[0] -= isinstance(progress, Finished)

    running = asyncio.create_task(sync.run(NOW, progress=kill, sources=LEDGER_SOURCES))
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
    await read(stage, database, organization, surface)
    assert dump(database) == dump(await read(stage, undisturbed, organization, surface))


@few
@given(organization=organizations(), tree=trees(by_workspace_only=True))
async def test_the_newer_and_the_classic_reports_come_to_the_same_totals(
    stage: Stage, databases: Databases, organization: Organization, tree: Tree
) -> None:
    """Where teams claim workspaces: which of a workspace's keys caused an amount, the classic reports can't know."""
    stage.play(organization)
    held = []
    for surface in Surface:
        database = databases()
        configured(database, tree.text)
        held.append(await read(stage, database, organization, surface))
    for by in (None, Dimension.DAY, Dimension.WORKSPACE, Dimension.TEAM, Dimension.MODEL, Dimension.TOKEN_TYPE):
        newer, classic = (
            {
                name: (of.billed_cost, of.tokens)
                for name, of in figures(one, by, FIRST, TOMORROW).items()
                if of.billed_cost != ZERO
                or of.total_tokens  # calls without tokens are counted by the newer reports alone
            }
            for one in held
        )
        assert newer == classic, by


@some
@given(organization=organizations(), surface=surfaces)
async def test_sound_reports_never_raise_an_alarm(
    stage: Stage, databases: Databases, organization: Organization, surface: Surface
) -> None:
    stage.play(organization)
    found = await Reconcile(await read(stage, databases(), organization, surface), None).days(said(WHOLE, NOW), NOW)
    assert [(one.found.day, one.found.faults) for one in found if not one.found.explained] == []


@few
@given(one=organizations(), other=organizations(name="Other Org"), tree=trees(), surface=surfaces)
async def test_two_organisations_stand_beside_each_other_as_each_stands_alone(
    stage: Stage, databases: Databases, one: Organization, other: Organization, tree: Tree, surface: Surface
) -> None:
    stage.play(one, other)
    alone, together = [], databases()
    for organization in (one, other):
        database = await read(stage, databases(), organization, surface)
        configured(database, tree.text)
        alone += dump(database)
    assert (await stage.sync(together, one, other, surface=surface).run(NOW, sources=LEDGER_SOURCES)).failures == []
    configured(together, tree.text)
    assert dump(together) == sorted(alone, key=repr)
