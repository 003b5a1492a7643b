"""Gathers a trend: a row for each step of a period, also where nothing was used, and the period before beside it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot.answers import trend as trend_answer
from bot.answers.answer import Answer
from bot.answers.trend import Course, plan
from bot.core.periods import Period
from bot.core.question import Dimension
from bot.core.report import Figures, Row
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.steps import hour_id, span_name, spans
from bot.services.figures.view import View

_HOUR = timedelta(hours=1)


def answer(asked: Inquiry) -> Answer:
    """As far as the asker may see it."""
    return trend_answer.answer(_course(asked), asked.found.name)


def _course(asked: Inquiry) -> Course:
    question, view = asked.question, asked.view
    step = plan(question.by, asked.coverage.cut(question.period))
    report = asked.findings(replace(question, by=step.by), step).report
    rows = {row.id: row for row in report.rows}
    nothing = 0.0 if report.total.billed_cost and report.total.billed_cost.units else None
    local = view.covered(report.period).zone
    filled = tuple(
        rows.get(id_) or Row(id_, span_name(id_, step.by, local), figures, nothing)
        for id_, figures in steps(view, report.period, step.by)
    )
    report = replace(report, question=question, rows=filled)
    if report.previous.billed_cost is None:
        return Course(report)
    before = steps(view, report.previous_period, step.by)
    if step.by is Dimension.HOUR and any("T" not in id_ for id_, _ in before):
        return Course(report)  # a whole day beside an hour would look like a fall
    return Course(report, tuple(figures.billed_cost for _, figures in before))


def steps(view: View, period: Period, by: Dimension) -> list[tuple[str, Figures]]:
    """The figures of every step of a period, by its row's id, in order."""
    held = view.by(by, period)
    return sorted({**_empty(view, period, by, held.keys()), **held}.items())


def _empty(view: View, period: Period, by: Dimension, held: Collection[str]) -> dict[str, Figures]:
    """The steps without entries: nothing was used in them, or nobody has read them."""
    if by is not Dimension.HOUR:
        return {
            start.isoformat(): view.nothing_in(part)
            for start, part in spans(period, by)
            if part.start < part.end and start.isoformat() not in held
        }
    stretch = view.stretch(period)
    known = view.coverage.by_the_hour(view.connection, *stretch.touched)
    newest = max(held, default="")
    nothing: dict[date, Figures] = {}
    found: dict[str, Figures] = {}
    for start in (stretch.start + n * _HOUR for n in range(int((stretch.end - stretch.start) / _HOUR))):
        day, id_ = start.date(), hour_id(start)
        over = view.coverage.data_through is not None and start < view.coverage.data_through
        if day in known and id_ not in held and (over or id_ < newest):
            if day not in nothing:
                midnight = datetime.combine(day, time(), UTC)
                nothing[day] = view.nothing_in(replace(period, start=midnight, end=midnight + 24 * _HOUR, zone="UTC"))
            found[id_] = nothing[day]
    return found
