"""`teams`, `models`, `workspaces`, `keys`, `users`: everything of a kind, the largest first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Answer
from bot.answers.list_prices import price_table
from bot.answers.pieces import Plan, breakdown, facts, of_report, spent, title_of, why
from bot.core import wording
from bot.core.directory import UNALLOCATED
from bot.core.question import Dimension, Subject, written
from bot.core.report import Findings, Report
from bot.core.words import ONE, TIMES

PLANS = {
    Subject.TEAMS: Plan(Dimension.TEAM),
    Subject.MODELS: Plan(Dimension.MODEL),
    Subject.WORKSPACES: Plan(Dimension.WORKSPACE),
    Subject.KEYS: Plan(Dimension.KEY),
    Subject.USERS: Plan(Dimension.USER),
}


_SUBJECTS = {plan.by: ONE[many] for many, plan in PLANS.items()}
"""Whose rows can be asked about one by one."""


def answer(findings: Findings, who: str) -> Answer:
    """`who` is the organisation's name."""
    report = findings.report
    what = report.question.subject.value.capitalize()
    usual = report.by is PLANS[report.question.subject].by
    table = breakdown(what if usual else title_of(report.by), report.by, report.rows)
    tables = [table]
    if report.by is Dimension.MODEL:
        tables.append(price_table([(row.id, row.name) for row in report.rows if row.id], report.period))
    return of_report(
        report,
        title=f"{what} of {who}, {report.period.label}",
        headline=_headline(report, who),
        facts=facts(report),
        tables=tables,
        actions=_actions(report),
    )


def _headline(report: Report, who: str) -> str:
    """The total, and who leads it; what no team claims leads nothing, but is worth saying where it is the most."""
    sentence = spent(who, report)
    ranked = [row for row in report.rows if row.id and row.share]
    if not ranked or report.by in TIMES:
        return sentence
    first = next((row for row in ranked if row.id != UNALLOCATED), None)
    largest = [f"The largest is {first.name} with {wording.percent(first.share)}"] if first else []
    if ranked[0].id == UNALLOCATED:
        largest.append(f"{wording.percent(ranked[0].share)} is unallocated")
    return f"{sentence} {'; '.join(largest)}."


def _actions(report: Report) -> tuple[Action, ...]:
    """Each of the three largest by name, then the whole."""
    one, period = _SUBJECTS.get(report.by), report.question.period.words
    whole = Action("Whole organisation", f"summary {period}")
    if one is None:
        return (*why(report), whole)
    largest = [(row.name, row.id) for row in report.rows if row.id][:3]
    each = (Action(name, f"{one} {written(one, id_)} {period}") for name, id_ in largest)
    subject = report.question.subject
    by_model = () if report.by is Dimension.MODEL else (Action("By model", f"{subject} {period} by model"),)
    return (*why(report), *each, *by_model, whole)


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
        "models with dearer calls": answer(
            examples.findings(
                "models 2026-10-01..2026-10-31",
                Dimension.MODEL,
                examples.DEARER_MODELS,
                notes=(examples.LONG_PROMPTS, examples.FAST),
            ),
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
        "users together": answer(
            examples.findings("users last 7 days", Dimension.USER, examples.PEOPLE, notes=(examples.HIDDEN,)),
            examples.ORGANISATION,
        ),
        "hostile names": answer(
            examples.findings("keys", Dimension.KEY, examples.HOSTILE_KEYS, notes=(examples.HOSTILE,)),
            examples.HOSTILE,
        ),
    }
)
