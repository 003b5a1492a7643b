"""`chart KIND -o FILE.png`: a picture as a file, its numbers on standard output."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from bot.answers.answer import Answer, Chart
from bot.core.access import OPERATOR
from bot.core.errors import NotFound, WordsError
from bot.core.typed import quote
from bot.render import json, png
from bot.services.asking.ask import Ask
from bot.terminal.files import sink
from bot.terminal.output import dumped, rendered, show
from bot.terminal.period import period


async def run(args: Namespace, ask: Ask, now: datetime) -> int:
    """Raises NotFound where there is nothing to draw."""
    if Path(args.output).suffix.lower() != ".png":
        raise WordsError("The picture is a PNG file: name it with -o FILE.png.")
    answer = await ask.answer(_words(args, now), now, OPERATOR)
    if not answer.charts:
        raise NotFound(f"There is nothing to draw. {answer.headline}")
    chart = answer.charts[0]
    content = await asyncio.to_thread(png.picture, chart)
    with sink(args.output) as write:
        write(content)
    if args.format == "json":
        show(dumped(_document(args, answer, chart, content)))
    else:
        show(rendered(replace(answer, charts=()), "text"))
    return 0


def _words(args: Namespace, now: datetime) -> str:
    """The question that Slack would be asked."""
    if args.period:
        period(args.period, now)  # refuses what is none: here it would be read as a part of the name
    team = f"team {quote(args.team)}" if args.team else ""
    return " ".join(filter(None, ("chart", args.kind, team, args.period)))


def _document(args: Namespace, answer: Answer, chart: Chart, content: bytes) -> dict[str, object]:
    return {
        "file": args.output,
        "kind": args.kind,
        "alt": f"{chart.title}. {chart.finding}",
        "sha256": sha256(content).hexdigest(),
        **json.document(answer),
    }
