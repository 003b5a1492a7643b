"""The scheduled digest: the last whole day, week or month, who moved it, and how the month stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Fact
from bot.answers.pieces import breakdown, course, facts, moved, spent, title_of
from bot.core import wording
from bot.core.money import UNITS_PER_DOLLAR, Money
from bot.core.periods import Period, Unit
from bot.core.question import Dimension, Subject, written
from bot.core.report import Findings, Report, Row
from bot.core.schedule import Cadence, Digest, Occurrence

MOST_ROWS = 15


def answer(findings: Findings, month: Report, who: str, occurrence: Occurrence) -> Answer:
    """`findings` are of the period the digest is about; `month` is the month so far."""
    report, digest = findings.report, occurrence.digest
    month_fact = Fact(
        f"{month.period.label.capitalize()} so far",
        Amount(month.total.billed_cost),
        f"{month.previous_period.label}: {wording.to_the_cent(month.previous.billed_cost)}",
    )
    period = report.period.words
    about = f"team {written(Subject.TEAM, digest.team)}" if digest.team else "summary"
    why = f"why {about} {period} vs {report.previous_period.words}"
    return Answer(
        title=f"{digest.cadence.value.capitalize()} digest: {who}, {report.period.label}",
        headline=f"{spent(who, report)}{_mover(report.rows)}",
        facts=(*facts(report), month_fact) if digest.cadence is not Cadence.MONTHLY else facts(report),
        charts=course(findings.trend),
        tables=(breakdown(title_of(report.by), report.by, report.rows, most=MOST_ROWS),) if report.rows else (),
        notes=report.notes,
        actions=(
            *((Action("Why?", why),) if moved(report) else ()),
            Action("This month", about),
            Action("By model", f"{about} {period} by model"),
            Action("By key", f"{about} {period} by key"),
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
    return f" The largest change is {name}: {wording.dollars(Money(abs(difference.units)))} {more}."


def _example(
    cadence: Cadence,
    by: Dimension,
    rows: Sequence[Row],
    *,
    team: str | None = None,
    who: str = examples.ORGANISATION,
    versus: Period | None = None,
) -> Answer:
    """The digest of 21, 16 or 1 November; only a daily one shows the days."""
    day = {Cadence.DAILY: 21, Cadence.WEEKLY: 16, Cadence.MONTHLY: 1}[cadence]
    due = datetime(2026, 11, day, 9, tzinfo=UTC)
    occurrence = Occurrence(Digest("morning", "C0GENERAL", cadence, due.time(), "UTC", team), due.date(), due)
    trend = examples.COURSE[-14:] if cadence is Cadence.DAILY else ()
    text = f"team {team}" if team else "summary"
    found = examples.findings(text, by, rows, trend=trend, period=occurrence.period("UTC"), versus=versus)
    return answer(found, examples.findings(text, Dimension.MODEL, examples.MODELS).report, who, occurrence)


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "daily": _example(
            Cadence.DAILY,
            Dimension.TEAM,
            examples.DAY_TEAMS,
            versus=Period(
                datetime(2026, 11, 13, tzinfo=UTC),
                datetime(2026, 11, 14, tzinfo=UTC),
                "UTC",
                "Friday 13 November",
                Unit.DAY,
                running=False,
            ),
        ),
        "weekly of a team": _example(
            Cadence.WEEKLY, Dimension.MODEL, examples.MODELS[2:], team="alpha", who="Team Alpha"
        ),
        "monthly without spend": _example(Cadence.MONTHLY, Dimension.TEAM, examples.IDLE_TEAMS),
        "hostile names": _example(
            Cadence.DAILY, Dimension.KEY, examples.HOSTILE_KEYS, team="alpha", who=examples.HOSTILE
        ),
    }
)
