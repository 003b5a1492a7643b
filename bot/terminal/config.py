"""`config check|apply|export FILE`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bot.core import wording
from bot.core.alerts import sense
from bot.core.configuration import Configuration
from bot.core.errors import ConfigError, NotFound, WordsError
from bot.services import configuration
from bot.services.alerts.alerts import Alerts
from bot.services.alerts.replay import DAYS
from bot.services.configuring.replaying import counted
from bot.services.syncing.rebuild import rebuild_everything
from bot.store.database import Database
from bot.terminal.files import sink
from bot.terminal.output import dumped, show


def check(args: Namespace) -> int:
    """Needs no database: the file alone must hold together."""
    path = _path(args)
    found = configuration.check(None, read(path), path.name)
    doubts = [one for at, rule in enumerate(found.rules) for one in sense.conflicts(rule, found.rules[:at])]
    if args.format == "json":
        show(dumped({"file": str(path), "ok": True, "teams": len(found.teams), "notes": doubts}))
        return 0
    show(f"{path} holds together: {_counted(found)}.")
    for doubt in doubts:
        show(doubt)
    return 0


async def apply(args: Namespace, database: Database, alerts: Alerts, now: datetime) -> int:
    path = _path(args)
    change, days = await apply_file(path, database, now)
    doubts = [line async for line in _doubts(change.rules, alerts, now)]
    if args.format == "json":
        show(dumped({"file": str(path), "changed": list(change.lines), "days_rebuilt": days, "notes": doubts}))
        return 0
    for line in change.lines or ("Nothing changed.",):
        show(line)
    if days:
        show(f"The ledger was made anew: {wording.exactly(days, 'day')}.")
    for line in doubts:
        show(line)
    return 0


async def _doubts(rules: Iterable[str], alerts: Alerts, now: datetime) -> AsyncIterator[str]:
    """What a trial says against rules that were just put in force, and how often they would have fired."""
    for rule in rules:
        found = await alerts.replay(rule, now - timedelta(days=DAYS), now)
        if set(found.sense) - {sense.UNTRIED}:
            yield f"alert {rule}: {' '.join((counted(found), *found.sense))}"


async def apply_file(path: Path, database: Database, now: datetime) -> tuple[configuration.Change, int]:
    """Put a file in force and rebuild what it touches, all or nothing; what changed, and how many days."""
    return await database.write(_apply, read(path), path.name, now)


async def export(args: Namespace, database: Database) -> int:
    text = await database.read(configuration.export)
    if text is None:
        raise NotFound("No configuration was applied yet. Run `claude-usage config apply FILE`.")
    with sink(args.file) as write:
        write(text.encode())
    return 0


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}.") from error


def _apply(connection: Connection, text: str, name: str, now: datetime) -> tuple[configuration.Change, int]:
    change = configuration.apply(connection, text, name, now)
    return change, rebuild_everything(connection) if change.ownership else 0


def _path(args: Namespace) -> Path:
    if not args.file:
        raise WordsError(f"Name the file: claude-usage config {args.action} FILE.")
    return Path(args.file)


def _counted(found: Configuration) -> str:
    counts = {"team": len(found.teams), "digest": len(found.digests), "alert rule": len(found.rules)}
    return ", ".join(wording.exactly(count, what) for what, count in counts.items())
