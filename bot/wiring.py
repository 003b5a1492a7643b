"""Builds every object from the settings; nothing else does."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

import bot
from bot import interpreter
from bot.anthropic_api.client import AnthropicClient
from bot.anthropic_api.messages import Messages
from bot.core.errors import SchemaMismatch, SettingsError, StoreUnavailable
from bot.core.usage import Surface
from bot.scheduler import Scheduler
from bot.services import tracing
from bot.services.alerts.alerts import Alerts
from bot.services.asking.ask import Ask
from bot.services.asking.home import Homes
from bot.services.asking.receipts import Receipts
from bot.services.asking.typeahead import Typeahead
from bot.services.asking.understanding import Understanding
from bot.services.books.reconcile import Reconcile
from bot.services.calls.forgetting import Forgetting
from bot.services.calls.intake import Intake
from bot.services.calls.watching import Watch, observe
from bot.services.configuring.forms import Forms
from bot.services.configuring.weekly import Weekly
from bot.services.deliver import Deliverer
from bot.services.digests.digests import Digests
from bot.services.figures.recognition import Recognition
from bot.services.presses import Presses
from bot.services.syncing.sync import Sync
from bot.services.timekeeping import Timekeeping
from bot.settings import Settings
from bot.slack import app as slack_app
from bot.slack.connection import SocketMode
from bot.slack.forms import Dialogs
from bot.slack.notifier import SlackNotifier, session, web_client
from bot.slack.people import SlackPeople
from bot.slack.pictures import Pictures
from bot.slack.reply import Replies
from bot.slack.standing import Standing
from bot.store import schema
from bot.store.database import Database

log = structlog.get_logger()


class Clock:
    """The time; given a start (`--now`), the time as if the clock had begun there."""

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
    people: SlackPeople | None
    sync: Sync
    ask: Ask
    receipts: Receipts
    homes: Homes
    alerts: Alerts
    digests: Digests
    reconcile: Reconcile
    intake: Intake
    forms: Forms
    weekly: Weekly
    forgetting: Forgetting


@asynccontextmanager
async def parts(settings: Settings, now: datetime | None = None) -> AsyncIterator[Parts]:
    """Everything a command needs, on a database whose schema is current; closed again at the end."""
    interpreter.calm_collector()
    interpreter.thrifty_allocator()
    async with AsyncExitStack() as stack:
        if settings.otel_exporter_otlp_endpoint:
            stack.push_async_callback(tracing.begin(settings.otel_exporter_otlp_endpoint, bot.__version__))
        database = Database(settings.database_url.get_secret_value())
        stack.callback(database.close)
        _open(database, auto_migrate=settings.auto_migrate)
        clients = tuple(anthropic_client(settings, name, key) for name, key in settings.admin_keys.items())
        for client in clients:
            stack.push_async_callback(client.close)
        clock, zone = Clock(now), settings.timezone
        slack = await _slack(stack, settings)
        deliverer = Deliverer(database, SlackNotifier(slack)) if slack else None
        people = SlackPeople(slack, clock) if slack else None
        recognition = Recognition(people)
        retain_calls = timedelta(days=settings.retain_calls_days)
        yield Parts(
            settings,
            clock,
            database,
            clients,
            slack,
            people,
            Sync(
                database,
                clients,
                lookback_days=settings.sync_lookback_days,
                backfill_days=settings.backfill_days,
                hourly_days=settings.hourly_days,
                surface=None if settings.anthropic_reports == "auto" else Surface(settings.anthropic_reports),
                retain_pages_days=settings.retain_pages_days,
            ),
            Ask(database, zone, recognition, _understanding(stack, settings, database)),
            Receipts(database, zone, recognition),
            Homes(database, zone, recognition),
            Alerts(database, deliverer, zone, people, observe),
            Digests(database, deliverer, zone, recognition),
            Reconcile(database, deliverer),
            Intake(database, clock, retain=retain_calls),
            Forms(database, zone, recognition, observe),
            Weekly(database, deliverer, zone),
            Forgetting(database, retain_calls),
        )


async def _slack(stack: AsyncExitStack, settings: Settings) -> AsyncWebClient | None:
    if not settings.slack_bot_token:
        return None
    kept = await stack.enter_async_context(session())
    return web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, kept)


def _understanding(stack: AsyncExitStack, settings: Settings, database: Database) -> Understanding | None:
    """Whoever reads what the grammar can't; None without an ordinary key."""
    if not settings.anthropic_api_key:
        return None
    messages = Messages(
        api_key=settings.anthropic_api_key.get_secret_value(),
        model=settings.anthropic_model,
        base_url=settings.anthropic_base_url,
        version=bot.__version__,
    )
    stack.push_async_callback(messages.close)
    return Understanding(database, messages, settings.timezone)


