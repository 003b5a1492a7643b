"""Gathers the figures behind an answer: total, period before, rows, and what of it is not known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from bot.answers.pieces import CHRONOLOGICAL, Plan, day_label
from bot.core import wording
from bot.core.allocation import Basis, Posted
from bot.core.directory import UNALLOCATED
from bot.core.money import ZERO, Money
from bot.core.periods import Period
from bot.core.question import Dimension, Question, Subject
from bot.core.report import Figures, Findings, Report, Row, added, rest
from bot.core.usage import LEDGER_SOURCES, Source
from bot.services.names import Found, Names
from bot.store import closes, ledger, snapshots
from bot.store.ledger import Selection

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

    @classmethod
    def read(cls, connection: Connection, now: datetime) -> Coverage:
        statuses = [status for status in snapshots.statuses(connection) if status.source in LEDGER_SOURCES]
        through = [status.through for status in statuses]
        expected = len({status.organization_id for status in statuses}) * len(LEDGER_SOURCES)
        held = [status.held_until for status in statuses if status.held_until]
        booked = closes.newest_booking(connection)
        held += [datetime.combine(booked + timedelta(days=1), time(), UTC)] if booked else []
        organizations = sorted({status.organization_id for status in statuses})
        complete = min(at for at in through if at) if through and len(through) == expected and all(through) else None
        return cls(now, tuple(organizations), complete, max(held, default=None))

    def cut(self, period: Period) -> Period:
        """A running period ends with the data, or with today where there is none."""
        tomorrow = self.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return period.until(min(self.held_until or tomorrow, tomorrow))

    def missing(self, connection: Connection, source: Source, period: Period) -> list[date]:
        """The begun days of the period that this source has not been read for, in any organisation."""
        since, until = utc_days(period)
        until = min(until, self.now.astimezone(UTC).date() + timedelta(days=1))
        wanted = [since + timedelta(days=n) for n in range((until - since).days)]
        held = [snapshots.fetched(connection, one, source, since, until) for one in self.organizations]
        return [day for day in wanted if not held or not all(day in days for days in held)]


def gather(
    connection: Connection,
    question: Question,
    found: Found,
    names: Names,
    plan: Plan,
    coverage: Coverage,
    zone: str,
) -> Findings:
    """Everything the answer to `question` shows."""
    gathered = View(connection, found.selection, coverage)
    period = coverage.cut(question.period)
    before = coverage.cut(question.versus) if question.versus else period.previous()
    by = question.by or plan.by
    beside = () if question.by else plan.also
    gathered.read(period, by, *beside)
    gathered.read(before, by)
    parts, parts_before = gathered.by(by, period), gathered.by(by, before)
    total, previous = gathered.total(period), gathered.total(before)
    if by is Dimension.TEAM and question.subject in (Subject.TEAMS, Subject.SUMMARY):
        parts = {**dict.fromkeys(names.team_ids(), gathered.nothing_in(period)), **parts}
    rows = _rows(parts, parts_before, total, by, names)
    also = {dimension: _rows(gathered.by(dimension, period), {}, total, dimension, names) for dimension in beside}
    trend = gathered.by(Dimension.DAY, period) if plan.trend else {}
    report = Report(
        question,
        found.id,
        by,
        period,
        total,
        before,
        previous,
        _top(rows, question.top),
        coverage.data_through,
        tuple(_notes(gathered, period, total, by, rows, also, names.configuration.timezone or zone)),
    )
    days = tuple((date.fromisoformat(day), figures) for day, figures in sorted(trend.items()))
    return Findings(report, also, days)


class View:
    """One selection of the ledger, as far as the data goes. What `read` has read is not asked for again."""

    def __init__(self, connection: Connection, selection: Selection, coverage: Coverage) -> None:
        self.connection = connection
        self.selection = selection
        self.coverage = coverage
        self._sums: dict[Period, ledger.Sums] = {}
        self._missing: dict[tuple[Source, Period], list[date]] = {}

    def missing(self, source: Source, period: Period) -> list[date]:
        """The begun days of the period that this source has not been read for."""
        if (source, period) not in self._missing:
            self._missing[source, period] = self.coverage.missing(self.connection, source, period)
        return self._missing[source, period]

    def read(self, period: Period, *dimensions: Dimension) -> ledger.Sums:
        """One pass over the period for several dimensions and the whole; a day is its own pass."""
        by = tuple(dict.fromkeys(dimension for dimension in dimensions if dimension not in CHRONOLOGICAL))
        known = self._sums.get(period)
        if known is None or not set(by) <= set(known.by):
            since, until = utc_days(period)
            known = self._sums[period] = ledger.sums(self.connection, since, until, selection=self.selection, by=by)
        return known

    def total(self, period: Period) -> Figures:
        """Summed from the entries, not from the parts: a part never billed would make an unknown total a zero."""
        return self.by(None, period).get("") or self.nothing_in(period)

    def by(self, dimension: Dimension | None, period: Period) -> dict[str, Figures]:
        since, until = utc_days(period)
        unread = self.missing(Source.USAGE, period)
        if dimension not in CHRONOLOGICAL:
            sums = self.read(period, *((dimension,) if dimension else ())).figures(dimension)
            whole = len(unread) == (until - since).days
            return {name: _without_usage(figures) for name, figures in sums.items()} if whole else sums
        days = ledger.figures(self.connection, since, until, selection=self.selection, by=Dimension.DAY)
        spans: dict[str, list[Figures]] = defaultdict(list)
        for text, figures in days.items():
            day = date.fromisoformat(text)
            known = _without_usage(figures) if day in unread else figures
            spans[_span_start(day, dimension).isoformat()].append(known)
        return {start: added(parts) for start, parts in spans.items()}

    def nothing_in(self, period: Period) -> Figures:
        """Zero where the period was read and held nothing; unknown where it was not read."""
        since, until = utc_days(period)
        if since == until:
            return NOTHING
        days = (until - since).days
        usage_known = len(self.missing(Source.USAGE, period)) < days
        cost_known = len(self.missing(Source.COST, period)) < days
        return Figures(ZERO if cost_known else None, ZERO if usage_known else None, {} if usage_known else None)


def _rows(
    parts: Mapping[str, Figures], before: Mapping[str, Figures], total: Figures, by: Dimension, names: Names
) -> tuple[Row, ...]:
    """Days, weeks and months in their order; everything else by cost, the largest first."""
    whole = total.billed_cost.units if total.billed_cost else 0
    rows = [
        Row(
            id_ or None,
            _span_name(id_, by) if by in CHRONOLOGICAL else names.of(by, id_),
            figures,
            figures.billed_cost.units / whole if whole and figures.billed_cost is not None else None,
            before.get(id_, Figures(ZERO, ZERO, {})) if before and by not in CHRONOLOGICAL else None,
        )
        for id_, figures in parts.items()
    ]
    if by in CHRONOLOGICAL:
        return tuple(sorted(rows, key=lambda row: row.id or ""))
    return tuple(sorted(rows, key=_largest_first))


def _largest_first(row: Row) -> tuple[bool, int, int, str]:
    """What nobody claims comes last among equals, so that a quiet organisation does not open with it."""
    billed, listed = row.figures.billed_cost, row.figures.list_cost
    idle = row.id == UNALLOCATED and not billed
    return (idle, -(billed.units if billed else -1), -(listed.units if listed else 0), row.name)


def _top(rows: tuple[Row, ...], top: int | None) -> tuple[Row, ...]:
    """The first `top` rows, and one line for the rest, so that the rows still add up to the total."""
    if top is None or len(rows) <= top:
        return rows
    return (*rows[:top], rest(rows[top:]))


def _notes(
    gathered: View,
    period: Period,
    total: Figures,
    by: Dimension,
    rows: Sequence[Row],
    breakdowns: Mapping[Dimension, Sequence[Row]],
    zone: str,
) -> Iterable[str]:
    """What a reader must know to trust the figures; nothing when there is nothing."""
    connection, coverage, selection = gathered.connection, gathered.coverage, gathered.selection
    if zone != "UTC":
        yield f"Days are UTC days, not days of {zone}: daily reports know no others."
    partial = coverage.data_through
    if partial and period.running and period.end > partial:
        yield f"{_listed_days(_between(partial, period.end))} is not complete yet."
    missing = gathered.missing(Source.COST, period)
    if missing and total.total_tokens:
        yield f"Billed cost is not in yet for {_listed_days(missing)}."
    unread = gathered.missing(Source.USAGE, period)
    if unread and total.billed_cost:
        yield f"Usage is not in yet for {_listed_days(unread)}."
    deepest = Dimension.KEY if Dimension.KEY in breakdowns else by
    yield from _shared(deepest, breakdowns.get(deepest, rows), total)
    since, until = utc_days(period)
    read = gathered.read(period)
    unpriced = ledger.unpriced_models(connection, since, until, selection=selection) if read.unlisted else []
    if unpriced:
        have = "1 model has" if len(unpriced) == 1 else f"{len(unpriced)} models have"
        yield f"{have} no list price: {', '.join(unpriced[:5])}"
    priority = read.tokens(Basis.NOT_BILLED)
    if priority:
        yield f"{wording.count(priority)} tokens of the priority tier have no billed cost: they are paid by commitment."
    yield from closed_notes(connection, since, until, selection)


def closed_notes(connection: Connection, since: date, until: date, selection: Selection) -> Iterable[str]:
    """Which of these days stand fast, what came after, and what here is about months that were closed before."""
    closed = closes.months(connection)
    for month in closed.values():
        if month.month < until and since < _next(month.month):
            later = _adjusted(closes.adjustments_to(connection, month.month, _next(month.month)), selection)
            since_then = (
                f"; {wording.to_the_cent(later)} of adjustments since are booked in later months" if later else ""
            )
            yield f"{month.month:%B %Y} was closed on {day_label(month.closed_at)}{since_then}."
    booked = closes.adjustments(connection, since, until)
    for month in closed.values():
        about = [one for one in booked if one.adjusts and one.adjusts.replace(day=1) == month.month]
        amount = _adjusted(about, selection)
        if amount:
            yield (
                f"{wording.to_the_cent(amount)} of adjustments to {month.month:%B %Y}, closed on "
                f"{day_label(month.closed_at)}."
            )


def _adjusted(posted: Iterable[Posted], selection: Selection) -> Money | None:
    """What adjustments come to in this part of the ledger; None where there are none."""
    found = [one.entry.billed_cost or 0 for one in posted if selection.holds(one.entry.attribution)]
    return Money(sum(found)) if any(found) else None


def _shared(by: Dimension, rows: Sequence[Row], total: Figures) -> Iterable[str]:
    part = sum((row.figures.shared_out.units for row in rows), 0)
    if not part:
        return
    amounts = (
        f"{wording.to_the_cent(Money(part))} of {wording.to_the_cent(total.billed_cost)} is shared out by list cost"
    )
    if by is Dimension.KEY:
        yield f"By key, {amounts}: Anthropic reports cost per workspace and model, not per key."
    else:
        yield f"{amounts}: teams share workspaces whose cost Anthropic reports as one."


def _without_usage(figures: Figures) -> Figures:
    """Cost that was read before its usage: the ledger holds no tokens, which is not the same as zero."""
    return replace(figures, list_cost=None, quantities=None)


def utc_days(period: Period) -> tuple[date, date]:
    """The UTC days a period covers: whole ones, since only those are reported."""
    since = period.start.astimezone(UTC).date()
    return since, max(since, (period.end - timedelta(microseconds=1)).astimezone(UTC).date() + timedelta(days=1))


def _span_start(day: date, dimension: Dimension | None) -> date:
    if dimension is Dimension.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if dimension is Dimension.MONTH else day


def _span_name(id_: str, by: Dimension) -> str:
    start = date.fromisoformat(id_)
    match by:
        case Dimension.MONTH:
            return f"{start:%B %Y}"
        case Dimension.WEEK:
            return f"Week of {day_label(start)}"
        case _:
            return f"{start:%a} {day_label(start)}"


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _between(start: datetime, end: datetime) -> list[date]:
    first = start.astimezone(UTC).date()
    return [first + timedelta(days=n) for n in range(max(1, (end - start).days))]


def _listed_days(days: list[date]) -> str:
    if len(days) <= 3:
        return ", ".join(map(day_label, days))
    return f"{len(days)} days from {day_label(days[0])} to {day_label(days[-1])}"
