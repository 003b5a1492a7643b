"""The buttons under an answer: pressed once or twice, by anybody, on messages of today and of a month ago."""

import csv
import io
import sqlite3
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from bot.core.errors import StoreUnavailable
from bot.demo.slack_server import COMMAND, Message
from bot.slack.buttons import file_name
from tests.outside import ALPHA, ANA, BEN, NOW, Outside, moved, until

pytestmark = pytest.mark.usefixtures("bot")
over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
"""For what lies behind the transport: once is enough."""


async def asked(outside: Outside, text: str, who: str = ANA) -> Message:
    """What comes of `/claude-usage TEXT`."""
    before = len(outside.posted())
    await outside.does(outside.slack.command(who, ALPHA, COMMAND, text))
    await until(lambda: len(outside.posted()) > before)
    return outside.posted()[-1]


async def pressed(outside: Outside, message: Message, label: str, who: str = ANA) -> Message:
    """What comes of pressing a button: the message that is new, or new in its place."""
    before = {one.ts: one.text for one in outside.posted()}
    (action,) = [action for action, shown in labels(message).items() if shown == label]
    delivery = await outside.does(outside.slack.press(who, message.ts, action))
    assert (delivery.status, delivery.body) == (200, "")

    def came() -> list[Message]:
        return [one for one in outside.posted() if before.get(one.ts) != one.text and not one.files]

    await until(came)
    return came()[-1]


def labels(message: Message) -> dict[str, str]:
    """Action id → what stands on the button."""
    elements = [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]
    return {element["action_id"]: element["text"]["text"] for element in elements}


async def content(outside: Outside, message: Message) -> str:
    """The file that came with a message, as its reader saves it."""
    (file,) = message.files
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(file["url_private"])).content.decode()


def filed(outside: Outside) -> list[Message]:
    return [one for one in outside.posted() if one.files]


async def test_why_explains_the_change_in_the_place_of_ones_own_answer(outside: Outside) -> None:
    answer = await asked(outside, "team alpha yesterday")
    why = await pressed(outside, answer, "Why?")
    assert (why.ts, why.ephemeral_to, len(outside.posted())) == (answer.ts, ANA, 1)
    assert "Why Team Alpha spent" in why.text
    assert "In all" in why.text
    receipt = await pressed(outside, why, "Receipt")
    assert (receipt.ts, "nothing is left over" in receipt.text) == (answer.ts, True)
    assert (await pressed(outside, receipt, "The figures")).text == why.text
    back = await pressed(outside, outside.posted()[0], "The figures")
    assert (back.ts, back.text) == (answer.ts, answer.text)


async def test_a_receipt_takes_the_place_of_ones_own_answer_and_leads_back(outside: Outside) -> None:
    answer = await asked(outside, "team alpha yesterday")
    receipt = await pressed(outside, answer, "Receipt")
    assert (receipt.ts, len(outside.posted())) == (answer.ts, 1)
    assert "nothing is left over" in receipt.text
    assert (await pressed(outside, receipt, "The figures")).text == answer.text


@over_http
async def test_what_is_pressed_in_a_thread_is_answered_there_and_to_whoever_pressed(outside: Outside) -> None:
    shared = await asked(outside, "team alpha yesterday share")
    inside = outside.slack.post(ALPHA, shared.user, shared.text, blocks=shared.blocks, thread_ts=shared.ts)
    why = await pressed(outside, inside, "Why?", BEN)
    assert (why.thread_ts, why.ephemeral_to, why.channel) == (shared.ts, BEN, ALPHA)


async def test_a_file_comes_into_the_direct_messages_of_whoever_pressed(outside: Outside) -> None:
    shared = await asked(outside, "team alpha yesterday by key share")
    note = await pressed(outside, shared, "CSV", BEN)
    assert note.ephemeral_to == BEN
    assert "team-alpha-yesterday-by-key.csv is in our direct messages" in note.text
    (message,) = filed(outside)
    assert message.channel == outside.slack.dm_of(BEN)
    assert message.files[0]["name"] == "team-alpha-yesterday-by-key.csv"
    header, *rows, total = csv.reader(io.StringIO(await content(outside, message)))
    assert header[:4] == ["id", "name", "share", "billed_cost"]
    assert sum(Decimal(row[3]) for row in rows) == Decimal(total[3]) > 0


@over_http
async def test_a_file_asked_for_twice_comes_once_within_the_hour(outside: Outside) -> None:
    answer = await asked(outside, "models yesterday")
    await pressed(outside, answer, "CSV")
    again = await pressed(outside, answer, "CSV")
    assert "You have this file already" in again.text
    assert len(filed(outside)) == 1