def _open(database: Database, *, auto_migrate: bool) -> None:
    """A database that can't be used at the start is a setting to correct, not a failure that passes."""
    try:
        try:
            newer = database.read_now(schema.check)  # first, because a question need not wait for whoever is writing
        except SchemaMismatch:
            if not auto_migrate:
                raise
            newer = ""
            schema.migrate(database, migration_waits)
        database.may_write = schema.watched()
    except StoreUnavailable as error:
        raise SettingsError(str(error)) from error
    if newer:
        log.warning("A newer version has taken over; this one works until it is replaced.", action="schema_newer")


def migration_waits() -> None:
    log.warning("Another replica brings the schema up to date; this one waits for it.", action="migration_waits")


@dataclass(frozen=True, slots=True)
class Listening:
    """What makes the parts a running bot: Slack's listeners, its connection if it is ours to hold, the scheduler."""

    app: AsyncApp
    socket: SocketMode | None
    replies: Replies
    standing: Standing
    scheduler: Scheduler


def listening(parts: Parts) -> Listening:
    """Raises SettingsError where the settings say nothing about how Slack reaches the bot."""
    settings, slack = parts.settings, parts.slack
    if slack is None or parts.people is None:
        raise SettingsError("SLACK_BOT_TOKEN is missing. Install the app from manifest.yml and copy its xoxb- token.")
    if not settings.slack_app_token and not settings.slack_signing_secret:
        raise SettingsError(
            "Say how Slack reaches the bot: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)."
        )
    if not parts.clients:
        raise SettingsError(
            "ANTHROPIC_ADMIN_API_KEY is missing. Create an admin key in the Console: Settings → Admin keys."
        )
    replies = Replies(Pictures(slack), SlackNotifier(slack))
    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
    app = slack_app.build(
        slack,
        signing_secret=secret,
        ask=parts.ask,
        receipts=parts.receipts,
        clock=parts.clock,
        replies=replies,
        presses=Presses(parts.database),
        homes=parts.homes,
        typeahead=Typeahead(parts.database),
        alerts=parts.alerts,
        people=parts.people,
        dialogs=Dialogs(slack, parts.forms, parts.digests, parts.clock, replies),
    )
    socket = None
    if settings.slack_app_token:
        socket = SocketMode(app, settings.slack_app_token.get_secret_value(), settings.slack_api_url)
    scheduler = Scheduler(
        parts.sync,
        parts.alerts,
        parts.digests,
        parts.reconcile,
        parts.weekly,
        parts.forgetting,
        Timekeeping(parts.database),
        every=settings.sync_every,
        clock=parts.clock,
    )
    parts.intake.arrived = Watch(parts.database, parts.alerts, parts.clock, settings.timezone).wake
    return Listening(app, socket, replies, Standing(slack), scheduler)


def anthropic_client(settings: Settings, name: str, api_key: str) -> AnthropicClient:
    """Anthropic as one organisation's key reads it; `name` is its NAME among the settings, "" for the plain one."""
    return AnthropicClient(
        api_key=api_key,
        setting=f"ANTHROPIC_ADMIN_API_KEY__{name.upper()}" if name else "ANTHROPIC_ADMIN_API_KEY",
        base_url=settings.anthropic_base_url,
        version=bot.__version__,
        in_flight=settings.anthropic_in_flight,
    )
