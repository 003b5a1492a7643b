"""Gathers the figures behind an answer: total, period before, rows, and what of it is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from bot.answers.pieces import Plan
from bot.core.directory import UNALLOCATED
from bot.core.errors import WordsError
from bot.core.money import ZERO
from bot.core.periods import Period, days
from bot.core.question import Dimension, Question, Subject
from bot.core.report import Figures, Findings, Report, Row, leading
from bot.core.words import TIMES
from bot.services.figures.names import Found, Names
from bot.services.figures.notes import notes
from bot.services.figures.steps import span_name
from bot.services.figures.view import View

MOST_DAYS_BY_HOUR = 7


def few_enough(by: Dimension, period: Period) -> None:
    """Raises WordsError for more hours than anybody reads."""
    if by is Dimension.HOUR and len(days(period)) > MOST_DAYS_BY_HOUR:
        raise WordsError(
            f"By the hour I show up to {MOST_DAYS_BY_HOUR} days, not {len(days(period))}. Say `yesterday by hour`, "
            "or cut this `by day`."
        )


def gather(view: View, question: Question, found: Found, names: Names, plan: Plan, zone: str) -> Findings:
    """Everything the answer to `question` shows of `found`, of which this is the view."""
    coverage = view.coverage
    period = coverage.cut(question.period)
    before = coverage.cut(question.versus) if question.versus else period.previous()
    by = question.by or plan.by
    few_enough(by, period)
    beside = () if question.by else plan.also
    view.read_apart(period, by, *beside)
    view.read(before, by)
    parts, parts_before = view.by(by, period), {} if by in TIMES else view.by(by, before)
    total, previous = view.total(period), view.total(before)
    if by is Dimension.TEAM and question.subject in (Subject.TEAMS, Subject.SUMMARY):
        parts = {**dict.fromkeys(names.team_ids(), view.nothing_in(period)), **parts}
    zone_of_rows = view.covered(period).zone
    rows = _rows(parts, parts_before, total, by, names, zone_of_rows)
    also = {
        dimension: _rows(view.by(dimension, period), {}, total, dimension, names, zone_of_rows) for dimension in beside
    }
    trend = view.by(Dimension.DAY, period) if plan.trend else {}
    report = Report(
        question,
        found.id,
        by,
        period,
        total,
        before,
        previous,
        leading(rows, question.top),
        coverage.data_through,
        tuple(notes(view, period, total, by, rows, also, before, names.zone(zone))),
        view.covered(period),
        view.discount(period),
    )
    course = tuple((date.fromisoformat(day), figures) for day, figures in sorted(trend.items()))
    return Findings(report, also, course)


def topped(findings: Findings, question: Question) -> Findings:
    """The findings as the question's own, with the rows beyond its `top` in one line, so that they still add up."""
    rows = leading(findings.report.rows, question.top)
    return replace(findings, report=replace(findings.report, question=question, rows=rows))


def _rows(
    parts: Mapping[str, Figures],
    before: Mapping[str, Figures],
    total: Figures,
    by: Dimension,
    names: Names,
    zone: str,
) -> tuple[Row, ...]:
    """Hours (as the clocks of `zone` show them), days, weeks and months in their order; all else by cost, the largest
    first."""
    whole = total.billed_cost.units if total.billed_cost else 0
    rows = [
        Row(
            None if id_.endswith("/") else id_ or None,
            span_name(id_, by, zone) if by in TIMES else names.of(by, id_),
            figures,
            figures.billed_cost.units / whole if whole and figures.billed_cost is not None else None,
            before.get(id_, Figures(ZERO, ZERO, {})) if before else None,
        )
        for id_, figures in parts.items()
    ]
    if by in TIMES:
        return tuple(sorted(rows, key=lambda row: row.id or ""))
    return tuple(sorted(rows, key=_largest_first))


def _largest_first(row: Row) -> tuple[bool, int, int, str]:
    """What nobody claims comes last among equals, so that a quiet organisation does not open with it."""
    billed, listed = row.figures.billed_cost, row.figures.list_cost
    idle = row.id == UNALLOCATED and not billed
    return (idle, -(billed.units if billed else -1), -(listed.units if listed else 0), row.name)
