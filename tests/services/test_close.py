"""A closed month: its files stay byte for byte, and what comes later is booked in the month in which it came."""

import asyncio
import csv
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bot.core.errors import CloseRefused, NotFound, StoreError, StoreUnavailable
from bot.core.money import Money
from bot.core.question import Dimension
from bot.core.said_periods import parse_period
from bot.core.words import LEDGER_SHEETS, Sheet
from bot.services.asking.ask import Ask
from bot.services.books import reconcile
from bot.services.books.close import Closed, close
from bot.services.books.export import Exported, export
from bot.services.syncing.reading import SyncResult
from bot.services.syncing.rebuild import rebuild_everything
from bot.store import ledger
from bot.store.books import closes
from bot.store.database import Database
from tests import databases
from tests.databases import Preparation
from tests.faults import mutate
from tests.services.books import Books
from tests.services.world import World, configured, days, dump

with_the_server = pytest.mark.asyncio(loop_scope="module")

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
THIRD = datetime(2026, 11, 3, 9, tzinfo=UTC)
TEAMS = """
teams:
  - {id: red, name: Red, matches: [{workspace: alpha}, {workspace: gamma, share: 0.3}]}
  - {id: blue, name: Blue, matches: [{workspace: beta}]}
"""
SWAPPED = (
    TEAMS.replace("workspace: alpha}", "workspace: x}")
    .replace("workspace: beta", "workspace: alpha")
    .replace("workspace: x}", "workspace: beta}")
)


def october(database: Database) -> None:
    """Three dollars and ten cents a day in red's, blue's and a shared workspace."""
    books = Books(database)
    books.configure(TEAMS)
    books.spend_daily(days(OCTOBER, NOVEMBER), alpha="1.00", beta="2.00", gamma="0.10")


@pytest.fixture
def books(prepared_url: Callable[[Preparation], str]) -> Iterator[Books]:
    with databases.opened(prepared_url(october)) as database:
        yield Books(database)


def closed(books: Books, at: datetime = THIRD) -> Closed:
    return books.database.write_now(close, OCTOBER, at)


def exported(
    database: Database, kind: Sheet, words: str, now: datetime = THIRD, team: str | None = None
) -> tuple[bytes, Exported]:
    period = parse_period(words, now=now, zone="UTC")
    assert period is not None
    pieces: list[bytes] = []
    found = database.read_now(export, kind, period, team, pieces.append, now)
    return b"".join(pieces), found


def files(database: Database, month: str = "2026-10", now: datetime = THIRD) -> dict[Sheet, bytes]:
    return {kind: exported(database, kind, month, now)[0] for kind in LEDGER_SHEETS}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(content.decode().splitlines()))


def billed(books: Books, since: date, until: date, by: Dimension | None = Dimension.TEAM) -> dict[str, str]:
    found = books.database.read_now(ledger.figures, since, until, by=by)
    return {name: str(part.billed_cost) for name, part in found.items()}


def october_in_the_ledger(database: Database) -> list[tuple[object, ...]]:
    return [row for row in dump(database) if any(isinstance(v, date) and v.month == 10 for v in row)]


def adjusted(books: Books) -> list[tuple[date, date, str, str]]:
    """Booked on, about, team, dollars; what comes to nothing is left out."""
    found = books.database.read_now(closes.adjustments, OCTOBER, date(2027, 1, 1))
    return sorted(
        (one.day, one.adjusts or date.min, one.entry.attribution.team_id, str(Money(one.entry.billed_cost)))
        for one in found
        if one.entry.billed_cost
    )


async def test_a_closed_month_gives_its_files_with_their_hashes(books: Books) -> None:
    before = files(books.database)
    done = closed(books)
    assert not done.before
    assert {name: hashlib.sha256(before[Sheet(name.split("-")[0])]).hexdigest() for name in done.month.files} == dict(
        done.month.files
    )
    assert set(done.month.files) == {"usage-2026-10.csv", "cost-2026-10.csv", "focus-2026-10.csv"}
    content, said = exported(books.database, Sheet.COST, "october")
    assert (content, said.sha256) == (before[Sheet.COST], done.month.files["cost-2026-10.csv"])
    assert said.closed_at == THIRD
    assert sum(Decimal(row["billed_cost"]) for row in rows(content)) == Decimal("96.10")


