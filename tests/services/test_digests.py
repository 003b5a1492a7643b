"""Digests against a real ledger and a real Slack client: each occurrence once, as it was at its own moment."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.core.errors import NotFound, SettingsError, Withheld
from bot.core.schedule import Cadence, Digest
from bot.demo.slack_server import Message
from bot.render import terminal
from bot.services.deliver import SENT_AGAIN, Deliverer
from bot.services.digests.digests import Digests
from bot.slack.notifier import SlackNotifier, web_client
from bot.store import schema
from bot.store.database import Database
from bot.store.messages.deliveries import ABANDONED_AFTER
from tests import databases
from tests.databases import Preparation
from tests.faults import hang, status
from tests.outside import ANA, BEN, BOT_TOKEN, GENERAL, OLD, Outside, until
from tests.services.books import Books
from tests.services.test_people import TEAMS as PEOPLE
from tests.services.test_people import filled

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
    with databases.opened(databases.sqlite(tmp_path / "books.db", fortnight)) as database:
        yield Books(database)


def fortnight(database: Database) -> None:
    """A fortnight in which Alpha spends as many dollars as the day of the month has."""
    books = Books(database)
    books.configure(MORNING)
    for day in range(5, 19):
        books.spend(date(2026, 11, day), alpha=f"{day}.00", beta="1.00")


def days(books: Books) -> list[str]:
    """The occurrences of which there is a message."""
    return sorted(key for key in books.deliveries() if not key.endswith("/details"))


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
    assert outside.headlines() == []
    assert await digests.run(NINE + ONE_DAY) == 1


async def test_a_digest_is_posted_once_when_it_is_due_with_the_day_before(outside: Outside, digests: Digests) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    assert await digests.run(NINE) == 1
    assert await digests.run(NINE + timedelta(minutes=1)) == 0
    (message,) = outside.headlines(GENERAL)
    assert all(said in message.text for said in ("18 Nov", "$19.00", "Team Alpha"))
    assert {block["type"] for block in message.blocks} >= {"header", "actions"}


async def test_after_a_week_away_only_the_newest_missed_occurrence_is_posted(
    outside: Outside, books: Books, digests: Digests
) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    books.spend(date(2026, 11, 25), alpha="77.00")
    assert await digests.run(NINE + 7 * ONE_DAY + timedelta(hours=2)) == 1
    (message,) = outside.headlines(GENERAL)
    assert "$77.00" in message.text
    assert list(books.deliveries()) == ["digest/morning/2026-11-26", "digest/morning/2026-11-26/details"]


async def test_a_digest_that_is_new_in_the_configuration_starts_with_its_next_occurrence(
    outside: Outside, books: Books, digests: Digests
) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    books.configure(MORNING + '  - {id: noon, channel: C0ALPHA, cadence: daily, at: "08:00"}\n', NINE)
    assert await digests.run(NINE) == 1
    assert days(books) == ["digest/morning/2026-11-19"]
    assert await digests.run(NINE + timedelta(hours=23)) == 1
    assert days(books) == ["digest/morning/2026-11-19", "digest/noon/2026-11-20"]


async def test_two_replicas_post_it_once(
    outside: Outside, prepared_url: Callable[[Preparation], str], replica: Replica
) -> None:
    url = prepared_url(fortnight)
    with databases.opened(url) as one, databases.opened(url) as other:
        first, second = replica(one), replica(other)
        await first.run(NINE - timedelta(minutes=1))
        sent = await asyncio.gather(*(each.run(NINE) for each in (first, second, first, second)))
        assert sorted(sent) == [0, 0, 0, 1]
        assert len(outside.headlines()) == 1


async def test_a_process_that_dies_between_claim_and_post_leaves_the_digest_to_one_other(
    outside: Outside, prepared_url: Callable[[Preparation], str], replica: Replica
) -> None:
    url = prepared_url(fortnight)
    with databases.opened(url) as one, databases.opened(url) as other:
        books = Books(one)
        await replica(one).run(NINE - timedelta(minutes=1))
        outside.slack_faults.next("chat.postMessage", hang(30))
        dying = asyncio.create_task(replica(one).run(NINE))
        await until(lambda: outside.slack_faults.count("chat.postMessage"))
        dying.cancel()
        await asyncio.wait({dying})
        assert list(books.deliveries().values()) == ["sending"]
        assert await replica(other).run(NINE + ABANDONED_AFTER - timedelta(seconds=1)) == 0
        later = NINE + ABANDONED_AFTER + timedelta(minutes=1)
        survivors = (replica(one), replica(other))
        assert sum(await asyncio.gather(*(survivor.run(later) for survivor in survivors))) == 1
        assert len(outside.headlines()) == 1


async def test_slacks_own_waiting_time_is_obeyed_and_the_digest_posted_once(
    outside: Outside, books: Books, digests: Digests
) -> None:
    outside.slack.fail_next("chat.postMessage", retry_after=1)
    started = time.monotonic()
    assert await digests.post("morning", NINE, NINE)
    assert time.monotonic() - started >= 1
    assert [call.status for call in outside.slack.calls if call.method == "chat.postMessage"] == [429, 200, 200]
    assert len(outside.headlines()) == 1


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
    assert len(outside.headlines()) == 1


async def test_a_late_digest_speaks_of_its_own_day_and_not_of_the_day_it_is_sent(
    outside: Outside, books: Books, digests: Digests
) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    on_time = await digests.preview("morning", NINE)
    books.spend(date(2026, 11, 19), alpha="500.00")
    late = NINE + timedelta(hours=20)
    assert await digests.run(late) == 1
    assert (await digests.preview("morning", late)).occurrence == on_time.occurrence
    (message,) = outside.headlines()
    assert "18 Nov" in message.text
    assert "500" not in message.text
    assert on_time.answer.headline in message.text.replace("*", "")


async def test_posting_by_hand_is_the_same_occurrence(outside: Outside, digests: Digests) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    assert await digests.post("morning", NINE + timedelta(hours=1), NINE + timedelta(hours=1))
    assert not await digests.post("morning", NINE + timedelta(hours=1), NINE + timedelta(hours=1))
    assert await digests.run(NINE + timedelta(hours=1)) == 0
    assert len(outside.headlines()) == 1


async def test_posting_by_hand_does_not_wait_for_the_next_try(outside: Outside, digests: Digests) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    outside.slack.fail_next("chat.postMessage", error="service_unavailable")
    assert await digests.run(NINE) == 0
    assert await digests.post("morning", NINE, NINE + timedelta(seconds=5))
    assert len(outside.headlines()) == 1


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


# --- a thread, a person, what may not be seen

TO_ANA = MORNING.replace("channel: C0GENERAL", "to: ana@example.com, scope: all")
LATER = NINE + timedelta(minutes=2)


async def as_usual(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def threads(outside: Outside) -> list[Message]:
    return [one for one in outside.posted() if one.thread_ts]


async def test_what_slack_did_not_take_is_said_as_it_stands_when_it_is_sent_again(
    outside: Outside, books: Books, digests: Digests
) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    outside.slack_faults.next("chat.postMessage", status(503))
    assert await digests.run(NINE) == 0
    books.configure(MORNING.replace("Team Alpha", "Team Atlas"), NINE)
    assert await digests.run(LATER) == 1
    (message,) = outside.headlines(GENERAL)
    assert "Team Atlas" in message.text
    assert "Team Alpha" not in message.text


async def test_the_details_stand_in_the_thread_and_come_later_if_they_must(outside: Outside, digests: Digests) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    outside.slack_faults.next("chat.postMessage", as_usual)
    outside.slack_faults.next("chat.postMessage", status(503))
    assert await digests.run(NINE) == 1
    assert threads(outside) == []
    assert await digests.run(LATER) == 1
    assert await digests.run(LATER + ONE_DAY / 2) == 0
    (headline,), (details,) = outside.headlines(GENERAL), threads(outside)
    assert (details.channel, details.thread_ts) == (GENERAL, headline.ts)
    assert "By model" in str(details.blocks)


@pytest.mark.parametrize(
    ("configuration", "history", "times"), [(TO_ANA, False, 1), (MORNING, True, 1), (MORNING, False, 2)], ids=str
)
async def test_a_message_whose_answer_was_lost_is_looked_for_where_the_bot_may_look(
    outside: Outside, books: Books, digests: Digests, configuration: str, history: bool, times: int
) -> None:
    books.configure(configuration, NINE - ONE_DAY)
    outside.slack.channels_history = history
    await digests.run(NINE - timedelta(minutes=1))
    outside.slack.fail_next("chat.postMessage", status=500, after_accepting=True)
    assert await digests.run(NINE) == 0
    assert await digests.run(LATER) == 1
    assert set(books.deliveries().values()) == {"sent"}
    assert [SENT_AGAIN in str(one.blocks) for one in outside.headlines()] == [False, True][:times]
    assert threads(outside)[-1].thread_ts == outside.headlines()[-1].ts


async def test_a_message_is_found_whatever_slacks_clock_says(outside: Outside, books: Books, digests: Digests) -> None:
    outside.slack.channels_history = True
    await digests.run(NINE - timedelta(minutes=1))
    outside.clock.now = NINE - timedelta(days=20)
    outside.slack.fail_next("chat.postMessage", status=500, after_accepting=True)
    assert await digests.run(NINE) == 0
    assert await digests.run(LATER) == 1
    assert len(outside.headlines(GENERAL)) == 1


async def test_where_slack_takes_messages_and_can_not_be_asked_for_them_one_is_sent_again_and_says_so(
    outside: Outside, books: Books, digests: Digests
) -> None:
    await digests.run(NINE - timedelta(minutes=1))
    outside.slack.fail_next("chat.postMessage", status=500, after_accepting=True)
    outside.slack_faults.next("conversations.history", status(404, body="no such thing"), times=None)
    minutes = range(0, 17)
    assert [minute for minute in minutes if await digests.run(NINE + timedelta(minutes=minute))] == [15]
    assert [SENT_AGAIN in str(one.blocks) for one in outside.headlines(GENERAL)] == [False, True]


async def test_a_database_that_is_away_for_a_moment_makes_nothing_go_out_twice(
    outside: Outside, postgresql: str, postgresql_url: str, replica: Replica
) -> None:
    database, name = Database(postgresql_url), postgresql_url.split("/")[3].split("?")[0]
    schema.migrate(database)
    fortnight(database)
    books, digests = Books(database), replica(database)
    await digests.run(NINE - timedelta(minutes=1))

    def open_(allowed: bool) -> None:
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {allowed}")
            if not allowed:
                query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                connection.execute(query, (name,))

    async def gone_for_a_second(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        open_(False)
        threading.Timer(0.8, open_, (True,)).start()
        await app(scope, receive, send)

    outside.slack_faults.next("chat.postMessage", gone_for_a_second)
    assert await digests.run(NINE) == 1
    assert set(books.deliveries().values()) == {"sent"}
    assert len(outside.headlines()) == len(threads(outside)) == 1
    database.close()


async def test_a_place_that_can_not_be_reached_is_told_to_the_admins_once_and_again_after_it_could(
    outside: Outside, books: Books, digests: Digests
) -> None:
    books.configure("admins: [ben@example.com]\n" + MORNING.replace(GENERAL, OLD), NINE - ONE_DAY)
    archived = outside.slack.channels[OLD]
    await digests.run(NINE - timedelta(minutes=1))
    told = []
    for day, open_ in enumerate((False, False, True, False)):
        now = NINE + day * ONE_DAY
        outside.slack.channels[OLD] = replace(archived, archived=not open_)
        await digests.run(now)
        told.append(len(outside.posted(outside.slack.dms.get(BEN, ""))))
    assert told == [1, 1, 1, 2]
    first, second = outside.posted(outside.slack.dms[BEN])
    assert all(said in first.text for said in (OLD, "archived"))
    assert "Digest morning of 22 Nov" in second.text


async def test_a_draft_and_a_test_of_it_are_remembered_nowhere(
    outside: Outside, books: Books, digests: Digests
) -> None:
    draft = Digest("new", "C0ALPHA", Cadence.WEEKLY, NINE.time(), None, team="alpha")
    before = books.database.read_now(contents)
    built = await digests.draft(draft, NINE)
    await digests.send_test(draft, NINE, ANA)
    assert books.database.read_now(contents) == before
    assert "Weekly digest: Team Alpha, 9–15 Nov" in built.answer.title
    headline, details = outside.posted(outside.slack.dms[ANA])
    assert details.thread_ts == headline.ts


def contents(connection: Connection) -> list[list[Any]]:
    """Everything that sending and scheduling remember."""
    tables = ("delivery", "milestone", "configuration")
    return [[tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))] for table in tables]


async def test_a_person_gets_their_own_figures_and_a_channel_gets_nobodys(migrated_url: str) -> None:
    database = Database(migrated_url)
    filled(database)
    more = """
  - {id: solo, name: Solo, matches: [{user: chiara@example.com}]}
