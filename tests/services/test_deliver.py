"""What becomes of one owed message: claimed by one, built when it goes out, and its end written down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.answers.answer import Answer
from bot.core.errors import NotFound, StoreUnavailable
from bot.services import outbox
from bot.services.deliver import LAST_RETRY, Deliverer, Message, Posted
from bot.slack.notifier import SlackNotifier, web_client
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.store.messages.deliveries import Delivery, State
from tests import databases
from tests.outside import ANA, BOT_TOKEN, GENERAL, Outside

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
KEY = "digest/morning/2026-11-22"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(databases.sqlite(tmp_path / "test.db"))
    database.write_now(deliveries.owe, KEY, NOW)
    yield database
    database.close()


@pytest.fixture
def deliverer(outside: Outside, database: Database) -> Deliverer:
    client = web_client(BOT_TOKEN, f"{outside.slack_url}/api/")
    return Deliverer(database, SlackNotifier(client, seconds_between_posts=0))


async def to_the_channel(key: str) -> Message:
    return Message(Answer(title="Morning", headline=f"This is {key}."), channel=GENERAL)


async def to_ana(key: str) -> Message:
    return Message(Answer(title="Over the limit", headline="Look."), receiver="ana@example.com", topic="alert/1/")


def became(database: Database, key: str = KEY) -> Delivery:
    found = database.read_now(deliveries.find, key)
    assert found is not None
    return found


async def test_a_message_that_went_out_remembers_where_slack_put_it(
    outside: Outside, database: Database, deliverer: Deliverer
) -> None:
    assert await deliverer.send(KEY, to_the_channel, NOW)
    (message,) = outside.posted()
    assert became(database) == Delivery(KEY, State.SENT, 1, GENERAL, message.ts, None)
    assert KEY in message.text


async def test_a_message_that_nobody_is_owed_is_not_sent(outside: Outside, deliverer: Deliverer) -> None:
    assert not await deliverer.send("digest/other/2026-11-22", to_the_channel, NOW)
    assert outside.slack.calls == []


def test_every_kind_of_message_has_words_of_its_own_and_a_count(database: Database) -> None:
    keys = (
        "alert/1/1/ana@example.com",
        "csv/U0ANA/1",
        "digest/morning/2026-11-22",
        "reconcile/2026-11-22/ben@example.com",
        "share/C0GENERAL/1",
        "undelivered/C0OLD/ben@example.com",
        "unowned/2026-11-23/ben@example.com",
    )
    for key in keys:
        assert database.read_now(outbox.said, key) != key
        database.write_now(deliveries.owe, key, NOW)
    assert {kind for kind, _ in database.read_now(deliveries.counted)} == {key.split("/")[0] for key in keys}


async def test_a_person_is_told_in_their_direct_messages(
    outside: Outside, database: Database, deliverer: Deliverer
) -> None:
    assert await deliverer.send(KEY, to_ana, NOW)
    assert became(database).channel == outside.slack.dms[ANA]


async def test_the_pause_between_tries_grows_to_an_hour_and_no_further(
    outside: Outside, database: Database, deliverer: Deliverer
) -> None:
    """Two days of it: a token that was revoked on a Friday evening."""
    outside.slack.fail_next("chat.postMessage", error="ratelimited", times=50)
    at, pauses = NOW, []
    for _ in range(50):
        assert not await deliverer.send(KEY, to_the_channel, at)
        tried = at
        while not database.read_now(deliveries.due, at):
            at += timedelta(minutes=1)
        pauses.append((at - tried) / timedelta(minutes=1))
    assert pauses[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(pauses[7:]) == {LAST_RETRY / timedelta(minutes=1)}
    assert await deliverer.send(KEY, to_the_channel, at)
    assert became(database).attempts == 51


async def test_a_refusal_that_nobody_knows_is_tried_for_two_hours_and_then_given_up(
    outside: Outside, database: Database, deliverer: Deliverer
) -> None:
    outside.slack.fail_next("chat.postMessage", error="mercury_is_retrograde", times=20)
    at = NOW
    while became(database).state is not State.FAILED:
        assert not await deliverer.send(KEY, to_the_channel, at)
        at += timedelta(minutes=1)
    assert became(database).error == "Slack refused the message (mercury_is_retrograde)."
    assert (became(database).attempts, at - NOW) == (8, timedelta(minutes=124))


async def test_what_can_never_be_built_is_given_up_with_its_sentence(
    outside: Outside, database: Database, deliverer: Deliverer
) -> None:
    async def gone(_key: str) -> Message:
        raise NotFound("The digest morning is gone.")

    assert not await deliverer.send(KEY, gone, NOW)
    assert (became(database).state, became(database).error) == (State.FAILED, "The digest morning is gone.")


async def test_what_can_not_be_built_right_now_is_tried_again(
    outside: Outside, database: Database, deliverer: Deliverer
) -> None:
    async def busy(_key: str) -> Message:
        raise StoreUnavailable("The database is locked.")

    assert not await deliverer.send(KEY, busy, NOW)
    assert became(database).state is State.WAITING
    assert await deliverer.send(KEY, to_the_channel, NOW + timedelta(minutes=1))


async def test_what_is_out_when_the_database_goes_away_is_written_down_once_it_is_back(
    outside: Outside, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_connection: Connection) -> None:
        raise StoreUnavailable

    class Unlucky(SlackNotifier):
        """Nothing can be written from when Slack has the message."""

        async def post(self, *args: Any, **said: Any) -> Posted:
            posted = await super().post(*args, **said)
            monkeypatch.setattr(database, "may_write", away)
            return posted

    monkeypatch.setattr("bot.services.deliver._PAUSES", (0.01,))
    deliverer = Deliverer(database, Unlucky(web_client(BOT_TOKEN, f"{outside.slack_url}/api/")))
    with pytest.raises(StoreUnavailable):
        await deliverer.send(KEY, to_the_channel, NOW)
    monkeypatch.undo()
    assert became(database).state is State.SENDING
    assert await deliverer.send_all([], to_the_channel, NOW + timedelta(minutes=1)) == 0
    (message,) = outside.posted()
    assert became(database) == Delivery(KEY, State.SENT, 1, GENERAL, message.ts, None)


async def test_a_refused_bot_token_is_written_down_without_the_token(outside: Outside, database: Database) -> None:
    client = web_client("xoxb-of-somebody-else", f"{outside.slack_url}/api/")
    assert not await Deliverer(database, SlackNotifier(client)).send(KEY, to_the_channel, NOW)
    error = became(database).error or ""
    assert "SLACK_BOT_TOKEN" in error
    assert "somebody-else" not in error
