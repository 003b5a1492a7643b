"""`budget`: what is spent of it, what is left, how fast it goes, and what the period is heading for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Bar, Cell, Column, Fact, Percent, Table, Tone
from bot.answers.forecast import during, example_days, heading, named
from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.money import Money
from bot.core.outlook.budget import Budget, Every, Scope, Standing, Uplift, suggestion
from bot.core.outlook.forecast import Forecast, Unsaid, forecast
from bot.core.question import Question, Subject, parse

_NONE = "–"


@dataclass(frozen=True, slots=True)
class Budgeted:
    """Every budget of what was asked about, by the name of what it is for; a suggestion where there is none."""

    question: Question
    who: str
    lines: tuple[tuple[str, Standing], ...]
    suggested: Money | None
    withheld: int
    """Budgets of which the asker may not see the figures."""
    data_through: datetime | None


def answer(budgeted: Budgeted) -> Answer:
    """One budget in full, several in a table, none with what would have held."""
    question = budgeted.question
    about = question.named or Subject.SUMMARY.value
    one = budgeted.lines[0] if len(budgeted.lines) == 1 else None
    over = any(is_over(standing) for _, standing in budgeted.lines)
    return Answer(
        title=f"Budget: {one[0]}, {named(one[1].span)}" if one else f"Budgets: {budgeted.who}",
        headline=sentence(*one) if one else _several(budgeted) if budgeted.lines else f"{budgeted.who} has no budget.",
        facts=_facts(one[1]) if one else (),
        tables=(_table(budgeted.lines),) if len(budgeted.lines) > 1 else (),
        paragraphs=_suggested(budgeted) if not budgeted.lines else (),
        notes=tuple(_notes(budgeted)),
        actions=(
            Action("Forecast", f"forecast {about if question.name else ''}".strip()),
            Action("The figures", about),
        ),
        data_through=budgeted.data_through,
        tone=Tone.WARNING if over else Tone.PLAIN,
        question=question.text,
        share=question.share,
    )


def with_budget(answer: Answer, standing: Standing) -> Answer:
    """An answer about a month's spend whose headline ends with "; heading for $1,760 of its $1,500 budget"."""
    return replace(answer, headline=f"{answer.headline.removesuffix('.')}{_heading(standing)}.")


def _heading(standing: Standing) -> str:
    limit = wording.dollars(standing.limit)
    if standing.left is not None and standing.left.units < 0:
        return f"; its {limit} budget is used up"
    if not isinstance(standing.forecast, Forecast):
        return ""
    return f"; heading for {wording.dollars(standing.forecast.total)} of its {limit} budget"


def is_over(standing: Standing) -> bool:
    """Whether it is used up, or heading there."""
    return standing.heading_over or (standing.left is not None and standing.left.units < 0)


def sentence(name: str, standing: Standing) -> str:
    """The sentence about one budget: "… has spent $1,180 of $1,500 (79 %); heading for $1,760, runs out on 26 Nov."."""
    limit = wording.dollars(standing.limit)
    if standing.spent is None:
        return f"{name} has a budget of {limit} {during(standing.span)}. What it has spent of it is not in yet."
    used = wording.percent(standing.used)
    said = f"{name} has spent {wording.dollars(standing.spent)} of {limit} {during(standing.span)} ({used})"
    if standing.left is not None and standing.left.units < 0:
        said += f", {wording.dollars(Money(-standing.left.units))} more than there is"
    if isinstance(standing.forecast, Forecast) and standing.forecast.reached:
        said += f"; heading for {heading(standing.forecast)}"
    if standing.runs_out and standing.left is not None and standing.left.units >= 0:
        said += f", runs out on {day_label(standing.runs_out)}"
    return f"{said}."


def _several(budgeted: Budgeted) -> str:
    """How many there are, and which of them will not do."""
    over = [name for name, standing in budgeted.lines if is_over(standing)]
    count = f"{len(budgeted.lines)} budgets"
    if not over:
        return f"{count}: none of them is heading for more than its amount."
    names = ", ".join(over[:3]) + (f" {wording.and_more(len(over) - 3)}" if len(over) > 3 else "")
    return f"{count}, {len(over)} over or heading over: {names}."


def _facts(standing: Standing) -> tuple[Fact, ...]:
    left = standing.left
    facts = [
        Fact(
            "Spent",
            Amount(standing.spent),
            f"{wording.percent(standing.used)} of {wording.to_the_cent(standing.limit)}",
        ),
        Fact("Left", Amount(left), f"{standing.span.days - standing.elapsed} of {standing.span.days} days to go"),
        Fact("Pace", Percent(standing.pace), "100 % is even spending over the period"),
    ]
    lasts = f"{wording.to_the_cent(standing.to_spend)} would last" if standing.to_spend else ""
    facts.append(Fact("A day lately", Amount(standing.lately), lasts))
    if isinstance(standing.forecast, Forecast) and standing.forecast.reached:
        low, high = wording.dollars(standing.forecast.low), wording.dollars(standing.forecast.high)
        facts.append(Fact("At the end", Amount(standing.forecast.total), f"{low} to {high}"))
    return tuple(facts)


def _table(lines: tuple[tuple[str, Standing], ...]) -> Table:
    columns = (
        *(Column("Budget", numeric=False), Column("Period", numeric=False), Column("Spent"), Column("Of")),
        *(Column("Used"), Column("Heading for"), Column("Runs out", numeric=False)),
    )
    return Table("Budgets", columns, tuple(_line(name, standing) for name, standing in lines))


