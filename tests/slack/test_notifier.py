"""Posting to Slack: in order and not too fast in one channel, not waiting for others, each refusal by its name."""

import asyncio
import time

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.answers.answer import Answer, Column, Table
from bot.core.errors import BotError, CredentialRefused, SlackRefused, SlackSilent, SlackUnavailable
from bot.demo.serving import serve
from bot.slack import patience
from bot.slack.notifier import SlackNotifier, web_client
from tests.outside import ALPHA, ANA, BOT_TOKEN, GENERAL, OLD, QUIET, Outside

PAUSE = 0.15


def said(text: str) -> Answer:
    return Answer(title=text, headline=f"This is {text}.", tables=(Table("Figures", (Column("A"),), (("1",),)),))


@pytest.fixture
def notifier(outside: Outside) -> SlackNotifier:
    return SlackNotifier(web_client(BOT_TOKEN, f"{outside.slack_url}/api/"), seconds_between_posts=PAUSE)


async def test_messages_to_one_channel_go_out_in_their_order_and_apart(
    outside: Outside, notifier: SlackNotifier
) -> None:
    outside.slack.fail_next("chat.postMessage", retry_after=1)
    started = time.monotonic()
    await asyncio.gather(*(notifier.post(GENERAL, said(f"number {n}")) for n in range(4)))
    assert time.monotonic() - started >= 1 + 3 * PAUSE
    assert [message.text.split("\n")[0][-1] for message in outside.posted()] == ["0", "1", "2", "3"]


async def test_a_channel_does_not_wait_for_another(outside: Outside, notifier: SlackNotifier) -> None:
    slow = SlackNotifier(web_client(BOT_TOKEN, f"{outside.slack_url}/api/"), seconds_between_posts=60)
    await slow.post(GENERAL, said("first"))
    waiting = asyncio.create_task(slow.post(GENERAL, said("second")))
    await slow.post(ALPHA, said("elsewhere"))
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting})
    assert [message.channel for message in outside.posted()] == [GENERAL, ALPHA]


async def test_a_long_limit_of_one_method_holds_nobody_up_and_is_obeyed(
    outside: Outside, notifier: SlackNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST_WAIT_SECONDS", 0.5)
    outside.slack.fail_next("users.lookupByEmail", retry_after=2)
    for _ in range(2):
        with pytest.raises(SlackUnavailable, match="wait 2 s"):
            await notifier.direct("ana@example.com")
    assert (await notifier.post(await notifier.direct(ANA), said("by id"))).ts
    assert outside.slack_faults.count("users.lookupByEmail") == 1
    await asyncio.sleep(2.1)
    assert await notifier.direct("ana@example.com") == await notifier.direct(ANA)


async def test_a_refused_message_does_not_hold_up_the_next(outside: Outside, notifier: SlackNotifier) -> None:
    outside.slack.fail_next("chat.postMessage", error="no_text")
    with pytest.raises(SlackRefused):
        await notifier.post(GENERAL, said("bad"))
    assert (await notifier.post(GENERAL, said("good"))).channel == GENERAL


async def test_a_workspace_that_refuses_the_blocks_gets_the_plain_message(
    outside: Outside, notifier: SlackNotifier
) -> None:
    outside.slack.fail_next("chat.postMessage", error="invalid_blocks")
    posted = await notifier.post(GENERAL, said("figures"))
    (message,) = outside.posted()
    assert (posted.channel, posted.ts) == (message.channel, message.ts)
    assert "table" not in [block["type"] for block in message.blocks]
    assert "figures" in message.text


async def test_a_person_is_looked_up_once(outside: Outside, notifier: SlackNotifier) -> None:
    first = await notifier.direct("ana@example.com")
    assert await notifier.direct("ana@example.com") == first == outside.slack.dms[ANA]
    assert await notifier.direct(ANA) == first
    assert [call.method for call in outside.slack.calls].count("users.lookupByEmail") == 1


@pytest.mark.parametrize("person", ["U0GONE", "gus@example.com"])
async def test_somebody_who_left_is_not_written_to_although_slack_would_take_it(person: str) -> None:
    async def answered(request: Request) -> JSONResponse:
        gone = {"id": "U0GONE", "deleted": True, "profile": {"email": "gus@example.com"}}
        return JSONResponse({"ok": True, "user": gone, "channel": {"id": "D0GONE"}})

    async with serve(Starlette(routes=[Route("/api/{method}", answered, methods=["GET", "POST"])])) as slack:
        with pytest.raises(SlackRefused, match="deactivated"):
            await SlackNotifier(web_client(BOT_TOKEN, f"{slack}/api/")).direct(person)


@pytest.mark.parametrize(
    ("channel", "sentence"), [(OLD, "archived"), ("C0NOWHERE", "does not know this channel"), (QUIET, "does not let")]
)
async def test_what_slack_will_never_take_is_permanent_and_says_what_to_do(
    notifier: SlackNotifier, channel: str, sentence: str
) -> None:
    with pytest.raises(SlackRefused, match=sentence) as refused:
        await notifier.post(channel, said("anything"))
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("code", "permanent"),
    [
        ("rate_limited", False),
        ("team_added_to_org", False),
        ("nobody_knows_this_one", False),
        ("restricted_action_read_only_channel", True),
    ],
)
async def test_what_slack_calls_passing_is_worth_another_try_and_so_is_what_nobody_knows(
    outside: Outside, notifier: SlackNotifier, code: str, *, permanent: bool
) -> None:
    outside.slack.fail_next("chat.postMessage", error=code)
    with pytest.raises(BotError) as refused:
        await notifier.post(GENERAL, said("anything"))
    assert refused.value.permanent is permanent


@pytest.mark.parametrize("status", [500, 503])
async def test_what_slack_can_not_take_now_is_worth_another_try(
    outside: Outside, notifier: SlackNotifier, status: int
) -> None:
    outside.slack.fail_next("chat.postMessage", status=status)
    with pytest.raises(SlackUnavailable) as away:
        await notifier.post(GENERAL, said("anything"))
    assert not away.value.permanent
    assert len(outside.slack.calls) == 1, "a post without an answer may have arrived: repeating it is not the client's"


async def test_a_slack_that_can_not_be_reached_is_worth_another_try() -> None:
    with pytest.raises(SlackUnavailable):
        await SlackNotifier(web_client(BOT_TOKEN, "http://127.0.0.1:9/api/")).post(GENERAL, said("anything"))


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_a_refused_token_is_a_setting_to_put_right(outside: Outside, notifier: SlackNotifier, error: str) -> None:
    outside.slack.fail_next("chat.postMessage", error=error)
    with pytest.raises(CredentialRefused, match="SLACK_BOT_TOKEN") as refused:
        await notifier.post(GENERAL, said("anything"))
    assert BOT_TOKEN not in str(refused.value)


async def test_an_answer_of_slacks_that_is_no_slack_answer_is_an_error_by_name(outside: Outside) -> None:
    notifier = SlackNotifier(web_client(BOT_TOKEN, f"{outside.slack_url}/nothing-here/"))
    with pytest.raises(BotError):
        await notifier.post(GENERAL, said("anything"))


async def test_a_post_that_slack_does_not_say_the_place_of_may_have_arrived(outside: Outside) -> None:
    async def fine(_request: Request) -> JSONResponse:
        return JSONResponse({"ok": True})

    async with serve(Starlette(routes=[Route("/api/chat.postMessage", fine, methods=["POST"])])) as url:
        with pytest.raises(SlackSilent):
            await SlackNotifier(web_client(BOT_TOKEN, f"{url}/api/")).post(GENERAL, said("figures"))
