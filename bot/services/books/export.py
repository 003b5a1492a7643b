"""The ledger as files: usage, cost and FOCUS, the same bytes each time for the same ledger.

A closed month is given as it was closed, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.core import wording
from bot.core.books import focus
from bot.core.books.exports import COST_COLUMNS, USAGE_COLUMNS, Called, Charge, Row, charges, cost_rows, usage_rows
from bot.core.books.spreadsheet import written
from bot.core.entries import Basis, Posted
from bot.core.hours import Stretch
from bot.core.periods import Period, Unit
from bot.core.question import Question, Subject
from bot.core.utc import dates
from bot.core.words import Sheet
from bot.services.figures.names import Names
from bot.services.figures.notes import closed_notes
from bot.services.figures.view import Coverage
from bot.store import ledger
from bot.store.books import closes
from bot.store.ledger import EVERYTHING, Selection

Sink = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: UTC days from `since` to before `until`. `closed_at` is set for a closed month's own file."""

    kind: Sheet
    since: date
    until: date
    sha256: str
    closed_at: datetime | None
    notes: tuple[str, ...]


def export(
    connection: Connection, kind: Sheet, period: Period, team: str | None, sink: Sink, now: datetime
) -> Exported:
    """Write one file to `sink`, piece by piece. Raises NotFound for a team it doesn't know."""
    names = Names.read(connection)
    selection = selected(connection, names, team, period)
    return write(connection, kind, period, selection, names, Coverage.read(connection, now), sink)


def write(
    connection: Connection,
    kind: Sheet,
    period: Period,
    selection: Selection,
    names: Names,
    coverage: Coverage,
    sink: Sink,
) -> Exported:
    """Write one file to `sink`; a closed month's as it was closed, where it is of everything."""
    covered = coverage.cut(period)
    since, until = Stretch(covered.start, covered.end).touched
    month = _month(period)
    closed = closes.months(connection).get(month) if month and not selection.columns else None
    digest = hashlib.sha256()
    if closed:
        pieces: Iterable[bytes] = (closes.file(connection, closed.files[file_name(kind, closed.month)]),)
    else:
        pieces = lines(connection, kind, since, until, selection, names)
    for piece in pieces:
        digest.update(piece)
        sink(piece)
    closed_at = closed.closed_at if closed else None
    notes = tuple(_notes(connection, kind, since, until, selection))
    return Exported(kind, since, until, digest.hexdigest(), closed_at, notes)


def file_name(kind: Sheet, month: date) -> str:
    return f"{kind}-{month:%Y-%m}.csv"


def lines(
    connection: Connection, kind: Sheet, since: date, until: date, selection: Selection, names: Names
) -> Iterator[bytes]:
    """The file a day at a time: a year of a large organisation does not fit into memory."""
    called = Called(
        {directory.organization_id: directory for directory in names.organizations},
        {team.id: team.name for team in names.configuration.teams},
    )
    columns, rows = _SHEETS[kind]
    yield _bytes([columns])
    for day in dates(since, until):
        yield _bytes(rows(charges(_posted(connection, day, selection, called.organizations)), called))


def _posted(connection: Connection, day: date, selection: Selection, organizations: Iterable[str]) -> Iterator[Posted]:
    """What stands on one day; an adjustment with the closed day it is about, which the ledger's own entry has not."""
    tomorrow = day + timedelta(days=1)
    for organization_id in sorted(organizations):
        for entry in ledger.entries(connection, organization_id, day, tomorrow).get(day, ()):
            if entry.basis is not Basis.ADJUSTMENT and selection.holds(entry.attribution, organization_id):
                yield Posted(organization_id, day, entry)
    for one in closes.adjustments(connection, day, tomorrow):
        if selection.holds(one.entry.attribution, one.organization_id):
            yield one


def _focus_rows(found: Iterable[Charge], called: Called) -> Iterator[Row]:
    return (focus.row(charge, called) for charge in found if focus.left_out(charge) is None)


_SHEETS: Mapping[Sheet, tuple[tuple[str, ...], Callable[[list[Charge], Called], Iterator[Row]]]] = {
    Sheet.USAGE: (USAGE_COLUMNS, usage_rows),
    Sheet.COST: (COST_COLUMNS, cost_rows),
    Sheet.FOCUS: (focus.COLUMNS, _focus_rows),
}


def _notes(connection: Connection, kind: Sheet, since: date, until: date, selection: Selection) -> Iterator[str]:
    """What the file does not say itself."""
    sums = ledger.sums(connection, since, until, selection=selection)
    unknown, priority = sums.tokens(Basis.UNKNOWN), sums.tokens(Basis.NOT_BILLED)
    if unknown and kind is not Sheet.USAGE:
        rows = "Their rows are left out" if kind is Sheet.FOCUS else "Their billed cost is an empty cell"
        yield f"The billed cost of {wording.count(unknown)} tokens is not in yet. {rows}: unknown is not zero."
    if priority and kind is Sheet.FOCUS:
        yield (
            f"{wording.count(priority)} tokens of the priority tier are left out: they are paid by commitment, and no "
            "report says what they cost."
        )
    yield from closed_notes(connection, since, until, selection)


def selected(connection: Connection, names: Names, team: str | None, period: Period) -> Selection:
    if team is None:
        return EVERYTHING
    question = Question(Subject.TEAM, team, period, None, None, None, share=False, text="")
    return names.find(connection, question).selection


def _month(period: Period) -> date | None:
    """The first day of the calendar month that the period is; None for any other."""
    first = period.start.date()
    return first if period.unit is Unit.MONTH and not period.running else None


def _bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """UTF-8; half a surrogate pair in a name has no bytes and stands as its escape."""
    return written(rows).encode("utf-8", "backslashreplace")
