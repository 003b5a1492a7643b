"""`chart KIND`: the shares of a total, and its course with the parts it is made of, as pictures with their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Cell, Chart, ChartKind, Column, Series, Table
from bot.answers.pieces import Plan, breakdown, day_label, during, spent, title_of
from bot.core import wording
from bot.core.directory import UNALLOCATED
from bot.core.money import UNITS_PER_CENT, UNITS_PER_DOLLAR, ZERO, Money
from bot.core.question import Dimension, Picture, Question, Subject
from bot.core.report import Figures, Findings, Row, rest
from bot.core.words import CHRONOLOGICAL

SHARES: Mapping[Picture, Dimension] = MappingProxyType(
    {
        Picture.MODELS: Dimension.MODEL,
        Picture.TEAMS: Dimension.TEAM,
        Picture.WORKSPACES: Dimension.WORKSPACE,
        Picture.KEYS: Dimension.KEY,
    }
)
"""What each of these pictures shows the shares of."""
MOST_SHARES = 12
MOST_PARTS = 6
"""Series that an eye tells apart, what is left over among them."""
_LONGEST_HEADING = 24
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Course:
    """What was spent in each day, week or month: the whole, and by the ids of its parts; None is not in yet."""

    by: Dimension
    starts: tuple[date, ...]
    whole: tuple[Money | None, ...]
    parts: Mapping[str, tuple[Money | None, ...]]


def plan(question: Question) -> Plan:
    """How the rows behind the picture are cut: a team by its models, everything else by team, unless the question
    says."""
    if question.picture and question.picture in SHARES:
        return Plan(SHARES[question.picture])
    if question.by and question.by not in CHRONOLOGICAL:
        return Plan(question.by)
    by_model = question.thing in (Subject.TEAM, Subject.WORKSPACE, Subject.KEY, Subject.USER)
    return Plan(Dimension.MODEL if by_model else Dimension.TEAM)


def share(findings: Findings, who: str) -> Answer:
    """What each part has of the whole, the largest first."""
    report = findings.report
    known = [row for row in report.rows if row.figures.billed_cost and row.figures.billed_cost.units > 0]
    shown = known if len(known) <= MOST_SHARES else [*known[: MOST_SHARES - 1], rest(known[MOST_SHARES - 1 :])]
    first = next((row for row in known if row.id), None)
    largest = f" {first.name} has the most, {wording.percent(first.share)}." if first and len(known) > 1 else ""
    chart = Chart(
        ChartKind.PIE,
        f"Billed cost {title_of(report.by).lower()}, {report.period.label}",
        f"{who}: {wording.dollars(report.total.billed_cost)} {during(report.period)}.{largest}",
        tuple(row.name for row in shown),
        (Series("Billed cost", drawn([row.figures.billed_cost for row in shown])),),
        rest=len(shown) < len(known),
    )
    return replace(
        _answer(findings, who, Picture(f"{report.by}s")),
        charts=(chart,) if shown else (),
        tables=tuple(one for one in (breakdown(title_of(report.by), report.by, report.rows),) if one.rows),
    )


def trend(findings: Findings, who: str, course: Course) -> Answer:
    """The course of the whole with its largest parts on each other."""
    report = findings.report
    rows = _parts(report.rows)
    series = _series(rows, course)
    labels = tuple(_label(start, course.by) for start in course.starts)
    known = [(cost, start) for cost, start in zip(course.whole, course.starts, strict=True) if cost is not None]
    charts: tuple[Chart, ...] = ()
    if any(cost.units for cost, _ in known) and len(labels) > 1:
        top, when = max(known)
        chart = Chart(
            ChartKind.STACK,
            f"Billed cost per {course.by}, {title_of(report.by).lower()}",
            f"{who}, {report.period.label}: {wording.dollars(report.total.billed_cost)}, the most "
            f"{_in(when, course.by)} with {wording.to_the_cent(top)}.",
            labels,
            tuple(
                Series(name, values, note=wording.dollars(sum((cost for cost in costs if cost), ZERO)))
                for (name, costs), values in zip(series, _standing([costs for _, costs in series], top), strict=True)
            ),
            rest=len(series) > len(rows),
        )
        charts = (chart,)
    return replace(
        _answer(findings, who, Picture.TREND),
        charts=charts,
        tables=(_course_table(course, labels, series),) if charts else (),
    )


def drawn(costs: Sequence[Money | None]) -> tuple[Decimal | None, ...]:
    """To the cent, unless that would be nothing."""
    return tuple(None if cost is None else _drawn(cost, small=abs(cost.units) < UNITS_PER_CENT) for cost in costs)


def _standing(parts: Sequence[Sequence[Money | None]], top: Money) -> list[tuple[Decimal | None, ...]]:
    """Parts that are drawn on each other: rounded where they end, so that they reach what the whole is rounded to."""
    small = top.units < UNITS_PER_DOLLAR
    reached = [ZERO] * len(parts[0])
    found = []
    for costs in parts:
        ends = [before + (cost or ZERO) for before, cost in zip(reached, costs, strict=True)]
        heights = (
            _drawn(end, small=small) - _drawn(begin, small=small) for begin, end in zip(reached, ends, strict=True)
        )
        found.append(tuple(None if cost is None else height for cost, height in zip(costs, heights, strict=True)))
        reached = ends
    return found


def _drawn(cost: Money, *, small: bool) -> Decimal:
    return cost.dollars if small else cost.dollars.quantize(_CENT)


def _answer(findings: Findings, who: str, picture: Picture) -> Answer:
    report, question = findings.report, findings.report.question
    about = question.named
    period = question.period.words
    figures = f"{about} {period} by {report.by}" if about else f"summary {period} by {report.by}"
    others = [one for one in (Picture.TREND, Picture.MODELS) if one is not picture]
    return Answer(
        title=f"{who}, {report.period.label}",
        headline=spent(who, report),
        notes=report.notes,
        actions=(
            *(Action(f"Chart: {one}", " ".join(filter(None, ("chart", one, about, period)))) for one in others),
            Action("The figures", figures),
        ),
        data_through=report.data_through,
        question=question.text,
        share=question.share,
    )


def _parts(rows: Sequence[Row]) -> list[Row]:
    """The largest, and what no team claims where it is anything at all."""
    used = [row for row in rows if row.figures.billed_cost and row.figures.billed_cost.units]
    named = [row for row in used if row.id is not None]
    if len(named) == len(used) <= MOST_PARTS:
        return named
    first = named[: MOST_PARTS - 1]
    unclaimed = next((row for row in named if row.id == UNALLOCATED), None)
    return [*first[:-1], unclaimed] if unclaimed and unclaimed not in first else first


def _series(rows: Sequence[Row], course: Course) -> list[tuple[str, tuple[Money | None, ...]]]:
    """Each part's course, then what is left of the whole, so that they add up to it."""
    none = tuple(None if cost is None else ZERO for cost in course.whole)
    found = [(row.name, course.parts.get(row.id or "", none)) for row in rows]
    left = tuple(
        whole - sum((cost for _, costs in found if (cost := costs[at])), ZERO) if whole is not None else None
        for at, whole in enumerate(course.whole)
    )
    return [*found, ("everything else", left)] if any(left) and any(cost.units for cost in left if cost) else found


