"""Is the database there, at this version's schema, and may the bot write to it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from bot.core.configuration import Configuration
from bot.core.errors import SchemaMismatch
from bot.services.configuration import in_force
from bot.services.timekeeping import Timekeeping
from bot.settings import Settings
from bot.setup.finding import Finding, looked, ok, unused, wrong
from bot.store import preferences, schema
from bot.store.database import Database

CHECK, SCHEMA, TEAMS, CLOCK = "Database", "Schema", "Teams", "Database's clock"


def absent(url: str) -> Path | None:
    """The SQLite file that is not there yet; to look into it would make it."""
    parsed = make_url(url)
    if (
        parsed.get_backend_name() != "sqlite"
        or not parsed.database
        or parsed.database.startswith((":memory:", "file:"))
    ):
        return None
    path = Path(parsed.database).absolute()
    return None if path.exists() else path


def not_made_yet(path: Path, *, auto_migrate: bool) -> list[Finding]:
    """A first start makes it, where it may."""
    if not os.access(path.parent, os.W_OK):
        return [wrong(CHECK, f"Nothing can be written in {path.parent}. Make that folder, or set DATABASE_URL.")]
    if not auto_migrate:
        return [wrong(CHECK, f"{path.name} is not there, and AUTO_MIGRATE is false. Run `claude-usage migrate`.")]
    return [unused(CHECK, f"{path.name} is not there yet; the first `claude-usage run` or `sync` makes it.")]


async def stored(database: Database, settings: Settings) -> tuple[list[Finding], Configuration | None]:
    """The database itself and the configuration in it; None where there is none, or it can't be read."""
    try:
        newer = await database.read(schema.check)
    except SchemaMismatch as error:
        if settings.auto_migrate and "older" in str(error):
            said = "older than this version, or empty; the next `claude-usage run` or `migrate` brings it up to date"
            return [ok(CHECK, f"{database.dialect} answers"), unused(SCHEMA, said)], None
        return [ok(CHECK, f"{database.dialect} answers"), wrong(SCHEMA, str(error))], None
    await _writable(database)
    timekeeping = Timekeeping(database)
    lines = [ok(CHECK, f"{database.dialect} answers and can be written to"), ok(SCHEMA, _said(newer))]
    if await timekeeping.ahead() is not None:
        lines += await looked(CLOCK, lambda: _on_time(timekeeping))
    configuration = await database.read(in_force)
    return lines, configuration if configuration != Configuration() else None


async def _on_time(timekeeping: Timekeeping) -> list[Finding]:
    await timekeeping.check()
    return [ok(CLOCK, "agrees with this machine's")]


def _said(newer: str) -> str:
    return f"{newer}, newer than this version, which works on it until it is replaced" if newer else "current"


async def _writable(database: Database) -> None:
    """Raises StoreUnavailable where nothing can be written; what is written here is taken back."""
    try:
        await database.write(_tried)
    except _TakenBack:
        return


def _tried(connection: Connection) -> None:
    preferences.first_time(connection, "doctor", datetime.now(UTC))
    raise _TakenBack


class _TakenBack(Exception):
    """Undoes the transaction."""


def teams(configuration: Configuration | None) -> Finding:
    if configuration is None or not configuration.teams:
        return unused(TEAMS, "None yet: all spend is unallocated. `claude-usage init` proposes some.")
    count = len(configuration.teams)
    return ok(TEAMS, f"{count} {'team' if count == 1 else 'teams'} in force")
