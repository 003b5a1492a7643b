"""`summary`, `team`, `model`, `workspace`, `key`, `user`: what one thing spent, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Answer
from bot.answers.list_prices import price_table
from bot.answers.pieces import Plan, aside, breakdown, course, day_label, facts, of_report, spent, title_of, why
from bot.core.periods import Unit
from bot.core.question import Dimension, Subject
from bot.core.report import Findings, Report, Row
from bot.core.typed import quote
from bot.core.words import TIMES

PLANS = {
    Subject.SUMMARY: Plan(Dimension.TEAM, (Dimension.MODEL,), trend=True),
    Subject.TEAM: Plan(Dimension.MODEL, (Dimension.KEY,), trend=True),
    Subject.MODEL: Plan(Dimension.TEAM, (Dimension.KEY,), trend=True),
    Subject.WORKSPACE: Plan(Dimension.KEY, (Dimension.MODEL,), trend=True),
    Subject.KEY: Plan(Dimension.MODEL, trend=True),
    Subject.USER: Plan(Dimension.MODEL, (Dimension.TEAM,), trend=True),
}
_CUTS = {
    Subject.SUMMARY: (Dimension.MODEL, Dimension.TEAM),
    Subject.TEAM: (Dimension.KEY, Dimension.MODEL),
    Subject.MODEL: (Dimension.KEY, Dimension.TEAM),
    Subject.WORKSPACE: (Dimension.MODEL, Dimension.KEY),
    Subject.KEY: (Dimension.TOKEN_TYPE, Dimension.MODEL),
    Subject.USER: (Dimension.PRODUCT, Dimension.MODEL),
}
"""What to cut by next: the first that the rows are not cut by already."""


def answer(findings: Findings, who: str) -> Answer:
    """`who` is the name of what was asked about, as people call it."""
    report = findings.report
    side = [dimension for dimension in findings.breakdowns if dimension is not report.by]
    tables = [breakdown(title_of(report.by), report.by, report.rows)]
    tables += [aside(dimension, findings.breakdowns[dimension]) for dimension in side]
    if report.question.subject is Subject.MODEL and report.name:
        tables.append(price_table([(report.name, who)], report.period))
    return of_report(
        report,
        title=f"{who}, {report.period.label}",
        headline=spent(who, report),
        facts=facts(report),
        charts=() if report.by in TIMES else course(findings.trend),
        tables=tables,
        actions=_actions(report),
    )


def _actions(report: Report) -> tuple[Action, ...]:
    """The next questions people ask: cut another way, the month before, and the whole."""
    question = report.question
    about = question.named or question.subject.value
    period = question.period.words
    other = next(by for by in _CUTS[question.subject] if by is not report.by)
    offered = [
        Action(title_of(by), f"{about} {period} by {by}") for by in (other, Dimension.DAY) if by is not report.by
    ]
    if question.period.unit is Unit.MONTH and question.period.running:
        offered.append(Action("Last month", f"{about} last month"))
    if question.subject is not Subject.SUMMARY:
        offered.append(Action("Whole organisation", f"summary {period}"))
    return (*why(report), *offered)


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "team": answer(
            examples.findings(
                "team alpha",
                Dimension.MODEL,
                examples.MODELS,
                beside={Dimension.KEY: examples.KEYS},
                trend=examples.COURSE,
                notes=(examples.SHARED,),
            ),
            "Team Alpha",
        ),
        "team with a discount": answer(
            examples.findings("team alpha last month", Dimension.MODEL, examples.DISCOUNTED, discount=0.12),
            "Team Alpha",
        ),
        "team without spend": answer(
            examples.findings("team gamma last week", Dimension.MODEL, (), before="12.30"), "Team Gamma"
        ),
        "organisation": answer(
            examples.findings("summary", Dimension.TEAM, examples.TEAMS, trend=examples.COURSE), examples.ORGANISATION
        ),
        "organisation without spend": answer(
            examples.findings("summary", Dimension.TEAM, examples.IDLE_TEAMS), examples.ORGANISATION
        ),
        "nothing read": answer(
            examples.findings("summary today", Dimension.TEAM, (), before=None), examples.ORGANISATION
        ),
        "not billed yet": answer(
            examples.findings(
                "team alpha today", Dimension.MODEL, examples.UNBILLED_MODELS, notes=(examples.UNBILLED,)
            ),
            "Team Alpha",
        ),
        "model without a price": answer(
            examples.findings(
                "team alpha last 7 days", Dimension.MODEL, examples.NEW_MODELS, notes=(examples.UNPRICED,)
            ),
            "Team Alpha",
        ),
        "model with a price by length": answer(
            examples.findings(
                "model claude-haiku-5-5",
                Dimension.TEAM,
                (replace(examples.DEARER_MODELS[2], id="alpha", name="Team Alpha"),),
                notes=(examples.LONG_PROMPTS,),
            ),
            "Claude Haiku 5.5",
        ),
        "oneself": answer(
            examples.findings("user me last 7 days", Dimension.MODEL, examples.OWN, trend=examples.COURSE[-7:]),
            "Ana Ribeiro",
        ),
        "by day": answer(
            examples.findings(
                "team alpha 2026-11-16..2026-11-18 by day",
                Dimension.DAY,
                tuple(Row(str(day), f"{day:%a} {day_label(day)}", figures) for day, figures in examples.COURSE[15:18]),
            ),
            "Team Alpha",
        ),
        "hostile names": answer(
            examples.findings(
                f"workspace {quote(examples.HOSTILE[:200])}",
                Dimension.KEY,
                examples.HOSTILE_KEYS,
                beside={Dimension.MODEL: examples.HOSTILE_KEYS},
                notes=(examples.HOSTILE,),
            ),
            examples.HOSTILE,
        ),
        "ten million and a millionth": answer(
            examples.findings("summary last month", Dimension.KEY, examples.EXTREMES), examples.ORGANISATION
        ),
        "a millionth": answer(
            examples.findings("key hardly", Dimension.MODEL, examples.EXTREMES[1:]), "hardly anything"
        ),
    }
)
