"""The listeners, over signed HTTP and over Socket Mode alike: people are answered, whatever goes wrong."""

import asyncio
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.core.errors import StoreUnavailable
from bot.demo.slack_server import COMMAND, Message
from bot.slack import metering, reply
from tests import outside as world
from tests.outside import ALPHA, ANA, APP_TOKEN, BEN, BOT_TOKEN, GENERAL, Outside, moved, until, without_secrets

over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
"""For what lies behind the transport: once is enough."""

Logged = Callable[[], list[dict[str, Any]]]


async def asked(outside: Outside, text: str, who: str = ANA, where: str = ALPHA) -> Message:
    """What comes of `/claude-usage TEXT`."""
    before = len(outside.posted())
    delivery = await outside.does(outside.slack.command(who, where, COMMAND, text))
    assert (delivery.status, delivery.body) == (200, "")
    await until(lambda: len(outside.posted()) > before)
    return outside.posted()[-1]


async def pressed(outside: Outside, message: Message, action: str, who: str = ANA) -> None:
    calls = len(outside.slack.calls)
    delivery = await outside.does(outside.slack.press(who, message.ts, action))
    assert delivery.status == 200
    await until(lambda: len(outside.slack.calls) > calls)


def kinds(message: Message) -> list[str]:
    return [block["type"] for block in message.blocks]


def buttons(message: Message) -> dict[str, str]:
    """The question behind each button."""
    actions = [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]
    return {element["action_id"]: element["value"] for element in actions}


@pytest.mark.usefixtures("bot")
async def test_a_command_is_acknowledged_at_once_and_answered_to_the_asker_alone(outside: Outside) -> None:
    answer = await asked(outside, "team alpha")
    assert answer.ephemeral_to == ANA
    assert "Team Alpha" in answer.text
    assert re.search(r"\$\d", answer.text)
    assert {"header", "table", "data_visualization", "actions"} <= set(kinds(answer))
    assert outside.slack.visible_to(BEN) == []


@over_http
@pytest.mark.usefixtures("bot")
async def test_an_answer_may_take_longer_than_slack_waits_for_the_acknowledgement(outside: Outside) -> None:
    outside.slack.ack_seconds = 1.0
    delivery = await outside.does(outside.slack.command(ANA, ALPHA, COMMAND, "summary"))
    assert delivery.status == 200
    assert delivery.seconds < 1
    await until(outside.posted)


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_team_that_does_not_exist_lists_the_closest_three(outside: Outside) -> None:
    answer = await asked(outside, "team alfa")
    assert answer.ephemeral_to == ANA
    assert "alfa" in answer.text
    assert "Team Alpha" in answer.text
    assert sum(name in answer.text for name in ("Alpha", "Beta", "Gamma", "Delta", "unallocated")) == 3


@over_http
@pytest.mark.usefixtures("bot")
async def test_words_it_does_not_know_get_the_nearest_ones(outside: Outside) -> None:
    answer = await asked(outside, "taem alpha")
    assert answer.ephemeral_to == ANA
    assert "Did you mean" in answer.text
    assert "team alpha" in answer.text


@over_http
@pytest.mark.usefixtures("bot")
async def test_words_that_are_markup_come_back_as_the_words_they_are(outside: Outside) -> None:
    answer = await asked(outside, "team <!channel>")
    assert "<!channel>" not in answer.text
    assert "<!channel>" not in str([block for block in answer.blocks if "mrkdwn" in str(block)])


@pytest.mark.usefixtures("bot")
async def test_the_word_share_answers_in_the_channel(outside: Outside) -> None:
    answer = await asked(outside, "team alpha share")
    assert answer.ephemeral_to is None
    assert answer.channel == ALPHA
    assert answer in outside.slack.visible_to(BEN)


