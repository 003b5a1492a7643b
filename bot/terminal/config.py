"""`config check|apply|export FILE`."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from bot.core import wording
from bot.core.configuration import Configuration
from bot.core.errors import ConfigError, NotFound, WordsError
from bot.services import configuration
from bot.services.syncing.rebuild import rebuild_everything
from bot.store.database import Database
from bot.terminal.files import sink
from bot.terminal.output import dumped, show


def check(args: Namespace) -> int:
    """Needs no database: the file alone must hold together."""
    path = _path(args)
    found = configuration.check(None, read(path), path.name)
    if args.format == "json":
        show(dumped({"file": str(path), "ok": True, "teams": len(found.teams)}))
        return 0
    show(f"{path} holds together: {_counted(found)}.")
    return 0


async def apply(args: Namespace, database: Database, now: datetime) -> int:
    path = _path(args)
    lines, days = await apply_file(path, database, now)
    if args.format == "json":
        show(dumped({"file": str(path), "changed": list(lines), "days_rebuilt": days}))
        return 0
    for line in lines or ("Nothing changed.",):
        show(line)
    if days:
        show(f"The ledger was made anew: {wording.exactly(days, 'day')}.")
    return 0


async def apply_file(path: Path, database: Database, now: datetime) -> tuple[tuple[str, ...], int]:
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


def _apply(connection: Connection, text: str, name: str, now: datetime) -> tuple[tuple[str, ...], int]:
    change = configuration.apply(connection, text, name, now)
    return change.lines, rebuild_everything(connection) if change.ownership else 0


def _path(args: Namespace) -> Path:
    if not args.file:
        raise WordsError(f"Name the file: claude-usage config {args.action} FILE.")
    return Path(args.file)


def _counted(found: Configuration) -> str:
    counts = {"team": len(found.teams), "digest": len(found.digests), "alert rule": len(found.rules)}
    return ", ".join(wording.exactly(count, what) for what, count in counts.items())
