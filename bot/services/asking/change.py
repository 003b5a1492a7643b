"""Gathers why a figure moved: both periods from the ledger, cut by cause, by who, and by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from bot.answers import why as why_answer
from bot.answers.answer import Answer
from bot.answers.pieces import Plan
from bot.answers.why import MOST_DRIVERS, Explained
from bot.core.change import Cause, Part, Spent, causes, counterparts, drivers, parts
from bot.core.entries import Basis
from bot.core.money import Money
from bot.core.periods import Period, days, local_date, midnight
from bot.core.question import Dimension
from bot.core.report import Figures, Findings, Report, Row, added, leading
from bot.core.words import TIMES
from bot.services.figures.findings import gather
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Names
from bot.services.figures.steps import hour_id, span_name, span_start
from bot.services.figures.view import View
from bot.store import memory

_CALLER = (Dimension.TEAM, Dimension.WORKSPACE, Dimension.KEY, Dimension.USER)
_KIND = (Dimension.MODEL, Dimension.TIER, Dimension.GEO)
"""What, with the charge, has one price."""
_DAYS_BY_HOUR = 2
"""Longer than that, the days say more than their hours."""


def answer(asked: Inquiry) -> Answer:
    return why_answer.answer(explain(asked, why_answer.PLANS[asked.question.thing]), asked.found.name)


def explain(asked: Inquiry, plan: Plan) -> Explained:
    """Everything the answer to a `why` shows; without causes where either period's cost is not known."""
    question, found, names, view = asked.question, asked.found, asked.names, asked.view
    report = gather(view, question, found, names, Plan(plan.by), asked.zone).report
    for period in (report.previous_period, report.period):
        view.read(period, report.by, *_CALLER, *_KIND)  # finely and first: every other cut is a sum of this

    def cut(by: Dimension) -> Report:
        findings = Findings(replace(report, by=by, rows=_rows(view, report, by, names)), {})
        return asked.sight.shown(findings, found, asked.coverage).report

    beside = {by: cut(by).rows for by in (() if question.by else plan.also)}
    steps = _steps(view, report, names)
    report = cut(report.by)
    report = replace(report, rows=leading(report.rows, question.top))
    if report.total.billed_cost is None or report.previous.billed_cost is None:
        return Explained(report, beside, steps, {})

    def worked_out() -> list[Part]:
        then, now = (_spent(view, period) for period in (report.previous_period, report.period))
        return parts(then, now)

    about = (found.selection, view.stretch(report.previous_period), view.stretch(report.period))
    moved = memory.remembered(asked.connection, ("moved", *about), worked_out)
    return Explained(replace(report, causes=causes(moved)), beside, steps, _own_causes(moved, report))


def _steps(view: View, report: Report, names: Names) -> tuple[Row, ...]:
    """The hours of a day or two where both sides are known by the hour, else the days."""
    if max(len(days(period)) for period in (report.period, report.previous_period)) <= _DAYS_BY_HOUR:
        hours = _rows(view, report, Dimension.HOUR, names)
        if all(_is_hour(row.id or "") for row in hours):
            return hours
    return _rows(view, report, Dimension.DAY, names)


def _rows(view: View, report: Report, by: Dimension, names: Names) -> tuple[Row, ...]:
    """Everything that is on either side, what moved most first; hours to months in their order."""
    then, now = view.by(by, report.previous_period), view.by(by, report.period)
    if by in TIMES:
        then, now = _aligned(view, report.previous_period, report.period, by), now
    nothing_then, nothing_now = view.nothing_in(report.previous_period), view.nothing_in(report.period)
    total = report.total.billed_cost
    whole = total.units if total else 0
    order = list(drivers(_billed(then), _billed(now)))
    found = []
    zone = view.covered(report.period).zone
    for id_ in sorted(order) if by in TIMES else order:
        name = span_name(id_, by, zone) if by in TIMES else names.of(by, id_)
        figures = now.get(id_, nothing_now)
        share = figures.billed_cost.units / whole if whole and figures.billed_cost is not None else None
        found.append(Row(id_ or None, name, figures, share, then.get(id_, nothing_then)))
    return tuple(found)


def _aligned(view: View, then: Period, now: Period, by: Dimension) -> dict[str, Figures]:
    """The earlier period's hours or days under the hours, days, weeks or months they are compared with."""
    partner = counterparts(days(then), days(now))
    if by is Dimension.HOUR:
        return {_hour_beside(id_, partner, then.zone): figures for id_, figures in view.by(by, then).items()}
    spans: dict[str, list[Figures]] = defaultdict(list)
    for text, figures in view.by(Dimension.DAY, then).items():
        day = date.fromisoformat(text)
        spans[span_start(partner.get(day, day), by).isoformat()].append(figures)
    return {start: added(parts) for start, parts in spans.items()}


def _hour_beside(id_: str, partner: Mapping[date, date], zone: str) -> str:
    """As long after midnight, on the day that an hour's day is compared with; a whole day is that day."""
    if not _is_hour(id_):
        day = date.fromisoformat(id_)
        return partner.get(day, day).isoformat()
    start = datetime.fromisoformat(id_)
    day = local_date(start, zone)
    return hour_id(midnight(partner.get(day, day), zone) + (start - midnight(day, zone)))


def _is_hour(id_: str) -> bool:
    return "T" in id_


def _own_causes(moved: Iterable[Part], report: Report) -> dict[str, Mapping[Cause, Money]]:
    """The causes of each named row by itself, where rows are callers or models."""
    if report.by not in (*_CALLER, Dimension.MODEL):
        return {}
    found: dict[str, list[Part]] = defaultdict(list)
    for part in moved:
        id_ = part.model if report.by is Dimension.MODEL else part.caller[_CALLER.index(report.by)]
        found[id_].append(part)
    return {row.id: causes(found[row.id]) for row in report.rows[:MOST_DRIVERS] if row.id in found}


def _spent(view: View, period: Period) -> list[Spent]:
    """One period of the ledger as what the causes are worked out of."""
    sums = view.read(period, *_CALLER, *_KIND)
    caller = [sums.by.index(dimension) for dimension in _CALLER]
    model, tier, geo = (sums.by.index(dimension) for dimension in _KIND)
    return [
        Spent(
            tuple(row[at] for at in caller),
            row[model],
            row[tier],
            row[geo],
            row.charge,
            Basis(row.basis),
            int(row.quantity),
            None if row.basis == Basis.UNKNOWN else int(row.billed or 0),
        )
        for row in sums.rows
    ]


def _billed(figures: Mapping[str, Figures]) -> dict[str, Money | None]:
    return {id_: one.billed_cost for id_, one in figures.items()}
