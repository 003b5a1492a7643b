"""`export usage|cost|calls|focus`: the ledger or live calls as a file; its hash goes to standard error."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime

from bot.core.errors import WordsError
from bot.core.words import Sheet
from bot.render.json import instant
from bot.services.books import export
from bot.services.books.export import Exported
from bot.services.calls import exporting
from bot.store.database import Database
from bot.terminal.files import sink
from bot.terminal.output import dumped, say, show
from bot.terminal.period import period


async def run(args: Namespace, database: Database, now: datetime) -> int:
    if args.format == "json" and not args.output:
        raise WordsError("Name the file with -o: with --format json, standard output says what was written.")
    when = period(args.period, now)
    with sink(args.output) as write:
        if args.kind == Sheet.CALLS:
            exported = await database.read(exporting.export, when, args.team, write)
        else:
            exported = await database.read(export.export, Sheet(args.kind), when, args.team, write, now)
    if args.format == "json":
        show(dumped(_document(exported, args.output)))
        return 0
    for note in exported.notes:
        say(note)
    say(f"sha256 {exported.sha256}")
    return 0


def _document(exported: Exported, output: str) -> dict[str, object]:
    closed_at = exported.closed_at
    return {
        "file": output,
        "kind": exported.kind,
        "since": exported.since.isoformat(),
        "until": exported.until.isoformat(),
        "sha256": exported.sha256,
        "closed_at": instant(closed_at) if closed_at else None,
        "notes": list(exported.notes),
    }
