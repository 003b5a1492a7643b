"""The scheduled digest: the last whole day, week or month, who moved it, and how the month stands."""

from __future__ import annotations

from bot.answers.answer import Action, Amount, Answer, Fact
from bot.answers.pieces import breakdown, course, facts, spent, title_of
from bot.core import wording
from bot.core.money import UNITS_PER_DOLLAR, Money
from bot.core.report import Findings, Report, Row
from bot.core.schedule import Cadence, Occurrence
from bot.core.words import quote

MOST_ROWS = 15


def answer(findings: Findings, month: Report, who: str, occurrence: Occurrence) -> Answer:
    """`findings` are of the period the digest is about; `month` is the month so far."""
    report, digest = findings.report, occurrence.digest
    month_fact = Fact(
        f"{month.period.label.capitalize()} so far",
        Amount(month.total.billed_cost),
        f"{wording.dollars(month.previous.billed_cost)} in {month.previous_period.label}",
    )
    about = f"team {quote(digest.team)}" if digest.team else "summary"
    return Answer(
        title=f"{digest.cadence.value.capitalize()} digest: {who}, {report.period.label}",
        headline=f"{spent(who, report)}{_mover(report.rows)}",
        facts=(*facts(report), month_fact) if digest.cadence is not Cadence.MONTHLY else facts(report),
        charts=course(findings.trend),
        tables=(breakdown(title_of(report.by), report.by, report.rows, most=MOST_ROWS),) if report.rows else (),
        notes=report.notes,
        actions=(
            Action("This month", about),
            Action("By model", f"{about} {report.period.words} by model"),
            Action("By key", f"{about} {report.period.words} by key"),
        ),
        data_through=report.data_through,
        report=report,
    )


def _mover(rows: tuple[Row, ...]) -> str:
    """The row that moved the total most, in dollars; silent where nothing moved by a dollar."""
    moved = [
        (row.figures.billed_cost - row.previous.billed_cost, row.name)
        for row in rows
        if row.previous and row.figures.billed_cost is not None and row.previous.billed_cost is not None
    ]
    if not moved:
        return ""
    difference, name = max(moved, key=lambda pair: abs(pair[0].units))
    if abs(difference.units) < UNITS_PER_DOLLAR:
        return ""
    more = "more" if difference.units > 0 else "less"
    return f" {name} moved most: {wording.dollars(Money(abs(difference.units)))} {more}."
