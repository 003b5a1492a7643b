"""Where an answer goes when it takes long, when it comes too late, and when Slack will not have it as it is."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.demo.slack_server import COMMAND, Message, SlackChannel
from tests.outside import ALPHA, ANA, BEN, Outside, until, without_secrets
from tests.slack.test_app import asked, pressed
from tests.slack.test_dialog import opened
from tests.slack.test_home import letters

pytestmark = pytest.mark.usefixtures("bot")
over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
"""For what lies behind the transport: once is enough."""

ELSEWHERE = "C0ELSE"
NOTE = "Still adding up…"


async def late(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Half a second longer than people wait without wondering."""
    await asyncio.sleep(2.5)
    await app(scope, receive, send)


def slowly(outside: Outside) -> None:
    """Let everything that needs a picture take long: Slack takes its time to take it."""
    outside.slack_faults.next("files.getUploadURLExternal", late)


async def commanded(outside: Outside, text: str, where: str = ALPHA) -> None:
    await outside.does(outside.slack.command(ANA, where, COMMAND, text))


def spent(outside: Outside, uses: int = 1) -> None:
    outside.slack.fail_next("response_url", error="used_url", status=404, times=uses)


def codes(outside: Outside, method: str) -> list[str | None]:
    return [call.error for call in outside.slack.calls if call.method == method]


# --- it takes long


async def test_a_note_says_that_it_takes_a_moment_and_the_answer_takes_its_place(outside: Outside) -> None:
    slowly(outside)
    await commanded(outside, "chart trend 30d")
    await until(outside.posted)
    (note,) = outside.posted()
    assert (note.text, note.ephemeral_to) == (NOTE, ANA)
    await until(lambda: outside.posted()[-1].text != NOTE)
    (answer,) = outside.posted()
    assert (answer.ts, answer.ephemeral_to) == (note.ts, ANA)
    assert "image" in [block["type"] for block in answer.blocks]


@over_http
async def test_a_note_goes_away_where_the_answer_is_for_the_channel(outside: Outside) -> None:
    slowly(outside)
    await commanded(outside, "chart trend 30d share")
    await until(lambda: [one for one in outside.posted() if one.ephemeral_to is None])
    await until(lambda: [one for one in outside.posted() if one.text == NOTE and one.deleted])
    (answer,) = [one for one in outside.posted() if not one.deleted]
    assert (answer.ephemeral_to, "image" in str(answer.blocks)) == (None, True)


@over_http
async def test_a_quick_answer_comes_without_a_note(outside: Outside) -> None:
    await asked(outside, "team alpha")
    assert codes(outside, "response_url") == [None]


