"""`trend`: the course of a cost, hour by hour, day by day, by the week or by the month, against the time before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise, zip_longest
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import (
    Action,
    Amount,
    Answer,
    Cell,
    Chart,
    ChartKind,
    Column,
    Fact,
    Percent,
    Series,
    Table,
    Tokens,
)
from bot.answers.chart import drawn
from bot.answers.pieces import Plan, day_label, during, facts, of_report, spent, why
from bot.core import wording
from bot.core.money import ZERO, Money
from bot.core.periods import Period, days
from bot.core.question import Dimension, Picture, Subject
from bot.core.report import Figures, Report, Row

MOST_DAYS, MOST_WEEKS = 31, 26
"""Steps that can still be read one by one; a longer period goes by the week, and then by the month."""


@dataclass(frozen=True, slots=True)
class Course:
    """A report with a row for each step of its period."""

    report: Report
    before: tuple[Money | None, ...] = ()
    """What the same steps of the period before cost, the first beside the first; none where it has other steps."""


def plan(asked: Dimension | None, period: Period) -> Plan:
    """What one step is: as asked for, else as fine as can be read."""
    if asked is not None:
        return Plan(asked)
    count = len(days(period))
    if count == 1:
        return Plan(Dimension.HOUR)
    return Plan(Dimension.DAY if count <= MOST_DAYS else Dimension.WEEK if count <= 7 * MOST_WEEKS else Dimension.MONTH)


def answer(course: Course, who: str) -> Answer:
    """`who` is the name of what was asked about, as people call it."""
    report = course.report
    used = any(row.figures.billed_cost or row.figures.total_tokens for row in report.rows)
    return of_report(
        report,
        title=f"Trend of {who}, {report.period.label}",
        headline=_headline(report, who),
        facts=(*facts(report), *_steps(report)),
        charts=tuple(_charts(report)),
        tables=(_table(course),) if used else (),
        actions=_actions(report),
    )


def _headline(report: Report, who: str) -> str:
    """Where it goes, by how much, and against what: "Team Alpha is up $409.10: …"."""
    now, before = report.total.billed_cost, report.previous.billed_cost
    if now is None or before is None or before.units <= 0 or not now.units:
        return spent(who, report)
    change, compared = now - before, wording.change(now, before)
    level = compared.endswith("the same as")
    way = "level" if level else f"{'up' if change.units > 0 else 'down'} {wording.dollars(Money(abs(change.units)))}"
    when, then = during(report.period), during(report.previous_period)
    return f"{who} is {way}: {wording.dollars(now)} {when}, {compared} {then}."


def _steps(report: Report) -> Iterator[Fact]:
    """The highest step, and the largest from one to the next."""
    known = [(row, cost) for row in report.rows if (cost := row.figures.billed_cost) is not None]
    if len(known) < 2 or not any(cost.units for _, cost in known):
        return
    row, top = max(known, key=lambda one: one[1])
    yield Fact("Highest", Amount(top), row.name)
    moves = [(after[1] - before[1], before[0], after[0]) for before, after in pairwise(known)]
    by, since, until = max(moves, key=lambda move: abs(move[0].units))
    sign = "−" if by.units < 0 else "+"
    yield Fact("Largest step", f"{sign}{wording.to_the_cent(Money(abs(by.units)))}", f"{since.name} to {until.name}")


def _charts(report: Report) -> Iterator[Chart]:
    """The course as a line. Steps that are not billed yet are left out, not drawn as nothing."""
    known = [
        (short_label(row.name, report.by), cost) for row in report.rows if (cost := row.figures.billed_cost) is not None
    ]
    if len(known) < 2 or not any(cost.units for _, cost in known):
        return
    when, top = max(known, key=lambda one: one[1])
    at = {Dimension.WEEK: "in the week of", Dimension.MONTH: "in"}.get(report.by, "on")
    yield Chart(
        ChartKind.LINE,
        f"Billed cost per {report.by}",
        f"Highest {at} {when} with {wording.to_the_cent(top)}.",
        tuple(label for label, _ in known),
        (Series("Billed cost", drawn([cost for _, cost in known]), note=wording.dollars(report.total.billed_cost)),),
    )


def short_label(name: str, by: Dimension) -> str:
    """A step's name as a chart has room for it: a day or hour without its weekday."""
    match by:
        case Dimension.DAY | Dimension.HOUR:
            return name.partition(" ")[2]
        case Dimension.WEEK:
            return name.removeprefix("Week of ")
        case _:
            return name


