"""`trend`, `compare` and `export` over a ledger: what they show, whom they hide, and what they refuse."""

import csv
import io
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from bot.answers.answer import Amount
from bot.core.access import NOBODY, OPERATOR, Asker
from bot.core.errors import NotFound, Withheld, WordsError
from bot.core.money import ZERO
from bot.core.report import Figures
from bot.core.report import added as together
from bot.core.usage import LEDGER_SOURCES, Source, Surface
from bot.render.json import document
from bot.services import configuration
from bot.services.asking.ask import Ask
from bot.services.asking.receipts import Receipts
from bot.services.books.verify import Outcome
from bot.services.syncing.rebuild import rebuild_everything
from bot.store.database import Database
from tests.services.test_people import ANA, CFO, EMI, TEAMS, filled
from tests.services.test_people import NOW as LATER
from tests.services.world import DAYS, NOW, World, configured, fresh

with_the_server = pytest.mark.asyncio(loop_scope="module")
FIELDS = ("billed_cost", "list_cost")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def synced(running: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """Everything by the hour; only to be read."""
    with fresh(tmp_path_factory.mktemp("synced")) as database:
        configured(database)
        sync = running.sync(database, hourly_days=DAYS + 1, surface=Surface.ANALYTICS)
        assert (await sync.run(NOW, sources=(*LEDGER_SOURCES, Source.HOURS))).failures == []
        while running.clients:
            await running.clients.pop().close()
        yield database


async def told(database: Database, question: str, zone: str = "UTC") -> dict[str, Any]:
    return document(await Ask(database, zone).answer(question, NOW, OPERATOR))


def added(found: dict[str, Any], field: str) -> Decimal:
    return sum((Decimal(row[field]) for row in found["rows"]), Decimal(0))


@with_the_server
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("words", ["7d", "yesterday", "today", "2026-11-02..2026-11-20 by week", "2026-11 by month"])
async def test_every_step_of_a_trend_has_a_row_and_they_add_up_to_the_last_digit(
    synced: Database, words: str, zone: str
) -> None:
    found = await told(synced, f"trend team alpha {words}", zone)
    for field in FIELDS:
        assert added(found, field) == Decimal(found["total"][field])
    expected = {"7d": 7, "yesterday": 24, "2026-11-02..2026-11-20 by week": 3, "2026-11 by month": 1}
    if words in expected:
        assert len(found["rows"]) == expected[words]


@with_the_server
async def test_a_trend_says_what_the_days_and_the_whole_say_by_themselves(synced: Database) -> None:
    trend = await Ask(synced, "UTC").answer("trend alpha 7d", NOW, OPERATOR)
    assert trend.headline.startswith(("Team Alpha is up $", "Team Alpha is down $", "Team Alpha is level"))
    assert document(trend)["total"] == (await told(synced, "team alpha 7d"))["total"]
    for row in document(trend)["rows"]:
        assert row["billed_cost"] == (await told(synced, f"team alpha {row['id']}"))["total"]["billed_cost"]
    before = {
        row["id"]: row["billed_cost"]
        for row in (await told(synced, "team alpha 2026-11-09..2026-11-15 by day"))["rows"]
    }
    beside = [line[2] for line in trend.tables[0].rows]
    assert [str(cell.money) for cell in beside if isinstance(cell, Amount)][:6] == list(before.values())[:6]


@with_the_server
async def test_a_step_in_which_nothing_was_used_is_a_zero_in_a_trend(synced: Database) -> None:
    used = await told(synced, "key gamma-etl 2026-11-14..2026-11-15 by hour")
    found = await told(synced, "trend key gamma-etl 2026-11-14..2026-11-15 by hour")
    assert len(used["rows"]) < len(found["rows"]) == 48
    quiet = [row for row in found["rows"] if row["id"] not in {row["id"] for row in used["rows"]}]
    assert {(row["billed_cost"], row["tokens"]["total"]) for row in quiet} == {("0.0000", 0)}


async def test_a_step_that_was_not_read_is_not_a_zero_in_a_trend(database: Database) -> None:
    filled(database)
    answer = await Ask(database, "UTC").answer("trend team trio 2026-11-18..2026-11-20", LATER, OPERATOR)
    assert [row["billed_cost"] for row in document(answer)["rows"]] == [None, None, "28.0000"]


@with_the_server
async def test_a_longer_trend_goes_by_the_week_unless_asked(synced: Database) -> None:
    assert (await told(synced, "trend last 60 days"))["query"]["by"] == "week"
    assert (await told(synced, "trend last 200 days"))["query"]["by"] == "month"
    assert (await told(synced, "trend last 60 days by day"))["query"]["by"] == "day"


@with_the_server
@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("compare alpha beta 7d", ["Team Alpha", "Team Beta"]),
        ("compare beta alpha unallocated 7d", ["Team Beta", "Team Alpha", "unallocated"]),
        ("compare models opus-5-5 sonnet-5-5 7d", ["Claude Opus 5.5", "Claude Sonnet 5.5"]),
        ("compare claude-opus-5-5 'claude sonnet 5.5' yesterday", ["Claude Opus 5.5", "Claude Sonnet 5.5"]),
        ("compare keys website-chat alpha-triage 7d", ["website-chat", "alpha-triage"]),
    ],
)
async def test_what_is_compared_is_what_each_is_by_itself_and_has_a_receipt(
    synced: Database, question: str, names: list[str]
) -> None:
    answer = await Ask(synced, "UTC").answer(question, NOW, OPERATOR)
    found = document(answer)
    assert [row["name"] for row in found["rows"]] == names
    assert [column.title for column in answer.tables[0].columns][1:] == names
    for field in FIELDS:
        assert added(found, field) == Decimal(found["total"][field])
    for row in found["rows"]:
        kind = found["query"]["by"]
        alone = await told(synced, f"{kind} {row['id']} {question.rsplit(' ', 1)[1]}")
        assert {name: row[name] for name in (*FIELDS, "tokens")} == {
            name: alone["total"][name] for name in (*FIELDS, "tokens")
        }
    made = await Receipts(synced, "UTC").make(question, NOW, OPERATOR)
    assert made.receipt.residual.units == 0
    assert (await Receipts(synced, "UTC").verify(made.id)).outcome is Outcome.EQUAL


