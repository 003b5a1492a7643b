"""What each word of the command line comes to: settings → parts → one command."""

from __future__ import annotations

import asyncio
import secrets
import sys
from argparse import Namespace
from datetime import datetime
from pathlib import Path

import structlog

from bot import logs, process, wiring
from bot import settings as settings_module
from bot.core.errors import BotError, ConfigError, SettingsError, StoreUnavailable
from bot.render.plain import uncoded
from bot.settings import Settings
from bot.setup import doctor, init
from bot.store import schema
from bot.store.database import Database
from bot.terminal import (
    alerts,
    ask,
    chart,
    close,
    config,
    deliveries,
    digest,
    export,
    imports,
    lab_detect,
    lab_forecast,
    reconcile,
    replay,
    sync,
    token,
    verify,
)
from bot.terminal.output import say, show

log = structlog.get_logger()

_CONFIGURED = ("run", "sync", "ask", "digest", "alerts", "replay", "reconcile", "export", "chart", "close", "token")
"""Commands before which CONFIG_FILE is put in force."""
_BEFORE_SETTINGS = ("doctor", "init")
"""Commands that are there for settings that are missing or wrong."""


def run(args: Namespace) -> int:
    """The exit code: 0 done, 1 failed, 3 a setting or credential is missing or refused."""
    settings: Settings | None = None
    try:
        if args.command in _BEFORE_SETTINGS:
            return _first_minutes(args)
        settings = settings_module.load()
        logs.configure(settings)
        return _dispatch(args, settings)
    except BotError as error:
        say(uncoded(str(error)))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: nothing is wrong, and nobody is left to tell
        return 0
    except Exception as error:
        if settings is not None and settings.log_level == "debug":
            raise
        reference, kind = secrets.token_hex(4), type(error).__name__
        # What broke after weeks of running can't be run again to see where; everything else can.
        log.error(
            "A command broke.", action="command_broke", reference=reference, error=kind, exc_info=args.command == "run"
        )
        say(f"Something broke (reference {reference}). Run it again with LOG_LEVEL=debug and report what it says.")
        return 1


def _dispatch(args: Namespace, settings: Settings) -> int:
    match args.command:
        case "demo":
            from bot.demo import main as demo  # not at the top: the bot itself must not depend on its demo

            return demo.run(args)
        case "lab" if args.what == "detect":
            return lab_detect.run(sys.stdin, min_impact=args.min_impact, notices=args.notices)
        case "lab":
            return lab_forecast.run(sys.stdin)
        case "config" if args.action == "check":
            return config.check(args)
        case "migrate":
            return _migrate(settings)
        case _:
            return asyncio.run(_with_parts(args, settings))


def _first_minutes(args: Namespace) -> int:
    logs.configure(settings_module.without_environment())
    return doctor.run(args) if args.command == "doctor" else init.run(args)


def _migrate(settings: Settings) -> int:
    database = Database(settings.database_url.get_secret_value())
    try:
        show(f"The schema is at {schema.migrate(database, wiring.migration_waits)}.")
    except StoreUnavailable as error:
        raise SettingsError(str(error)) from error
    finally:
        database.close()
    return 0


async def _with_parts(args: Namespace, settings: Settings) -> int:
    async with wiring.parts(settings, args.now) as parts:
        now = parts.clock()
        if settings.config_file and args.command in _CONFIGURED:
            if not settings.config_file.exists():
                raise SettingsError(f"CONFIG_FILE names no file: {settings.config_file}. Check the path.")
            await _configure(settings.config_file, parts.database, now)
        match args.command:
            case "ask":
                return await ask.run(args, parts.ask, parts.receipts, now)
            case "verify":
                return await verify.run(args, parts.receipts)
            case "sync":
                return await sync.run(args, parts.sync, now, organizations=len(parts.clients))
            case "digest":
                return await digest.run(args, parts.digests, now)
            case "alerts":
                return await alerts.run(args, parts.alerts, now)
            case "replay":
                return await replay.run(args, parts.alerts, now)
            case "reconcile":
                return await reconcile.run(args, parts.reconcile, now)
            case "export":
                return await export.run(args, parts.database, now)
            case "chart":
                return await chart.run(args, parts.ask, now)
            case "deliveries":
                return await deliveries.run(args, parts.database, now)
            case "import":
                return await imports.run(args, parts.database, parts.clock, parts.forgetting)
            case "token":
                return await token.run(args, parts.database, now)
            case "close":
                return await close.run(args, parts.database, now)
            case "config":
                if args.action == "apply":
                    return await config.apply(args, parts.database, parts.alerts, now)
                return await config.export(args, parts.database)
            case _:
                if args.now:
                    said = "The clock was set by --now; replicas on one database need the same."
                    log.info(said, action="clock_set", now=now.isoformat())
                return await serve(parts)


async def _configure(file: Path, database: Database, now: datetime) -> None:
    """Put CONFIG_FILE in force; what is wrong with it is a wrong setting, whoever asked for something else."""
    try:
        change, _ = await config.apply_file(file, database, now)
    except ConfigError as error:
        raise SettingsError(f"{error}\nCONFIG_FILE names this file, so nothing runs until it is mended.") from error
    for line in change.lines:
        log.info("Configured.", action="configured", change=line)


async def serve(parts: wiring.Parts) -> int:
    """The bot until it is told to stop."""
    listening = wiring.listening(parts)
    assert parts.slack is not None
    await process.check_credentials(parts.slack, listening.socket, parts.clients)
    server = process.Server(
        app=listening.app,
        connection=listening.socket,
        replies=listening.replies,
        standing=listening.standing,
        scheduler=listening.scheduler,
        database=parts.database,
        intake=parts.intake,
        host=parts.settings.host,
        port=parts.settings.port,
        clock=parts.clock,
    )
    await server.serve(process.stop_on_signals())
    return 0
