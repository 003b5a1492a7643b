"""`close MONTH`: fix a month, and say what its files are known by."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime

from bot.core import wording
from bot.render.json import instant
from bot.services.books import close
from bot.store.database import Database
from bot.terminal.output import dumped, say, show


async def run(args: Namespace, database: Database, now: datetime) -> int:
    closed = await database.write(close.close, args.month, now)
    month = closed.month
    if args.format == "json":
        closed_at, files = instant(month.closed_at), dict(month.files)
        document = {"month": f"{month.month:%Y-%m}", "closed_at": closed_at, "files": files}
        show(dumped({**document, "closed_before": closed.before}))
        return 0
    was = "was closed" if closed.before else "is closed"
    say(f"{month.month:%B %Y} {was}: {wording.instant(month.closed_at)}. Its figures do not change any more.")
    for name, sha256 in sorted(month.files.items()):
        show(f"{sha256}  {name}")
    return 0