def test_what_used_nothing_is_nothing_together_and_what_was_not_read_is_unknown_together() -> None:
    rested, unread = Figures(ZERO, ZERO, {}, requests=0), Figures(ZERO, None)
    assert (together([rested, rested]).total_tokens, together([rested, rested]).requests) == (0, 0)
    assert together([rested, unread]).total_tokens == 0, "what is known in one part is not hidden"
    assert together([unread, unread]).total_tokens is None


@with_the_server
async def test_kinds_that_are_mixed_are_one_friendly_sentence(synced: Database) -> None:
    with pytest.raises(WordsError, match="“alpha” is a team and “opus-5-5” is a model: I put things of one kind"):
        await told(synced, "compare alpha opus-5-5")


@with_the_server
async def test_what_would_be_counted_twice_is_refused(synced: Database) -> None:
    with pytest.raises(WordsError, match="Team Alpha is part of The Group, so it would be counted twice"):
        await told(synced, "compare alpha group")
    with pytest.raises(WordsError, match="Both names are Team Alpha"):
        await told(synced, "compare alpha 'Team Alpha'")
    with pytest.raises(NotFound, match="There is no team “alpa”"):
        await told(synced, "compare alpa beta")


async def test_people_are_compared_only_by_who_may_see_them(database: Database) -> None:
    filled(database)
    ask = Ask(database, "UTC")
    words = "compare users ana ben 2026-11-20"

    async def billed(asker: Any) -> dict[str, Decimal]:
        rows = document(await ask.answer(words, LATER, asker))["rows"]
        return {row["name"]: Decimal(row["billed_cost"]) for row in rows}

    assert await billed(CFO) == {"Ana": 5, "Ben": 42}
    assert await billed(EMI) == {"Ana": 4, "Ben": 8}
    for question in (words, "compare ana ben 2026-11-20"):
        with pytest.raises(Withheld):
            await ask.answer(question, LATER)
    with pytest.raises(Withheld):
        await ask.answer(words, LATER, CFO, shared=True)
    reconfigured(database, TEAMS.format(rule="owners").replace("U0EMI", "ana@example.com"))
    assert await billed(ANA) == {"Ana": 4, "Ben": 8}  # Ana's whole beside Ben's part would compare nothing


async def test_a_file_whose_rows_would_be_a_single_persons_is_for_those_who_may_see_them(database: Database) -> None:
    filled(database)
    ask = Ask(database, "UTC")

    async def rows(words: str, asker: Asker) -> list[dict[str, str]]:
        answer = await ask.answer(f"export cost {words} 2026-11-20", LATER, asker)
        assert answer.file is not None
        return list(csv.DictReader(io.StringIO(answer.file.content.decode())))

    assert sum(Decimal(row["billed_cost"]) for row in await rows("", CFO)) == 255
    assert sum(Decimal(row["billed_cost"]) for row in await rows("share", CFO)) == 255  # the file is for CFO alone
    assert {row["team_id"] for row in await rows("team trio", EMI)} == {"trio"}
    assert len(await rows("team trio", NOBODY)) == 1  # three people in one row
    with pytest.raises(Withheld, match="single people"):
        await rows("user ana", NOBODY)
    with pytest.raises(Withheld, match="Rows of this file would be a single person's"):
        await rows("", NOBODY)  # in Mixed, what no key used is Ben's alone
    with pytest.raises(Withheld, match="Rows of this file would be a single person's"):
        await rows("team mixed", NOBODY)


def reconfigured(database: Database, teams: str) -> None:
    def change(connection: Connection) -> None:
        configuration.apply(connection, teams, "teams.yml", LATER)
        rebuild_everything(connection)

    database.write_now(change)


async def test_an_export_has_the_utc_days_of_the_dates_that_were_asked_for(database: Database) -> None:
    filled(database)
    for zone in ("America/Los_Angeles", "Pacific/Auckland"):
        answer = await Ask(database, zone).answer("export cost 2026-11-20", LATER, OPERATOR)
        assert answer.file is not None
        rows = list(csv.DictReader(io.StringIO(answer.file.content.decode())))
        assert {row["day"] for row in rows} == {"2026-11-20"}
        assert answer.file.name == "cost-2026-11-20..2026-11-20.csv"
