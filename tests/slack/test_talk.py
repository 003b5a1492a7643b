"""Plain words: to the bot by name in a channel, and in its direct messages."""

import asyncio

import pytest

from bot.demo.slack_server import BOT_USER_ID
from bot.slack.talk import spoken
from tests.outside import ALPHA, ANA, BEN, GENERAL, Outside, until
from tests.slack.test_app import buttons

over_http = pytest.mark.parametrize("bot", ["http"], indirect=True)
"""For what lies behind the transport: once is enough."""


@pytest.mark.usefixtures("bot")
async def test_a_mention_is_answered_in_a_thread_under_it_for_all_to_read(outside: Outside) -> None:
    await outside.does(outside.slack.write(ANA, ALPHA, "@claude-usage what did team alpha spend last week?"))
    await until(outside.posted)
    (answer,) = outside.posted()
    asked = outside.slack.messages[0]
    assert (answer.channel, answer.thread_ts, answer.ephemeral_to) == (ALPHA, asked.ts, None)
    assert "Team Alpha" in answer.text
    assert answer in outside.slack.visible_to(BEN)
    assert "share" not in buttons(answer)


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_mention_inside_a_thread_is_answered_in_that_thread(outside: Outside) -> None:
    root = outside.slack.say(BEN, ALPHA, "What is this bill?")
    await outside.does(outside.slack.write(ANA, ALPHA, "@claude-usage teams yesterday", root.ts))
    await until(outside.posted)
    assert outside.posted()[0].thread_ts == root.ts


@over_http
@pytest.mark.usefixtures("bot")
async def test_an_apology_to_a_mention_is_seen_by_who_asked_alone(outside: Outside) -> None:
    await outside.does(outside.slack.write(ANA, ALPHA, "@claude-usage team alfa"))
    await until(outside.posted)
    (sorry,) = outside.posted()
    assert (sorry.ephemeral_to, sorry.thread_ts) == (ANA, outside.slack.messages[0].ts)
    assert "The closest are" in sorry.text


@over_http
@pytest.mark.usefixtures("bot")
async def test_a_mention_shows_a_channel_no_person_whoever_asks_and_a_direct_message_does(outside: Outside) -> None:
    await outside.does(outside.slack.write(BEN, ALPHA, "@claude-usage users yesterday"))
    await until(outside.posted)
    (sorry,) = outside.posted()
    assert "A channel is shown figures of single people only where" in sorry.text
    assert sorry.ephemeral_to == BEN
    await outside.does(outside.slack.write(BEN, outside.slack.dm_of(BEN), "users yesterday"))
    await until(lambda: len(outside.posted()) == 2)
    assert "Users of Example Org" in outside.posted()[-1].text


@pytest.mark.usefixtures("bot")
async def test_a_direct_message_is_answered_where_it_was_written(outside: Outside) -> None:
    await outside.does(outside.slack.write(ANA, outside.slack.dm_of(ANA), "models yesterday"))
    await until(outside.posted)
    (answer,) = outside.posted()
    assert (answer.channel, answer.ephemeral_to, answer.thread_ts) == (outside.slack.dm_of(ANA), None, None)
    assert "Claude Haiku" in answer.text
    assert outside.slack.visible_to(BEN) == []


@pytest.mark.usefixtures("bot")
async def test_what_slack_tells_twice_and_in_two_ways_is_answered_once(outside: Outside) -> None:
    dm, ts = outside.slack.dm_of(ANA), "1763802000.000100"
    message = {"type": "message", "channel_type": "im", "user": ANA, "text": "summary", "ts": ts, "channel": dm}
    for event, id_ in ((message, "Ev1"), (message, "Ev1"), (message | {"type": "app_mention"}, "Ev2")):
        assert (await outside.does(outside.slack.event(event, event_id=id_))).status == 200
    await until(outside.posted)
    await asyncio.sleep(0.3)
    assert len(outside.posted()) == 1


@over_http
@pytest.mark.usefixtures("bot")
async def test_what_nobody_says_to_the_bot_is_not_answered(outside: Outside) -> None:
    said = {"type": "message", "channel_type": "im", "channel": outside.slack.dm_of(ANA), "text": "summary"}
    for number, other in enumerate(
        (
            {"user": BOT_USER_ID, "bot_id": "B0CLAUDEUSE"},
            {"user": ANA, "subtype": "message_changed"},
            {"user": ANA, "channel_type": "channel", "channel": GENERAL},
            {"subtype": "message_deleted"},
        )
    ):
        event = said | {"ts": f"1763802000.00020{number}"} | other
        assert (await outside.does(outside.slack.event(event))).status == 200
    await outside.does(outside.slack.write(ANA, ALPHA, "nothing for the bot"))
    await asyncio.sleep(0.3)
    assert outside.posted() == []


def test_the_words_are_those_that_were_typed() -> None:
    assert spoken("<@U0CLAUDEUSE> team R&amp;D") == "team R&D"
    assert spoken("user <mailto:ana@example.com|ana@example.com> and <http://a.example|a.example>") == (
        "user ana@example.com and a.example"
    )
    assert spoken("<https://a.example/x>") == "https://a.example/x"
    assert spoken("team <!channel> by <#C0GENERAL>") == "team <!channel> by <#C0GENERAL>"
    assert spoken("plan <@U0BEN>") == "plan <@U0BEN>"
