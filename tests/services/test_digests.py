"""Digests against a real ledger and a real Slack client: each occurrence once, as it was at its own moment."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.errors import NotFound, SettingsError
from bot.services.deliver import Deliverer
from bot.services.digests import Digests
from bot.slack.notifier import SlackNotifier, web_client
from bot.store.database import Database
from bot.store.deliveries import ABANDONED_AFTER
from tests.faults import hang
from tests.outside import BOT_TOKEN, GENERAL, OLD, Outside, until
from tests.services.books import Books

NINE = datetime(2026, 11, 19, 9, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
MORNING = """\
teams:
  - {id: alpha, name: Team Alpha, matches: [{workspace: alpha}]}
  - {id: beta, name: Team Beta, matches: [{workspace: beta}]}
digests:
  - {id: morning, channel: C0GENERAL, cadence: daily, at: "09:00"}
"""


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    database = Database(f"sqlite:///{tmp_path / 'books.db'}")
    yield kept(database)
    database.close()


def kept(database: Database) -> Books:
    """A fortnight in which Alpha spends as many dollars as the day of the month has."""
    books = Books(database)
    books.configure(MORNING)
    for day in range(5, 19):
        books.spend(date(2026, 11, day), alpha=f"{day}.00", beta="1.00")
    return books


Replica = Callable[[Database], Digests]


@pytest.fixture
def replica(outside: Outside) -> Replica:
    """Digests as one process has them, on its own database connection."""

    def build(database: Database) -> Digests:
        client = web_client(BOT_TOKEN, f"{outside.slack_url}/api/")
        return Digests(database, Deliverer(database, SlackNotifier(client, seconds_between_posts=0)), "UTC")

    return build


@pytest.fixture
def digests(books: Books, replica: Replica) -> Digests:
    return replica(books.database)


async def test_the_first_start_posts_nothing_that_was_due_before_it(outside: Outside, digests: Digests) -> None:
    assert await digests.run(NINE + timedelta(minutes=1)) == 0
    assert await digests.run(NINE + ONE_DAY - timedelta(seconds=1)) == 0
    assert outside.posted() == []
    assert await digests.run(NINE + ONE_DAY) == 1


async def test_a_digest_is_posted_once_when_it_is_due_with_the_day_before(outside: Outside, digests: Digests) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    assert await digests.run(NINE) == 1
    assert await digests.run(NINE + timedelta(minutes=1)) == 0
    (message,) = outside.posted(GENERAL)
    assert all(said in message.text for said in ("18 Nov", "$19.00", "Team Alpha"))
    assert {block["type"] for block in message.blocks} >= {"header", "actions"}


async def test_after_a_week_away_only_the_newest_missed_occurrence_is_posted(
    outside: Outside, books: Books, digests: Digests
) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    books.spend(date(2026, 11, 25), alpha="77.00")
    assert await digests.run(NINE + 7 * ONE_DAY + timedelta(hours=2)) == 1
    (message,) = outside.posted(GENERAL)
    assert "$77.00" in message.text
    assert list(books.deliveries()) == ["digest/morning/2026-11-26"]


async def test_a_digest_that_is_new_in_the_configuration_starts_with_its_next_occurrence(
    outside: Outside, books: Books, digests: Digests
) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    books.configure(MORNING + '  - {id: noon, channel: C0ALPHA, cadence: daily, at: "08:00"}\n', NINE)
    assert await digests.run(NINE) == 1
    assert list(books.deliveries()) == ["digest/morning/2026-11-19"]
    assert await digests.run(NINE + timedelta(hours=23)) == 1
    assert sorted(books.deliveries()) == ["digest/morning/2026-11-19", "digest/noon/2026-11-20"]


async def test_two_replicas_post_it_once(outside: Outside, database_url: str, replica: Replica) -> None:
    with ExitStack() as stack:
        one, other = Database(database_url), Database(database_url)
        stack.callback(one.close)
        stack.callback(other.close)
        kept(one)
        first, second = replica(one), replica(other)
        await first.run(NINE - timedelta(minutes=1))
        sent = await asyncio.gather(*(each.run(NINE) for each in (first, second, first, second)))
        assert sorted(sent) == [0, 0, 0, 1]
        assert len(outside.posted()) == 1


async def test_a_process_that_dies_between_claim_and_post_leaves_the_digest_to_one_other(
    outside: Outside, database_url: str, replica: Replica
) -> None:
    with ExitStack() as stack:
        one, other = Database(database_url), Database(database_url)
        stack.callback(one.close)
        stack.callback(other.close)
        books = kept(one)
        await replica(one).run(NINE - timedelta(minutes=1))
        outside.slack_faults.next("chat.postMessage", hang(30))
        dying = asyncio.create_task(replica(one).run(NINE))
        await until(lambda: outside.slack_faults.count("chat.postMessage"))
        dying.cancel()
        await asyncio.wait({dying})
        assert list(books.deliveries().values()) == ["sending"]
        assert await replica(other).run(NINE + ABANDONED_AFTER - timedelta(seconds=1)) == 0
        later = NINE + ABANDONED_AFTER + timedelta(seconds=1)
        survivors = (replica(one), replica(other))
        assert sum(await asyncio.gather(*(survivor.run(later) for survivor in survivors))) == 1
        assert len(outside.posted()) == 1


async def test_slacks_own_waiting_time_is_obeyed_and_the_digest_posted_once(
    outside: Outside, books: Books, digests: Digests
) -> None:
    outside.slack.fail_next("chat.postMessage", retry_after=1)
    started = time.monotonic()
    assert await digests.post("morning", NINE, NINE)
    assert time.monotonic() - started >= 1
    assert [call.status for call in outside.slack.calls if call.method == "chat.postMessage"] == [429, 200]
    assert len(outside.posted()) == 1


async def test_an_archived_channel_is_refused_for_ever_and_the_reason_written_down(
    outside: Outside, books: Books, digests: Digests
) -> None:
    books.configure(MORNING.replace(GENERAL, OLD), NINE - ONE_DAY)
    await digests.run(NINE - timedelta(minutes=1))
    assert await digests.run(NINE) == 0
    assert await digests.run(NINE + timedelta(hours=3)) == 0
    assert books.deliveries() == {"digest/morning/2026-11-19": "failed"}
    assert "archived" in books.errors()["digest/morning/2026-11-19"]
    assert len(outside.slack.calls) == 1


async def test_while_slack_is_down_a_digest_waits_longer_each_time_and_goes_out_once(
    outside: Outside, books: Books, digests: Digests
) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    outside.slack.fail_next("chat.postMessage", status=503, times=2)
    assert await digests.run(NINE) == 0
    assert await digests.run(NINE + timedelta(seconds=59)) == 0
    assert await digests.run(NINE + timedelta(seconds=60)) == 0
    assert len(outside.slack.calls) == 2
    assert await digests.run(NINE + timedelta(seconds=61)) == 0, "the second wait is longer than the first"
    assert len(outside.slack.calls) == 2
    assert await digests.run(NINE + timedelta(minutes=3)) == 1
    assert await digests.run(NINE + timedelta(hours=3)) == 0
    assert len(outside.posted()) == 1


async def test_a_late_digest_speaks_of_its_own_day_and_not_of_the_day_it_is_sent(
    outside: Outside, books: Books, digests: Digests
) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    on_time = await digests.preview("morning", NINE)
    books.spend(date(2026, 11, 19), alpha="500.00")
    late = NINE + timedelta(hours=20)
    assert await digests.run(late) == 1
    assert (await digests.preview("morning", late)).occurrence == on_time.occurrence
    (message,) = outside.posted()
    assert "18 Nov" in message.text
    assert "500" not in message.text
    assert on_time.answer.headline in message.text.replace("*", "")


async def test_posting_by_hand_is_the_same_occurrence(outside: Outside, digests: Digests) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    assert await digests.post("morning", NINE + timedelta(hours=1), NINE + timedelta(hours=1))
    assert not await digests.post("morning", NINE + timedelta(hours=1), NINE + timedelta(hours=1))
    assert await digests.run(NINE + timedelta(hours=1)) == 0
    assert len(outside.posted()) == 1


async def test_a_digest_nobody_configured_names_those_that_are(books: Books, digests: Digests) -> None:
    with pytest.raises(NotFound, match=r"mornin.*morning"):
        await digests.preview("mornin", NINE)
    books.configure("teams: []", NINE)
    with pytest.raises(NotFound, match="No digest is configured"):
        await digests.preview("morning", NINE)


async def test_without_slack_nothing_is_owed_by_a_post_that_could_not_be_made(books: Books) -> None:
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN"):
        await Digests(books.database, None, "UTC").post("morning", NINE, NINE)
    assert books.deliveries() == {}
