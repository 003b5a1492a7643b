"""`claude-usage demo`: the real bot between a simulated Anthropic and a Slack stand-in, all on this machine."""

from __future__ import annotations

import asyncio
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pydantic import SecretStr

from bot import logs, process, wiring
from bot.demo import programs
from bot.demo.anthropic_server import create_app
from bot.demo.organization import Organization
from bot.demo.serving import serve
from bot.demo.slack_server import COMMAND, Message, SlackChannel, SlackStandIn, SlackUser
from bot.settings import Settings
from bot.terminal import config
from bot.terminal.output import say, show

ADMIN_KEY = "sk-ant-admin01-simulated"
BOT_TOKEN = "xoxb-simulated"  # noqa: S105  (opens nothing but the stand-in)
APP_TOKEN = "xapp-simulated"  # noqa: S105
SIGNING_SECRET = "simulated-signing-secret"  # noqa: S105

ANA = "U0ANA0001"
ALPHA = "C0ALPHA"
DIGEST = "morning"
USERS = (
    SlackUser(ANA, "Ana Ribeiro", "ana@example.com", "Europe/Berlin"),
    SlackUser("U0BEN0002", "Ben Okafor", "ben@example.com", "Europe/London"),
    SlackUser("U0FARAH03", "Farah Haddad", "farah@example.com", "America/New_York"),
)
CHANNELS = (
    SlackChannel("C0GENERAL", "general"),
    SlackChannel(ALPHA, "team-alpha"),
    SlackChannel("C0BETA", "team-beta"),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs in a demo: the bot's own parts, and Slack as it stands in."""

    parts: wiring.Parts
    slack: SlackStandIn
    page: str
    """Where the stand-in's page is."""


def run(args: Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: Namespace) -> int:
    async with stage(args) as ready:
        result = await ready.parts.sync.run(ready.parts.clock())
        if result.failures:
            raise result.failures[0]
        if args.once:
            await _once(ready)
        else:
            await _live(ready)
    return 0


@asynccontextmanager
async def stage(args: Namespace) -> AsyncIterator[Stage]:
    """Start the simulated services and build the bot against them; a temporary folder holds its database."""
    clock = wiring.Clock(args.now)
    organization = Organization.simulate(seed=args.seed, days=args.days, until=clock(), waste=True)
    slack = SlackStandIn(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        users=USERS,
        channels=CHANNELS,
        clock=clock,
    )
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="claude-usage-demo-")))
        anthropic_url = await stack.enter_async_context(
            serve(create_app(organization, clock=clock, admin_key=ADMIN_KEY))
        )
        page = await stack.enter_async_context(serve(slack.app, 0 if args.once else args.port))
        slack.base_url = page
        settings = _settings(folder, anthropic_url, page, args.days)
        logs.configure(settings)
        parts = await stack.enter_async_context(wiring.parts(settings, args.now))
        await config.apply_file(Path(str(files("bot.demo") / "teams.yml")), parts.database, parts.clock())
        yield Stage(parts, slack, page)


def _settings(folder: Path, anthropic_url: str, slack_url: str, days: int) -> Settings:
    """Every setting that could reach a real account is given here, so that none comes from the environment."""
    return Settings(
        _env_file=None,
        anthropic_admin_api_key=SecretStr(ADMIN_KEY),
        anthropic_admin_api_keys={},
        anthropic_base_url=anthropic_url,
        anthropic_api_key=None,
        slack_bot_token=SecretStr(BOT_TOKEN),
        slack_app_token=None,
        slack_signing_secret=SecretStr(SIGNING_SECRET),
        slack_api_url=f"{slack_url}/api/",
        database_url=SecretStr(f"sqlite:///{folder / 'demo.db'}"),
        config_file=None,
        host="127.0.0.1",
        port=0,
        backfill_days=days,
        timezone="UTC",
        log_level="warning",
        auto_migrate=True,
    )


@asynccontextmanager
async def _bot(ready: Stage, *, scheduled: bool) -> AsyncIterator[str]:
    """The running bot, on signed HTTP, known to the stand-in; yields its address."""
    listening = wiring.listening(ready.parts)
    server = process.Server(
        app=listening.app,
        connection=listening.socket,
        replies=listening.replies,
        standing=listening.standing,
        scheduler=listening.scheduler if scheduled else None,
        database=ready.parts.database,
        intake=ready.parts.intake,
        host="127.0.0.1",
        port=0,
        clock=ready.parts.clock,
    )
    stop = asyncio.Event()
    serving = asyncio.create_task(server.serve(stop))
    address = f"http://127.0.0.1:{await server.port()}"
    ready.slack.bot_url = f"{address}/slack/events"
    try:
        yield address
    finally:
        stop.set()
        await serving


async def _once(ready: Stage) -> None:
    """Sync → `team alpha` → one digest → one alert, each printed as Slack has it."""
    parts, slack = ready.parts, ready.slack
    async with _bot(ready, scheduled=False):
        answered = len(slack.messages)
        with slack.watching() as changed:
            await slack.command(ANA, ALPHA, COMMAND, "team alpha")
            while len(slack.messages) == answered:
                await asyncio.wait_for(changed.wait(), 10)
                changed.clear()
        _print("Ana asks /claude-usage team alpha in #team-alpha", slack.messages[-1])
        now = parts.clock()
        before = len(slack.messages)
        await parts.digests.post(DIGEST, now, now)
        _print("The morning digest in #general", slack.messages[before])  # its details follow in the thread
        before = len(slack.messages)
        await parts.alerts.run(now)
        told = slack.messages[before:]  # her budget and its forecast are news today, too
        _print("The alert in Ana's direct messages", next(one for one in told if "over its limit" in one.text))


async def _live(ready: Stage) -> None:
    """The page, until Ctrl-C."""
    parts = ready.parts
    async with _bot(ready, scheduled=True) as address:
        now = parts.clock()
        await parts.digests.post(DIGEST, now, now)
        ready.slack.incident = await programs.prepared(parts.database, address, parts.clock)
        say(f"\nThe demo runs at {ready.page}\nThe story beside the page shows what to try. Stop it with Ctrl-C.")
        await process.stop_on_signals().wait()


def _print(what: str, message: Message) -> None:
    show(f"── {what} " + "─" * max(0, 76 - len(what)))
    show(message.text)
    show("")