async def test_a_restatement_after_the_close_is_an_adjustment_in_the_month_in_which_it_came(books: Books) -> None:
    closed(books)
    before, ledger_before = files(books.database), october_in_the_ledger(books.database)
    books.bill(date(2026, 10, 5), read_at=THIRD + timedelta(days=9), alpha="1.50", beta="2.00", gamma="0.20")

    assert files(books.database) == before
    assert october_in_the_ledger(books.database) == ledger_before
    twelfth = date(2026, 11, 12)
    assert adjusted(books) == [
        (twelfth, date(2026, 10, 5), "red", "0.0300"),
        (twelfth, date(2026, 10, 5), "red", "0.5000"),
        (twelfth, date(2026, 10, 5), "unallocated", "0.0700"),
    ]
    assert billed(books, NOVEMBER, date(2026, 12, 1)) == {"red": "0.5300", "unallocated": "0.0700"}
    assert billed(books, twelfth, twelfth + timedelta(days=1), None) == {"": "0.6000"}

    november, _ = exported(books.database, Sheet.COST, "this month", datetime(2026, 11, 13, tzinfo=UTC))
    assert {(row["basis"], row["day"], row["adjusts"]) for row in rows(november)} == {
        ("adjustment", "2026-11-12", "2026-10-05")
    }
    assert sum(Decimal(row["billed_cost"]) for row in rows(november)) == Decimal("0.60")


async def test_rebuilding_again_books_nothing_again_and_what_is_undone_books_the_opposite(books: Books) -> None:
    closed(books)
    day, first = date(2026, 10, 5), THIRD + timedelta(days=1)
    books.bill(day, read_at=first, alpha="1.50", beta="2.00", gamma="0.20")
    once, whole = adjusted(books), dump(books.database)
    books.bill(day, read_at=first, alpha="1.50", beta="2.00", gamma="0.20")
    books.bill(day, read_at=first + timedelta(days=4), alpha="1.50", beta="2.00", gamma="0.20")
    books.database.write_now(rebuild_everything)
    assert adjusted(books) == once
    assert dump(books.database) == whole

    books.bill(day, read_at=first + timedelta(days=4), alpha="1.00", beta="2.00", gamma="0.10")
    assert len(adjusted(books)) == 2 * len(once)
    assert billed(books, NOVEMBER, date(2026, 12, 1)) == {"red": "0.0000", "unallocated": "0.0000"}
    assert billed(books, first.date(), first.date() + timedelta(days=1), None) == {"": "0.6000"}


async def test_a_second_restatement_on_the_same_day_adds_to_the_first(books: Books) -> None:
    closed(books)
    books.bill(date(2026, 10, 5), read_at=THIRD, alpha="1.50", beta="2.00", gamma="0.10")
    books.bill(date(2026, 10, 5), read_at=THIRD, alpha="1.75", beta="2.00", gamma="0.10")
    books.bill(date(2026, 10, 6), read_at=THIRD, alpha="1.01", beta="2.00", gamma="0.10")
    assert adjusted(books) == [
        (THIRD.date(), date(2026, 10, 5), "red", "0.7500"),
        (THIRD.date(), date(2026, 10, 6), "red", "0.0100"),
    ]
    assert billed(books, NOVEMBER, date(2026, 12, 1)) == {"red": "0.7600"}


async def test_a_day_in_november_keeps_its_adjustments_when_it_is_read_and_still_proves_itself(books: Books) -> None:
    closed(books)
    books.bill(date(2026, 10, 5), read_at=THIRD, alpha="0.25", beta="2.00", gamma="0.10")
    books.spend(THIRD.date(), alpha="4.00")
    assert billed(books, THIRD.date(), THIRD.date() + timedelta(days=1)) == {"red": "3.2500"}


async def test_moving_a_workspace_and_renaming_a_team_after_the_close_moves_no_closed_money_and_no_byte(
    books: Books,
) -> None:
    closed(books)
    before, teams = files(books.database), billed(books, OCTOBER, NOVEMBER)
    assert teams == {"red": "31.9300", "blue": "62.0000", "unallocated": "2.1700"}
    books.spend(NOVEMBER, alpha="1.00")
    books.configure(SWAPPED.replace("name: Red", "name: Crimson"), THIRD)
    assert billed(books, NOVEMBER, THIRD.date()) == {"blue": "1.0000"}, "an open day follows the teams"
    assert files(books.database) == before
    assert billed(books, OCTOBER, NOVEMBER) == teams
    assert adjusted(books) == []

    books.bill(date(2026, 10, 5), read_at=THIRD, alpha="1.50", beta="2.00", gamma="0.10")
    assert adjusted(books) == [(THIRD.date(), date(2026, 10, 5), "red", "0.5000")], "whoever had it pays"