def _table(course: Course) -> Table:
    """Each step beside the same one of the period before, the first beside the first."""
    report, before = course.report, course.before
    then = report.previous_period.label
    titles = ("Billed", *((f"{then[:1].upper()}{then[1:]}", "Change") if before else ()), "Tokens", "Cache hits")
    rows: list[tuple[Cell, ...]] = []
    for row, was in zip_longest(report.rows, before[: len(report.rows)]):
        cost = row.figures.billed_cost
        beside = (Amount(was) if was is not None else "–", wording.delta(cost, was)) if before else ()
        used = Tokens(row.figures.total_tokens), Percent(row.figures.cache_hit_rate)
        rows.append((row.name, Amount(cost), *beside, *used))
    columns = (Column(report.by.capitalize(), numeric=False), *(Column(title) for title in titles))
    return Table(f"By {report.by}", columns, tuple(rows))


def _actions(report: Report) -> tuple[Action, ...]:
    question = report.question
    period = question.period.words
    about = question.named
    coarser = {Dimension.HOUR: Dimension.DAY, Dimension.DAY: Dimension.WEEK, Dimension.WEEK: Dimension.MONTH}
    offered = [Action("The figures", f"{about or Subject.SUMMARY} {period}")]
    if report.by in coarser and len(report.rows) > 2:
        by = coarser[report.by]
        offered.append(Action(f"By {by}", " ".join(filter(None, (Subject.TREND, about, period, f"by {by}")))))
    if report.by is not Dimension.HOUR:
        offered.append(Action("With its parts", " ".join(filter(None, (Subject.CHART, Picture.TREND, about, period)))))
    return (*why(report), *offered)


def _stepped(course: Sequence[tuple[date, Figures]]) -> tuple[Row, ...]:
    """An example's rows, a day each."""
    return tuple(Row(str(day), f"{day:%a} {day_label(day)}", figures) for day, figures in course)


def _example(
    text: str,
    who: str,
    by: Dimension,
    rows: Sequence[Row],
    before: Sequence[str | None] = (),
    *,
    notes: tuple[str, ...] = (),
    earlier: str | None = None,
) -> Answer:
    was = sum((Money.from_dollars(one) for one in before if one), ZERO)
    found = examples.findings(text, by, rows, notes=notes, before=earlier if not before else str(was))
    costs = tuple(None if one is None else Money.from_dollars(one) for one in before)
    return answer(Course(found.report, costs), who)


_HOURS = tuple(
    Row(f"2026-11-20T{hour:02}:00:00Z", f"Fri 20 Nov {hour:02}:00", examples.COURSE[hour % 18][1]) for hour in range(24)
)
_UNBILLED = (
    *_stepped(examples.COURSE[-3:-1]),
    replace(_stepped(examples.COURSE[-1:])[0], figures=replace(examples.COURSE[-1][1], billed_cost=None)),
)

EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "team": _example(
            "trend team alpha",
            "Team Alpha",
            Dimension.DAY,
            _stepped(examples.COURSE),
            ["21.00", "33.40"] * 10,
            notes=(examples.SHARED,),
        ),
        "hours": _example("trend yesterday", examples.ORGANISATION, Dimension.HOUR, _HOURS, ["30.10"] * 23 + [None]),
        "not billed yet": _example(
            "trend team alpha last 3 days",
            "Team Alpha",
            Dimension.DAY,
            _UNBILLED,
            ["90.00", "0", "12.00"],
            notes=(examples.UNBILLED,),
        ),
        "level": _example(
            "trend last 7 days", examples.ORGANISATION, Dimension.DAY, _stepped(examples.COURSE[-9:-2]), ["30.1"] * 7
        ),
        "nothing spent": _example("trend team gamma last week", "Team Gamma", Dimension.DAY, (), earlier="12.30"),
        "nothing read": _example("trend", examples.ORGANISATION, Dimension.DAY, ()),
        "hostile names": _example(
            "trend key hardly last 2 days",
            examples.HOSTILE,
            Dimension.DAY,
            tuple(
                replace(day, figures=row.figures)
                for day, row in zip(_stepped(examples.COURSE[-2:]), examples.EXTREMES, strict=True)
            ),
        ),
    }
)
