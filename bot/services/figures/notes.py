"""What a reader must know to trust the figures; nothing when there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from sqlalchemy import Connection

from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.entries import Basis, Posted
from bot.core.hours import on_the_hour
from bot.core.money import Money
from bot.core.periods import Period, days
from bot.core.question import Dimension
from bot.core.report import Figures, Row
from bot.core.usage import Source
from bot.core.utc import month_after
from bot.services.figures.view import View
from bot.store import memory
from bot.store.books import closes
from bot.store.ledger import Selection


def notes(
    gathered: View,
    period: Period,
    total: Figures,
    by: Dimension,
    rows: Sequence[Row],
    breakdowns: Mapping[Dimension, Sequence[Row]],
    before: Period,
    zone: str,
) -> Iterable[str]:
    """What a reader must know to trust the figures; nothing when there is nothing."""
    connection, coverage, selection = gathered.connection, gathered.coverage, gathered.selection
    yield from _counted(gathered, period, before, zone)
    if by is Dimension.HOUR:
        yield from _hourly(rows)
    since, until = gathered.stretch(period).touched
    if by is Dimension.GEO and total.total_tokens and len(gathered.uncounted(period)) < (until - since).days:
        yield "Anthropic's newer reports are read without the geo: not_available stands for all of it."
    covered, through = gathered.covered(period), coverage.data_through
    if through and max(through, covered.start) < covered.end:
        begun = days(replace(covered, start=max(through, covered.start)))
        yield f"{_listed_days(begun)} {'are' if len(begun) > 1 else 'is'} not complete yet."
    missing = gathered.missing(Source.COST, period)
    if missing and total.total_tokens:
        yield f"Billed cost is not in yet for {_listed_days(missing)}."
    unread = gathered.missing(Source.USAGE, period)
    if unread and total.billed_cost:
        yield f"Usage is not in yet for {_listed_days(unread)}."
    deepest = Dimension.KEY if Dimension.KEY in breakdowns else by
    yield from _shared(deepest, breakdowns.get(deepest, rows), total)
    read = gathered.read(period)
    if unpriced := gathered.unpriced(period):
        have = "1 model has" if len(unpriced) == 1 else f"{len(unpriced)} models have"
        yield f"{have} no list price: {', '.join(unpriced[:5])}"
    priority = read.tokens(Basis.NOT_BILLED)
    if priority:
        yield f"{wording.count(priority)} tokens of the priority tier have no billed cost: they are paid by commitment."
    yield from closed_notes(connection, since, until, selection)


def _counted(gathered: View, period: Period, before: Period, zone: str) -> Iterable[str]:
    """Whose days these are, where people count others than UTC days."""
    if period.zone == "UTC":
        if zone != "UTC":
            yield "Days are UTC days."
        return
    zone, covered, earlier = period.zone, gathered.covered(period), gathered.covered(before)
    if covered.zone == "UTC":
        yield f"Days are UTC days, not days of {zone}: usage by the hour is not known for them."
        return
    yield f"Days are days of {zone}: at their ends, a UTC day's cost is split by its hourly tokens."
    if (period.start.minute, period.end.minute) != (0, 0):
        yield f"They are counted from {covered.start:%H}:00 UTC, the whole hour before midnight in {zone}."
    if covered.start != on_the_hour(period.start):
        yield f"The first is counted from midnight UTC: {day_label(covered.start)} is not known by the hour."
    elif earlier.start < earlier.end and earlier.zone == "UTC":
        yield "The period compared with has UTC days: it is not known by the hour."


def _hourly(rows: Sequence[Row]) -> Iterable[str]:
    """How hours come by their cost, and which days have none."""
    whole = [row for row in rows if row.id and "T" not in row.id]
    if len(whole) < len(rows):
        yield "Anthropic reports cost by the UTC day: an hour's part of it follows its part of the day's tokens."
    if whole:
        found = [date.fromisoformat(row.id) for row in whole if row.id]
        yield f"{_listed_days(found)}: not known by the hour, so each is one row of a whole UTC day."


def closed_notes(connection: Connection, since: date, until: date, selection: Selection) -> Iterable[str]:
    """Which of these days stand fast, what came after, and what here is about months that were closed before."""
    closed = memory.remembered(connection, "closed months", partial(closes.months, connection))
    if not closed:
        return
    for month in closed.values():
        if month.month < until and since < month_after(month.month):
            later = _adjusted(closes.adjustments_to(connection, month.month, month_after(month.month)), selection)
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
    mine = (one.entry for one in posted if selection.holds(one.entry.attribution, one.organization_id))
    found = [entry.billed_cost or 0 for entry in mine]
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


def _listed_days(some: Sequence[date]) -> str:
    if len(some) <= 3:
        return wording.listed([day_label(day) for day in some])
    return f"{len(some)} days from {day_label(some[0])} to {day_label(some[-1])}"
