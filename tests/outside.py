"""Everything the bot talks to, served on a loop of its own, so that the bot's loop may block, stop or die."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import structlog
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import process, wiring
from bot.demo.anthropic_server import create_app
from bot.demo.organization import Organization
from bot.demo.serving import serve
from bot.demo.slack_server import COMMAND, Message, SlackChannel, SlackStandIn, SlackUser
from bot.settings import Settings
from bot.terminal import config
from tests.faults import Faults

T = TypeVar("T")

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAYS = 10
ADMIN_KEY = "sk-ant-admin01-for-tests"
BOT_TOKEN = "xoxb-for-tests"
APP_TOKEN = "xapp-for-tests"
SIGNING_SECRET = "5igning-5ecret-for-tests"
SECRETS = (ADMIN_KEY, BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, "/response/")
"""What no log line may hold; a response_url lets anyone who has it answer in the bot's name."""

ANA, BEN, QUIET = "U0ANA", "U0BEN", "U0QUIET"
GENERAL, ALPHA, OLD = "C0GENERAL", "C0ALPHA", "C0OLD"
USERS = (
    SlackUser(ANA, "Ana Ribeiro", "ana@example.com", "Europe/Berlin"),
    SlackUser(BEN, "Ben Okafor", "ben@example.com"),
    SlackUser(QUIET, "Quinn Quiet", "quiet@example.com", dms_blocked=True),
)
CHANNELS = (
    SlackChannel(GENERAL, "general"),
    SlackChannel(ALPHA, "team-alpha"),
    SlackChannel(OLD, "old", archived=True),
)
TEAMS = """\
admins: [ben@example.com]
teams:
  - {id: alpha, name: Team Alpha, owners: [ana@example.com], matches: [{workspace: support-*}, {api_key: alpha-*}]}
  - {id: beta, name: Team Beta, owners: [ben@example.com], matches: [{workspace: search-*}, {api_key: beta-*}]}
  - {id: gamma, name: Team Gamma, matches: [{workspace: data-pipelines}]}
  - {id: delta, name: Team Delta, matches: [{workspace_tag: {team: delta}}]}
digests:
  - {id: morning, channel: C0GENERAL, cadence: daily, at: "08:00"}
alerts:
  - {id: day_cap, metric: cost, kind: threshold, above: 1.00, window: 1d, scope: {team: alpha}, severity: critical}
"""

simulated = cache(Organization.simulate)
"""The same organisation is simulated once: it keeps what it summed."""


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, by: timedelta) -> None:
        self.now += by


class _Door:
    """One served address behind which each test puts its own application: starting a server per test is slow."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@dataclass(slots=True)
class Outside:
    """Anthropic and Slack as they stand in, and what is broken about them right now."""

    slack_url: str
    anthropic_url: str
    clock: Clock
    anthropic: Faults
    slack: SlackStandIn
    slack_faults: Faults
    _door: _Door
    _loop: asyncio.AbstractEventLoop = field(repr=False)

    def fresh(self) -> "Outside":
        """Forget what was said and broken: a new Slack workspace at the same address."""
        self.anthropic.heal()
        self.anthropic.seen.clear()
        self.clock.now = NOW
        self.slack = _slack(self.clock, self.slack_url)
        self._door.app = self.slack_faults = Faults(self.slack.app)
        return self

    def now(self, work: Coroutine[Any, Any, T]) -> T:
        """What a person does in Slack, waited for by a test that is not async."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def does(self, work: Coroutine[Any, Any, T]) -> Awaitable[T]:
        """What a person does in Slack, for an async test."""
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def posted(self, channel: str | None = None) -> list[Message]:
        """What the bot said, in one place or anywhere."""
        return [one for one in self.slack.messages if one.from_bot and channel in (None, one.channel)]

    def headlines(self, channel: str | None = None) -> list[Message]:
        """The same without what stands in threads."""
        return [one for one in self.posted(channel) if one.thread_ts is None]

    def settings(self, database_url: str, **more: Any) -> Settings:
        """Settings under which the bot finds all of this; signed HTTP unless `slack_app_token` is given."""
        given: dict[str, Any] = {
            "anthropic_admin_api_key": SecretStr(ADMIN_KEY),
            "anthropic_base_url": self.anthropic_url,
            "slack_bot_token": SecretStr(BOT_TOKEN),
            "slack_signing_secret": SecretStr(SIGNING_SECRET),
            "slack_api_url": f"{self.slack_url}/api/",
            "database_url": SecretStr(database_url),
            "backfill_days": DAYS,
            "port": 0,
        }
        return Settings(_env_file=None, **given | more)

    def environment(self, database_url: str, **more: str) -> dict[str, str]:
        """The same as environment variables; a value of "" leaves one out."""
        given = {
            "ANTHROPIC_ADMIN_API_KEY": ADMIN_KEY,
            "ANTHROPIC_BASE_URL": self.anthropic_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": f"{self.slack_url}/api/",
            "DATABASE_URL": database_url,
            "BACKFILL_DAYS": str(DAYS),
            "PORT": "0",
        }
        return {name: value for name, value in (given | more).items() if value}


