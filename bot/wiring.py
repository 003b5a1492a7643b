"""Builds every object from the settings; nothing else does."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import AsyncIterator, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

import bot
from bot.anthropic_api.client import AnthropicClient
from bot.core.errors import SchemaMismatch, SettingsError, StoreUnavailable
from bot.core.usage import Surface
from bot.scheduler import Scheduler
from bot.services.alerts import Alerts
from bot.services.ask import Ask
from bot.services.deliver import Deliverer
from bot.services.digests import Digests
from bot.services.receipts import Receipts
from bot.services.reconcile import Reconcile
from bot.services.sync import Sync
from bot.settings import Settings
from bot.slack import app as slack_app
from bot.slack.connection import SocketMode
from bot.slack.notifier import SlackNotifier, web_client
from bot.slack.reply import Replies
from bot.store import schema
from bot.store.database import Database

_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|sk-ant-[\w-]+|(?<=://)[^/\s@]+(?=@)|(?<=[?&]ticket=)[\w-]+"
    r"|https?://[^\s\"'\\<>]*/(commands|actions|response)/[^\s\"'\\<>]+"
)
"""Tokens and keys, the user and password in a database address, Socket Mode tickets, and response URLs, which let
anyone answer for us. None reaches past a quote or backslash: the line must stay the JSON it is."""


class Clock:
    """Now, or the time that has passed since a given start: where `--now` begins, the clock goes on."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._from = time.monotonic()

    def __call__(self) -> datetime:
        if self._start is None:
            return datetime.now(UTC)
        return self._start + timedelta(seconds=time.monotonic() - self._from)


@dataclass(frozen=True, slots=True)
class Parts:
    """The bot's services, as the commands use them. Without a Slack token there is nobody to post for it."""

    settings: Settings
    clock: Clock
    database: Database
    clients: tuple[AnthropicClient, ...]
    slack: AsyncWebClient | None
    sync: Sync
    ask: Ask
    receipts: Receipts
    alerts: Alerts
    digests: Digests
    reconcile: Reconcile


@asynccontextmanager
async def parts(settings: Settings, now: datetime | None = None) -> AsyncIterator[Parts]:
    """Everything a command needs, on a database whose schema is current; closed again at the end."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url.get_secret_value())
        stack.callback(database.close)
        _open(database, auto_migrate=settings.auto_migrate)
        clients = tuple(_client(settings, key) for key in settings.admin_keys.values())
        for client in clients:
            stack.push_async_callback(client.close)
        slack = None
        deliverer = None
        if settings.slack_bot_token:
            slack = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
            deliverer = Deliverer(database, SlackNotifier(slack))
        yield Parts(
            settings,
            Clock(now),
            database,
            clients,
            slack,
            Sync(
                database,
                clients,
                lookback_days=settings.sync_lookback_days,
                backfill_days=settings.backfill_days,
                surface=None if settings.anthropic_reports == "auto" else Surface(settings.anthropic_reports),
                retain_pages_days=settings.retain_pages_days,
            ),
            Ask(database, settings.timezone),
            Receipts(database, settings.timezone),
            Alerts(database, deliverer),
            Digests(database, deliverer, settings.timezone),
            Reconcile(database, deliverer),
        )


def _open(database: Database, *, auto_migrate: bool) -> None:
    """A database that can't be used from the first moment is a setting to put right, not a failure that passes."""
    try:
        try:
            database.read_now(schema.check)  # first, because a question need not wait for whoever is writing
        except SchemaMismatch:
            if not auto_migrate:
                raise
            schema.migrate(database)
    except StoreUnavailable as error:
        raise SettingsError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Listening:
    """What makes the parts a running bot: Slack's listeners, its connection if it is ours to hold, the scheduler."""

    app: AsyncApp
    socket: SocketMode | None
    replies: Replies
    scheduler: Scheduler


def listening(parts: Parts) -> Listening:
    """Raises SettingsError where the settings say nothing about how Slack reaches the bot."""
    settings, slack = parts.settings, parts.slack
    if slack is None:
        raise SettingsError("SLACK_BOT_TOKEN is missing. Install the app from manifest.yml and copy its xoxb- token.")
    if not settings.slack_app_token and not settings.slack_signing_secret:
        raise SettingsError(
            "Say how Slack reaches the bot: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)."
        )
    if not parts.clients:
        raise SettingsError(
            "ANTHROPIC_ADMIN_API_KEY is missing. Create an admin key in the Console: Settings → Admin keys."
        )
    replies = Replies()
    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
    app = slack_app.build(
        slack, signing_secret=secret, ask=parts.ask, receipts=parts.receipts, clock=parts.clock, replies=replies
    )
    socket = None
    if settings.slack_app_token:
        socket = SocketMode(app, settings.slack_app_token.get_secret_value(), settings.slack_api_url)
    scheduler = Scheduler(
        parts.sync, parts.alerts, parts.digests, parts.reconcile, every=settings.sync_every, clock=parts.clock
    )
    return Listening(app, socket, replies, scheduler)


def configure_logging(settings: Settings) -> None:
    """Structured logs on standard error, without a secret in them, whoever wrote the line."""
    as_json = settings.log_format == "json" or (settings.log_format is None and not sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, _redacted],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("httpx", "httpcore", "apscheduler", "alembic", "slack_sdk", "asyncio"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    # Bolt's warnings are advice to whoever writes listeners, such as that SLACK_BOT_TOKEN is set as well.
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)


def _redacted(_logger: object, _name: str, line: str | MutableMapping[str, Any]) -> str:
    return _SECRETS.sub("[secret]", str(line))


def _client(settings: Settings, api_key: str) -> AnthropicClient:
    return AnthropicClient(
        api_key=api_key,
        base_url=settings.anthropic_base_url,
        version=bot.__version__,
        in_flight=settings.anthropic_in_flight,
    )
