"""What most answers are built from: the sentence on top, the facts, the table of rows, the course by day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from bot.answers.answer import (
    Action,
    Amount,
    Answer,
    Cell,
    Chart,
    ChartKind,
    Column,
    Fact,
    Percent,
    Series,
    Table,
    Tokens,
)
from bot.core import wording
from bot.core.money import UNITS_PER_DOLLAR, Money
from bot.core.periods import Period, Unit, span
from bot.core.question import Dimension, Subject
from bot.core.report import Figures, Report, Row, rest
from bot.core.words import ONE

MOST_BARS = 20
"""What Slack draws natively; a longer course shows its newest days and says so."""
SIDE_ROWS = 8
"""Rows of a breakdown that stands beside the main one; the rest is summed in one line."""
_ROUNDED = 0.0005
"""What a percentage shows as less than 0.1 % is nobody's discount."""
_A_DAY = re.compile(r"\d{1,2} ")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a subject wants gathered: how its rows are cut unless the question says, what beside, and the days."""

    by: Dimension
    also: tuple[Dimension, ...] = ()
    trend: bool = False


def of_report(
    report: Report,
    *,
    title: str,
    headline: str,
    facts: tuple[Fact, ...] = (),
    charts: tuple[Chart, ...] = (),
    tables: Iterable[Table] = (),
    notes: tuple[str, ...] | None = None,
    actions: tuple[Action, ...] = (),
) -> Answer:
    """The answer that a report gives to its question: tables without a row are left out, its notes are the report's."""
    return Answer(
        title=title,
        headline=headline,
        facts=facts,
        charts=charts,
        tables=tuple(table for table in tables if table.rows),
        notes=report.notes if notes is None else notes,
        actions=actions,
        data_through=report.data_through,
        report=report,
        question=report.question.text,
        share=report.question.share,
    )


def spent(who: str, report: Report) -> str:
    """The headline: what was spent, when, and how that compares. Unknown and nothing are said as such."""
    total, when = report.total, during(report.period)
    before = report.previous.billed_cost
    if total.billed_cost is None:
        if total.quantities is None:
            return f"Nothing has been read about {who} {when}. To see how far the data goes, ask for status."
        return f"{who} used {wording.count(total.total_tokens)} tokens {when}. What they cost is not in yet."
    if not total.billed_cost.units and not total.total_tokens:
        after = f", after {wording.dollars(before)} {during(report.previous_period)}" if before and before.units else ""
        return f"{who} spent nothing {when}{after}."
    change = wording.change(total.billed_cost, before)
    compared = f", {change} {during(report.previous_period)}" if change else ""
    return f"{who} spent {wording.dollars(total.billed_cost)} {when}{compared}."


def during(period: Period) -> str:
    """The period in a sentence: "so far this month", "in October 2026", "in the last 7 days", "from 1 to 22 Oct"."""
    label = period.label
    if period.unit in (Unit.DAYS, Unit.RANGE) and label.startswith(("last ", "the ")):
        return f"on {label}" if label == "the day before" else f"in the {label.removeprefix('the ')}"
    if label.startswith(("this ", "last ", "since ", "today", "yesterday")):
        said = label
    elif "–" in label:
        said = f"from {label.replace(' – ', ' to ').replace('–', ' to ')}"
    else:
        said = f"on {label}" if period.unit is Unit.DAY or _A_DAY.match(label) else f"in {label}"
    return f"so far {said}" if period.running and period.unit not in (Unit.DAYS, Unit.RANGE) else said


def facts(report: Report) -> tuple[Fact, ...]:
    """The figures everybody asks for, with what they were before."""
    total, previous, before = report.total, report.previous, report.previous_period.label
    hits = f"{before}: {wording.percent(previous.cache_hit_rate)}" if previous.cache_hit_rate is not None else ""
    listed = [
        Fact("Billed cost", Amount(total.billed_cost), f"{before}: {wording.to_the_cent(previous.billed_cost)}"),
        Fact("List cost", list_cost(total), f"tokens × public list price{_discount(report)}"),
        Fact("Tokens", Tokens(total.total_tokens), f"{before}: {wording.count(previous.total_tokens)}"),
        Fact("Cache hit rate", Percent(total.cache_hit_rate), hits),
    ]
    if total.web_search_requests:
        searches = f"{before}: {wording.count(previous.web_search_requests)}"
        listed.append(Fact("Web searches", Tokens(total.web_search_requests), searches))
    if total.requests:
        requests = f"{before}: {wording.count(previous.requests)}" if previous.requests is not None else ""
        listed.append(Fact("Requests", Tokens(total.requests), requests))
    return tuple(listed)


def list_cost(figures: Figures) -> Cell:
    """As a range where the report can't tell dearer calls apart."""
    if figures.list_cost_high is None:
        return Amount(figures.list_cost)
    return wording.spread(figures.list_cost, figures.list_cost_high)


