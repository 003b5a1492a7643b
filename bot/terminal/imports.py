"""`import FILE…`: call logs into the store."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from bot.core import wording
from bot.core.calls.log import Log
from bot.core.errors import NotFound, WordsError
from bot.core.nearest import nearest
from bot.render.plain import uncoded
from bot.services.calls import importing
from bot.services.calls.forgetting import Forgetting
from bot.services.calls.importing import Imported
from bot.store.database import Database
from bot.terminal.output import say, show


async def run(args: Namespace, database: Database, clock: Callable[[], datetime], forgetting: Forgetting) -> int:
    """Bad lines and files are named and everything else is in; exit code 1 where a file gave nothing but such."""
    zone = _zone(args.timezone) if args.timezone else None
    useless = False
    for name in args.files:
        path = Path(name)
        try:
            with _progress(path) as progress:
                result = await importing.read(path, Log(args.format), database, clock, zone=zone, progress=progress)
        except NotFound as error:
            say(uncoded(str(error)))
            useless = True
            continue
        useless = useless or (result.refused > 0 and not result.known)
        _tell(path, result)
    await forgetting.finish(clock())  # where nothing but imports runs, nobody else would
    return 1 if useless else 0


def _tell(path: Path, result: Imported) -> None:
    for number, reason in result.named:
        say(uncoded(f"{path}:{number}: {reason}"))
    if result.refused > len(result.named):
        say(f"{path}: {wording.and_more(result.refused - len(result.named), 'line')} that could not be read")
    again = result.known - result.stored
    known = f", {again:,} were there already" if again else ""
    wrong = f", {result.refused:,} could not be read" if result.refused else ""
    show(f"{path}: {wording.exactly(result.stored, 'call')} stored{known}{wrong}")


@contextmanager
def _progress(path: Path) -> Iterator[importing.Progress]:
    if not sys.stderr.isatty():
        yield lambda _bytes, _records: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(path.name, total=path.stat().st_size if path.is_file() else None)
        yield lambda read, _records: bar.update(task, completed=read)


def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        close = nearest(name, available_timezones(), 1)
        raise WordsError(f"{name} is no IANA time zone{f'; did you mean {close[0]}?' if close else '.'}")
    return ZoneInfo(name)
