"""The dialog in which one asks: from the global shortcut, which works in threads too, and from App Home."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.access import Asker
from bot.core.errors import BotError
from bot.core.question import Subject
from bot.render import slack_views as render
from bot.services.asking.ask import Ask
from bot.services.asking.typeahead import Typeahead
from bot.slack.outlets import Conversation, Dialog, Outlet, is_open, opened
from bot.slack.reply import Replies

log = structlog.get_logger()

SHORTCUT = "claude_usage"
_LABELS = {Subject.TEAM: "Teams", Subject.MODEL: "Models"}


def listen(
    app: AsyncApp,
    *,
    client: AsyncWebClient,
    ask: Ask,
    typeahead: Typeahead,
    clock: Callable[[], datetime],
    replies: Replies,
) -> None:
    """Register what opens the dialog, what is typed into it, and what is sent from it."""

    @app.shortcut(SHORTCUT)
    @app.action(render.OPEN)
    async def on_open(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        try:
            examples = await typeahead.examples(Asker.called(str(body["user"]["id"])))
        except BotError as error:
            log.warning("The dialog has no examples.", action="dialog_without_examples", error=str(error))
            examples = ()
        await opened(client, body, render.asking(examples))

    @app.view(render.DIALOG)
    async def on_submit(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        words = str(view["state"]["values"].get(render.WORDS, {}).get(render.WORDS, {}).get("value") or "")
        user = str(body["user"]["id"])
        place = Dialog(client, str(view["id"]), words, user)
        await replies.submitted(ack, place, lambda: ask.answer(words, clock(), Asker.called(user)))

    @app.options(render.NAMES)
    async def on_typing(ack: AsyncAck, payload: dict[str, Any]) -> None:
        try:
            found = await typeahead.suggest(str(payload.get("value", "")))
        except BotError as error:
            log.warning("No names can be suggested.", action="typeahead_failed", error=str(error))
            found = {}
        groups = [(_LABELS[kind], [(one.name, one.sends) for one in some]) for kind, some in found.items()]
        choices = render.choices(groups)
        await (ack(option_groups=choices) if choices else ack(options=[]))


async def under(client: AsyncWebClient, body: dict[str, Any], asked: str) -> Outlet:
    """Where what was pressed in a view is answered: in the dialog, which App Home opens first."""
    view, user = body.get("view") or {}, str(body["user"]["id"])
    if is_open(body):
        return Dialog(client, str(view["id"]), asked, user)
    if view_id := await opened(client, body, render.waiting()):
        return Dialog(client, view_id, asked, user)
    return Conversation(client, channel=user, user=user)
