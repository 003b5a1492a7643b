"""`summary`, `team`, `model`, `workspace`, `key`: what one thing spent, and by what."""

from __future__ import annotations

from bot.answers.answer import Action, Answer, Tone
from bot.answers.pieces import CHRONOLOGICAL, SIDE_ROWS, Plan, breakdown, course, facts, spent, title_of
from bot.core.periods import Unit
from bot.core.question import Dimension, Subject
from bot.core.report import Findings, Report
from bot.core.words import quote

PLANS = {
    Subject.SUMMARY: Plan(Dimension.TEAM, (Dimension.MODEL,), trend=True),
    Subject.TEAM: Plan(Dimension.MODEL, (Dimension.KEY,), trend=True),
    Subject.MODEL: Plan(Dimension.TEAM, (Dimension.KEY,), trend=True),
    Subject.WORKSPACE: Plan(Dimension.KEY, (Dimension.MODEL,), trend=True),
    Subject.KEY: Plan(Dimension.MODEL, trend=True),
}


def answer(findings: Findings, who: str) -> Answer:
    """`who` is the name of what was asked about, as people call it."""
    report = findings.report
    side = [dimension for dimension in findings.breakdowns if dimension is not report.by]
    tables = [breakdown(title_of(report.by), report.by, report.rows)]
    tables += [
        breakdown(title_of(dimension), dimension, findings.breakdowns[dimension], most=SIDE_ROWS) for dimension in side
    ]
    return Answer(
        title=f"{who}, {report.period.label}",
        headline=spent(who, report),
        facts=facts(report),
        charts=() if report.by in CHRONOLOGICAL else course(findings.trend),
        tables=tuple(table for table in tables if table.rows),
        notes=report.notes,
        actions=_actions(report),
        data_through=report.data_through,
        tone=Tone.PLAIN,
        report=report,
        question=report.question.text,
        share=report.question.share,
    )


def _actions(report: Report) -> tuple[Action, ...]:
    """The next questions people ask: cut the other way, and the period before."""
    question = report.question
    name = f" {quote(question.name)}" if question.name else ""
    about = f"{question.subject.value}{name}"
    other = {Dimension.MODEL: Dimension.KEY, Dimension.TEAM: Dimension.MODEL}.get(report.by, Dimension.MODEL)
    offered = [
        Action(f"By {other.value}", f"{about} {report.period.words} by {other.value}"),
        Action("By day", f"{about} {report.period.words} by day"),
    ]
    if question.period.unit is Unit.MONTH and question.period.running:
        offered.append(Action("Last month", f"{about} last month"))
    if question.subject is not Subject.SUMMARY:
        offered.append(Action("Whole organisation", f"summary {report.period.words}"))
    return tuple(offered)
