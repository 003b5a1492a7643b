"""`digest NAME`: one digest as of an instant, printed or posted."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime

from bot.render import json
from bot.services.digests.digests import Digests
from bot.terminal.output import dumped, rendered, say, show


async def run(args: Namespace, digests: Digests, now: datetime) -> int:
    at = args.at or now
    if args.post:
        posted = await digests.post(args.name, at, now)
        say("Posted." if posted else "Not posted: it went out before, or is going out now.")
        return 0
    built = await digests.preview(args.name, at)
    if args.format == "json":
        digest = built.occurrence.digest
        where = {"channel": digest.channel} | ({"to": digest.to} if digest.to else {})
        show(dumped({**json.document(built.answer), "occurrence": json.instant(built.occurrence.due), **where}))
    else:
        show(rendered(built.answer, args.format))
        if built.details and args.format == "text":  # a program gets one document
            show(rendered(built.details, args.format))
    return 0
