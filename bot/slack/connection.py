"""Is Slack there, and will it have us: checked at the start with a deadline, held open in Socket Mode."""

from __future__ import annotations

import asyncio

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import CredentialRefused, SlackUnavailable
from bot.slack.notifier import refusal

DEADLINE_SECONDS = 5


async def check_bot_token(client: AsyncWebClient) -> None:
    """Raises CredentialRefused for a token Slack will not have, SlackUnavailable where Slack can't be asked."""
    try:
        await asyncio.wait_for(client.auth_test(), DEADLINE_SECONDS)
    except SlackApiError as error:
        raise refusal(error) from error
    except (TimeoutError, aiohttp.ClientError) as error:
        raise SlackUnavailable("Slack can't be reached. Check the network and SLACK_API_URL.") from error


class SocketMode:
    """The app's own connection to Slack. `check` first: Bolt retries a wrong app token for ever."""

    def __init__(self, app: AsyncApp, app_token: str, base_url: str) -> None:
        self._app = app
        self._app_token = app_token
        self._client = AsyncWebClient(token=app_token, base_url=base_url)
        self._handler: AsyncSocketModeHandler | None = None
        self._opening: asyncio.Task[None] | None = None

    async def check(self) -> None:
        try:
            await asyncio.wait_for(self._client.apps_connections_open(app_token=self._app_token), DEADLINE_SECONDS)
        except SlackApiError as error:
            away = refusal(error)
            if isinstance(away, SlackUnavailable):
                raise away from error
            raise CredentialRefused(
                f"Slack refused the app token ({error.response.get('error')}). Create one with the scope "
                "connections:write under Basic Information → App-Level Tokens and set SLACK_APP_TOKEN."
            ) from error
        except (TimeoutError, aiohttp.ClientError) as error:
            raise SlackUnavailable("Slack can't be reached. Check the network and SLACK_API_URL.") from error

    def open(self) -> None:
        """Begin to connect; while Slack is away Bolt goes on trying, and the start must not wait for that."""
        self._handler = AsyncSocketModeHandler(self._app, self._app_token, web_client=self._client)
        self._opening = asyncio.create_task(self._handler.connect_async())  # type: ignore[no-untyped-call]

    async def connected(self) -> bool:
        return self._handler is not None and bool(await self._handler.client.is_connected())

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]
