"""Receipts: every figure can be added up again from the pages it came from, and nothing can be changed unnoticed."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, insert, select, text

from bot.core.books.receipt_json import document, id_of, read
from bot.core.calls import batch
from bot.core.calls.call import Call
from bot.core.calls.client import Client
from bot.core.entries import Basis
from bot.core.errors import NotFound, ReceiptUnreadable, WordsError
from bot.core.money import Money
from bot.core.usage import Surface
from bot.services.asking.receipts import Receipts
from bot.services.books import close
from bot.services.books.verify import Outcome, Verdict
from bot.services.syncing.rebuild import rebuild
from bot.store import calls, ledger
from bot.store.books import closes
from bot.store.calls import Sent
from bot.store.database import Database
from bot.store.ledger.posting import Ledger
from bot.store.readings import pages
from bot.store.tables import BucketPageRow, PageRow, table
from tests import databases
from tests.faults import mutate
from tests.services.books import Books
from tests.services.world import KEY, NOW, TEAMS, TODAY, World, configured, fresh

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = timedelta(days=1)
SUBJECTS = (
    *("summary", "teams", "team alpha", "team group", "team unallocated", "workspaces", "keys", "key alpha-triage"),
    *('model "Claude Opus 5.5"', "workspace sandbox"),
)
PERIODS = ("this month", "today", "yesterday by day", "2026-11-10..2026-11-12", "last month", "2026-09")
QUESTIONS = (*(f"{subject} 3d" for subject in SUBJECTS), *(f"team gamma {period}" for period in PERIODS))


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Surface))
async def synced(
    request: pytest.FixtureRequest, running: World, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Path, Surface]]:
    """A database synced from each kind of report."""
    folder = tmp_path_factory.mktemp(request.param)
    running.now = NOW
    running.faults.heal()
    with fresh(folder) as database:
        await refreshed(running, database, request.param)
    yield next(folder.glob("*.db")), request.param


@pytest.fixture
def books(synced: tuple[Path, Surface], tmp_path: Path) -> Any:
    """A copy of it that the test may change."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(synced[0].read_bytes())
    database = Database(f"sqlite:///{copy}")
    yield database
    database.close()


async def refreshed(world: World, database: Database, surface: Surface | None = None, at: Any = NOW) -> None:
    sync = world.sync(database)
    sync._forced = surface
    configured(database)
    assert (await sync.run(at)).failures == []


def of(database: Database) -> Receipts:
    return Receipts(database, "UTC")


def execute(database: Database, statement: str, **values: Any) -> None:
    def change(connection: Connection) -> None:
        assert connection.execute(text(statement), values).rowcount

    database.write_now(change)


def said(verdict: Verdict) -> str:
    return "\n".join(
        [*(f"{one.what}: {one.receipt} / {one.recomputed}" for one in verdict.differences), *verdict.remarks]
    )


@pytest.mark.parametrize("question", QUESTIONS)
async def test_every_figure_has_a_receipt_that_verifies_to_the_last_digit(books: Database, question: str) -> None:
    made = await of(books).make(question, NOW)
    verdict = await of(books).verify(made.id)
    assert (verdict.outcome, said(verdict)) == (Outcome.EQUAL, "")
    figures, report = made.receipt.figures, made.answer.report
    assert report is not None
    assert (figures.billed_cost, figures.list_cost) == (report.total.billed_cost, report.total.list_cost)
    assert made.receipt.residual == Money(0)


