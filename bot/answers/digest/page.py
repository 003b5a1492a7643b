"""A digest in two messages: the figures, what moved them and what is ahead; and in its thread every row and note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from bot.answers.answer import Action, Amount, Answer, Fact, Table
from bot.answers.budget import as_bars, is_over
from bot.answers.forecast import Outlook, record_line
from bot.answers.pieces import aside, breakdown, course, day_label, facts, lengths, moved, spent, title_of
from bot.answers.why import Explained, drivers, mostly
from bot.core import wording
from bot.core.money import UNITS_PER_DOLLAR, Money
from bot.core.outlook.budget import Standing
from bot.core.outlook.forecast import Forecast
from bot.core.periods import Unit
from bot.core.question import Dimension, Subject, written
from bot.core.report import Figures, Findings, Report, Row, leading
from bot.core.schedule import Digest, Occurrence

MOST_MOVERS = 6
MOST_BUDGETS = 8
MOST_ALERTS = 5
MOST_ROWS = 15
_LONG = (Unit.MONTH, Unit.QUARTER)


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that was open when the digest was due."""

    rule: str
    who: str
    since: date
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Digested:
    """Everything a digest shows, as of the moment it was due."""

    occurrence: Occurrence
    who: str
    findings: Findings
    """Of the period it is about."""
    explained: Explained | None
    """Why that differs from the period before; None where one of them is not known."""
    course: Sequence[tuple[date, Figures]]
    """Billed cost by `step`, up to the period's end."""
    step: Dimension
    so_far: Report | None
    """The month by then; None where the period is a month or longer."""
    budgets: tuple[tuple[str, Standing], ...] = ()
    outlook: Outlook | None = None
    alerts: tuple[OpenAlert, ...] = ()


def answer(digested: Digested) -> Answer:
    """What the channel or person gets."""
    report, digest = digested.findings.report, digested.occurrence.digest
    movers = _movers(digested)
    tables = [movers] if movers else [_rows(report)] if report.rows else []
    if digested.budgets:
        tables.append(as_bars(_pressing(digested.budgets)))
    return Answer(
        title=f"{digest.cadence.value.capitalize()} digest: {digested.who}, {report.period.label}",
        headline=f"{spent(digested.who, report)}{_mover(digested)}",
        facts=(*facts(report), *_so_far(digested.so_far), *_heading(digested.outlook)),
        charts=course(digested.course, digested.step),
        tables=tuple(tables),
        paragraphs=(_alerts(digested.alerts),) if digested.alerts else (),
        notes=tuple(_notes(digested)),
        actions=_actions(digest, report),
        data_through=report.data_through,
        report=report,
    )


def _notes(digested: Digested) -> Iterator[str]:
    report, hidden = digested.findings.report, len(digested.budgets) - MOST_BUDGETS
    yield from report.notes
    if report.period.unit in _LONG:
        yield from lengths(report)
    if hidden > 0:
        yield f"{wording.exactly(hidden, 'more budget')}: ask for budget."
    if record := _record(digested.outlook):
        yield record


def details(digested: Digested) -> Answer | None:
    """What stands in the thread: all rows, cut each way; None where there is nothing to cut."""
    findings = digested.findings
    report = findings.report
    if not report.rows or not report.total.total_tokens:
        return None
    beside = [aside(by, rows) for by, rows in findings.breakdowns.items() if by is not report.by and rows]
    return Answer(
        title=f"Details: {digested.who}, {report.period.label}",
        headline=f"All of {wording.dollars(report.total.billed_cost)}, cut {len(beside) + 1} ways."
        if beside
        else f"All of {wording.dollars(report.total.billed_cost)}.",
        tables=(_rows(report), *beside),
        data_through=report.data_through,
        report=report,
    )


def _rows(report: Report) -> Table:
    return breakdown(title_of(report.by), report.by, report.rows, most=MOST_ROWS)


def _movers(digested: Digested) -> Table | None:
    """What moved most, in dollars, and mostly why; None where nothing did or nobody knows."""
    explained = digested.explained
    if explained is None or explained.report.causes is None:
        return None
    rows = [row for row in explained.report.rows if row.previous and _moved_by(row)]
    if not rows:
        return None
    report = replace(explained.report, rows=leading(rows, MOST_MOVERS))
    return drivers(f"What moved, by {report.by.value.replace('-', ' ')}", report, explained.own)


def _mover(digested: Digested) -> str:
    """The row that moved the total most and its cause; silent where none moved by a dollar, or there is but one."""
    rows = [row for row in digested.findings.report.rows if row.previous and _moved_by(row)]
    top = max(rows, key=lambda row: abs(_moved_by(row)), default=None)
    if top is None or len(digested.findings.report.rows) < 2 or abs(_moved_by(top)) < UNITS_PER_DOLLAR:
        return ""
    own = digested.explained.own if digested.explained else MappingProxyType({})
    cause = mostly(own.get(top.id or "", {}))
    by = f"{wording.dollars(Money(abs(_moved_by(top))))} {'more' if _moved_by(top) > 0 else 'less'}"
    return f" The largest change is {top.name}: {by}{f', mostly {cause}' if cause else ''}."


def _moved_by(row: Row) -> int:
    """In units of money; 0 where either side is not known."""
    now, before = row.figures.billed_cost, row.previous.billed_cost if row.previous else None
    return now.units - before.units if now is not None and before is not None else 0


def _pressing(budgets: Sequence[tuple[str, Standing]]) -> list[tuple[str, Standing]]:
    """As many as are read, those that will not do first."""
    return sorted(budgets, key=lambda line: (not is_over(line[1]), -(line[1].used or 0)))[:MOST_BUDGETS]


def _so_far(month: Report | None) -> Iterator[Fact]:
    if month:
        before = f"{month.previous_period.label}: {wording.to_the_cent(month.previous.billed_cost)}"
        yield Fact(f"{month.period.label.capitalize()} so far", Amount(month.total.billed_cost), before)


def _heading(outlook: Outlook | None) -> Iterator[Fact]:
    """Where the month is heading, between what and what."""
    if outlook and isinstance(outlook.forecast, Forecast) and outlook.forecast.reached:
        said, label = outlook.forecast, f"{outlook.span.start:%B} is heading for"
        yield Fact(label, Amount(said.total), f"{wording.dollars(said.low)} to {wording.dollars(said.high)}")


def _record(outlook: Outlook | None) -> str:
    """How right such forecasts were; nothing where none is shown."""
    shown = outlook and isinstance(outlook.forecast, Forecast) and outlook.forecast.reached
    return record_line(outlook.record, outlook.seen) if outlook and shown else ""


def _alerts(alerts: Sequence[OpenAlert]) -> str:
    said = [
        f"{one.rule} ({one.who}) since {day_label(one.since)}{', acknowledged' if one.acknowledged else ''}"
        for one in alerts[:MOST_ALERTS]
    ]
    if len(alerts) > MOST_ALERTS:
        said.append(wording.and_more(len(alerts) - MOST_ALERTS))
    count = "1 alert is" if len(alerts) == 1 else f"{len(alerts)} alerts are"
    return f"{count} open: {'; '.join(said)}."


def _actions(digest: Digest, report: Report) -> tuple[Action, ...]:
    about = "user me" if digest.own else f"team {written(Subject.TEAM, digest.team)}" if digest.team else "summary"
    period = report.period.words
    why = Action("Why?", f"why {about} {period} vs {report.previous_period.words}")
    cuts = (Action("By model", f"{about} {period} by model"), Action("By key", f"{about} {period} by key"))
    return (*((why,) if moved(report) else ()), Action("This month", about), *cuts)
