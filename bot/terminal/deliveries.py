"""`deliveries`: what was sent, when, where, and what wasn't, and why."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.answers import deliveries as deliveries_answer
from bot.answers.deliveries import Line
from bot.render.json import instant
from bot.services import outbox
from bot.store.database import Database
from bot.store.messages import deliveries
from bot.store.messages.deliveries import Entry
from bot.terminal.output import dumped, rendered, show

MOST_SHOWN = 50
MOST_TOLD = 1000
"""In JSON."""


async def run(args: Namespace, database: Database, now: datetime) -> int:
    """Exit code 0 also where messages did not go out: the question was answered."""
    most = MOST_TOLD if args.format == "json" else MOST_SHOWN
    found = await database.read(_found, most + 1, failed=args.failed)
    found, older = found[:most], len(found) > most
    if args.format == "json":
        show(dumped({"at": instant(now), "deliveries": [_document(entry, line) for entry, line in found]}))
    else:
        show(rendered(deliveries_answer.answer([line for _, line in found], failed=args.failed, older=older), "text"))
    return 0


def _found(connection: Connection, most: int, *, failed: bool) -> list[tuple[Entry, Line]]:
    entries = deliveries.newest(connection, most, unsent=failed)
    return [(entry, outbox.line(connection, entry)) for entry in entries]


def _document(entry: Entry, line: Line) -> dict[str, Any]:
    return {
        "key": entry.key,
        "what": line.what,
        "state": entry.state.value,
        "at": instant(entry.at),
        "attempts": entry.attempts,
        "place": outbox.place(entry),
        "channel": entry.channel,
        "ts": entry.ts or None,
        "reason": entry.error,
    }
