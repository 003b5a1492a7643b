"""The Bolt app: which listener answers what."""

from __future__ import annotations

import html
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.access import Asker
from bot.services.alerts.alerts import Alerts
from bot.services.asking.ask import Ask
from bot.services.asking.home import Homes
from bot.services.asking.receipts import Receipts
from bot.services.asking.typeahead import Typeahead
from bot.services.presses import Presses
from bot.slack import alerts as presses_on_alerts
from bot.slack import buttons, dialog, home, strangers, talk
from bot.slack.forms import Dialogs
from bot.slack.metering import MeteredApp
from bot.slack.outlets import Response
from bot.slack.people import SlackPeople
from bot.slack.reply import Replies

COMMAND = "/claude-usage"


def build(
    client: AsyncWebClient,
    *,
    signing_secret: str | None,
    ask: Ask,
    receipts: Receipts,
    clock: Callable[[], datetime],
    replies: Replies,
    presses: Presses,
    homes: Homes,
    typeahead: Typeahead,
    dialogs: Dialogs,
    alerts: Alerts,
    people: SlackPeople,
) -> AsyncApp:
    """The listeners are the same over signed HTTP and over Socket Mode, which needs no signing secret."""
    app = MeteredApp(
        client=AsyncWebClient(base_url=client.base_url),
        signing_secret=signing_secret or "",
        authorize=_of_our_workspace(client),
        logger=logging.getLogger("slack_bolt"),  # Bolt would give each of its own the root's level
    )

    strangers.refuse(app, client=client, people=people)

    @app.command(COMMAND)
    async def on_command(ack: AsyncAck, command: dict[str, Any]) -> None:
        await ack()
        text = html.unescape(str(command.get("text", "")))  # `R&D` comes as `R&amp;D`
        user, channel, url = (str(command.get(field, "")) for field in ("user_id", "channel_id", "response_url"))
        place = Response(url, client, user=user, channel=channel, command=True)
        if not await dialogs.asked(text, command, user):
            await replies.give(place, lambda: ask.answer(text, clock(), Asker.called(user)))

    home.listen(app, client=client, homes=homes, people=people, presses=presses, clock=clock)
    dialog.listen(app, client=client, ask=ask, typeahead=typeahead, clock=clock, replies=replies)
    dialogs.listen(app)
    presses_on_alerts.listen(app, client=client, alerts=alerts, clock=clock, replies=replies)
    talk.listen(app, client=client, ask=ask, presses=presses, clock=clock, replies=replies)
    buttons.listen(  # last: it answers what nobody else does
        app,
        client=client,
        ask=ask,
        receipts=receipts,
        clock=clock,
        replies=replies,
        presses=presses,
        dialogs=dialogs,
    )
    return app


def _of_our_workspace(client: AsyncWebClient) -> Callable[..., Awaitable[AuthorizeResult]]:
    """Bolt would ask Slack who the bot is before it lets anyone in; the start has done so, and Slack may be down."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=client.token)

    return authorize
