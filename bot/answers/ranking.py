"""`teams`, `models`, `workspaces`, `keys`: everything of a kind, the largest first."""

from __future__ import annotations

from datetime import timedelta

from bot.answers.answer import Action, Answer, Cell, Column, Table
from bot.answers.pieces import Plan, breakdown, facts, spent
from bot.core import wording
from bot.core.money import Money
from bot.core.prices import ListPrice, list_price
from bot.core.question import Dimension, Subject
from bot.core.report import Findings, Report
from bot.core.words import quote

PLANS = {
    Subject.TEAMS: Plan(Dimension.TEAM),
    Subject.MODELS: Plan(Dimension.MODEL),
    Subject.WORKSPACES: Plan(Dimension.WORKSPACE),
    Subject.KEYS: Plan(Dimension.KEY),
}


def answer(findings: Findings, who: str) -> Answer:
    """`who` is the organisation's name."""
    report = findings.report
    table = breakdown(report.question.subject.value.capitalize(), report.by, report.rows)
    if report.by is Dimension.MODEL:
        table = _with_prices(table, report)
    return Answer(
        title=f"{report.question.subject.value.capitalize()} of {who}, {report.period.label}",
        headline=_headline(report, who),
        facts=facts(report),
        tables=(table,) if table.rows else (),
        notes=report.notes,
        actions=_actions(report),
        data_through=report.data_through,
        report=report,
        question=report.question.text,
        share=report.question.share,
    )


def _headline(report: Report, who: str) -> str:
    """The total, and who leads it."""
    sentence = spent(who, report)
    first = next((row for row in report.rows if row.share), None)
    if first is None:
        return sentence
    return f"{sentence} {first.name} leads with {wording.percent(first.share)}."


def _with_prices(table: Table, report: Report) -> Table:
    """List prices stand beside the models, as of the period's last day."""
    day = (report.period.end - timedelta(microseconds=1)).date()
    prices = [_price(list_price(row.id, day) if row.id else None) for row in report.rows]
    column = Column("In / out per MTok", numeric=True)
    return Table(
        table.title,
        (*table.columns, column),
        tuple((*line, price) for line, price in zip(table.rows, prices, strict=True)),
    )


def _price(price: ListPrice | None) -> Cell:
    if price is None:
        return "unpriced"
    entry, output = (wording.dollars(Money.from_dollars(figure)) for figure in (price.uncached_input, price.output))
    return f"{entry} / {output}"


def _actions(report: Report) -> tuple[Action, ...]:
    """Each of the three largest by name, then the whole."""
    one = report.by.value
    largest = [row for row in report.rows if row.id][:3]
    return (
        *(Action(row.name, f"{one} {quote(row.id or '')} {report.period.words}") for row in largest),
        Action("Whole organisation", f"summary {report.period.words}"),
    )
