"""`ask`: the same question and the same answer as in Slack."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime

from bot.services.ask import Ask
from bot.terminal.output import rendered, show


async def run(args: Namespace, ask: Ask, now: datetime) -> int:
    show(rendered(await ask.answer(" ".join(args.text), now), args.format))
    return 0