async def test_a_month_of_two_organisations_closes_when_both_are_whole_and_one_restates_nothing_of_the_other(
    books: Books,
) -> None:
    second = Books(books.database, "org_second", "Second Org")
    second.spend_daily(days(OCTOBER, date(2026, 10, 31)), alpha="10.00")
    with pytest.raises(CloseRefused) as refused:
        closed(books)
    assert "the usage report of Second Org is missing for 31 Oct; the cost report of Second Org" in str(refused.value)
    assert "Example Org" not in str(refused.value)

    second.spend(date(2026, 10, 31), alpha="10.00")
    closed(books)
    before, ledger_before = files(books.database), october_in_the_ledger(books.database)
    cost = rows(before[Sheet.COST])
    both = (books.organization, second.organization)
    sums = [sum(Decimal(row["billed_cost"]) for row in cost if row["organization_id"] == one) for one in both]
    assert sums == [Decimal("96.10"), Decimal("310.00")]

    fifth = date(2026, 10, 5)
    second.bill(fifth, read_at=THIRD, alpha="10.75")
    books.bill(fifth, read_at=THIRD, alpha="1.00", beta="2.00", gamma="0.10")  # as it was
    found = books.database.read_now(closes.adjustments, OCTOBER, date(2027, 1, 1))
    assert [(one.organization_id, one.adjusts, one.entry.billed_cost) for one in found if one.entry.billed_cost] == [
        ("org_second", fifth, Money.from_dollars("0.75").units)
    ]
    assert files(books.database) == before
    assert october_in_the_ledger(books.database) == ledger_before
    books.bill(fifth, read_at=THIRD, alpha="0.25", beta="2.00", gamma="0.10")
    assert billed(books, NOVEMBER, date(2026, 12, 1), None) == {"": "0.0000"}  # what one adds, the other takes away
    assert len(adjusted(books)) == 2


async def test_an_adjustment_is_never_booked_in_a_closed_month(books: Books) -> None:
    books.spend_daily(days(NOVEMBER, date(2026, 12, 1)), alpha="1.00")
    closed(books)
    books.database.write_now(close, NOVEMBER, datetime(2026, 12, 2, tzinfo=UTC))
    before = files(books.database, "2026-11", datetime(2026, 12, 2, tzinfo=UTC))
    books.bill(date(2026, 10, 5), read_at=datetime(2026, 11, 20, tzinfo=UTC), alpha="1.50", beta="2.00", gamma="0.10")
    assert adjusted(books) == [(date(2026, 12, 1), date(2026, 10, 5), "red", "0.5000")]
    assert files(books.database, "2026-11", datetime(2026, 12, 2, tzinfo=UTC)) == before


async def test_a_closed_day_whose_cost_is_not_in_any_more_is_left_alone(books: Books) -> None:
    closed(books)
    books.bill(date(2026, 10, 5), read_at=THIRD)
    assert adjusted(books) == [], "unknown is no zero to adjust to"


async def test_answers_say_what_was_closed_and_what_was_adjusted(books: Books) -> None:
    ask = Ask(books.database, "UTC")
    closed(books)
    assert "October 2026 was closed on 3 Nov." in (await ask.answer("summary october", THIRD)).notes
    books.bill(date(2026, 10, 5), read_at=THIRD, alpha="2.20", beta="2.00", gamma="0.10")
    later = THIRD + timedelta(days=3)
    books.spend(later.date(), read_at=later, alpha="4.00")
    answer = await ask.answer("team red", later)
    assert "$1.20 of adjustments to October 2026, closed on 3 Nov." in answer.notes
    assert answer.report is not None
    assert str(answer.report.total.billed_cost) == "5.2000"
    assert not any("adjustment" in note for note in (await ask.answer("team blue", later)).notes)
    (note,) = [note for note in (await ask.answer("team red october", later)).notes if "closed" in note]
    assert note == "October 2026 was closed on 3 Nov; $1.20 of adjustments since are booked in later months."