def as_bars(lines: Sequence[tuple[str, Standing]]) -> Table:
    """How much of each budget is used, for those who only glance."""
    columns = (Column("Budget", numeric=False), *map(Column, ("Used", "Spent", "Of", "Heading for")))
    periods = {named(standing.span) for _, standing in lines}
    if len(periods) == 1:  # said once: beside a bar there is room for a name and no more
        return Table(f"Budgets, {periods.pop()}", columns, tuple(_bar(name, standing) for name, standing in lines))
    named_apart = ((f"{name}, {named(standing.span)}", standing) for name, standing in lines)
    return Table("Budgets", columns, tuple(_bar(name, standing) for name, standing in named_apart))


def _bar(name: str, standing: Standing) -> tuple[Cell, ...]:
    ahead = standing.forecast
    return (
        name,
        Bar(standing.used),
        Amount(standing.spent),
        Amount(standing.limit),
        Amount(ahead.total) if isinstance(ahead, Forecast) else _NONE,
    )


def _line(name: str, standing: Standing) -> tuple[Cell, ...]:
    said = standing.forecast
    spent_up = standing.left is not None and standing.left.units < 0
    return (
        name,
        standing.budget.every.value,
        Amount(standing.spent),
        Amount(standing.limit),
        Percent(standing.used),
        Amount(said.total) if isinstance(said, Forecast) else _NONE,
        "is over" if spent_up else day_label(standing.runs_out) if standing.runs_out else _NONE,
    )


def _suggested(budgeted: Budgeted) -> tuple[str, ...]:
    if budgeted.suggested is None:
        return (
            "Add one under `budgets:` in the configuration. To suggest an amount, three whole months must be known.",
        )
    amount = wording.dollars(budgeted.suggested)
    return (
        f"{amount} a month would have held in most of the last months: the second highest of six and a tenth on top. "
        "Add it under `budgets:` in the configuration.",
    )


def _notes(budgeted: Budgeted) -> list[str]:
    notes = []
    for name, standing in budgeted.lines:
        granted = standing.limit - standing.budget.amount
        if granted.units:
            until = max(one.until for one in standing.budget.uplifts)
            notes.append(f"{name}: {wording.dollars(granted)} of it is granted until {day_label(until)} {until.year}.")
        if isinstance(standing.forecast, Unsaid) and len(budgeted.lines) == 1:
            notes.append(standing.forecast.value)
    if budgeted.withheld:
        notes.append(f"Budgets of single people that you may not see: {budgeted.withheld}.")
    return notes


def _example(text: str, who: str, *budgets: Budget, days: list[Money | None], withheld: int = 0) -> Answer:
    stop = date(2026, 11, 21)
    first = stop - timedelta(days=len(days))
    lines = []
    for budget in budgets:
        span = budget.span(stop)
        assert span is not None
        elapsed = (stop - span.start).days
        known = [day for day in days[max(0, len(days) - elapsed) :] if day is not None]
        spent = Money(sum(day.units for day in known)) if len(known) == elapsed else None
        week = [day.units for day in days[-7:] if day is not None]
        lately = Money(sum(week) // 7) if len(week) == 7 else None
        said = forecast([None, *days], first - timedelta(days=1), span.start, span.end)
        lines.append((budget.scope.name or who, Standing(budget, span, spent, elapsed, lately, said)))
    months = [
        Money(
            sum(day.units for day in days[(date(2026, n, 1) - first).days : (date(2026, n + 1, 1) - first).days] if day)
        )
        for n in range(10, 4, -1)
        if date(2026, n, 1) >= first
    ]
    question = parse(text, now=examples.NOW, zone="UTC")
    return answer(Budgeted(question, who, tuple(lines), suggestion(months), withheld, examples.THROUGH))


_ALPHA = Budget("alpha-month", Scope("team", "Team Alpha"), Money.from_dollars("1150.00"), forecast=True)
_BETA = Budget("beta-quarter", Scope("team", "Team Beta"), Money.from_dollars("4500.00"), Every.QUARTER)
_GAMMA = Budget("gamma-month", Scope("team", "Team Gamma"), Money.from_dollars("500.00"))

EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "team": _example("budget alpha", "Team Alpha", _ALPHA, days=example_days()),
        "several": _example("budget", examples.ORGANISATION, _ALPHA, _BETA, _GAMMA, days=example_days()),
        "granted on top": _example(
            "budget beta",
            "Team Beta",
            Budget(
                "beta-month",
                Scope("team", "Team Beta"),
                Money.from_dollars("1150.00"),
                uplifts=(Uplift(Money.from_dollars("400.00"), date(2026, 11, 30)),),
            ),
            days=example_days(),
        ),
        "used up": _example("budget gamma", "Team Gamma", _GAMMA, days=example_days()),
        "none, with a suggestion": _example("budget delta", "Team Delta", days=example_days()),
        "none": _example("budget", examples.ORGANISATION, days=[]),
        "not in yet": _example("budget alpha", "Team Alpha", _ALPHA, days=[None] * 40, withheld=1),
        "hostile names": _example(
            "budget",
            examples.HOSTILE,
            Budget("x", Scope("key", examples.HOSTILE), Money.from_dollars("0.01"), Every.YEAR, fiscal_start=4),
            _GAMMA,
            days=example_days(),
        ),
    }
)
