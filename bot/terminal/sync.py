"""`sync`: one sync, with a progress bar for people and a line per chunk for logs."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.core import wording
from bot.core.errors import SettingsError, WordsError
from bot.core.usage import Source
from bot.render.plain import uncoded
from bot.services.syncing.reading import Finished
from bot.services.syncing.reading import Progress as Told
from bot.services.syncing.sync import Sync
from bot.terminal.output import say, show

log = structlog.get_logger()


async def run(args: Namespace, sync: Sync, now: datetime, *, organizations: int) -> int:
    """Exit code 1, or the failure's own, when a source could not be read to the end; what was read stays."""
    if not organizations:
        raise SettingsError(
            "ANTHROPIC_ADMIN_API_KEY is missing. Create an admin key in the Console: Settings → Admin keys."
        )
    if args.since and args.until and args.since >= args.until:
        raise WordsError("--until must be later than --since; it names the first day that is not read.")
    sources = [Source(name) for name in args.source] if args.source else list(Source)
    with _progress() as told:
        result = await sync.run(now, since=args.since, until=args.until, sources=sources, progress=told)
    for source in sources:
        done = [finished for finished in result.finished if finished.source is source]
        days = sum(finished.span.days for finished in done)
        if source in result.refused and not done:
            show(f"{source.value}: not read, because Anthropic does not let this key; `ask status` says why")
            continue
        counted = "" if source is Source.LIMITS else f"{wording.exactly(days, 'day')} read, "
        show(f"{source.value}: {counted}{wording.exactly(sum(finished.records for finished in done), 'row')}")
    if result.failures:
        say("Not everything could be read. What was stored stays; the next sync reads the rest.")
        worst = max(result.failures, key=lambda failure: failure.exit_code)
        for sentence in dict.fromkeys(map(str, result.failures)):
            if sentence != str(worst):
                say(uncoded(sentence))
        raise worst
    return 0


@contextmanager
def _progress() -> Iterator[Told]:
    if not sys.stderr.isatty():
        yield _logged
        return
    columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TextColumn("days"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Reading", total=None)

        def told(step: Finished | int) -> None:
            if isinstance(step, int):
                bar.update(task, total=step)
            else:
                bar.advance(task, step.span.days)

        yield told


def _logged(step: Finished | int) -> None:
    if isinstance(step, Finished):
        log.info(
            "Chunk stored.",
            action="chunk_stored",
            source=step.source.value,
            since=str(step.span.since),
            until=str(step.span.until),
            rows=step.records,
        )