async def test_reconciliation_counts_an_adjustment_for_the_day_it_is_about(books: Books) -> None:
    closed(books)
    books.bill(date(2026, 10, 5), read_at=THIRD, alpha="1.50", beta="2.00", gamma="0.10")
    books.spend(THIRD.date(), alpha="4.00")
    recent = books.database.read_now(reconcile.recent, THIRD + timedelta(days=2))
    assert {str(held.found.ledger) for held in recent if held.found.day == THIRD.date()} == {"4.0000"}


async def test_two_closes_at_once_make_one(books: Books) -> None:
    both = await asyncio.gather(*(books.database.write(close, OCTOBER, THIRD + timedelta(hours=n)) for n in range(2)))
    assert sorted(done.before for done in both) == [False, True]
    assert both[0].month == both[1].month


async def test_a_crash_in_the_middle_leaves_the_month_open(database: Database) -> None:
    books = Books(database)
    books.spend_daily(days(OCTOBER, NOVEMBER), alpha="1.00")

    def run(connection: Connection, sql: str) -> None:
        connection.execute(text(sql))

    # As when the disk is full at the last statement: everything before it has been written by then.
    database.write_now(
        run, "CREATE TRIGGER t BEFORE INSERT ON closed_month BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    with pytest.raises(StoreUnavailable):
        closed(books)
    assert database.read_now(closes.months) == {}
    assert database.read_now(lambda c: c.execute(text("SELECT count(*) FROM closed_file")).scalar()) == 0
    database.write_now(run, "DROP TRIGGER t")
    assert not closed(books).before


async def test_a_month_that_is_not_over_or_not_whole_is_refused_with_what_is_missing(books: Books) -> None:
    with pytest.raises(CloseRefused, match="not over"):
        books.database.write_now(close, NOVEMBER, THIRD)
    with pytest.raises(CloseRefused, match="not over"):
        closed(books, datetime(2026, 10, 31, 23, 59, tzinfo=UTC))
    early = datetime(2026, 10, 7, 22, tzinfo=UTC)
    books.bill(date(2026, 10, 7), read_at=early, alpha="1.00")

    def forget(connection: Connection) -> None:
        connection.execute(
            text("DELETE FROM bucket WHERE source = 'usage' AND start >= '2026-10-11' AND start < '2026-10-14'")
        )

    books.database.write_now(forget)
    with pytest.raises(CloseRefused) as refused:
        closed(books)
    assert "usage report of Example Org is missing for 11–13 Oct" in str(refused.value)
    assert "cost report of Example Org is missing for 7 Oct" in str(refused.value)
    assert "claude-usage sync --since 2026-10-01 --until 2026-11-01" in str(refused.value)
    assert books.database.read_now(closes.months) == {}


async def test_a_day_with_tokens_and_no_cost_at_all_keeps_the_month_open(books: Books) -> None:
    books.bill(date(2026, 10, 7))
    with pytest.raises(CloseRefused, match="billed cost is not in yet for 7 Oct"):
        closed(books)


async def test_nothing_read_is_nothing_to_close(database: Database) -> None:
    with pytest.raises(CloseRefused, match="nothing has been read"):
        database.write_now(close, OCTOBER, THIRD)


async def test_a_damaged_file_is_refused_instead_of_given(books: Books) -> None:
    closed(books)

    def damage(connection: Connection) -> None:
        connection.execute(text("UPDATE closed_file SET body = (SELECT max(body) FROM closed_file)"))

    books.database.write_now(damage)
    outcomes = []
    for kind in LEDGER_SHEETS:
        try:
            exported(books.database, kind, "2026-10")
        except StoreError as error:
            outcomes.append(str(error))
    assert len(outcomes) == 2, "the one whose bytes they are is right"
    assert all("damaged" in outcome for outcome in outcomes)


async def test_an_export_of_a_team_holds_that_team_and_what_is_below_it(books: Books) -> None:
    content, said = exported(books.database, Sheet.COST, "2026-10", team="Red")
    assert {row["team_id"] for row in rows(content)} == {"red"}
    assert sum(Decimal(row["billed_cost"]) for row in rows(content)) == Decimal("31.93")
    assert said.sha256 == hashlib.sha256(content).hexdigest()
    closed(books)
    assert exported(books.database, Sheet.COST, "2026-10", team="red")[0] == content
    with pytest.raises(NotFound, match="Blue"):
        exported(books.database, Sheet.COST, "2026-10", team="blau")


# --- with the simulated organisation behind the real client

DECEMBER = datetime(2026, 12, 3, 9, tzinfo=UTC)
RESTATED = date(2026, 11, 18)


async def _read(world: World, database: Database, now: datetime, *, since: date | None = None) -> SyncResult:
    world.now = now
    until = since + timedelta(days=1) if since else None
    result = await world.sync(database, backfill_days=40).run(now, since=since, until=until)
    assert not result.failures
    return result


def _dearer(cents: str) -> Any:
    """The cost report with so many more cents on the first amount of the restated day."""

    def change(body: dict[str, Any]) -> dict[str, Any]:
        for bucket in body["data"]:
            if bucket["starting_at"].startswith(RESTATED.isoformat()) and bucket["results"]:
                first = bucket["results"][0]
                first["amount"] = f"{Decimal(first['amount']) + Decimal(cents):f}"
        return body

    return mutate(change)


@with_the_server
async def test_a_restated_report_leaves_the_closed_files_and_comes_as_an_adjustment(
    world: World, database: Database
) -> None:
    configured(database)
    await _read(world, database, DECEMBER)
    database.write_now(close, NOVEMBER, DECEMBER)
    before = files(database, "2026-11", DECEMBER)
    sums = {kind: len(rows(content)) for kind, content in before.items()}
    assert all(sums.values())

    later = DECEMBER + timedelta(days=2)
    world.faults.next("cost_report", _dearer("123.45"), times=None)
    await _read(world, database, later, since=RESTATED)
    await _read(world, database, later + timedelta(hours=1), since=RESTATED)
    assert files(database, "2026-11", later) == before
    content, said = exported(database, Sheet.FOCUS, "this month", later)
    corrections = [row for row in rows(content) if row["ChargeClass"]]
    assert sum(Decimal(row["BilledCost"]) for row in corrections) == Decimal("1.2345")
    assert {(row["ChargeClass"], row["ChargePeriodStart"], row["BillingPeriodStart"]) for row in corrections} == {
        ("Correction", "2026-11-18T00:00:00Z", "2026-12-01T00:00:00Z")
    }
    assert "$1.23 of adjustments to November 2026, closed on 3 Dec." in said.notes
    december = database.read_now(ledger.figures, date(2026, 12, 1), date(2027, 1, 1))[""].billed_cost

    world.faults.heal()
    await _read(world, database, later + timedelta(days=1), since=RESTATED)
    healed = database.read_now(ledger.figures, date(2026, 12, 1), date(2027, 1, 1))[""].billed_cost
    assert december is not None
    assert healed is not None
    assert str(december - healed) == "1.2345"
    assert files(database, "2026-11", later) == before


@with_the_server
async def test_exports_add_up_to_the_answers(world: World, database: Database) -> None:
    configured(database)
    await world.synced(database)
    ask = Ask(database, "UTC")
    for words, team in (("this month", None), ("2026-11-05..2026-11-11", None), ("this month", "alpha")):
        answer = await ask.answer(f"team {team} {words}" if team else f"summary {words}", world.now)
        assert answer.report is not None
        total = answer.report.total
        cost, _ = exported(database, Sheet.COST, words, world.now, team)
        assert sum(Decimal(row["billed_cost"] or 0) for row in rows(cost)) == total.billed_cost.dollars  # type: ignore[union-attr]
        assert sum(Decimal(row["list_cost"] or 0) for row in rows(cost)) == total.list_cost.dollars  # type: ignore[union-attr]
        focus, said = exported(database, Sheet.FOCUS, words, world.now, team)
        assert sum(Decimal(row["BilledCost"]) for row in rows(focus)) == total.billed_cost.dollars  # type: ignore[union-attr]
        assert team or words != "this month" or any("priority tier are left out" in note for note in said.notes)
        usage, _ = exported(database, Sheet.USAGE, words, world.now, team)
        for name, count in (total.tokens or {}).items():
            assert sum(int(row[name]) for row in rows(usage)) == count
        assert cost == exported(database, Sheet.COST, words, world.now, team)[0]
