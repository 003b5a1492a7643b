"""The stand-in's dialogs, shortcuts and typeahead against the real Bolt, over HTTP and over a WebSocket."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.demo.serving import serve
from bot.demo.slack_server import BOT_USER_ID, SlackStandIn
from tests.demo.test_slack_server import APP_TOKEN, BOT_TOKEN, SECRET, client, clock, door, slack, until

__all__ = ["client", "clock", "door", "slack"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def modal(said: str) -> dict[str, Any]:
    field = {"type": "plain_text_input", "action_id": "words"}
    names = {"type": "external_select", "action_id": "names", "min_query_length": 0}
    button = {"type": "button", "action_id": "again", "text": plain("Again"), "value": "7"}
    blocks = [
        {"type": "input", "block_id": "words", "label": plain("Words"), "element": field},
        {"type": "actions", "block_id": "more", "elements": [names, button]},
        {"type": "section", "text": plain(said)},
    ]
    return {"type": "modal", "callback_id": "ask", "title": plain("Ask"), "submit": plain("Ask"), "blocks": blocks}


def dialog_app(slack: SlackStandIn) -> AsyncApp:
    app = AsyncApp(client=AsyncWebClient(BOT_TOKEN, base_url=f"{slack.base_url}/api/"), signing_secret=SECRET)

    @app.shortcut("claude_usage")
    async def open_(ack: Any, client: AsyncWebClient, body: dict[str, Any]) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal("opened"))

    @app.view("ask")
    async def sent(ack: Any, view: dict[str, Any]) -> None:
        words = view["state"]["values"]["words"]["words"]["value"]
        if words == "close":
            await ack()
        elif words == "wrong":
            await ack(response_action="errors", errors={"words": "That is wrong."})
        elif words == "nowhere":
            await ack(response_action="errors", errors={"other": "No such field."})
        else:
            await ack(response_action="update", view=modal(f"You said {words}"))

    @app.options("names")
    async def names(ack: Any, payload: dict[str, Any]) -> None:
        await ack(option_groups=[{"label": plain("All"), "options": [{"text": plain(payload["value"]), "value": "v"}]}])

    @app.action("again")
    async def again(ack: Any, client: AsyncWebClient, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        view = modal(f"pressed {action['value']}")
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    @app.action("names")
    async def chosen(ack: Any, client: AsyncWebClient, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        await client.views_update(view_id=body["view"]["id"], view=modal(action["selected_option"]["value"]))

    @app.event("app_mention")
    async def named(client: AsyncWebClient, event: dict[str, Any]) -> None:
        await client.chat_postMessage(channel=event["channel"], text=event["text"], thread_ts=event["ts"])

    @app.event("message")
    async def told(client: AsyncWebClient, event: dict[str, Any]) -> None:
        await client.chat_postMessage(channel=event["channel"], text=event["channel_type"])

    return app


@pytest_asyncio.fixture(params=["http", "socket"], loop_scope="module")
async def reached(request: pytest.FixtureRequest, slack: SlackStandIn) -> AsyncIterator[SlackStandIn]:
    """The stand-in, with the bot at one of the two ways to reach it."""
    app = dialog_app(slack)
    if request.param == "socket":
        web = AsyncWebClient(APP_TOKEN, base_url=f"{slack.base_url}/api/")
        handler = AsyncSocketModeHandler(app, APP_TOKEN, web_client=web)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await until(slack, lambda: slack.connections == 1)
        yield slack
        await handler.close_async()  # type: ignore[no-untyped-call]
        return
    http = AsyncSlackRequestHandler(app)

    async def events(asked: Request) -> Response:
        return await http.handle(asked)

    async with serve(Starlette(routes=[Route("/slack/events", events, methods=["POST"])])) as base:
        slack.bot_url = f"{base}/slack/events"
        yield slack


def said(slack: SlackStandIn) -> str:
    view = slack.dialog_of("U0ANA")
    return str(view["blocks"][-1]["text"]["text"]) if view else ""


async def opened(slack: SlackStandIn) -> None:
    assert (await slack.shortcut("U0ANA", "claude_usage")).status == 200
    await until(slack, lambda: said(slack) == "opened")


async def test_a_dialog_is_opened_filled_in_and_closed(reached: SlackStandIn) -> None:
    await opened(reached)
    assert reached.dialog_of("U0BEN") is None
    assert (await reached.submit("U0ANA", {"words": "hello"})).status == 200
    assert said(reached) == "You said hello"
    await reached.submit("U0ANA", {"words": "wrong"})
    assert (reached.dialog_of("U0ANA") or {})["errors"] == {"words": "That is wrong."}
    await reached.submit("U0ANA", {"words": "close"})
    assert reached.dialog_of("U0ANA") is None
    with pytest.raises(LookupError):
        await reached.submit("U0ANA", {"words": "again"})


async def test_an_error_at_a_field_that_is_not_there_is_refused(reached: SlackStandIn) -> None:
    await opened(reached)
    refused = await reached.submit("U0ANA", {"words": "nowhere"})
    assert (refused.status, "invalid_arguments" in refused.body) == (0, True)


async def test_what_stands_in_a_dialog_can_be_pressed_and_found(reached: SlackStandIn) -> None:
    await opened(reached)
    await reached.press_dialog("U0ANA", "again")
    await until(reached, lambda: said(reached) == "pressed 7")
    assert [one["text"]["text"] for one in await reached.suggest("U0ANA", "names", "alp")] == ["alp"]
    await reached.press_dialog("U0ANA", "names", "team alpha")
    await until(reached, lambda: said(reached) == "team alpha")
    with pytest.raises(LookupError):
        await reached.suggest("U0ANA", "nothing", "alp")


async def test_a_trigger_opens_one_dialog_of_one_person(slack: SlackStandIn, client: AsyncWebClient) -> None:
    trigger = slack._access.new_trigger("U0BEN")
    await client.views_open(trigger_id=trigger, view=modal("Ben's"))
    assert slack.dialog_of("U0BEN") is not None
    assert slack.dialog_of("U0ANA") is None


async def test_the_bot_hears_its_name_and_its_direct_messages_and_nothing_else(reached: SlackStandIn) -> None:
    assert await reached.write("U0ANA", "C0GENERAL", "good morning") is None
    await reached.write("U0ANA", "C0GENERAL", "@claude-usage team <!channel>")
    await until(reached, lambda: len(reached.messages) == 3)
    asked, answer = reached.messages[1:]
    assert asked.text == "@claude-usage team &lt;!channel&gt;"
    assert (answer.text, answer.thread_ts) == (f"<@{BOT_USER_ID}> team &lt;!channel&gt;", asked.ts)
    await reached.write("U0ANA", reached.dm_of("U0ANA"), "hello")
    await until(reached, lambda: reached.messages[-1].text == "im")


async def test_the_page_opens_fills_in_and_closes_the_dialog(reached: SlackStandIn) -> None:
    async with httpx.AsyncClient(base_url=reached.base_url or "", trust_env=False) as browser:
        me = {"user": "U0ANA"}
        assert (await browser.post("/api-page/shortcut", json=me)).json() == {"ok": True}
        await until(reached, lambda: said(reached) == "opened")
        found = await browser.post("/api-page/suggest", json=me | {"dialog": True, "action_id": "names", "typed": "b"})
        assert [one["value"] for one in found.json()["options"]] == ["v"]
        await browser.post("/api-page/submit", json=me | {"typed": {"words": "from the page"}})
        shown = (await browser.get("/api-page/state", params=me)).json()
        assert shown["dialog"]["blocks"][-1]["text"]["text"] == "You said from the page"
        assert (await browser.get("/api-page/state", params={"user": "U0BEN"})).json()["dialog"] is None
        await browser.post("/api-page/close", json=me)
        assert reached.dialog_of("U0ANA") is None
        assert (await browser.post("/api-page/submit", json=me | {"typed": {}})).status_code == 404
