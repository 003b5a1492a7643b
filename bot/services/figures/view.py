"""One part of the ledger as far as the data goes: what a period covers, what it comes to, what of it is missing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from bot.core.hours import Stretch, on_the_hour
from bot.core.money import ZERO
from bot.core.periods import Period, days, local_date, midnight, tomorrow
from bot.core.question import Dimension
from bot.core.report import Figures
from bot.core.usage import LEDGER_SOURCES, Source
from bot.core.utc import dates
from bot.core.words import CHRONOLOGICAL, TIMES
from bot.services.figures.steps import hour_id, span_start
from bot.store import ledger, memory
from bot.store.books import closes
from bot.store.ledger import Selection
from bot.store.readings import hours, snapshots, syncs

T = TypeVar("T")
NOTHING = Figures(None, None)
"""Not a zero: nothing has been read."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far what we hold goes, over all organisations and sources."""

    now: datetime
    organizations: tuple[str, ...]
    data_through: datetime | None
    """End of the last day that every source has whole."""
    held_until: datetime | None
    """End of the newest day of which anything is held, an adjustment included."""
    version: str | None = None
    """Which state of the store this is of, as `memory.version` says."""

    @classmethod
    def read(cls, connection: Connection, now: datetime) -> Coverage:
        held = memory.remembered(connection, "coverage", partial(cls._held, connection, now))
        return replace(held, now=now)

    @classmethod
    def _held(cls, connection: Connection, now: datetime) -> Coverage:
        statuses = [status for status in syncs.statuses(connection) if status.source in LEDGER_SOURCES]
        through = [status.through for status in statuses]
        expected = len({status.organization_id for status in statuses}) * len(LEDGER_SOURCES)
        held = [status.held_until for status in statuses if status.held_until]
        booked = closes.newest_booking(connection)
        held += [datetime.combine(booked + timedelta(days=1), time(), UTC)] if booked else []
        organizations = sorted({status.organization_id for status in statuses})
        complete = min(at for at in through if at) if through and len(through) == expected and all(through) else None
        version = memory.version(connection)
        return cls(now, tuple(organizations), complete, max(held, default=None), version)

    def cut(self, period: Period) -> Period:
        """A running period ends with the data, or with today where there is none."""
        end = tomorrow(self.now, period.zone)
        return period.until(min(self.held_until or end, end))

    def edges(self, connection: Connection, midnights: Sequence[datetime], zone: str) -> list[datetime]:
        """Where the ledger can be cut for these local midnights.

        At their whole hour where their UTC day is known by the hour, else at the UTC midnight of the same date.
        """
        wanted = [on_the_hour(at) for at in midnights]
        within = sorted(at.date() for at in wanted if at.hour)
        if not within:
            return wanted
        known = self.by_the_hour(connection, within[0], within[-1] + timedelta(days=1))
        return [
            cut if not cut.hour or cut.date() in known else midnight(local_date(at, zone), "UTC")
            for at, cut in zip(midnights, wanted, strict=True)
        ]

    def by_the_hour(self, connection: Connection, since: date, until: date) -> frozenset[date]:
        """The UTC days that are known by the hour."""
        read = partial(hours.known, connection, self.organizations, since, until)
        return memory.remembered(connection, ("by the hour", since, until), read)

    def missing(self, connection: Connection, source: Source, period: Period) -> list[date]:
        """The begun UTC days of the period that this source has not been read for, in any organisation."""
        since, until = Stretch(period.start, period.end).touched
        until = min(until, self.now.astimezone(UTC).date() + timedelta(days=1))

        def unread() -> list[date]:
            held = [snapshots.fetched(connection, one, source, since, until) for one in self.organizations]
            return [day for day in dates(since, until) if not held or not all(day in days for days in held)]

        return memory.remembered(connection, ("missing", source, since, until), unread)


