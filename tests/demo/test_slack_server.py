"""The stand-in against the real SDK and the real Bolt, over real HTTP and a real WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import httpx
import pytest
import pytest_asyncio
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.demo.serving import serve
from bot.demo.slack_server import BOT_USER_ID, SLACKBOT, SlackChannel, SlackStandIn, SlackUser

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-test", "xapp-test", "signing-secret-for-tests"
BUTTON = {"type": "button", "action_id": "share", "text": {"type": "plain_text", "text": "Share"}, "value": "42"}
MENU = {
    "type": "static_select",
    "action_id": "period",
    "options": [{"text": {"type": "plain_text", "text": word}, "value": word} for word in ("week", "month")],
}
BLOCKS: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Spend*"}},
    {"type": "actions", "elements": [BUTTON, MENU]},
]
TOO_LONG = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Door:
    """One served address behind which each test puts its own stand-in: starting a server per test is slow."""

    app: Starlette

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door() -> AsyncIterator[tuple[Door, str]]:
    opened = Door()
    async with serve(opened) as base:
        yield opened, base


@pytest.fixture
def slack(clock: Clock, door: tuple[Door, str]) -> SlackStandIn:
    standin = SlackStandIn(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SECRET,
        users=[
            SlackUser("U0ANA", "Ana", "ana@example.com", "Europe/Berlin"),
            SlackUser("U0BEN", "Ben", "ben@example.com"),
            SlackUser("U0GONE", "Gone", "gone@example.com", deleted=True),
            SlackUser("U0ROBOT", "Robot", "", bot=True),
            SlackUser("U0QUIET", "Quiet", "quiet@example.com", dms_blocked=True),
        ],
        channels=[
            SlackChannel("C0GENERAL", "general"),
            SlackChannel("C0OLD", "old", archived=True),
            SlackChannel("C0SECRET", "secret", private=True, bot_is_member=False),
        ],
        clock=clock,
    )
    door[0].app, standin.base_url = standin.app, door[1]
    return standin


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return AsyncWebClient(BOT_TOKEN, base_url=f"{slack.base_url}/api/")


def tiny_app(slack: SlackStandIn) -> AsyncApp:
    """A real Bolt app: a command that answers late through its response_url, a button that replaces it."""
    app = AsyncApp(
        client=AsyncWebClient(BOT_TOKEN, base_url=f"{slack.base_url}/api/"),
        signing_secret=SECRET,
        request_verification_enabled=True,
    )

    @app.command("/claude-usage")
    async def command(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        if command["text"] == "slow":
            await asyncio.sleep(0.4)
        if command["text"] == "quick":
            await ack(text="straight away", response_type="in_channel")
            return
        await ack()
        await respond(text=f"You said {command['text']}", blocks=BLOCKS)

    @app.action("share")
    async def share(ack: Any, respond: Any, body: dict[str, Any]) -> None:
        await ack()
        if body["container"]["type"] == "message":
            await respond(text=f"shared {body['actions'][0]['value']}", replace_original=True)

    @app.action("period")
    async def period(ack: Any, respond: Any, body: dict[str, Any]) -> None:
        await ack()
        await respond(text=body["actions"][0]["selected_option"]["value"])

    @app.event("app_home_opened")
    async def home(client: AsyncWebClient, event: dict[str, Any]) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": BLOCKS})

    return app


@asynccontextmanager
async def over_http(slack: SlackStandIn) -> AsyncIterator[None]:
    handler = AsyncSlackRequestHandler(tiny_app(slack))

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    async with serve(Starlette(routes=[Route("/slack/events", events, methods=["POST"])])) as base:
        slack.bot_url = f"{base}/slack/events"
        yield


@asynccontextmanager
async def over_socket(slack: SlackStandIn) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(
        tiny_app(slack), APP_TOKEN, web_client=AsyncWebClient(APP_TOKEN, base_url=f"{slack.base_url}/api/")
    )
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await until(slack, lambda: slack.connections == 1)
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def until(slack: SlackStandIn, holds: Callable[[], object]) -> None:
    """Wait for something to become true, looking again whenever the stand-in changes."""
    with slack.watching() as watcher:
        async with asyncio.timeout(3):
            while not holds():
                await watcher.wait()
                watcher.clear()


def texts(slack: SlackStandIn, user: str, channel: str | None = None) -> list[str]:
    return [message.text for message in slack.visible_to(user, channel)]


async def error_of(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


# --- Web API


async def test_auth_test_says_who_the_bot_is_and_which_scopes_it_has(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert answer["user_id"] == BOT_USER_ID
    assert "chat:write" in answer.headers["x-oauth-scopes"]


async def test_a_missing_or_wrong_token_is_refused(slack: SlackStandIn) -> None:
    api = f"{slack.base_url}/api/"
    assert await error_of(AsyncWebClient(None, base_url=api).auth_test()) == "not_authed"
    assert await error_of(AsyncWebClient("xoxb-wrong", base_url=api).auth_test()) == "invalid_auth"
    assert await error_of(AsyncWebClient(APP_TOKEN, base_url=api).auth_test()) == "not_allowed_token_type"


async def test_a_posted_message_is_stored_updated_and_deleted(slack: SlackStandIn, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="C0GENERAL", text="hello", blocks=BLOCKS)
    assert slack.messages[0].blocks == tuple(BLOCKS)
    await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="hello again")
    assert texts(slack, "U0BEN") == ["hello again"]
    assert slack.messages[0].blocks == tuple(BLOCKS), "an update keeps what it does not mention"
    await client.chat_delete(channel="C0GENERAL", ts=posted["ts"])
    assert texts(slack, "U0BEN") == []
    assert slack.messages[0].deleted
    assert await error_of(client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="x")) == "message_not_found"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("C0OLD", "is_archived"),
        ("C0SECRET", "not_in_channel"),
        ("U0ROBOT", "cannot_dm_bot"),
        ("U0GONE", "user_disabled"),
        ("U0QUIET", "restricted_action"),
    ],
)
async def test_a_message_to_a_place_that_takes_none_is_refused(
    client: AsyncWebClient, channel: str, error: str
) -> None:
    assert await error_of(client.chat_postMessage(channel=channel, text="hi")) == error


async def test_a_message_to_a_person_opens_their_direct_messages(slack: SlackStandIn, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="U0ANA", text="for you")
    opened = await client.conversations_open(users="U0ANA")
    assert posted["channel"] == opened["channel"]["id"] == "D0ANA"
    assert texts(slack, "U0ANA") == ["for you"]
    assert texts(slack, "U0BEN") == []


async def test_bad_blocks_are_refused_with_a_pointer_to_the_place(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0GENERAL", text="x", blocks=TOO_LONG)
    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    ]


async def test_a_message_without_words_is_refused_and_a_too_long_one_is_cut(client: AsyncWebClient) -> None:
    assert await error_of(client.api_call("chat.postMessage", json={"channel": "C0GENERAL"})) == "no_text"
    posted = await client.chat_postMessage(channel="C0GENERAL", text="x" * 40_001)
    assert posted["warning"] == "message_truncated"
    assert len(posted["message"]["text"]) == 40_000
    long = client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="x" * 4_001)
    assert await error_of(long) == "msg_too_long"


async def test_an_ephemeral_message_is_seen_by_one_person(slack: SlackStandIn, client: AsyncWebClient) -> None:
    await client.chat_postEphemeral(channel="C0GENERAL", user="U0ANA", text="only you")
    assert texts(slack, "U0ANA") == ["only you"]
    assert texts(slack, "U0BEN") == []
    stranger = client.chat_postEphemeral(channel="C0GENERAL", user="U0NOBODY", text="x")
    assert await error_of(stranger) == "user_not_in_channel"


async def test_people_are_found_by_id_and_by_e_mail(client: AsyncWebClient) -> None:
    assert (await client.users_info(user="U0ANA"))["user"]["tz_offset"] == 3600
    assert (await client.users_lookupByEmail(email="BEN@example.com"))["user"]["id"] == "U0BEN"
    assert await error_of(client.users_lookupByEmail(email="gone@example.com")) == "users_not_found"
    assert await error_of(client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_lists_come_in_pages_and_leave_out_what_the_bot_cannot_see(client: AsyncWebClient) -> None:
    names = [user["name"] async for page in await client.users_list(limit=2) for user in page["members"]]
    assert names == ["Ana", "Ben", "Gone", "Robot", "Quiet"]
    listed = await client.conversations_list(types="public_channel,private_channel", exclude_archived=True)
    assert [channel["name"] for channel in listed["channels"]] == ["general"]
    assert await error_of(client.conversations_info(channel="C0SECRET")) == "channel_not_found"
    assert (await client.conversations_info(channel="C0OLD"))["channel"]["is_archived"]


async def test_an_unknown_method_is_named_so(client: AsyncWebClient) -> None:
    assert await error_of(client.api_call("chat.shout")) == "unknown_method"


async def test_a_home_refuses_what_only_messages_may_hold_and_an_old_hash(client: AsyncWebClient) -> None:
    published = await client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": BLOCKS})
    chart = {"type": "home", "blocks": [{"type": "markdown", "text": "x"}]}
    assert await error_of(client.views_publish(user_id="U0ANA", view=chart)) == "invalid_arguments"
    again = {"type": "home", "blocks": BLOCKS[:1]}
    await client.views_publish(user_id="U0ANA", view=again, hash=published["view"]["hash"])
    old = client.views_publish(user_id="U0ANA", view=again, hash=published["view"]["hash"])
    assert await error_of(old) == "hash_conflict"


async def test_an_uploaded_file_is_shown_in_the_channel_and_can_be_read(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    dm = (await client.conversations_open(users="U0ANA"))["channel"]["id"]
    await client.files_upload_v2(channel=dm, filename="usage.csv", content="day,usd\n", initial_comment="Your export")
    message = slack.visible_to("U0ANA", dm)[-1]
    assert message.text == "Your export"
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(message.files[0]["url_private"])).text == "day,usd\n"


# --- faults and limits


async def test_a_second_message_a_second_is_refused_after_a_burst(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.rate_limit_per_channel = True
    for _ in range(3):
        await client.chat_postMessage(channel="C0GENERAL", text="x")
    assert await error_of(client.chat_postMessage(channel="C0GENERAL", text="x")) == "ratelimited"
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    await client.chat_postMessage(channel="C0GENERAL", text="after the wait")
    statuses = [call.status for call in slack.calls]
    assert statuses == [200, 200, 200, 429, 429, 200]


async def test_an_ordered_fault_happens_as_often_as_ordered(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.fail_next("chat.postMessage", error="fatal_error", times=2)
    assert await error_of(client.chat_postMessage(channel="C0GENERAL", text="x")) == "fatal_error"
    assert await error_of(client.chat_postMessage(channel="C0GENERAL", text="x")) == "fatal_error"
    await client.chat_postMessage(channel="C0GENERAL", text="third")
    assert texts(slack, "U0ANA") == ["third"]


async def test_a_lost_answer_leaves_the_message_in_the_channel(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.fail_next("chat.postMessage", after_accepting=True)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0GENERAL", text="taken")
    assert caught.value.response.status_code == 500
    assert texts(slack, "U0ANA") == ["taken"]


async def test_calls_are_counted_and_no_token_is_kept(slack: SlackStandIn, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C0GENERAL", text="x", token=BOT_TOKEN)
    assert [(call.method, call.status) for call in slack.calls] == [("chat.postMessage", 200)]
    assert BOT_TOKEN not in repr(slack.calls)


# --- the bot over signed HTTP


async def test_a_signed_command_is_answered_only_to_the_person_who_asked(slack: SlackStandIn) -> None:
    async with over_http(slack):
        delivery = await slack.command("U0ANA", "C0GENERAL", "/claude-usage", "team alpha")
        await until(slack, lambda: texts(slack, "U0ANA"))
    assert delivery.status == 200
    assert texts(slack, "U0ANA") == ["You said team alpha"]
    assert texts(slack, "U0BEN") == []


async def test_a_command_with_another_secret_is_refused_by_the_bot(slack: SlackStandIn) -> None:
    async with over_http(slack):
        slack._signing_secret = "another"
        delivery = await slack.command("U0ANA", "C0GENERAL", "/claude-usage")
    assert delivery.status == 401
    assert texts(slack, "U0ANA") == ["/claude-usage failed with the error “dispatch_failed”"]


async def test_a_bot_that_is_too_slow_or_away_shows_slacks_own_error(slack: SlackStandIn) -> None:
    slack.ack_seconds = 0.1
    async with over_http(slack):
        late = await slack.command("U0ANA", "C0GENERAL", "/claude-usage", "slow")
    away = await slack.command("U0ANA", "C0GENERAL", "/claude-usage")
    errors = [message for message in slack.messages if message.user == SLACKBOT]
    assert [late.body, away.body] == ["operation_timeout", "dispatch_failed"]
    assert [message.text.partition("error ")[2] for message in errors] == ["“operation_timeout”", "“dispatch_failed”"]
    assert all(message.ephemeral_to == "U0ANA" for message in errors)


async def test_an_answer_in_the_channel_shows_the_typed_command_first(slack: SlackStandIn) -> None:
    async with over_http(slack):
        await slack.command("U0ANA", "C0GENERAL", "/claude-usage", "quick")
    assert texts(slack, "U0BEN") == ["/claude-usage quick", "straight away"]


async def test_a_pressed_button_replaces_the_message_it_sits_in(slack: SlackStandIn) -> None:
    async with over_http(slack):
        await slack.command("U0ANA", "C0GENERAL", "/claude-usage", "x")
        await until(slack, lambda: texts(slack, "U0ANA"))
        [message] = slack.visible_to("U0ANA")
        assert (await slack.press("U0ANA", message.ts, "share")).status == 200
        await until(slack, lambda: texts(slack, "U0ANA") == ["shared 42"])
        with pytest.raises(LookupError):
            await slack.press("U0BEN", message.ts, "share")


async def test_a_choice_from_a_menu_arrives_as_the_selected_option(slack: SlackStandIn, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="C0GENERAL", text="choose", blocks=BLOCKS)
    async with over_http(slack):
        await slack.press("U0BEN", posted["ts"], "period", "month", "C0GENERAL")
        await until(slack, lambda: "month" in texts(slack, "U0BEN"))
        with pytest.raises(LookupError):
            await slack.press("U0BEN", posted["ts"], "period", "year")


async def test_opening_home_publishes_it(slack: SlackStandIn) -> None:
    async with over_http(slack):
        assert (await slack.open_home("U0ANA")).status == 200
        await until(slack, lambda: "U0ANA" in slack.homes)
        assert (await slack.press_home("U0ANA", "share")).status == 200


# --- response_url


async def test_a_response_url_works_five_times_within_half_an_hour(slack: SlackStandIn, clock: Clock) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        one = (await slack.command("U0ANA", "C0GENERAL", "/claude-usage")).response_url or ""
        answers = [await http.post(one, json={"text": str(n)}) for n in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [404]
        assert answers[-1].json()["error"] == "used_url"
        other = (await slack.command("U0ANA", "C0GENERAL", "/claude-usage")).response_url or ""
        clock.now += timedelta(minutes=31)
        late = await http.post(other, json={"text": "late"})
        assert (late.status_code, late.json()["error"]) == (404, "expired_url")
    assert [call.status for call in slack.calls if call.method == "response_url"] == [200] * 5 + [404, 404]


async def test_a_response_url_refuses_bad_blocks_replaces_and_deletes(slack: SlackStandIn) -> None:
    address = (await slack.command("U0ANA", "C0SECRET", "/claude-usage")).response_url or ""
    slack_error = texts(slack, "U0ANA")
    async with httpx.AsyncClient(trust_env=False) as http:
        refused = await http.post(address, json={"text": "x", "blocks": TOO_LONG})
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_blocks")
        await http.post(address, json={"text": "working…"})
        await http.post(address, json={"text": "done", "replace_original": True})
        assert texts(slack, "U0ANA") == [*slack_error, "done"]
        await http.post(address, json={"delete_original": True})
    assert texts(slack, "U0ANA") == slack_error


# --- Socket Mode


async def test_the_real_socket_mode_handler_answers_commands_actions_and_events(slack: SlackStandIn) -> None:
    async with over_socket(slack):
        delivery = await slack.command("U0ANA", "C0GENERAL", "/claude-usage", "over the socket")
        assert delivery.status == 200
        await until(slack, lambda: texts(slack, "U0ANA") == ["You said over the socket"])
        await slack.press("U0ANA", slack.messages[0].ts, "share")
        await until(slack, lambda: texts(slack, "U0ANA") == ["shared 42"])
        assert (await slack.open_home("U0BEN")).status == 200
        await until(slack, lambda: "U0BEN" in slack.homes)
    assert (await slack.command("U0ANA", "C0GENERAL", "/claude-usage")).body == "dispatch_failed"


async def test_each_envelope_goes_to_exactly_one_connection(slack: SlackStandIn) -> None:
    async with over_socket(slack) as first:
        second = AsyncSocketModeHandler(first.app, APP_TOKEN, web_client=first.client.web_client)
        await second.connect_async()  # type: ignore[no-untyped-call]
        await until(slack, lambda: slack.connections == 2)
        for n in range(4):
            await slack.command("U0ANA", "C0GENERAL", "/claude-usage", str(n))
        await until(slack, lambda: len(slack.messages) == 4)
        await second.close_async()  # type: ignore[no-untyped-call]
    assert sorted(texts(slack, "U0ANA")) == [f"You said {n}" for n in range(4)]


async def test_a_bot_comes_back_after_slack_closed_the_connection(slack: SlackStandIn) -> None:
    async with over_socket(slack):
        await slack.disconnect()
        await until(slack, lambda: slack.connections == 1)
        assert (await slack.command("U0ANA", "C0GENERAL", "/claude-usage", "again")).status == 200


async def test_a_socket_needs_the_app_token_and_a_fresh_ticket(slack: SlackStandIn, client: AsyncWebClient) -> None:
    assert await error_of(client.apps_connections_open(app_token=BOT_TOKEN)) == "not_allowed_token_type"
    address = (await client.apps_connections_open(app_token=APP_TOKEN))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(address) as link:
            assert (await link.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(address)


# --- the page


async def test_the_page_shows_each_person_only_what_they_may_see(slack: SlackStandIn, client: AsyncWebClient) -> None:
    await client.chat_postEphemeral(channel="C0GENERAL", user="U0ANA", text="only Ana")
    await client.chat_postMessage(channel="U0BEN", text="only Ben")
    async with httpx.AsyncClient(base_url=slack.base_url or "", trust_env=False) as browser:
        ana = (await browser.get("/api-page/state", params={"user": "U0ANA"})).json()
        ben = (await browser.get("/api-page/state", params={"user": "U0BEN"})).json()
        assert (await browser.get("/")).headers["content-type"].startswith("text/html")
        assert (await browser.get("/page/page.js")).status_code == 200
    assert [message["text"] for message in ana["messages"]] == ["only Ana"]
    assert [message["text"] for message in ben["messages"]] == ["only Ben"]
    assert [user["name"] for user in ana["users"]] == ["Ana", "Ben", "Quiet"]


async def test_the_page_speaks_commands_plain_words_and_presses(slack: SlackStandIn) -> None:
    async with over_http(slack), httpx.AsyncClient(base_url=slack.base_url or "", trust_env=False) as browser:
        said = {"user": "U0ANA", "channel": "C0GENERAL"}
        await browser.post("/api-page/command", json=said | {"text": "good <!channel>"})
        await browser.post("/api-page/command", json=said | {"text": "/nonsense"})
        asked = await browser.post("/api-page/command", json=said | {"text": "/claude-usage team alpha"})
        assert asked.json() == {"ok": True}
        await until(slack, lambda: len(slack.messages) == 3)
        ts = slack.messages[-1].ts
        pressed = await browser.post("/api-page/press", json=said | {"ts": ts, "action_id": "share", "value": "42"})
        assert pressed.json() == {"ok": True}
        await until(slack, lambda: slack.messages[-1].text == "shared 42")
        forged = await browser.post("/api-page/command", content=json.dumps(said | {"text": "x"}))
        assert forged.status_code == 415
    assert texts(slack, "U0ANA") == ["good &lt;!channel&gt;", "/nonsense is not a valid command.", "shared 42"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("command", {"user": "U0NOBODY", "channel": "C0GENERAL", "text": "/claude-usage"}),
        ("command", {"user": "U0NOBODY", "channel": "C0GENERAL", "text": "hello"}),
        ("command", {"user": "U0ANA", "channel": "C0NOWHERE", "text": "/claude-usage"}),
        ("press", {"user": "U0NOBODY", "channel": "C0GENERAL", "ts": "1.000001", "action_id": "share"}),
        ("press", {"user": "U0ANA", "channel": "C0GENERAL", "ts": "1.000001", "action_id": "share"}),
        ("press", {"user": "U0ANA", "action_id": "share"}),
        ("home", {"user": "U0NOBODY"}),
    ],
)
async def test_the_page_is_told_what_is_not_there(slack: SlackStandIn, path: str, body: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=slack.base_url or "", trust_env=False) as browser:
        answer = await browser.post(f"/api-page/{path}", json=body)
    assert (answer.status_code, answer.json()["ok"]) == (404, False)
    assert slack.messages == []


async def test_the_page_shows_nothing_of_somebody_unknown_and_somebody_when_nobody_is_named(
    slack: SlackStandIn,
) -> None:
    async with httpx.AsyncClient(base_url=slack.base_url or "", trust_env=False) as browser:
        assert (await browser.get("/api-page/state", params={"user": "U0NOBODY"})).status_code == 404
        assert (await browser.get("/api-page/state")).json()["me"] == "U0ANA"


async def test_the_stream_ticks_when_something_changes(slack: SlackStandIn) -> None:
    async with (
        httpx.AsyncClient(base_url=slack.base_url or "", trust_env=False) as browser,
        browser.stream("GET", "/api-page/stream") as stream,
    ):
        lines = stream.aiter_lines()
        assert await anext(lines) == ": open"
        slack.say("U0ANA", "C0GENERAL", "hello")
        async with asyncio.timeout(2):
            assert "event: changed" in [await anext(lines), await anext(lines)]
