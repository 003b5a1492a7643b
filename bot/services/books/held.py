"""What the store holds of a receipt's grounds, and what it says of the same days now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from bot.core.books import rows
from bot.core.books.receipt import WHOLE_DAY, Line, Reading, Receipt
from bot.core.books.receipt_json import text_hash
from bot.core.hours import Stretch
from bot.core.money import Money
from bot.services.figures import unreported
from bot.services.figures.names import Names
from bot.store import directory as directories
from bot.store import ledger, preferences
from bot.store.readings import pages, snapshots


@dataclass(frozen=True, slots=True)
class Held:
    """What the store has of a receipt's grounds, and what it says of the same days now."""

    configuration: str | None
    """The text of the configuration the receipt names; None: there is no such."""
    bodies: Mapping[tuple[str, str], bytes | None]
    """By organisation and hash."""
    ledger: tuple[Line, ...]
    """Every row of the period, inside the figure or not."""
    restated: tuple[date, ...]
    """Days that were read again since, and came out of other pages."""
    configured_since: bool
    renamed_since: bool
    live: tuple[int, Money | None] | None
    """The calls, and their list cost, of the hours that the receipt estimates."""

    @classmethod
    def read(cls, connection: Connection, receipt: Receipt) -> Held:
        named = receipt.configuration
        applied = preferences.applied(connection, named.id) if named else None
        text = applied.body if applied else None
        newest = preferences.newest(connection)
        bodies = {
            (reading.organization_id, page.sha256): pages.body(connection, reading.organization_id, page.sha256)
            for reading, page in receipt.pages
        }
        now = [
            line
            for organization_id in (directory.organization_id for directory in receipt.directories)
            for line in lines(connection, organization_id, receipt.asked.stretch)
        ]
        return cls(
            text,
            bodies,
            tuple(now),
            tuple(sorted({day for reading in receipt.readings for day in _read_again(connection, reading)})),
            (text_hash(newest.body) if newest else None) != (named.sha256 if named else None),
            _renamed(connection, receipt),
            _live(connection, receipt),
        )


def _live(connection: Connection, receipt: Receipt) -> tuple[int, Money | None] | None:
    estimate, chosen = receipt.estimate, receipt.chosen
    if estimate is None:
        return None
    stretch = Stretch(estimate.since, estimate.until)
    return unreported.held(connection, Names.read(connection), stretch, chosen.teams, chosen.models)


def lines(connection: Connection, organization_id: str, stretch: Stretch) -> list[Line]:
    """Every row that the ledger holds of these days; of those at the ends, the parts inside and outside."""
    since, until = stretch.touched
    found = []
    for day, entries in ledger.entries(connection, organization_id, since, until).items():
        inside = stretch.hours_on(day)
        if inside == WHOLE_DAY:
            found += rows.lines(organization_id, day, entries)
        else:
            hours = ledger.hours(connection, organization_id, day)
            found += rows.lines_of_hours(organization_id, day, hours, inside)
    return found


def _read_again(connection: Connection, reading: Reading) -> list[date]:
    """The days whose rows now come from other pages, or that were over when the same pages came again."""
    organization_id, source = reading.organization_id, reading.source
    since, until = reading.days[0], reading.days[-1] + timedelta(days=1)
    now = pages.of_days(connection, organization_id, source, since, until)
    fetched = snapshots.fetched(connection, organization_id, source, since, until)
    before = [page.sha256 for page in reading.pages]
    return [
        day
        for day in reading.days
        if [page.sha256 for page in now.get(day, ())] != before
        or (day in fetched and snapshots.whole(day, fetched[day])) != (day in reading.whole)
    ]


def _renamed(connection: Connection, receipt: Receipt) -> bool:
    for then in receipt.directories:
        now = directories.read(connection, then.organization_id)
        if now is None:
            return True
        for one, other in (
            (then.workspaces, now.workspaces),
            (then.api_keys, now.api_keys),
            (then.members, now.members),
        ):
            if any(other.get(id_) != known for id_, known in one.items()):
                return True
    return False