@over_http
async def test_a_name_that_a_spreadsheet_would_run_stays_a_name_in_the_file(outside: Outside, bot: Path) -> None:
    with sqlite3.connect(bot) as connection:
        connection.execute('UPDATE api_key SET name = \'=HYPERLINK("//evil";"key")\'')
    connection.close()
    await pressed(outside, await asked(outside, "keys yesterday"), "CSV")
    _, *rows, _ = csv.reader(io.StringIO(await content(outside, filed(outside)[0])))
    assert any(row[1] == '\'=HYPERLINK("//evil";"key")' for row in rows)
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


@over_http
async def test_a_file_that_slack_refuses_is_a_sentence_and_may_be_asked_for_again(outside: Outside) -> None:
    answer = await asked(outside, "teams yesterday")
    outside.slack.fail_next("files.completeUploadExternal", error="missing_scope")
    sorry = await pressed(outside, answer, "CSV")
    assert "Reinstall the app from manifest.yml" in sorry.text
    assert "is in our direct messages" in (await pressed(outside, answer, "CSV")).text
    assert len(filed(outside)) == 1


@over_http
async def test_an_answer_is_shared_once_however_often_it_is_pressed(outside: Outside) -> None:
    answer = await asked(outside, "team alpha yesterday")
    shared = await pressed(outside, answer, "Share to channel")
    assert (shared.ephemeral_to, shared.text) == (None, answer.text)
    again = await pressed(outside, answer, "Share to channel")
    assert (again.ephemeral_to, again.text) == (ANA, "This answer is in the channel already.")
    other = await pressed(outside, await pressed(outside, answer, "By key"), "Share to channel")
    assert (other.ephemeral_to, "key" in other.text) == (None, True)


@over_http
async def test_an_answer_that_did_not_reach_the_channel_may_be_shared_again(outside: Outside) -> None:
    answer = await asked(outside, "team alpha yesterday")
    outside.slack.fail_next("response_url", error="internal_error", status=500)
    await outside.does(outside.slack.press(ANA, answer.ts, "share"))
    await until(lambda: outside.slack.calls[-1].error == "internal_error")
    assert (await pressed(outside, answer, "Share to channel")).ephemeral_to is None


@over_http
async def test_an_apology_takes_nothing_away(outside: Outside, bot: Path) -> None:
    answer = await asked(outside, "team alpha yesterday")
    away = moved(bot, ".away")
    sorry = await pressed(outside, answer, "Why?")
    moved(away, bot.suffix)
    assert sorry.text == StoreUnavailable.aside
    assert sorry.ts != answer.ts
    assert answer in outside.posted()


@over_http
async def test_a_button_of_a_month_ago_asks_about_the_days_of_a_month_ago(outside: Outside) -> None:
    outside.clock.now = NOW - timedelta(days=4)
    old = await asked(outside, "team alpha yesterday")
    outside.clock.now = NOW
    answer = await pressed(outside, old, "By key")
    assert "Team Alpha, 17 Nov" in answer.text
    assert "yesterday" not in answer.text


@over_http
async def test_a_message_that_counts_its_time_from_anywhere_asks_as_of_now(outside: Outside) -> None:
    answer = await asked(outside, "team alpha 2026-11-20")
    old = replace(answer, ts="1503435956.000247")
    outside.slack.store(old)
    assert "Team Alpha, 20 Nov" in (await pressed(outside, old, "By key")).text


@over_http
async def test_a_button_that_no_version_of_today_knows_is_one_friendly_sentence(outside: Outside) -> None:
    answer = await asked(outside, "team alpha yesterday")
    button = {"type": "button", "action_id": "snooze", "text": {"type": "plain_text", "text": "Snooze"}, "value": "1h"}
    old = replace(answer, blocks=({"type": "actions", "elements": [button]},))
    outside.slack.store(old)
    sorry = await pressed(outside, old, "Snooze")
    assert "older than I am" in sorry.text
    assert "/claude-usage help" in sorry.text


def test_a_question_is_a_file_name_on_every_system() -> None:
    assert (
        file_name("why team alpha 2026-10-01..2026-10-15 by key") == "why-team-alpha-2026-10-01..2026-10-15-by-key.csv"
    )
    assert file_name('team "../../etc/R&D: Ünïcode"') == "team-..-..-etc-R-D-Ünïcode.csv"
    assert file_name("*" * 300) == "answer.csv"
    assert len(file_name("x" * 300)) <= 84