@pytest.mark.usefixtures("bot")
async def test_a_follow_up_takes_the_place_of_ones_own_answer(outside: Outside) -> None:
    answer = await asked(outside, "team alpha")
    question = buttons(answer)["ask:0"]
    await pressed(outside, answer, "ask:0")
    await until(lambda: outside.posted()[-1].text != answer.text)
    (now,) = outside.posted()
    assert (now.ts, now.ephemeral_to) == (answer.ts, ANA)
    assert now.text == (await asked(outside, question)).text


@pytest.mark.usefixtures("bot")
async def test_a_follow_up_never_takes_the_place_of_what_a_channel_reads(outside: Outside) -> None:
    shared = await asked(outside, "team alpha share")
    await pressed(outside, shared, "ask:0", BEN)
    await until(lambda: len(outside.posted()) == 2)
    first, second = outside.posted()
    assert (first.text, first.edited) == (shared.text, False)
    assert (second.ephemeral_to, second.channel) == (BEN, ALPHA)


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_follow_up_in_a_direct_message_leaves_the_alert_standing(outside: Outside) -> None:
    shared = await asked(outside, "team alpha")
    alert = outside.slack.post(outside.slack.dm_of(ANA), shared.user, "Over the limit", blocks=shared.blocks)
    await pressed(outside, alert, "ask:1")
    await until(lambda: len(outside.posted()) == 3)
    assert alert in outside.posted()
    assert outside.posted()[-1].ephemeral_to == ANA


@pytest.mark.usefixtures("bot")
async def test_the_share_button_shows_the_answer_to_the_channel_and_keeps_ones_own(outside: Outside) -> None:
    answer = await asked(outside, "team alpha")
    await pressed(outside, answer, "share")
    await until(lambda: len(outside.posted()) == 2)
    own, shared = outside.posted()
    assert (own.ts, own.ephemeral_to, own.text) == (answer.ts, ANA, answer.text)
    assert (shared.ephemeral_to, shared.channel, shared.text) == (None, ALPHA, answer.text)


@pytest.mark.usefixtures("bot")
async def test_the_receipt_button_shows_what_the_figures_rest_on_to_the_asker_alone(outside: Outside) -> None:
    answer = await asked(outside, "team alpha yesterday share")
    assert buttons(answer)["receipt"].startswith("team alpha yesterday")
    await pressed(outside, answer, "receipt", BEN)
    await until(lambda: len(outside.posted()) == 2)
    shared, receipt = outside.posted()
    assert (receipt.ephemeral_to, receipt.channel) == (BEN, ALPHA)
    assert shared.text == answer.text
    assert "Receipt" in receipt.text
    assert "claude-usage verify" in str(receipt.blocks)
    assert "nothing is left over" in receipt.text
    assert without_secrets(str(receipt.blocks)) == {}


@pytest.mark.usefixtures("bot")
async def test_a_button_pressed_twice_is_harmless(outside: Outside) -> None:
    answer = await asked(outside, "team alpha")
    await pressed(outside, answer, "ask:0")
    await until(lambda: outside.posted()[-1].text != answer.text)
    twice = [outside.does(outside.slack.press(ANA, answer.ts, "share")) for _ in range(2)]
    await asyncio.gather(*twice)
    await until(lambda: len(outside.posted()) == 3)
    own, *others = outside.posted()
    (shared,) = [message for message in others if message.ephemeral_to is None]
    (note,) = [message for message in others if message.ephemeral_to == ANA]
    assert (shared.text, note.text) == (own.text, "This answer is in the channel already.")


@pytest.mark.usefixtures("bot")
async def test_a_workspace_that_refuses_the_blocks_gets_plain_ones(outside: Outside) -> None:
    outside.slack.fail_next("response_url", error="invalid_blocks", status=400)
    answer = await asked(outside, "team alpha")
    assert "Team Alpha" in answer.text
    assert not {"table", "data_visualization", "data_table"} & set(kinds(answer))
    assert answer.ephemeral_to == ANA


