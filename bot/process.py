"""`run`: the process that holds the edges together, from checked credentials to a drained stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime

import structlog
import uvicorn
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.anthropic_api.client import AnthropicClient
from bot.anthropic_api.directory import read_organization
from bot.core.errors import AnthropicError, BotError, SettingsError, SlackError
from bot.scheduler import Scheduler
from bot.services.calls.intake import Intake
from bot.services.timekeeping import Timekeeping
from bot.slack.checkup import installed
from bot.slack.connection import SocketMode
from bot.slack.reply import Replies
from bot.slack.standing import Standing
from bot.store import schema
from bot.store.database import Database, promptly
from bot.web import app as web_app
from bot.web.metrics import Metrics
from bot.web.patience import Impatient

log = structlog.get_logger()

START_SECONDS = 8
"""Every credential is known good or bad by then."""
SWITCH_SECONDS = 0.0005
"""A tenth of Python's own: while questions are worked on, the loop that acks has to ask them for the interpreter at
every step, and Slack gives up after three seconds."""
HEALTH_SECONDS = 4
"""A monitor that waits longer is told nothing; most wait for five or ten."""
DRAIN_SECONDS = 20
"""How long a stop waits for answers and messages that are under way."""


async def check_credentials(
    slack: AsyncWebClient, connection: SocketMode | None, clients: Sequence[AnthropicClient]
) -> None:
    """Ask each service once. A refused credential ends the start; a service that is only away does not."""
    checks: list[Callable[[], Awaitable[object]]] = [lambda: installed(slack)]
    if connection:
        checks.append(connection.check)
    checks += [lambda client=client: read_organization(client) for client in clients]  # type: ignore[misc]
    for outcome in await asyncio.gather(*(_within(check) for check in checks)):
        if outcome:
            log.warning("A service is away; going on without it for now.", action="start_unchecked", error=outcome)


async def _within(check: Callable[[], Awaitable[object]]) -> str:
    try:
        await asyncio.wait_for(check(), START_SECONDS)
    except (AnthropicError, SlackError) as error:
        return str(error)
    except TimeoutError:
        return "A service did not answer in time."
    return ""


class Server:
    """The web server, Slack's connection and the scheduler, started and stopped together."""

    def __init__(
        self,
        *,
        app: AsyncApp,
        connection: SocketMode | None,
        replies: Replies,
        standing: Standing,
        scheduler: Scheduler | None,
        database: Database,
        intake: Intake,
        host: str,
        port: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connection = connection
        self._replies = replies
        self._standing = standing
        self._scheduler = scheduler
        self._database = database
        self._timekeeping = Timekeeping(database)
        self._stopping = False
        self._host, self._port = host, port
        metrics = Metrics(database, clock, connection.connected if connection else None)
        routes = web_app.build(
            None if connection else app,
            healthy=self._healthy,
            ready=self._ready,
            metrics=metrics.page,
            intake=intake,
            clock=clock,
        )
        config = uvicorn.Config(
            routes, http=Impatient, log_config=None, access_log=False, lifespan="off", server_header=False
        )
        self._web = _Quiet(config)
        self._port_known: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def port(self) -> int:
        """The port it listens on, once it does; PORT=0 takes a free one."""
        return await asyncio.shield(self._port_known)

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then let what is under way end."""
        sys.setswitchinterval(SWITCH_SECONDS)
        listener = self._listen()
        port = listener.getsockname()[1]
        serving = asyncio.create_task(self._web.serve(sockets=[listener]))
        if self._connection:
            self._connection.open()
        if self._scheduler:
            self._scheduler.start()
        self._port_known.set_result(port)
        log.info("Started.", action="started", host=self._host, port=port)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self._stopping = True
        log.info("Stopping; finishing what is under way.", action="stopping")
        end = time.monotonic() + DRAIN_SECONDS
        if self._scheduler:
            await self._scheduler.stop(DRAIN_SECONDS)
        if self._connection:
            await self._connection.close()
        await self._replies.drain(max(0.0, end - time.monotonic()))
        self._web.should_exit = True
        await asyncio.wait({serving}, timeout=DRAIN_SECONDS)
        self._web.hang_up()
        await serving
        log.info("Stopped.", action="stopped")

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
            listener.listen()  # from here on nobody is turned away, and nobody else can have the port
        except OSError as error:
            listener.close()
            raise SettingsError(
                f"Nothing can listen on {self._host}:{self._port}: {error.strerror}. Set HOST and PORT."
            ) from error
        return listener

    async def _healthy(self) -> str:
        try:
            async with promptly(HEALTH_SECONDS):
                await self._database.read(schema.check)
        except BotError as error:
            return str(error)
        return ""

    async def _ready(self) -> str:
        if self._stopping:
            return "Stopping: what is under way ends, and nothing new should come here."
        why_not = await self._healthy()
        if why_not:
            return why_not
        try:
            async with promptly(HEALTH_SECONDS):
                await self._timekeeping.check()
        except BotError as error:
            return str(error)
        if self._connection and not await self._connection.connected():
            return "Slack is not connected."
        return await self._standing.wrong()


class _Quiet(uvicorn.Server):
    """uvicorn without its signal handlers: the stop is ours, so that work under way can end first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def hang_up(self) -> None:
        """On whoever never ends a request: uvicorn would wait for them for ever."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def stop_on_signals() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop
