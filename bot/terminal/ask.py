"""`ask`: the same question and the same answer as in Slack."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime

from bot.core.access import OPERATOR, Asker
from bot.core.errors import Withheld, WordsError
from bot.render import json
from bot.services.asking.ask import Ask
from bot.services.asking.receipts import Receipts
from bot.terminal.output import dumped, rendered, show


async def run(args: Namespace, ask: Ask, receipts: Receipts, now: datetime) -> int:
    text, asker = " ".join(args.text), Asker.called(args.asker) if args.asker else OPERATOR
    if not args.receipt:
        show(rendered(await ask.answer(text, now, asker), args.format))
        return 0
    if args.format not in ("text", "json"):
        raise WordsError("A receipt comes with --format text or --format json.")
    made = await receipts.make(text, now, asker)
    if args.format == "json":
        if not made.whole:
            raise Withheld(f"This receipt names rows of people whom {args.asker} may not see. Leave out --format json.")
        show(dumped({**json.document(made.answer), "receipt": dict(made.document)}))
        return 0
    show(rendered(made.answer, "text"))
    show("")
    show(rendered(made.readable, "text"))
    return 0
