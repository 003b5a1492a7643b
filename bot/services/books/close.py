"""Closing a month: its files are written once and kept, and from then on its figures stay as they are."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from bot.core.entries import Basis
from bot.core.errors import CloseRefused
from bot.core.periods import span
from bot.core.usage import Source
from bot.core.utc import dates, month_after
from bot.core.words import LEDGER_SHEETS
from bot.services.books import export
from bot.services.figures.names import Names
from bot.store import ledger
from bot.store.books import closes
from bot.store.books.closes import ClosedMonth
from bot.store.ledger import EVERYTHING
from bot.store.readings import snapshots
from bot.store.upsert import lock

_MADE_OF = (Source.USAGE, Source.COST)
"""What the ledger is made of, and what therefore must be whole."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed month; `before` says that it was closed already."""

    month: ClosedMonth
    before: bool


def close(connection: Connection, month: date, now: datetime) -> Closed:
    """Close the month that begins on this day, all of it or nothing; a closed one is returned as it is.

    Raises CloseRefused for a month that is not over or whose data is not whole.
    """
    lock(connection, "close")
    closed = closes.months(connection).get(month)
    if closed:
        return Closed(closed, before=True)
    until = month_after(month)
    if now.astimezone(UTC).date() < until:
        raise CloseRefused(f"{month:%B %Y} is not over: it ends on {until - timedelta(days=1)} at midnight UTC.")
    names = Names.read(connection)
    organizations = {directory.organization_id: directory.organization_name for directory in names.organizations}
    for organization_id in sorted(organizations):
        lock(connection, organization_id)  # no sync and no change of teams between the files of one month
    missing = list(_missing(connection, organizations, month, until))
    if missing:
        raise CloseRefused(
            f"{month:%B %Y} is not whole: {'; '.join(missing)}. "
            f"Run `claude-usage sync --since {month} --until {until}`, then close it."
        )
    files = {}
    for kind in LEDGER_SHEETS:
        pieces = export.lines(connection, kind, month, until, EVERYTHING, names)
        files[export.file_name(kind, month)] = _compressed(pieces)
    return Closed(closes.close(connection, month, now, files), before=False)


def _missing(connection: Connection, organizations: Mapping[str, str], month: date, until: date) -> Iterator[str]:
    """What of the month is not known, one phrase per organisation and source."""
    if not organizations:
        yield "nothing has been read yet"
    days = dates(month, until)
    for organization_id, name in sorted(organizations.items()):
        for source in _MADE_OF:
            fetched = snapshots.fetched(connection, organization_id, source, month, until)
            unread = [day for day in days if day not in fetched or fetched[day].date() <= day]
            if unread:
                yield f"the {source} report of {name} is missing for {_runs(unread)}"
    unknown = ledger.days_with(connection, month, until, basis=Basis.UNKNOWN)
    if unknown:
        yield f"billed cost is not in yet for {_runs(unknown)}"


def _runs(days: list[date]) -> str:
    """Days as stretches: 3 Oct, 5–12 Oct."""
    runs: list[list[date]] = []
    for day in days:
        if runs and runs[-1][1] + timedelta(days=1) == day:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return ", ".join(span(first, last) for first, last in runs)


def _compressed(pieces: Iterator[bytes]) -> tuple[str, bytes]:
    """The hash of the bytes, and the bytes as they are kept; never all of them at once in full length."""
    digest, squeeze = hashlib.sha256(), zlib.compressobj()
    kept = []
    for piece in pieces:
        digest.update(piece)
        kept.append(squeeze.compress(piece))
    return digest.hexdigest(), b"".join([*kept, squeeze.flush()])