@over_http
async def test_answers_go_over_a_connection_that_is_kept(outside: Outside) -> None:
    came = []

    async def noting(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        came.append(scope["client"])
        await app(scope, receive, send)

    for _ in range(3):
        outside.slack_faults.next("/response/", noting)
        await asked(outside, "team alpha")
    assert (len(came), len(set(came))) == (3, 1)


@over_http
async def test_under_a_message_that_others_read_the_note_takes_no_place(outside: Outside) -> None:
    shared = await asked(outside, "team alpha share")
    outside.slack.store(_with_question(shared, "chart trend 30d"))
    slowly(outside)
    await pressed(outside, shared, "ask:0", BEN)
    await until(lambda: len(outside.posted()) == 3)
    first, note, answer = outside.posted()
    assert (first.text, first.edited) == (shared.text, False)
    assert note.text == "Still adding up… The answer comes below this."
    assert (answer.ephemeral_to, "image" in str(answer.blocks)) == (BEN, True)


@over_http
async def test_a_note_in_direct_messages_becomes_the_answer(outside: Outside) -> None:
    slowly(outside)
    await outside.does(outside.slack.write(ANA, outside.slack.dm_of(ANA), "chart trend 30d"))
    await until(outside.posted)
    note = outside.posted()[0]
    assert note.text == NOTE
    await until(lambda: outside.posted()[0].text != NOTE)
    assert [one.ts for one in outside.posted()] == [note.ts]


async def test_a_dialog_says_that_it_takes_a_moment(outside: Outside) -> None:
    await opened(outside)
    slowly(outside)
    delivery = await outside.does(outside.slack.submit(ANA, {"words": "chart trend 30d"}))
    assert delivery.status == 200, delivery.body
    assert delivery.seconds < 3
    waiting = outside.slack.dialog_of(ANA)
    assert waiting is not None
    assert NOTE in letters(waiting["blocks"])
    assert "submit" not in waiting
    await until(lambda: '"image"' in str(outside.slack.dialog_of(ANA)).replace("'", '"'))


# --- it comes too late


@over_http
@pytest.mark.parametrize(("error", "status"), [("expired_url", 404), ("used_url", 404), ("internal_error", 500)])
async def test_an_answer_that_its_address_does_not_take_still_reaches_the_asker_alone(
    outside: Outside, logged: Callable[[], list[dict[str, Any]]], error: str, status: int
) -> None:
    outside.slack.fail_next("response_url", error=error, status=status)
    await commanded(outside, "team alpha")
    await until(outside.posted)
    (answer,) = outside.posted()
    assert (answer.ephemeral_to, answer.channel) == (ANA, ALPHA)
    assert "Team Alpha spent" in answer.text
    assert answer.blocks
    lines = logged()
    assert [(line["action"], line["status"]) for line in lines] == [("response_refused", status)]
    assert "Traceback" not in str(lines)
    assert without_secrets(str(lines)) == {}


@over_http
async def test_where_the_bot_is_no_member_a_late_answer_comes_into_the_direct_messages(outside: Outside) -> None:
    outside.slack.channels[ELSEWHERE] = SlackChannel(ELSEWHERE, "elsewhere", bot_is_member=False)
    spent(outside)
    await commanded(outside, "team alpha", ELSEWHERE)
    await until(outside.posted)
    (answer,) = outside.posted()
    assert answer.channel == outside.slack.dm_of(ANA)


@over_http
async def test_a_late_answer_for_the_channel_is_posted_there(outside: Outside) -> None:
    spent(outside)
    await commanded(outside, "team alpha share")
    await until(outside.posted)
    (answer,) = outside.posted()
    assert (answer.ephemeral_to, answer.channel) == (None, ALPHA)


@over_http
async def test_an_apology_that_comes_too_late_is_said_too(outside: Outside) -> None:
    spent(outside)
    await commanded(outside, "team alfa")
    await until(outside.posted)
    assert "There is no team" in outside.posted()[0].text
    assert outside.posted()[0].ephemeral_to == ANA


# --- Slack will not have it


@over_http
async def test_when_every_layout_is_refused_the_words_come_with_their_tables_in_letters_of_one_width(
    outside: Outside,
) -> None:
    outside.slack.fail_next("response_url", error="invalid_blocks", status=400, times=3)
    answer = await asked(outside, "team alpha")
    assert answer.blocks == ()
    assert answer.text.startswith("Team Alpha")
    assert "```\nModel" in answer.text
    assert answer.ephemeral_to == ANA


@over_http
async def test_a_late_answer_whose_layout_is_refused_is_tried_in_a_plainer_one(outside: Outside) -> None:
    spent(outside)
    outside.slack.fail_next("chat.postEphemeral", error="invalid_blocks")
    await commanded(outside, "team alpha")
    await until(outside.posted)
    assert codes(outside, "response_url") == ["used_url"]
    assert codes(outside, "chat.postEphemeral")[:2] == ["invalid_blocks", None]
    assert "table" not in [block["type"] for block in outside.posted()[0].blocks]


def _with_question(message: Message, question: str) -> Message:
    """The message with another question on its first button."""
    changed = []
    for block in message.blocks:
        elements = [
            one | {"value": question} if one.get("action_id") == "ask:0" else one for one in block.get("elements", [])
        ]
        changed.append(block | {"elements": elements} if block["type"] == "actions" else block)
    return replace(message, blocks=tuple(changed))