def breakdown(title: str, by: Dimension, rows: Sequence[Row], *, most: int | None = None) -> Table:
    """Rows with their cost, how it moved, and their share; what `most` cuts off is one line with its sum."""
    shown, hidden = (rows, ()) if most is None or len(rows) <= most else (rows[:most], rows[most:])
    lines = [*shown, rest(hidden)] if hidden else shown
    return Table(title, _columns(by, rows), tuple(map(_line, lines)), last_of=lines[-1].of if lines else 1)


def aside(by: Dimension, rows: Sequence[Row]) -> Table:
    """The breakdown beside the main one: short, and narrow enough for a phone."""
    whole = breakdown(title_of(by), by, rows, most=SIDE_ROWS)
    return replace(whole, columns=whole.columns[:-1], rows=tuple(line[:-1] for line in whole.rows))


def course(trend: Sequence[tuple[date, Figures]], step: Dimension = Dimension.DAY) -> tuple[Chart, ...]:
    """Billed cost per step as bars. What is not billed yet is left out rather than drawn as nothing."""
    known = [(start, figures.billed_cost) for start, figures in trend if figures.billed_cost is not None]
    if len(known) < 2:
        return ()
    shown = known[-MOST_BARS:]
    span = f"last {len(shown)} of {len(known)} {step}s" if len(shown) < len(known) else f"{len(shown)} {step}s"
    top, cost = max(shown, key=lambda point: point[1])
    on, label = _STEPS[step]
    return (
        Chart(
            ChartKind.BAR,
            f"Billed cost per {step}, {span}",
            f"Highest {on} {label(top)} with {wording.to_the_cent(cost)}.",
            tuple(label(start) for start, _ in shown),
            (Series("Billed cost", drawn([cost for _, cost in shown])),),
        ),
    )


def day_label(day: date) -> str:
    return f"{day.day} {day:%b}"


def _week_label(monday: date) -> str:
    return span(monday, date.fromordinal(monday.toordinal() + 6))


def _month_label(first: date) -> str:
    return f"{first:%b %Y}"


_STEPS = MappingProxyType(
    {
        Dimension.DAY: ("on", day_label),
        Dimension.WEEK: ("in the week", _week_label),
        Dimension.MONTH: ("in", _month_label),
    }
)


def title_of(dimension: Dimension) -> str:
    """The heading of a breakdown: "By model"."""
    return f"By {dimension.value.replace('-', ' ')}"


def lengths(report: Report) -> Iterator[str]:
    """A longer month costs more for no other reason than its length."""
    now, before = (round((one.end - one.start) / timedelta(days=1)) for one in (report.period, report.previous_period))
    if now != before:
        yield f"{now} days are compared with {before}."


def moved(report: Report) -> bool:
    """Whether billed cost is known to have changed."""
    now, before = report.total.billed_cost, report.previous.billed_cost
    return now is not None and before is not None and now != before


def why(report: Report) -> tuple[Action, ...]:
    """The button that asks why billed cost moved; none where it did not, or where nobody knows."""
    if not moved(report):
        return ()
    question = report.question
    about = question.named or (question.thing.value if question.thing in ONE else "")
    versus = f"vs {question.versus.words}" if question.versus else ""
    return (Action("Why?", " ".join(filter(None, (Subject.WHY, about, question.period.words, versus)))),)


def _discount(report: Report) -> str:
    """How far billed lies from list, where that is more than rounding. List's own lower end makes it the least."""
    part, open_ = report.discount, report.total.list_cost_high is not None
    if part is None or abs(part) < _ROUNDED or (part < 0 and open_):
        return ""
    if part < 0:
        return f"; billed {wording.percent(-part)} above it"
    return f"; {'at least ' if open_ else ''}{wording.percent(part)} discount"


def _columns(by: Dimension, rows: Sequence[Row]) -> tuple[Column, ...]:
    name = Column(by.value.replace("-", " ").capitalize(), numeric=False)
    columns = [name, Column("Billed"), Column("Share"), Column("Tokens"), Column("Cache hits")]
    if any(row.previous for row in rows):
        columns.insert(2, Column("Change"))
    return tuple(columns)


def _line(row: Row) -> tuple[Cell, ...]:
    figures = row.figures
    cells: list[Cell] = [
        row.name,
        Amount(figures.billed_cost),
        Percent(row.share),
        Tokens(figures.total_tokens),
        Percent(figures.cache_hit_rate),
    ]
    if row.previous:
        cells.insert(2, wording.delta(figures.billed_cost, row.previous.billed_cost))
    return tuple(cells)


def drawn(costs: Sequence[Money]) -> tuple[Decimal, ...]:
    """To the cent, unless cents would draw nothing."""
    if max(costs).units < UNITS_PER_DOLLAR:
        return tuple(cost.dollars for cost in costs)
    return tuple(cost.dollars.quantize(Decimal("0.01")) for cost in costs)