@contextmanager
def opened() -> Iterator[Outside]:
    """Serve the outside world until the block ends."""
    ready: list[Outside] = []
    served, done = threading.Event(), threading.Event()

    async def run() -> None:
        clock, door = Clock(), _Door()
        organization = simulated(days=DAYS, until=NOW)
        anthropic = Faults(create_app(organization, clock=clock, admin_key=ADMIN_KEY))
        async with AsyncExitStack() as stack:
            slack_url = await stack.enter_async_context(serve(door))
            anthropic_url = await stack.enter_async_context(serve(anthropic))
            slack = _slack(clock, slack_url)
            door.app = faults = Faults(slack.app)
            loop = asyncio.get_running_loop()
            ready.append(Outside(slack_url, anthropic_url, clock, anthropic, slack, faults, door, loop))
            served.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(run(),), name="outside")
    thread.start()
    try:
        if not served.wait(20):
            raise TimeoutError("The stand-ins did not start.")
        yield ready[0]
    finally:
        done.set()
        thread.join()


async def until(came: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something to have happened; AssertionError says that it did not."""
    end = time.monotonic() + seconds
    while not came():
        assert time.monotonic() < end, "It did not happen in time."
        await asyncio.sleep(0.01)


def wait_until(came: Callable[[], object], seconds: float = 10) -> None:
    """`until` for tests that are not async."""
    end = time.monotonic() + seconds
    while not came():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.01)


def written(folder: Path, text: str = TEAMS, name: str = "teams.yml") -> Path:
    """A configuration file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def moved(file: Path, suffix: str) -> Path:
    """The file under another name, as an operator's slip does it."""
    return file.rename(file.with_suffix(suffix))


def without_secrets(log: str, *more: str) -> Mapping[str, int]:
    """How often each secret stands in what was logged; equal to {} where none does."""
    return {secret: log.count(secret) for secret in (*SECRETS, *more) if secret in log}


def _slack(clock: Clock, url: str) -> SlackStandIn:
    slack = SlackStandIn(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        users=USERS,
        channels=CHANNELS,
        clock=clock,
    )
    slack.base_url = url
    return slack


@contextmanager
def own_logging() -> Iterator[None]:
    """Let the bot set logging up for as long as the block lasts; it would close pytest's handlers for good."""
    root = logging.getLogger()
    before, root.handlers[:] = root.handlers[:], []
    level = root.level
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()


async def synced(outside: Outside, folder: Path) -> str:
    """The URL of a database that holds what Anthropic reports, under `TEAMS`."""
    url = f"sqlite:///{folder / 'synced.db'}"
    async with wiring.parts(outside.settings(url), NOW) as parts:
        await config.apply_file(written(folder), parts.database, NOW)
        result = await parts.sync.run(NOW)
    assert not result.failures
    return url


@asynccontextmanager
async def bot(outside: Outside, database_url: str, *, socket_mode: bool = False) -> AsyncIterator[str]:
    """The bot as `run` builds it, without its scheduler, known to Slack; yields the address of its web server."""
    transport = {"slack_app_token": SecretStr(APP_TOKEN), "slack_signing_secret": None} if socket_mode else {}
    async with wiring.parts(outside.settings(database_url, **transport), NOW) as parts:
        listening = wiring.listening(parts)
        server = process.Server(
            app=listening.app,
            connection=listening.socket,
            replies=listening.replies,
            standing=listening.standing,
            scheduler=None,
            database=parts.database,
            intake=parts.intake,
            host="127.0.0.1",
            port=0,
            clock=parts.clock,
        )
        stop = asyncio.Event()
        serving = asyncio.create_task(server.serve(stop))
        url = f"http://127.0.0.1:{await server.port()}"
        if socket_mode:
            await until(lambda: outside.slack.connections)
        else:
            outside.slack.bot_url = f"{url}/slack/events"
        try:
            yield url
        finally:
            stop.set()
            await serving


async def asked(outside: Outside, words: str) -> str:
    """What Ana reads after a command."""
    before = len(outside.posted())
    await outside.does(outside.slack.command(ANA, GENERAL, COMMAND, words))
    await until(lambda: len(outside.posted()) > before)
    said = outside.posted()[-1]
    return f"{said.text} {said.blocks}"