async def test_a_receipt_shows_rows_pages_prices_splits_and_what_is_left(
    books: Database, synced: tuple[Path, Surface]
) -> None:
    receipt = (await of(books).make("team alpha 3d", NOW)).receipt
    billed = receipt.figures.billed_cost
    assert billed is not None
    assert sum((line.billed_cost for line in receipt.lines if line.billed_cost), Money(0)) == billed
    assert receipt.reported == billed + receipt.elsewhere
    assert {used.model for used in receipt.prices} >= {"claude-opus-5-5"}
    assert all(used.price for used in receipt.prices)
    reports = {page.request.partition("?")[0].rpartition("organizations/")[2] for _, page in receipt.pages}
    classic = synced[1] is Surface.CLASSIC
    assert reports == ({"usage_report/messages", "cost_report"} if classic else {"analytics/usage", "analytics/cost"})
    assert all(page.fetched_at == NOW and len(page.sha256) == 64 for _, page in receipt.pages)
    assert bool(receipt.shares) is classic, "only the classic report leaves anything to share between keys"
    for share in receipt.shares:
        assert sum(part.amount.units for part in share.parts) == share.amount.units
        assert len(share.parts) > 1
    gamma = (await of(books).make("team gamma 3d", NOW)).receipt
    assert "teams' shares" in {share.rule for share in gamma.shares}


async def test_the_same_receipt_has_the_same_id_and_another_one_another(books: Database) -> None:
    first, again = [await of(books).make("team alpha 3d", NOW) for _ in range(2)]
    assert (first.id, first.document) == (again.id, again.document)
    assert len(first.id) == 12
    assert (await of(books).make("team beta 3d", NOW)).id != first.id


async def test_a_receipt_says_the_same_after_a_trip_through_json(books: Database) -> None:
    made = await of(books).make("team alpha 3d", NOW)
    back = read(json.loads(json.dumps(made.document)))
    assert back == made.receipt
    assert id_of(document(back)) == made.id
    assert (await of(books).check({"query": {}, "receipt": dict(made.document)})).outcome is Outcome.EQUAL


async def test_one_byte_of_one_page_changed_is_named(books: Database) -> None:
    made = await of(books).make("team alpha 3d", NOW)
    _, page = made.receipt.pages[-1]
    organization_id = made.receipt.readings[0].organization_id
    body = bytearray(books.read_now(pages.body, organization_id, page.sha256) or b"")
    body[body.rindex(b"1")] = ord("2")
    execute(books, "UPDATE page SET body = :body WHERE sha256 = :sha", body=zlib.compress(body), sha=page.sha256)
    verdict = await of(books).verify(made.id)
    assert verdict.outcome is Outcome.DIFFERENT
    assert page.request in said(verdict)
    assert page.sha256 in said(verdict)
    execute(books, "UPDATE page SET body = :body WHERE sha256 = :sha", body=b"no zlib", sha=page.sha256)
    assert page.request in said(await of(books).verify(made.id))


@pytest.mark.parametrize("before", [True, False], ids=["before the receipt", "after it"])
async def test_one_row_of_the_ledger_changed_is_named(books: Database, before: bool) -> None:
    honest = (await of(books).make("team alpha yesterday", NOW)).receipt
    line = max(honest.lines, key=lambda line: line.billed_cost.units if line.billed_cost else 0)
    change = "UPDATE {} SET billed_cost = billed_cost + 1 WHERE day = :day AND charge = :charge AND billed_cost = :was"
    assert line.billed_cost is not None
    values = {"day": line.day.isoformat(), "charge": line.charge, "was": line.billed_cost.units}
    made = None if before else await of(books).make("team alpha yesterday", NOW)
    execute(books, change.format("ledger_entry"), **values)
    verdict = await of(books).verify((made or await of(books).make("team alpha yesterday", NOW)).id)
    assert verdict.outcome is Outcome.DIFFERENT
    assert f"row {line.day}, alpha" in said(verdict)
    assert str(line.billed_cost) in said(verdict)


async def test_a_ledger_that_says_more_than_was_reported_leaves_a_residual(books: Database) -> None:
    execute(books, "UPDATE ledger_entry SET billed_cost = billed_cost + 7 WHERE day = '2026-11-21' AND billed_cost > 0")
    receipt = (await of(books).make("summary yesterday", NOW)).receipt
    assert receipt.residual.units == -7 * len([line for line in receipt.lines if line.billed_cost])


async def test_the_estimate_of_newer_hours_is_held_against_the_calls_and_is_part_of_no_sum(books: Database) -> None:
    called = Call("1", NOW, "claude-sonnet-5-5", output=1_000_000, team="alpha")
    alone = await of(books).make("team alpha today", NOW + timedelta(minutes=1))
    books.write_now(calls.post, [Sent(batch.of([called]), Client("test"))], NOW, {})
    before = await of(books).make("team alpha today", NOW + timedelta(minutes=1))
    assert alone.receipt.estimate is None
    assert before.receipt.figures == alone.receipt.figures
    assert before.receipt.estimate is not None
    assert (before.receipt.estimate.calls, before.receipt.estimate.list_cost) == (1, Money.from_dollars("10"))
    assert (
        before.receipt.figures.billed_cost
        == (await of(books).make("team alpha today", NOW)).receipt.figures.billed_cost
    )
    verdict = await of(books).verify(before.id)
    assert verdict.outcome is Outcome.EQUAL
    assert "An estimate, and part of no sum: live calls of" in said(verdict)
    books.write_now(calls.post, [Sent(batch.of([called._replace(id="2")]), Client("test"))], NOW, {})
    verdict = await of(books).verify(before.id)
    assert verdict.outcome is Outcome.EQUAL
    assert "More of those calls came in since: they are 2 calls at $20.0000 by now." in said(verdict)
    execute(books, "UPDATE call_hour SET calls = 1, list_cost = 7, unlisted = 0")
    verdict = await of(books).verify(before.id)
    assert verdict.outcome is Outcome.DIFFERENT
    assert "1 call at $10.0000 / 1 call at $0.0000000007" in said(verdict)


async def test_after_a_restatement_the_old_receipt_still_verifies_from_its_own_pages(
    world: World, books: Database, synced: tuple[Path, Surface]
) -> None:
    old = await of(books).make("team alpha 7d", NOW)

    def dearer(body: dict[str, Any]) -> dict[str, Any]:
        return json.loads(json.dumps(body).replace('"amount": "', '"amount": "9'))  # type: ignore[no-any-return]

    world.faults.next("cost", mutate(dearer))
    await refreshed(world, books, synced[1])
    new = await of(books).make("team alpha 7d", NOW)
    assert new.id != old.id
    assert new.receipt.figures.billed_cost != old.receipt.figures.billed_cost
    assert said(await of(books).verify(new.id)) == ""
    verdict = await of(books).verify(old.id)
    assert verdict.outcome is Outcome.EQUAL
    assert f"Read again since, with other answers: {TODAY - 3 * DAY}" in said(verdict)
    assert f"The ledger now says ${new.receipt.figures.billed_cost}" in said(verdict)


async def test_after_a_change_of_teams_a_receipt_is_verified_with_the_ones_it_names(books: Database) -> None:
    old = await of(books).make("team alpha 3d", NOW)
    configured(books, TEAMS.replace("{api_key: alpha-*}", "{api_key: nobody}"))
    assert (await of(books).make("team alpha 3d", NOW)).receipt.figures != old.receipt.figures
    verdict = await of(books).verify(old.id)
    assert verdict.outcome is Outcome.EQUAL
    assert "The configuration was changed since" in said(verdict)
    execute(books, "UPDATE configuration SET body = body || ' ' WHERE id = 1")
    assert "the text of configuration 1" in said(await of(books).verify(old.id))


async def test_after_a_key_was_renamed_a_receipt_is_verified_with_the_name_of_then(books: Database) -> None:
    old = await of(books).make("team alpha 3d", NOW)
    execute(books, "UPDATE api_key SET name = 'zeta-' || name WHERE name LIKE 'alpha-%'")
    verdict = await of(books).verify(old.id)
    assert verdict.outcome is Outcome.EQUAL
    assert "renamed since" in said(verdict)