def _course_table(
    course: Course, labels: Sequence[str], series: Sequence[tuple[str, tuple[Money | None, ...]]]
) -> Table:
    columns = (
        Column(course.by.capitalize(), numeric=False),
        *(Column(_heading(name)) for name, _ in series),
        Column("In all"),
    )
    rows: list[tuple[Cell, ...]] = [
        (label, *(Amount(costs[at]) for _, costs in series), Amount(course.whole[at]))
        for at, label in enumerate(labels)
    ]
    sums = [sum((cost for cost in costs if cost), ZERO) for costs in (*(costs for _, costs in series), course.whole)]
    return Table(f"By {course.by}", columns, tuple(rows), ("In all", *map(Amount, sums)))


def _heading(name: str) -> str:
    """A name as the head of a column of figures, which no medium makes narrower."""
    return name if len(name) <= _LONGEST_HEADING else f"{name[: _LONGEST_HEADING - 1].rstrip()}…"


def _label(start: date, by: Dimension) -> str:
    return f"{start:%b %Y}" if by is Dimension.MONTH else day_label(start)


def _in(start: date, by: Dimension) -> str:
    match by:
        case Dimension.MONTH:
            return f"in {start:%B %Y}"
        case Dimension.WEEK:
            return f"in the week of {day_label(start)}"
        case _:
            return f"on {day_label(start)}"


