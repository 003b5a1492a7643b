"""Several alerts for one receiver are one message: told once each, whatever happens to it or to any of them."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.core.access import OPERATOR
from bot.core.alerts.feedback import Until
from bot.services.alerts.alerts import Alerts
from bot.services.deliver import Deliverer
from bot.slack.notifier import SlackNotifier, web_client
from bot.slack.people import SlackPeople
from bot.store.database import Database
from bot.store.messages.deliveries import ABANDONED_AFTER
from tests import databases
from tests.faults import hang
from tests.outside import ANA, BEN, BOT_TOKEN, Outside, until
from tests.services.books import Books
from tests.services.test_alerts import DAY, MORNING, ONE_DAY, told

CONFIGURATION = """\
admins: [ben@example.com]
teams:
  - {id: alpha, name: Team Alpha, owners: [ana@example.com], matches: [{workspace: alpha}]}
  - {id: beta, name: Team Beta, owners: [ana@example.com], matches: [{workspace: beta}]}
  - {id: gamma, name: Team Gamma, owners: [ana@example.com], matches: [{workspace: gamma}]}
alerts:
  - {id: cap, metric: cost, kind: threshold, above: 200.00, window: 1d, scope: each_team}
"""
TOGETHER = "alert/together/1/ana@example.com"


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    database = Database(databases.sqlite(tmp_path / "books.db"))
    yield Books(database)
    database.close()


def process(outside: Outside, database: Database) -> Alerts:
    client = web_client(BOT_TOKEN, f"{outside.slack_url}/api/")
    deliverer = Deliverer(database, SlackNotifier(client, seconds_between_posts=0))
    return Alerts(database, deliverer, "UTC", SlackPeople(client, outside.clock))


@pytest.fixture
def alerts(books: Books, outside: Outside) -> Alerts:
    return process(outside, books.database)


def lines(books: Books) -> set[str]:
    """The lines that the messages waited in."""
    with books.database.engine.connect() as connection:
        return set(connection.execute(text("SELECT place FROM delivery")).scalars())


async def test_what_fires_at_once_is_one_message_and_what_resolves_at_once_another(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(CONFIGURATION)
    books.spend(DAY, alpha="231.50", beta="300.00", gamma="12.00")
    assert await alerts.run(MORNING) == 1
    (message,) = told(outside, ANA)
    assert message.startswith("⚠️ 2 alerts\nBoth of them fire.")
    assert all(words in message for words in ("Team Alpha spent $231.50", "Team Beta spent $300.00"))
    assert await alerts.run(MORNING + timedelta(minutes=1)) == 0
    assert books.deliveries() == {
        "alert/1/1/ana@example.com": "sent",
        "alert/2/2/ana@example.com": "sent",
        TOGETHER: "sent",
    }
    books.spend(DAY + ONE_DAY, alpha="1.00", beta="2.00", gamma="3.00")
    assert await alerts.run(MORNING + ONE_DAY) == 1
    assert told(outside, ANA)[1].startswith("2 alerts\nNone of them fires.")


async def test_one_alone_is_a_message_as_ever(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(CONFIGURATION)
    books.spend(DAY, alpha="231.50", beta="3.00")
    assert await alerts.run(MORNING) == 1
    assert told(outside, ANA)[0].startswith("⚠️ Team Alpha is over its limit")
    books.spend(DAY, alpha="231.50", beta="300.00")
    assert await alerts.run(MORNING + timedelta(minutes=1)) == 1
    assert told(outside, ANA)[1].startswith("⚠️ Team Beta is over its limit")
    assert not [key for key in books.deliveries() if "together" in key]


async def test_each_receiver_gets_those_that_are_for_them(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure(CONFIGURATION.replace("Beta, owners: [ana@example.com]", "Beta, owners: [ana@example.com, U0BEN]"))
    books.spend(DAY, alpha="231.50", beta="300.00", gamma="400.00")
    assert await alerts.run(MORNING) == 2
    assert told(outside, ANA)[0].startswith("⚠️ 3 alerts")
    assert told(outside, BEN)[0].startswith("⚠️ Team Beta")


async def test_one_person_under_two_names_is_told_of_each_once(outside: Outside, books: Books, alerts: Alerts) -> None:
    """Under the second name only what the first one did not have is left."""
    named = CONFIGURATION.replace("Beta, owners: [ana@example.com]", "Beta, owners: [ana@example.com, U0ANA]")
    books.configure(named.replace("Gamma, owners: [ana@example.com]", "Gamma, owners: [U0ANA]"))
    books.spend(DAY, alpha="231.50", beta="300.00", gamma="400.00")
    assert await alerts.run(MORNING) == 2
    messages = told(outside, ANA)
    assert [sum(team in one for one in messages) for team in ("Team Alpha", "Team Beta", "Team Gamma")] == [1, 1, 1]
    states = [state for key, state in books.deliveries().items() if "together" not in key]
    assert sorted(states) == ["sent", "sent", "sent", "skipped"]
    assert len(lines(books)) == 1, "both at once would not know of each other"
    assert await alerts.run(MORNING + timedelta(hours=2)) == 0


async def test_a_receiver_who_cannot_be_told_falls_through_for_each(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(CONFIGURATION.replace("ana@example.com", "nobody@example.com"))
    books.spend(DAY, alpha="231.50", beta="300.00")
    assert await alerts.run(MORNING) == 1
    message, notice = told(outside, BEN)
    assert message.startswith("⚠️ 2 alerts")
    assert "Messages do not reach nobody@example.com" in notice
    assert message.count("nobody@example.com should have been told") == 2
    assert await alerts.run(MORNING + timedelta(hours=1)) == 0
    assert [key for key in books.deliveries() if key.startswith("undelivered/")] == [
        "undelivered/nobody@example.com/ben@example.com"
    ]


async def test_what_was_corrected_while_slack_was_away_is_left_out(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(CONFIGURATION)
    books.spend(DAY, alpha="231.50", beta="300.00", gamma="400.00")
    outside.slack.fail_next("chat.postMessage", status=503)
    assert await alerts.run(MORNING) == 0
    books.spend(DAY, alpha="231.50", beta="3.00", gamma="4.00")
    assert await alerts.run(MORNING + timedelta(minutes=2)) == 1
    (message,) = told(outside, ANA)
    assert message.startswith("⚠️ Team Alpha is over its limit")
    assert await alerts.run(MORNING + timedelta(minutes=20)) == 0


async def test_nothing_goes_out_where_nothing_of_it_holds_any_more(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(CONFIGURATION)
    books.spend(DAY, alpha="231.50", beta="300.00")
    outside.slack.fail_next("chat.postMessage", status=503)
    assert await alerts.run(MORNING) == 0
    books.spend(DAY, alpha="1.50", beta="3.00")
    assert await alerts.run(MORNING + timedelta(minutes=2)) == 0
    assert outside.posted() == []
    assert set(books.deliveries().values()) == {"skipped"}


async def test_two_replicas_gather_the_same_once(outside: Outside, migrated_url: str) -> None:
    with databases.opened(migrated_url) as one, databases.opened(migrated_url) as other:
        books = Books(one)
        books.configure(CONFIGURATION)
        books.spend(DAY, alpha="300.00", beta="300.00", gamma="300.00")
        first, second = process(outside, one), process(outside, other)
        sent = await asyncio.gather(*(each.run(MORNING) for each in (first, second, first, second)))
        assert sum(sent) == 1
        assert told(outside, ANA)[0].startswith("⚠️ 3 alerts")


async def test_a_process_that_dies_leaves_all_of_it_to_another(outside: Outside, migrated_url: str) -> None:
    with databases.opened(migrated_url) as one, databases.opened(migrated_url) as other:
        books = Books(one)
        books.configure(CONFIGURATION)
        books.spend(DAY, alpha="300.00", beta="300.00")
        outside.slack_faults.next("/api/conversations.open", hang(30))
        dying = asyncio.create_task(process(outside, one).run(MORNING))
        await until(lambda: outside.slack_faults.count("conversations.open"))
        dying.cancel()
        await asyncio.wait({dying})
        assert set(books.deliveries().values()) == {"sending"}
        early, later = (MORNING + ABANDONED_AFTER + timedelta(seconds=by) for by in (-1, 1))
        assert await process(outside, other).run(early) == 0
        survivors = (process(outside, one), process(outside, other))
        assert sum(await asyncio.gather(*(survivor.run(later) for survivor in survivors))) == 1
        assert told(outside, ANA)[0].startswith("⚠️ 2 alerts")
        assert set(books.deliveries().values()) == {"sent"}


async def test_what_slack_took_before_its_answer_was_lost_is_found_again(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(CONFIGURATION)
    books.spend(DAY, alpha="300.00", beta="300.00")
    outside.slack.fail_next("chat.postMessage", status=500, after_accepting=True)
    await alerts.run(MORNING)
    await alerts.run(MORNING + timedelta(minutes=2))
    assert len(told(outside, ANA)) == 1
    assert set(books.deliveries().values()) == {"sent"}


async def test_what_waited_for_the_morning_is_one_message(outside: Outside, books: Books, alerts: Alerts) -> None:
    books.configure('quiet_hours: {from: "22:00", until: "08:00"}\n' + CONFIGURATION)
    books.spend(DAY, alpha="300.00", beta="3.00")
    assert await alerts.run(MORNING - timedelta(hours=2)) == 0
    books.spend(DAY, alpha="300.00", beta="300.00")
    assert await alerts.run(MORNING - timedelta(hours=1)) == 0
    assert await alerts.run(MORNING + timedelta(hours=2)) == 1
    assert told(outside, ANA)[0].startswith("⚠️ 2 alerts")


async def test_each_press_acts_on_its_own_and_the_message_shows_all_of_them(
    outside: Outside, books: Books, alerts: Alerts
) -> None:
    books.configure(CONFIGURATION)
    books.spend(DAY, alpha="300.00", beta="300.00")
    await alerts.run(MORNING)
    await alerts.acknowledge(1, OPERATOR, MORNING)
    await alerts.silence(2, Until.DAY, OPERATOR, MORNING)
    (copy,) = await alerts.copies(2, MORNING)
    first, second = copy.answer.parts
    assert "acknowledged it" in first.paragraphs[0]
    assert "silenced it" in second.paragraphs[0]
    assert (first.episode, second.episode) == (1, 2)
    books.spend(DAY + ONE_DAY, alpha="1.00", beta="300.00")
    assert await alerts.run(MORNING + ONE_DAY) == 1, "what changes later is told by itself"
    assert told(outside, ANA)[1].startswith("Team Alpha is back to normal")