class View:
    """One selection of the ledger, as far as the data goes. What `read` has read is not asked for again."""

    def __init__(self, connection: Connection, selection: Selection, coverage: Coverage) -> None:
        self.connection = connection
        self.selection = selection
        self.coverage = coverage
        self._sums: dict[Period, list[ledger.Sums]] = {}
        self._covered: dict[Period, Period] = {}
        self._missing: dict[tuple[Source, Period], list[date]] = {}
        self._uncounted: dict[Period, set[date]] = {}

    def covered(self, period: Period) -> Period:
        """The period as the ledger can be cut for it; in the zone UTC where it has whole UTC days only."""
        if period not in self._covered:
            asked = [period.start, period.end]
            start, end = self.coverage.edges(self.connection, asked, period.zone)
            local = start.hour or end.hour or [start, end] == asked
            zone = period.zone if local else "UTC"
            self._covered[period] = replace(period, start=start, end=max(start, end), zone=zone)
        return self._covered[period]

    def stretch(self, period: Period) -> Stretch:
        """The time that the figures of a period are about."""
        covered = self.covered(period)
        return Stretch(covered.start, covered.end)

    def missing(self, source: Source, period: Period) -> list[date]:
        """The begun UTC days of the period that this source has not been read for."""
        if (source, period) not in self._missing:
            self._missing[source, period] = self.coverage.missing(self.connection, source, self.covered(period))
        return self._missing[source, period]

    def uncounted(self, period: Period) -> set[date]:
        """The UTC days of the period whose reports count no requests and name no people."""
        if period not in self._uncounted:
            days = self.stretch(period).touched
            read = partial(snapshots.uncounted, self.connection, *days)
            self._uncounted[period] = memory.remembered(self.connection, ("uncounted", *days), read)
        return self._uncounted[period]

    def read(self, period: Period, *dimensions: Dimension) -> ledger.Sums:
        """One pass over the period for several dimensions together and the whole; a day is its own pass."""
        by = tuple(dict.fromkeys(dimension for dimension in dimensions if dimension not in TIMES))
        held = self._sums.setdefault(period, [])
        fitting = [sums for sums in held if set(by) <= set(sums.by)]
        if fitting:
            return min(fitting, key=lambda sums: len(sums.rows))
        stretch = self.stretch(period)
        days, parts = stretch.days, tuple(stretch.parts)
        found = self._remembered(
            (days, parts, by),
            lambda: ledger.sums(self.connection, *days, parts=parts, selection=self.selection, by=by),
        )
        held.append(found)
        return found

    def read_apart(self, period: Period, *dimensions: Dimension) -> None:
        """The same in as many passes as there are levels: what few rows can tell is not read from the many."""
        by = [dimension for dimension in dimensions if dimension not in TIMES]
        for level in dict.fromkeys(ledger.depth(self.selection, (dimension,)) for dimension in by):
            self.read(period, *(one for one in by if ledger.depth(self.selection, (one,)) == level))

    def total(self, period: Period) -> Figures:
        """Summed from the entries, not from the parts: a part never billed would make an unknown total a zero."""
        return self.by(None, period).get("") or self.nothing_in(period)

    def by(self, dimension: Dimension | None, period: Period) -> dict[str, Figures]:
        if dimension in CHRONOLOGICAL:
            return self._course(dimension, period)
        if dimension is Dimension.HOUR:
            return self._by_hour(period)
        stretch = self.stretch(period)
        since, until = stretch.touched
        unread = len(self.missing(Source.USAGE, period)) == (until - since).days
        known = dimension is not Dimension.TOKEN_TYPE and not self.uncounted(period)

        def told() -> dict[str, Figures]:
            sums = self.read(period, *((dimension,) if dimension else ())).figures(dimension)
            if unread:
                return {name: _without_usage(figures) for name, figures in sums.items()}
            return {name: _called(figures, known=known) for name, figures in sums.items()}

        return self._remembered(("by", dimension, stretch.days, tuple(stretch.parts), unread, known), told)

    def hours(self, period: Period, *by: Dimension) -> Iterator[tuple[str, date, ledger.Sums]]:
        """The sums of each hour of the period that has any, and the whole of each UTC day that is not known by the
        hour; with the id of its row, which tells the two apart, and its UTC day."""
        stretch = self.stretch(period)
        since, until = stretch.touched
        known = self.coverage.by_the_hour(self.connection, since, until)
        held = ledger.hourly(self.connection, known, selection=self.selection, by=by)
        inside = {start: sums for start, sums in held.items() if stretch.start <= start < stretch.end}
        for day in dates(since, until):
            if day not in known:
                sums = ledger.sums(self.connection, day, day + timedelta(days=1), selection=self.selection, by=by)
                if sums.rows:
                    yield day.isoformat(), day, sums
            for start, sums in inside.items():
                if start.date() == day:
                    yield hour_id(start), day, sums

    def _by_hour(self, period: Period) -> dict[str, Figures]:
        """The figures of each row of `hours`, by its id."""
        unread, uncounted = set(self.missing(Source.USAGE, period)), self.uncounted(period)
        found = {}
        for id_, day, sums in self.hours(period):
            figures = sums.figures()[""]
            found[id_] = _without_usage(figures) if day in unread else _called(figures, known=day not in uncounted)
        return found

    def unpriced(self, period: Period) -> list[str]:
        """The models of which tokens were used that have no public price."""
        if not self.read(period).unlisted:
            return []
        since, until = self.stretch(period).touched
        return self._remembered(
            ("unpriced", since, until),
            lambda: ledger.unpriced_models(self.connection, since, until, selection=self.selection),
        )

    def discount(self, period: Period) -> float | None:
        """As `Report.discount` says it. A running day tells nothing: its bill lags behind its usage."""
        if self.coverage.data_through is None:
            return None
        since, until = self.stretch(period).touched
        until = min(until, self.coverage.data_through.date())
        billed, listed = self._remembered(
            ("compared", since, until),
            lambda: ledger.compared(self.connection, since, until, selection=self.selection),
        )
        return 1 - billed / listed if listed > 0 else None

    def _course(self, dimension: Dimension, period: Period) -> dict[str, Figures]:
        """The figures of each local day, week or month of the period that has any, by its first day."""
        starts = list(dict.fromkeys(span_start(day, dimension) for day in days(period)))
        covered = self.covered(period)
        inner = [midnight(start, period.zone) for start in starts[1:]]
        cuts = [covered.start, *self.coverage.edges(self.connection, inner, period.zone), covered.end]
        unread = set(self.missing(Source.USAGE, period))
        found = {}
        course = self._remembered(
            ("course", *cuts), lambda: ledger.course(self.connection, cuts, selection=self.selection)
        )
        for start, since, until, figures in zip(starts, cuts, cuts[1:], course, strict=False):
            if figures is not None:
                first, stop = Stretch(since, until).touched
                whole = unread.issuperset(dates(first, stop))
                known = self.uncounted(period).isdisjoint(dates(first, stop))
                found[start.isoformat()] = _without_usage(figures) if whole else _called(figures, known=known)
        return found

    def _remembered(self, key: Hashable, read: Callable[[], T]) -> T:
        return memory.remembered(self.connection, (self.selection, key), read)

    def nothing_in(self, period: Period) -> Figures:
        """Zero where the period was read and held nothing; unknown where it was not read."""
        since, until = self.stretch(period).touched
        if since == until:
            return NOTHING
        count = (until - since).days
        usage_known = len(self.missing(Source.USAGE, period)) < count
        cost_known = len(self.missing(Source.COST, period)) < count
        counted = not self.uncounted(period)
        if self.selection.actors is not None and not counted:
            return NOTHING  # reports that name nobody don't say that somebody used nothing
        return Figures(
            ZERO if cost_known else None,
            ZERO if usage_known else None,
            {} if usage_known else None,
            requests=0 if usage_known and counted else None,
        )


def _without_usage(figures: Figures) -> Figures:
    """Cost that was read before its usage: the ledger holds no tokens, which is not the same as zero."""
    return replace(figures, list_cost=None, quantities=None, requests=None)


def _called(figures: Figures, *, known: bool) -> Figures:
    """With the number of requests: none where all were counted and there are none, unknown where any was not."""
    return replace(figures, requests=(figures.requests or 0) if known else None)
