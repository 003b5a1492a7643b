"""What most answers are built from: the sentence on top, the facts, the table of rows, the course by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.answers.answer import Amount, Cell, Chart, ChartKind, Column, Fact, Percent, Series, Table, Tokens
from bot.core import wording
from bot.core.money import Money
from bot.core.periods import Period, Unit
from bot.core.question import Dimension
from bot.core.report import Figures, Report, Row, rest

MOST_BARS = 20
"""What Slack draws natively; a longer course shows its newest days and says so."""
SIDE_ROWS = 8
"""Rows of a breakdown that stands beside the main one; the rest is summed in one line."""
CHRONOLOGICAL = (Dimension.DAY, Dimension.WEEK, Dimension.MONTH)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a subject wants gathered: how its rows are cut unless the question says, what beside, and the days."""

    by: Dimension
    also: tuple[Dimension, ...] = ()
    trend: bool = False


def spent(who: str, report: Report) -> str:
    """The headline: what was spent, when, and how that compares. Unknown and nothing are said as such."""
    total, when = report.total, during(report.period)
    if total.billed_cost is None:
        if total.quantities is None:
            return f"Nothing has been read yet about {who} {when}. `status` says how far the data goes."
        return f"{who} used {wording.count(total.total_tokens)} tokens {when}; what they cost is not in yet."
    if not total.billed_cost.units and not total.total_tokens:
        return f"{who} spent nothing {when}.{_than(report, ' Before that: ')}"
    return f"{who} spent {wording.dollars(total.billed_cost)} {when}{_compared(report)}."


def during(period: Period) -> str:
    """The period in a sentence: "this month", "in October 2026", "in the last 7 days", "since 1 Nov"."""
    label = period.label
    if label.startswith(("this ", "last ", "since ", "today", "yesterday")) and period.unit is not Unit.DAYS:
        return label
    return {Unit.DAYS: f"in the {label}", Unit.DAY: f"on {label}", Unit.RANGE: f"over {label}"}.get(
        period.unit, f"in {label}"
    )


def facts(report: Report) -> tuple[Fact, ...]:
    """The figures everybody asks for, with what they were before."""
    total, previous = report.total, report.previous
    before = report.previous_period.label
    listed = [
        Fact("Billed cost", Amount(total.billed_cost), f"{wording.dollars(previous.billed_cost)} in {before}"),
        Fact("List cost", Amount(total.list_cost), _discount(total)),
        Fact("Tokens", Tokens(total.total_tokens), f"{wording.count(previous.total_tokens)} in {before}"),
        Fact(
            "Cache hit rate", Percent(total.cache_hit_rate), f"{wording.percent(previous.cache_hit_rate)} in {before}"
        ),
    ]
    if total.web_search_requests:
        listed.append(Fact("Web searches", Tokens(total.web_search_requests)))
    return tuple(listed)


def breakdown(title: str, by: Dimension, rows: Sequence[Row], *, most: int | None = None) -> Table:
    """Rows with their cost, how it moved, and their share; what `most` cuts off is one line with its sum."""
    shown, hidden = (rows, ()) if most is None or len(rows) <= most else (rows[:most], rows[most:])
    lines = [_line(row) for row in shown]
    if hidden:
        lines.append(_line(rest(hidden)))
    return Table(title, _columns(by, rows), tuple(lines))


def course(trend: Sequence[tuple[date, Figures]]) -> tuple[Chart, ...]:
    """Billed cost per day as bars. Days that are not billed yet are left out rather than drawn as nothing."""
    known = [(day, figures.billed_cost) for day, figures in trend if figures.billed_cost is not None]
    if len(known) < 2:
        return ()
    shown = known[-MOST_BARS:]
    span = f"last {len(shown)} of {len(known)} days" if len(shown) < len(known) else f"{len(shown)} days"
    top_day, top = max(shown, key=lambda point: point[1])
    return (
        Chart(
            ChartKind.BAR,
            f"Billed cost per day, {span}",
            f"Highest on {day_label(top_day)} with {wording.dollars(top)}.",
            tuple(day_label(day) for day, _ in shown),
            (Series("Billed cost", tuple(_to_cents(cost) for _, cost in shown)),),
        ),
    )


def day_label(day: date) -> str:
    return f"{day.day} {day:%b}"


def title_of(dimension: Dimension) -> str:
    """The heading of a breakdown: "By model"."""
    return f"By {dimension.value.replace('-', ' ')}"


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


def _compared(report: Report) -> str:
    moved = wording.change(report.total.billed_cost, report.previous.billed_cost)
    before = report.previous_period.label
    if not moved:
        return ""
    if moved == "new":
        return f", after nothing in {before}"
    if moved == "the same":
        return f", the same as in {before}"
    joint = "as" if moved.endswith("as much") else "than"
    return f", {moved} {joint} in {before}"


def _than(report: Report, lead: str) -> str:
    previous = report.previous.billed_cost
    return f"{lead}{wording.dollars(previous)} in {report.previous_period.label}." if previous else ""


def _discount(total: Figures) -> str:
    """How far billed lies from list: only said where both are whole."""
    if total.billed_cost is None or total.list_cost is None or not total.list_cost.units:
        return "tokens × public list price"
    part = Decimal(total.list_cost.units - total.billed_cost.units) / Decimal(total.list_cost.units)
    if abs(part) < Decimal("0.005"):
        return "tokens × public list price"
    return f"billed is {wording.percent(float(abs(part)))} {'below' if part > 0 else 'above'} list"


def _to_cents(cost: Money) -> Decimal:
    return cost.dollars.quantize(Decimal("0.01"))
