"""The connection of Socket Mode: begun, watched over and replaced, closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.checkup import opens
from bot.slack.watchdog import LOOK_SECONDS, Watch

log = structlog.get_logger()

CLOSE_SECONDS = 5
_AWAY = (aiohttp.ClientError, OSError, TimeoutError, SlackApiError)


def _in_a_line(record: logging.LogRecord) -> bool:
    """The SDK tells where in itself it could not connect, every few seconds for as long as Slack is away."""
    if record.exc_info and isinstance(record.exc_info[1], _AWAY):
        record.exc_info = None
    return True


_library = logging.getLogger("slack_bolt.socket")
_library.addFilter(_in_a_line)


class SocketMode:
    """The app's own connection to Slack. `check` first: Bolt retries a wrong app token for ever."""

    def __init__(self, app: AsyncApp, app_token: str, base_url: str, *, look: float = LOOK_SECONDS) -> None:
        self._app = app
        self._app_token = app_token
        self._base_url = base_url
        self._client = AsyncWebClient(token=app_token, base_url=base_url)
        self._handler: AsyncSocketModeHandler | None = None
        self._opening: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._watch = Watch()
        self._look = look

    async def check(self) -> None:
        """Raises CredentialRefused for an app token Slack will not have, SlackUnavailable where it can't be asked."""
        await opens(self._app_token, self._base_url)

    def open(self) -> None:
        """Begin to connect; while Slack is away Bolt goes on trying, and the start must not wait for that."""
        self._begin()
        self._watching = asyncio.create_task(self._watch_over())

    async def connected(self) -> bool:
        return self._handler is not None and bool(await self._handler.client.is_connected())

    async def close(self) -> None:
        for task in (self._watching, self._opening):
            if task is not None:
                task.cancel()
        if self._handler is not None:
            await self._end(self._handler)

    def _begin(self) -> None:
        self._handler = AsyncSocketModeHandler(self._app, self._app_token, _library, self._client)
        self._watch = watch = Watch()

        async def heard(_message: object) -> None:
            watch.heard()

        self._handler.client.on_message_listeners.append(heard)
        self._opening = asyncio.create_task(self._handler.connect_async())  # type: ignore[no-untyped-call]

    async def _watch_over(self) -> None:
        """Replace a connection that is wedged; the new one stands before the old one is let go."""
        while True:
            await asyncio.sleep(self._look)
            try:
                old, opening = self._handler, self._opening
                why = await self._watch.wrong(old.client) if old else ""
                if old is None or not why:
                    continue
                log.warning("The connection to Slack is replaced.", action="socket_replaced", reason=why)
                self._begin()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(self._opening or asyncio.sleep(0)), CLOSE_SECONDS)
                if opening is not None:
                    opening.cancel()
                await self._end(old)
            except Exception:
                log.exception("The connection to Slack could not be looked after.", action="socket_watch_broke")

    async def _end(self, handler: AsyncSocketModeHandler) -> None:
        """Close a connection that may hang while it closes."""
        client = handler.client
        try:
            await asyncio.wait_for(handler.close_async(), CLOSE_SECONDS)  # type: ignore[no-untyped-call]
        except Exception as error:
            log.info("A connection did not close.", action="socket_not_closed", error=type(error).__name__)
            for task in (client.message_processor, client.current_session_monitor, client.message_receiver):
                if task is not None:
                    task.cancel()
