"""`teams`, `models`, `workspaces`, `keys`: everything of a kind, the largest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Answer, Cell, Column, Table
from bot.answers.pieces import CHRONOLOGICAL, Plan, breakdown, facts, spent, title_of
from bot.core import wording
from bot.core.directory import UNALLOCATED
from bot.core.money import Money
from bot.core.prices import ListPrice, list_price
from bot.core.question import Dimension, Subject, written
from bot.core.report import Findings, Report
from bot.core.words import ONE

PLANS = {
    Subject.TEAMS: Plan(Dimension.TEAM),
    Subject.MODELS: Plan(Dimension.MODEL),
    Subject.WORKSPACES: Plan(Dimension.WORKSPACE),
    Subject.KEYS: Plan(Dimension.KEY),
}


_PRICES = "List price: dollars per million tokens, uncached input / output."
_SUBJECTS = {plan.by: ONE[many] for many, plan in PLANS.items()}
"""Whose rows can be asked about one by one."""


def answer(findings: Findings, who: str) -> Answer:
    """`who` is the organisation's name."""
    report = findings.report
    what = report.question.subject.value.capitalize()
    usual = report.by is PLANS[report.question.subject].by
    table = breakdown(what if usual else title_of(report.by), report.by, report.rows)
    priced = report.by is Dimension.MODEL
    return Answer(
        title=f"{what} of {who}, {report.period.label}",
        headline=_headline(report, who),
        facts=facts(report),
        tables=(_with_prices(table, report) if priced else table,) if table.rows else (),
        notes=(*report.notes, *((_PRICES,) if priced and table.rows else ())),
        actions=_actions(report),
        data_through=report.data_through,
        report=report,
        question=report.question.text,
        share=report.question.share,
    )


def _headline(report: Report, who: str) -> str:
    """The total, and who leads it; what no team claims leads nothing, but is worth saying where it is the most."""
    sentence = spent(who, report)
    ranked = [row for row in report.rows if row.id and row.share]
    if not ranked or report.by in CHRONOLOGICAL:
        return sentence
    first = next((row for row in ranked if row.id != UNALLOCATED), None)
    largest = [f"The largest is {first.name} with {wording.percent(first.share)}"] if first else []
    if ranked[0].id == UNALLOCATED:
        largest.append(f"{wording.percent(ranked[0].share)} is unallocated")
    return f"{sentence} {'; '.join(largest)}."


def _with_prices(table: Table, report: Report) -> Table:
    """List prices stand beside the models, as of the period's last day."""
    day = (report.period.end - timedelta(microseconds=1)).date()
    prices = (_price(list_price(row.id, day)) if row.id else "–" for row in report.rows)
    return Table(
        table.title,
        (*table.columns, Column("List price")),
        tuple((*line, price) for line, price in zip(table.rows, prices, strict=True)),
    )


def _price(price: ListPrice | None) -> Cell:
    if price is None:
        return "unpriced"
    figures = (wording.dollars(Money.from_dollars(figure)) for figure in (price.uncached_input, price.output))
    return " / ".join(figure.removesuffix(".00") for figure in figures)


def _actions(report: Report) -> tuple[Action, ...]:
    """Each of the three largest by name, then the whole."""
    one, period = _SUBJECTS.get(report.by), report.question.period.words
    whole = Action("Whole organisation", f"summary {period}")
    if one is None:
        return (whole,)
    largest = [(row.name, row.id) for row in report.rows if row.id][:3]
    return (*(Action(name, f"{one} {written(one, id_)} {period}") for name, id_ in largest), whole)


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "teams": answer(examples.findings("teams", Dimension.TEAM, examples.TEAMS), examples.ORGANISATION),
        "teams without spend": answer(
            examples.findings("teams last month", Dimension.TEAM, examples.IDLE_TEAMS), examples.ORGANISATION
        ),
        "models": answer(
            examples.findings("models", Dimension.MODEL, examples.NEW_MODELS, notes=(examples.UNPRICED,)),
            examples.ORGANISATION,
        ),
        "models not billed yet": answer(
            examples.findings("models yesterday", Dimension.MODEL, examples.UNBILLED_MODELS, before=None),
            examples.ORGANISATION,
        ),
        "two keys and the rest": answer(
            examples.findings("keys top 2", Dimension.KEY, examples.RANKED_KEYS, notes=(examples.SHARED,)),
            examples.ORGANISATION,
        ),
        "hostile names": answer(
            examples.findings("keys", Dimension.KEY, examples.HOSTILE_KEYS, notes=(examples.HOSTILE,)),
            examples.HOSTILE,
        ),
    }
)
