"""`export usage|cost|focus`: the ledger as a file, its hash and what it leaves out on standard error."""

from __future__ import annotations

import os
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bot.core.errors import ConfigError, WordsError
from bot.core.periods import Period, month_to_date, parse_period
from bot.services import export
from bot.services.export import Exported, Kind, Sink
from bot.store.database import Database
from bot.terminal.output import dumped, say, show, write

ZONE = "UTC"
"""The ledger's days are UTC days."""


async def run(args: Namespace, database: Database, now: datetime) -> int:
    if args.format == "json" and not args.output:
        raise WordsError("Name the file with -o: with --format json, standard output says what was written.")
    period = _period(args.period, now)
    with _sink(args.output) as sink:
        exported = await database.read(export.export, Kind(args.kind), period, args.team, sink, now)
    if args.format == "json":
        show(dumped(_document(exported, args.output)))
        return 0
    for note in exported.notes:
        say(note)
    say(f"sha256 {exported.sha256}")
    return 0


def _period(words: str | None, now: datetime) -> Period:
    if not words:
        return month_to_date(now=now, zone=ZONE)
    period = parse_period(words, now=now, zone=ZONE)
    if period is None:
        raise WordsError(f"I can't read “{words}” as a period. Try `--period 2026-10` or `--period 'last 30 days'`.")
    return period


@contextmanager
def _sink(output: str | None) -> Iterator[Sink]:
    """Standard output, or a file that appears under its name when it is whole."""
    if output is None:
        yield write
        return
    path = Path(output)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}.") from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file.write
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _document(exported: Exported, output: str) -> dict[str, object]:
    closed_at = exported.closed_at
    return {
        "file": output,
        "kind": exported.kind,
        "since": exported.since.isoformat(),
        "until": exported.until.isoformat(),
        "sha256": exported.sha256,
        "closed_at": f"{closed_at:%Y-%m-%dT%H:%M:%SZ}" if closed_at else None,
        "notes": list(exported.notes),
    }
