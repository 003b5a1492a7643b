"""`chart`: gathers what a picture shows, from the same rows as the answers in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.answers import chart, chart_ahead
from bot.answers.answer import Answer
from bot.answers.chart import Course
from bot.core.money import ZERO, Money
from bot.core.outlook.forecast import fan
from bot.core.periods import Period, Unit, days, local_date
from bot.core.question import Dimension, Picture, Question, Subject
from bot.core.report import Findings
from bot.core.usage import Source
from bot.core.words import CHRONOLOGICAL
from bot.services.asking import outlook
from bot.services.figures.findings import topped
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.outlook import history
from bot.services.figures.steps import spans
from bot.services.figures.view import View

MOST_DAYS, MOST_WEEKS = 92, 106
"""Columns that can still be told apart; a longer period is drawn by the week, and then by the month."""


def answer(asked: Inquiry) -> Answer:
    """The picture's numbers and words; the picture itself is the medium's to draw."""
    match asked.question.picture:
        case Picture.BUDGET:
            return chart_ahead.burn_down(outlook.budgeted(asked))
        case Picture.FORECAST:
            return chart_ahead.heading(_heading(asked))
        case Picture.TREND:
            findings = _findings(asked)
            return chart.trend(findings, asked.found.name, _course(asked.view, findings))
        case _:
            return chart.share(topped(_findings(asked), asked.question), asked.found.name)


def _findings(asked: Inquiry) -> Findings:
    """The rows that the asker may see, whatever the columns are."""
    plan = chart.plan(asked.question)
    findings = asked.findings(replace(asked.question, by=plan.by, top=None), plan)
    return replace(findings, report=replace(findings.report, question=asked.question))


def _heading(asked: Inquiry) -> chart_ahead.Heading:
    question, found, view = asked.question, asked.found, asked.view
    zone = question.period.zone
    ahead, known = outlook.ahead(question, found, view), history(view, zone)
    span = ahead.span
    monthly = question.period.unit is Unit.MONTH and question.thing is Subject.TEAM
    standing = outlook.standing(asked.names, found, view, zone) if monthly else None
    limit = standing.limit if standing and standing.span == span else None
    reached = fan(known.days, known.first, span.start, span.end)
    if ahead.spent is not None:
        today = local_date(view.coverage.now, zone)
        reached = tuple(one.seen(ahead.spent, today) for one in reached)
    return chart_ahead.Heading(ahead, known.within(span), reached, limit)


def _course(view: View, findings: Findings) -> Course:
    """What each row and the whole cost in each column; a column of which no day was read is not in yet."""
    report = findings.report
    by = _column(report.question, report.period)
    columns = spans(report.period, by)
    missing = set(view.missing(Source.COST, report.period))
    whole: list[Money | None] = []
    parts: dict[str, list[Money | None]] = {row.id: [] for row in report.rows if row.id is not None}
    for _, column in columns:
        sums = view.read(column, report.by)
        since, until = view.stretch(column).touched
        unread = missing.issuperset(date.fromordinal(n) for n in range(since.toordinal(), until.toordinal()))
        total, costs = sums.figures().get(""), sums.figures(report.by)
        whole.append(None if unread else total.billed_cost if total else ZERO)
        for id_, course in parts.items():
            figures = costs.get(id_)
            course.append(None if whole[-1] is None else figures.billed_cost if figures else ZERO)
    starts = tuple(start for start, _ in columns)
    return Course(by, starts, tuple(whole), {id_: tuple(course) for id_, course in parts.items()})


def _column(question: Question, period: Period) -> Dimension:
    """What one column is: as asked for, else as fine as can be seen."""
    if question.by in CHRONOLOGICAL:
        return question.by
    count = len(days(period))
    return Dimension.DAY if count <= MOST_DAYS else Dimension.WEEK if count <= 7 * MOST_WEEKS else Dimension.MONTH
