"""Which days a sync reads, and in which runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from bot.anthropic_api.buckets import LONGEST_PAGE_DAYS
from bot.core.directory import Directory
from bot.core.usage import Source
from bot.core.utc import dates
from bot.store.readings import snapshots

LONGEST_HOURLY_DAYS = 7
"""As many hours as a page may hold: a longer chunk would be read page after page."""
ROWS_A_CHUNK, ROWS_A_KEY = 7_500, 12
"""How much of a report is held at once, and about how many rows of it a key or a person makes on a day."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """UTC days to read in one go: `since` inclusive, `until` exclusive."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days

    @property
    def dates(self) -> list[date]:
        return dates(self.since, self.until)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How far a sync reads as of `now`; `since` and `until` name the days instead of what is due."""

    now: datetime
    lookback: timedelta
    backfill: timedelta
    hourly: timedelta
    since: date | None = None
    until: date | None = None

    def spans(self, connection: Connection, directory: Directory, source: Source) -> list[Span]:
        """What to read, newest first: the days asked for, or the recent ones and every older one not held whole."""
        today = self.now.astimezone(UTC).date()
        tomorrow = today + _DAY
        longest, first = _chunk_days(directory), today - self.backfill
        if source is Source.HOURS:
            longest, first = max(1, longest * LONGEST_HOURLY_DAYS // LONGEST_PAGE_DAYS), tomorrow - self.hourly
        if source is Source.CODE:
            longest = 1
        if self.since is not None or self.until is not None:
            begin = self.since or first
            begin = max(begin, first) if source is Source.HOURS else begin
            return spans(Span(begin, min(self.until or tomorrow, tomorrow)).dates, longest)
        fetched = snapshots.fetched(connection, directory.organization_id, source, first, tomorrow)
        whole = {day for day, at in fetched.items() if snapshots.whole(day, at)}
        recent = today - self.lookback
        return spans([day for day in Span(first, tomorrow).dates if day >= recent or day not in whole], longest)


def spans(days: Iterable[date], longest: int = LONGEST_PAGE_DAYS) -> list[Span]:
    """The days as runs that one page can hold, newest first."""
    found: list[Span] = []
    for day in sorted(days, reverse=True):
        last = found[-1] if found else None
        if last and last.since == day + _DAY and last.days < longest:
            found[-1] = Span(day, last.until)
        else:
            found.append(Span(day, day + _DAY))
    return found


def all_days(some: Iterable[Sequence[Span]]) -> int:
    """How many days these are in all."""
    return sum(span.days for run in some for span in run)


def _chunk_days(directory: Directory) -> int:
    """How many days a chunk may have: as many as a page, and fewer where an organisation is large."""
    rows_a_day = ROWS_A_KEY * max(1, len(directory.api_keys), len(directory.members))
    return max(1, min(LONGEST_PAGE_DAYS, ROWS_A_CHUNK // rows_a_day))