@pytest.mark.parametrize("change", ["figures", "lines", "readings", "id"])
async def test_a_receipt_that_was_changed_says_so(books: Database, change: str) -> None:
    found: dict[str, Any] = json.loads(json.dumps((await of(books).make("team alpha 3d", NOW)).document))
    match change:
        case "figures":
            found["figures"]["billed_cost"] = "1.0000"
        case "lines":
            found["lines"][0]["billed_cost"] = "1.0000"
        case "readings":
            found["readings"][0]["pages"] = []
        case _:
            found["id"] = "0" * 12
    verdict = await of(books).check(found)
    assert verdict.outcome is Outcome.DIFFERENT
    assert "changed after it was made" in said(verdict)


async def test_what_is_no_receipt_and_an_id_nobody_has_are_said_with_what_to_do(books: Database) -> None:
    with pytest.raises(ReceiptUnreadable, match="asked"):
        await of(books).check({"query": {}})
    made = await of(books).make("team alpha 3d", NOW)
    with pytest.raises(NotFound, match=f"Did you mean {made.id}"):
        await of(books).verify(made.id[:-1] + "x")
    with pytest.raises(NotFound, match="--receipt"):
        await of(books).verify("nothing")
    with pytest.raises(WordsError, match="no figures"):
        await of(books).make("status", NOW)


async def test_pages_are_forgotten_in_time_but_not_those_a_day_or_a_receipt_rests_on(
    world: World, books: Database, synced: tuple[Path, Surface]
) -> None:
    def held() -> set[str]:
        return set(
            books.read_now(lambda connection: connection.execute(select(table(PageRow).c.sha256)).scalars().all())
        )

    def prune(at: Any) -> int:
        return books.write_now(pages.prune, world.organization.id, at)

    came: list[set[str]] = []
    for hours in (3, 6, 9):
        before, world.now = held(), NOW + timedelta(hours=hours)
        await refreshed(world, books, synced[1], world.now)
        came.append(held() - before)
        if hours == 6:
            made = await of(books).make("team alpha today", world.now)
    forgotten, in_a_receipt, in_a_bucket = came
    assert all(came)
    assert {page.sha256 for _, page in made.receipt.pages} >= in_a_receipt
    assert prune(NOW) == 0, "nothing is older than that"
    everything = held()
    assert prune(NOW + 500 * DAY) == len(forgotten - set(bucket_pages(books)))
    assert held() == everything - (forgotten - set(bucket_pages(books)))
    assert held() >= in_a_receipt | in_a_bucket
    assert in_a_receipt - set(bucket_pages(books)), "nothing but the receipt holds on to these"
    assert (await of(books).verify(made.id)).outcome is Outcome.EQUAL


def bucket_pages(database: Database) -> Sequence[str]:
    query = select(table(BucketPageRow).c.sha256).distinct()
    return database.read_now(lambda connection: connection.execute(query).scalars().all())


async def test_a_sync_forgets_what_is_too_old(world: World, database: Database) -> None:
    old = {"sha256": "0" * 64, "organization_id": world.organization.id, "fetched_at": NOW - 401 * DAY, "body": b""}
    young = {**old, "sha256": "1" * 64, "fetched_at": NOW - 399 * DAY}
    database.write_now(lambda connection: connection.execute(insert(table(PageRow)), [old, young]))
    await world.synced(database)
    query = select(table(PageRow).c.sha256).where(table(PageRow).c.body == b"")
    assert database.read_now(lambda connection: connection.execute(query).scalars().all()) == ["1" * 64]


async def test_a_receipt_whose_pages_are_gone_says_which(books: Database) -> None:
    made = await of(books).make("team alpha 3d", NOW)
    _, page = made.receipt.pages[0]
    execute(books, "DELETE FROM page WHERE sha256 = :sha", sha=page.sha256)
    verdict = await of(books).verify(made.id)
    assert verdict.outcome is Outcome.UNPROVEN
    assert page.sha256[:12] in said(verdict)


async def test_days_that_were_read_before_pages_were_kept_cannot_be_proven(tmp_path: Path) -> None:
    database = Database(databases.sqlite(tmp_path / "books.db"))
    Books(database).spend(date(2026, 11, 18), alpha="12.50")
    made = await of(database).make("summary 2026-11-18", NOW)
    assert made.receipt.figures.billed_cost == Money.from_dollars("12.50")
    assert "not kept" in " ".join(made.readable.notes)
    verdict = await of(database).verify(made.id)
    assert verdict.outcome is Outcome.UNPROVEN
    assert "2026-11-18 were never kept" in said(verdict)
    database.close()