@over_http
@pytest.mark.usefixtures("bot")
async def test_an_answer_to_slack_that_hangs_up_is_a_line_in_the_log_and_no_secret(
    outside: Outside, logged: Logged
) -> None:
    outside.slack.base_url = "http://127.0.0.1:9"
    await outside.does(outside.slack.command(ANA, ALPHA, COMMAND, "team alpha"))
    await until(logged)
    lines = logged()
    assert [line["action"] for line in lines] == ["response_failed"]
    assert "Traceback" not in str(lines)
    assert without_secrets(str(lines)) == {}


@over_http
async def test_an_unknown_failure_gives_a_reference_that_stands_in_the_log(
    outside: Outside, bot: Path, logged: Logged
) -> None:
    with sqlite3.connect(bot) as connection:
        connection.execute("ALTER TABLE ledger_entry RENAME COLUMN quantity TO amount")
        connection.execute("ALTER TABLE ledger_total RENAME COLUMN quantity TO amount")
    connection.close()
    answer = await asked(outside, "team alpha")
    assert answer.ephemeral_to == ANA
    assert "Something broke" in answer.text
    reference = re.search(r"Reference ([0-9a-f]{8})", answer.text)
    assert reference is not None
    assert "quantity" not in answer.text
    (line,) = [line for line in logged() if line.get("action") == "answer_failed"]
    assert (line["reference"], line["user"], line["channel"]) == (reference[1], ANA, ALPHA)
    assert "quantity" in line["exception"]
    assert without_secrets(str(line)) == {}


async def _slowly(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(1)
    await app(scope, receive, send)


@over_http
async def test_of_too_many_questions_some_are_turned_away_with_a_sentence_and_counted(
    outside: Outside, bot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reply, "MOST_UNDER_WAY", 1)
    shed = metering.ANSWERS.labels("shed")._value.get()
    outside.slack_faults.next("/response/", _slowly)
    for _ in range(2):
        await outside.does(outside.slack.command(ANA, ALPHA, COMMAND, "help"))
        await until(lambda: outside.slack_faults.count("/response/"))
    await until(lambda: len(outside.posted()) == 2)
    turned_away, answered = outside.posted()
    assert "Too many questions are waiting for their answers. Ask again in a minute." in turned_away.text
    assert "Too many" not in answered.text
    assert metering.ANSWERS.labels("shed")._value.get() == shed + 1
    assert "Team Alpha" in (await asked(outside, "team alpha")).text


@over_http
async def test_a_database_that_is_away_is_said_to_readers_in_their_words_and_in_the_log_in_the_operators(
    outside: Outside, bot: Path, logged: Logged
) -> None:
    away = moved(bot, ".away")
    answer = await asked(outside, "team alpha")
    assert answer.text == StoreUnavailable.aside
    (line,) = [line for line in logged() if line.get("action") == "answer_unavailable"]
    assert "The database file is gone" in line["error"]
    moved(away, bot.suffix)
    assert "Team Alpha" in (await asked(outside, "team alpha")).text


async def test_a_postgresql_that_does_not_let_us_in_is_said_in_a_sentence(
    outside: Outside, postgresql: str, postgresql_url: str
) -> None:
    name = postgresql_url.partition("?")[0].rpartition("/")[2]
    async with world.bot(outside, postgresql_url):
        with psycopg.connect(postgresql, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            answer = await asked(outside, "teams")
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert answer.text == StoreUnavailable.aside
        assert "unallocated" in (await asked(outside, "teams")).text


@pytest.mark.usefixtures("bot")
async def test_what_slack_sends_that_nobody_listens_to_is_no_failure(outside: Outside, logged: Logged) -> None:
    outside.slack.ack_seconds = 0.2
    await outside.does(outside.slack.event({"type": "reaction_added", "user": ANA, "reaction": "eyes"}))
    await outside.does(outside.slack.event({"type": "message", "user": ANA, "text": "hello", "channel": GENERAL}))
    assert outside.posted() == []
    assert without_secrets(str(logged()), BOT_TOKEN, APP_TOKEN) == {}
