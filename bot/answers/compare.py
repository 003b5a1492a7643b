"""`compare`: two or three teams, models, workspaces, keys or people side by side, a column each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Cell, Chart, ChartKind, Column, Percent, Series, Table, Tokens
from bot.answers.chart import drawn
from bot.answers.pieces import day_label, during, list_cost, of_report
from bot.core import wording
from bot.core.money import Money
from bot.core.question import Dimension, Subject, parse, written
from bot.core.report import Report, Row
from bot.core.usage import OUTPUT
from bot.core.words import MANY

_HEADING = 24


@dataclass(frozen=True, slots=True)
class Compared:
    """A report whose rows are what is compared, in the order asked for, and what each of them cost step by step."""

    report: Report
    kind: Subject
    step: Dimension
    labels: tuple[str, ...]
    courses: tuple[tuple[Money | None, ...], ...]
    """For each row; None is not in yet."""


def answer(found: Compared) -> Answer:
    """The largest in the headline; the columns as they were asked for."""
    report = found.report
    return of_report(
        report,
        title=f"{wording.listed([row.name for row in report.rows])}, {report.period.label}",
        headline=_headline(report),
        charts=tuple(_charts(found)),
        tables=(_table(found),),
        actions=_actions(found),
    )


def _headline(report: Report) -> str:
    """Who spent most, how that compares with the next, and what the others spent."""
    when = during(report.period)
    known = [(row.name, cost) for row in report.rows if (cost := row.figures.billed_cost) is not None]
    unknown = [row.name for row in report.rows if row.figures.billed_cost is None]
    late = f" What {wording.listed(unknown)} cost is not in yet." if unknown else ""
    known.sort(key=lambda one: -one[1].units)
    if not any(cost.units for _, cost in known):
        names = wording.listed([name for name, _ in known])
        return f"{names} spent nothing {when}.{late}" if known else f"For {when}:{late}"
    (first, most), *others = known
    said = f"{first} spent {wording.dollars(most)} {when}"
    if others:
        second, next_ = others[0]
        said += f", {wording.change(most, next_)} {second} with {wording.dollars(next_)}" if next_.units > 0 else ""
        left = others[1:] if next_.units > 0 else others
        said += "".join(f"; {name} spent {wording.dollars(cost) if cost.units else 'nothing'}" for name, cost in left)
    return f"{said}.{late}"


def _table(found: Compared) -> Table:
    """A line for each figure, a column for each of them."""
    rows, before = found.report.rows, found.report.previous_period.label
    lines: list[tuple[Cell, ...]] = [
        ("Billed cost", *(Amount(row.figures.billed_cost) for row in rows)),
        ("Share", *(Percent(row.share) for row in rows)),
        (f"{before[:1].upper()}{before[1:]}", *(_was(row) for row in rows)),
        ("Change", *(wording.delta(row.figures.billed_cost, _before(row)) for row in rows)),
        ("List cost", *(list_cost(row.figures) for row in rows)),
        ("Tokens", *(Tokens(row.figures.total_tokens) for row in rows)),
        ("Output", *(Tokens(row.figures.tokens[OUTPUT] if row.figures.tokens else None) for row in rows)),
        ("Cache hit rate", *(Percent(row.figures.cache_hit_rate) for row in rows)),
    ]
    if any(row.figures.web_search_requests for row in rows):
        lines.append(("Web searches", *(Tokens(row.figures.web_search_requests) for row in rows)))
    if any(row.figures.requests for row in rows):
        lines.append(("Requests", *(Tokens(row.figures.requests) for row in rows)))
    columns = (Column(found.kind.capitalize(), numeric=False), *(Column(_heading(row.name)) for row in rows))
    return Table("Side by side", columns, tuple(lines))


def _charts(found: Compared) -> Iterator[Chart]:
    """Their courses as lines, or bars where there is only one step. A step that one of them lacks is left out."""
    rows = found.report.rows
    if not any(cost and cost.units for course in found.courses for cost in course):
        return
    if len(found.labels) < 2:
        known = [(row.name, cost) for row in rows if (cost := row.figures.billed_cost) is not None]
        labels, costs = [name for name, _ in known], [cost for _, cost in known]
        yield Chart(ChartKind.BAR, "Billed cost", "", tuple(labels), (Series("Billed cost", drawn(costs)),))
        return
    steps = [
        (label, costs)
        for label, costs in zip(found.labels, zip(*found.courses, strict=True), strict=True)
        if None not in costs
    ]
    if len(steps) < 2:
        return
    yield Chart(
        ChartKind.LINE,
        f"Billed cost per {found.step}",
        f"Highest: {wording.listed([peak for at, row in enumerate(rows) if (peak := _peak(row, steps, at))])}.",
        tuple(label for label, _ in steps),
        tuple(
            Series(row.name, drawn([costs[at] for _, costs in steps]), note=wording.dollars(row.figures.billed_cost))
            for at, row in enumerate(rows)
        ),
    )


def _peak(row: Row, steps: Sequence[tuple[str, tuple[Money | None, ...]]], at: int) -> str:
    """When one of them cost most: "Team Alpha $214.10 (20 Nov)"; nothing where it never cost anything."""
    known = [(cost, label) for label, costs in steps if (cost := costs[at]) is not None]
    top, label = max(known, key=lambda one: one[0])
    return f"{row.name} {wording.to_the_cent(top)} ({label})" if top.units else ""


def _heading(name: str) -> str:
    """A name over a column of figures, which has to stay narrow."""
    return name if len(name) <= _HEADING else f"{name[: _HEADING - 1].rstrip()}…"


def _before(row: Row) -> Money | None:
    return row.previous.billed_cost if row.previous else None


def _was(row: Row) -> Cell:
    before = _before(row)
    return "–" if before is None else Amount(before)


def _actions(found: Compared) -> tuple[Action, ...]:
    """Each by itself, then all of their kind."""
    kind, period = found.kind, found.report.question.period.words
    each = (Action(row.name, f"{kind} {written(kind, row.id)} {period}") for row in found.report.rows if row.id)
    return (*each, Action(f"All {MANY[kind]}", f"{MANY[kind]} {period}"))


def _example(
    text: str, kind: Subject, rows: Sequence[Row], *, days: int = 20, notes: tuple[str, ...] = (), before: str = "0"
) -> Answer:
    question = parse(text, now=examples.NOW, zone="UTC")
    report = examples.findings(text, Dimension(kind.value), rows, notes=notes, before=before).report
    labels = tuple(day_label(date(2026, 11, 21) - timedelta(days=n)) for n in range(days, 0, -1))
    courses = tuple(
        tuple(None if cost is None else Money(cost.units * (at % 5 + 1) // (3 * days)) for at in range(days))
        for cost in (row.figures.billed_cost for row in rows)
    )
    return answer(Compared(replace(report, question=question, name=None), kind, Dimension.DAY, labels, courses))


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "teams": _example("compare teams alpha beta gamma", Subject.TEAM, examples.TEAMS[1:], notes=(examples.SHARED,)),
        "models": _example("compare models opus haiku", Subject.MODEL, examples.DEARER_MODELS[::2]),
        "people": _example("compare users ana svac_01a yesterday", Subject.USER, examples.PEOPLE[2:0:-1], days=1),
        "not billed yet": _example(
            "compare claude-opus-5-5 claude-haiku-4-5 yesterday",
            Subject.MODEL,
            (*examples.UNBILLED_MODELS, examples.MODELS[2]),
            days=1,
        ),
        "nothing spent": _example("compare alpha unallocated last week", Subject.TEAM, examples.IDLE_TEAMS),
        "hostile names": _example("compare keys nearly hardly last 7 days", Subject.KEY, examples.HOSTILE_KEYS),
    }
)