digests:
  - {id: mine, to: ana@example.com, cadence: daily}
  - {id: nobody, to: zoe@example.com, cadence: daily}
  - {id: trio, channel: C0ALPHA, cadence: daily, scope: {team: trio}}
  - {id: solo, channel: C0ALPHA, cadence: daily, scope: {team: solo}}
  - {id: boss, to: cfo@example.com, cadence: daily, scope: {team: solo}}
"""
    Books.reconfigure(database, PEOPLE.format(rule="owners") + more)
    digests, at = Digests(database, None, "UTC"), datetime(2026, 11, 21, 10, tzinfo=UTC)
    mine = await digests.preview("mine", at)
    assert "Ana spent $5.00 on Friday 20 November" in mine.answer.headline
    assert "ben" not in terminal.text(mine.answer).casefold()
    shown = await digests.preview("trio", at)
    assert "$12.00" in shown.answer.headline, "the sum of two, as chiara has a team of her own"
    assert not any(name in str((shown.answer, shown.details)) for name in ("user_ana", "Ana", "Ben"))
    with pytest.raises(Withheld, match="single person"):
        await digests.preview("solo", at)
    assert "$16.00" in (await digests.preview("boss", at)).answer.headline
    with pytest.raises(NotFound, match=r"e-mail address of zoe@example\.com"):
        await digests.preview("nobody", at)
    database.close()