async def test_a_page_read_twice_is_kept_once_and_no_request_holds_a_credential(
    world: World, books: Database, synced: tuple[Path, Surface]
) -> None:
    def rows(name: str) -> list[Any]:
        return list(books.read_now(lambda connection: connection.execute(text(f"SELECT * FROM {name}")).all()))

    before = len(rows("page"))
    await refreshed(world, books, synced[1])
    await refreshed(world, books, synced[1])
    assert len(rows("page")) <= before + 3, "the narrower second reading, once"
    made = await of(books).make("team alpha 3d", NOW)
    everything = f"{rows('bucket_page')}{rows('page')}{json.dumps(made.document)}"
    assert KEY not in everything
    assert "x-api-key" not in everything
    assert "127.0.0.1" not in everything


async def test_receipts_are_made_and_verified_on_every_database(world: World, any_database: Database) -> None:
    await refreshed(world, any_database, None)
    made = await asyncio.gather(*(of(any_database).make("team alpha 3d", NOW) for _ in range(3)))
    assert len({one.id for one in made}) == 1
    verdict = await of(any_database).verify(made[0].id)
    assert (verdict.outcome, said(verdict)) == (Outcome.EQUAL, "")
    assert any_database.write_now(pages.prune, world.organization.id, NOW + 500 * DAY) == 0


async def test_a_closed_month_is_its_own_record_and_its_receipt_outlives_restatements(tmp_path: Path) -> None:
    database = Database(databases.sqlite(tmp_path / "books.db"))
    books = Books(database)
    books.configure("teams: [{id: alpha, name: Alpha, matches: [{workspace: alpha}]}]")
    books.spend_daily([date(2026, 10, day) for day in range(1, 32)], alpha="2.50", beta="1.00")
    database.write_now(close.close, date(2026, 10, 1), NOW)
    made = await of(database).make("team alpha 2026-10", NOW)
    assert made.receipt.closed == (date(2026, 10, 1),)
    assert made.receipt.figures.billed_cost == Money.from_dollars("77.50")
    assert said(await of(database).verify(made.id)) == ""
    books.spend(date(2026, 10, 5), read_at=NOW, alpha="9.00", beta="1.00")
    assert (await of(database).make("team alpha 2026-10", NOW)).id == made.id
    assert said(await of(database).verify(made.id)) == ""
    execute(database, "UPDATE ledger_entry SET billed_cost = billed_cost - 1 WHERE day = '2026-10-07'")
    verdict = await of(database).verify(made.id)
    assert verdict.outcome is Outcome.DIFFERENT
    assert "row 2026-10-07, alpha" in said(verdict)
    database.close()


async def test_an_adjustment_on_an_open_day_is_a_row_of_its_receipt(world: World, books: Database) -> None:
    day, organization_id = TODAY - DAY, world.organization.id

    def adjusted(connection: Connection) -> None:
        held = ledger.entries(connection, organization_id, day, TODAY)[day]
        one = next(entry for entry in held if entry.attribution.team_id == "alpha")
        entry = one._replace(quantity=0, list_cost=0, billed_cost=123, basis=Basis.ADJUSTMENT)
        closes.book(connection, organization_id, date(2026, 10, 5), day, Ledger(connection, organization_id), [entry])
        rebuild(connection, organization_id, [day])

    books.write_now(adjusted)
    for question in ("team alpha yesterday", "team beta yesterday", "summary yesterday"):
        made = await of(books).make(question, NOW)
        booked = [line for line in made.receipt.lines if line.basis is Basis.ADJUSTMENT]
        assert len(booked) == ("beta" not in question)
        assert made.receipt.residual == Money(0)
        assert said(await of(books).verify(made.id)) == ""