def _weighed(rows: Sequence[Row], days: int, first: date, by: Dimension = Dimension.DAY) -> Course:
    """An example's course: each row's cost over so many days, more on working days."""
    starts = tuple(first + timedelta(days=n * (7 if by is Dimension.WEEK else 1)) for n in range(days))
    weights = [(2 if day.weekday() > 4 else 7) + day.day * 5 % 3 for day in starts]
    parts = {
        row.id or "": tuple(Money(cost.units * weight // sum(weights)) for weight in weights)
        for row in rows
        if (cost := row.figures.billed_cost) is not None
    }
    whole = tuple(sum(costs, ZERO) for costs in zip(*parts.values(), strict=True)) or (None,) * days
    return Course(by, starts, whole, parts)


def _many(count: int) -> tuple[Row, ...]:
    return tuple(
        Row(f"t{n}", f"Team {n}", Figures(Money(10**13 // (n + 1)), Money(10**13 // (n + 1)), {})) for n in range(count)
    )


def _share_example(text: str, by: Dimension, rows: Sequence[Row], who: str) -> Answer:
    return share(examples.findings(text, by, rows), who)


def _trend_example(
    text: str, by: Dimension, rows: Sequence[Row], who: str, days: int = 20, bucket: Dimension = Dimension.DAY
) -> Answer:
    first = date(2026, 6, 1) if bucket is Dimension.WEEK else date(2026, 11, 21) - timedelta(days=days)
    course = _weighed(rows, days, first, bucket)
    return trend(examples.findings(text, by, rows), who, course)


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "models": _share_example(
            "chart models team alpha last month", Dimension.MODEL, examples.NEW_MODELS, "Team Alpha"
        ),
        "forty teams": _share_example("chart teams", Dimension.TEAM, _many(40), examples.ORGANISATION),
        "one model": _share_example("chart models team beta", Dimension.MODEL, examples.MODELS[:1], "Team Beta"),
        "nothing spent": _share_example("chart models", Dimension.MODEL, (), examples.ORGANISATION),
        "trend": _trend_example("chart trend", Dimension.TEAM, examples.TEAMS, examples.ORGANISATION),
        "trend of forty teams": _trend_example(
            "chart trend 2026-10-22..2026-11-20", Dimension.TEAM, _many(40), examples.ORGANISATION, 30
        ),
        "trend of weeks": _trend_example(
            "chart trend since 2026-06-01 by week",
            Dimension.TEAM,
            examples.TEAMS,
            examples.ORGANISATION,
            25,
            Dimension.WEEK,
        ),
        "trend without spend": _trend_example(
            "chart trend team gamma", Dimension.MODEL, examples.IDLE_TEAMS, "Team Gamma"
        ),
        "hostile names": _trend_example(
            "chart trend last 7 days by key", Dimension.KEY, examples.HOSTILE_KEYS, examples.HOSTILE, 7
        ),
        "hostile shares": _share_example("chart keys", Dimension.KEY, examples.HOSTILE_KEYS, examples.HOSTILE),
    }
)
