"""What moved and by how much: the headline with its causes, a table each by cause and by who, the course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.answers.answer import Action, Amount, Answer, Cell, Chart, ChartKind, Column, Fact, Series, Table
from bot.answers.pieces import MOST_BARS, SIDE_ROWS, Plan, during, lengths, of_report, spent, title_of
from bot.core import wording
from bot.core.change import Cause, moved
from bot.core.money import ZERO, Money
from bot.core.question import Dimension, Subject
from bot.core.report import Figures, Report, Row, rest
from bot.core.words import TIMES

PLANS = {
    Subject.SUMMARY: Plan(Dimension.TEAM, (Dimension.MODEL, Dimension.KEY)),
    Subject.TEAM: Plan(Dimension.KEY, (Dimension.MODEL,)),
    Subject.MODEL: Plan(Dimension.KEY, (Dimension.TEAM,)),
    Subject.WORKSPACE: Plan(Dimension.KEY, (Dimension.MODEL,)),
    Subject.KEY: Plan(Dimension.MODEL),
    Subject.USER: Plan(Dimension.MODEL, (Dimension.KEY,)),
}
MOST_DRIVERS = 15
_IN_HEADLINE = 3
_WORTH_SAYING = 50
"""A cause below a fiftieth of all that moved is left to the table."""
_WORDS = {  # more of it, less of it
    Cause.VOLUME: ("more use", "less use"),
    Cause.MODEL_MIX: ("dearer models", "cheaper models"),
    Cause.TIER: ("dearer tiers", "cheaper tiers"),
    Cause.OUTPUT_SHARE: ("more output", "less output"),
    Cause.CACHE: ("worse caching", "better caching"),
    Cause.NOT_IN_YET: ("billed by now", "not billed yet"),
    Cause.PRICE: ("higher prices", "lower prices"),
    Cause.OTHER: ("more other charges", "fewer other charges"),
    Cause.ADJUSTMENT: ("adjustments", "adjustments"),
}
_METHOD = "Each cause counts with its mean over every order in which they could have moved; they add up to the change."


@dataclass(frozen=True, slots=True)
class Explained:
    """A report whose rows stand on either side of a change, with what else is cut that way."""

    report: Report
    breakdowns: Mapping[Dimension, tuple[Row, ...]]
    steps: tuple[Row, ...]
    """Hours or days beside those they are compared with."""
    own: Mapping[str, Mapping[Cause, Money]]
    """The causes of the first rows that have an id, each by itself."""


def answer(explained: Explained, who: str) -> Answer:
    """`who` is the name of what was asked about, as people call it."""
    report = explained.report
    tables = [_causes(explained), drivers(title_of(report.by), report, explained.own)]
    tables += [_aside(by, rows) for by, rows in explained.breakdowns.items() if by is not report.by]
    known = report.causes is not None
    moved_at_all = known and any(one.units for one in (report.causes or {}).values())
    return of_report(
        report,
        title=f"Why {who} spent {_more(_change(report)) if known else 'what it did'}, {report.period.label}",
        headline=_headline(explained, who),
        facts=_facts(report),
        charts=_course(explained) if known and report.by not in TIMES else (),
        tables=tables if moved_at_all else (),
        notes=(*lengths(report), *report.notes, *((_METHOD,) if known else ())),
        actions=_actions(report),
    )


def _change(report: Report) -> Money:
    return moved(report.total.billed_cost, report.previous.billed_cost)


def _more(change: Money) -> str:
    return "more" if change.units > 0 else "less" if change.units < 0 else "the same"


def _headline(explained: Explained, who: str) -> str:
    """What moved, and the three causes that moved it most: "$180 is more use (mostly key ci), −$9 better caching"."""
    report = explained.report
    if report.causes is None:
        nothing = f" What it was {during(report.previous_period)} is not in yet: there is nothing to compare with."
        return spent(who, report) + (nothing if report.total.billed_cost is not None else "")
    change, when, before = _change(report), during(report.period), during(report.previous_period)
    said = [(cause, amount) for cause, amount in _ranked(report.causes) if _tells(amount, report.causes)]
    parts = [f"{_signed(amount)} {_WORDS[cause][amount.units < 0]}" for cause, amount in said[:_IN_HEADLINE]]
    if not parts:
        same = f"{who} spent {wording.dollars(report.total.billed_cost)} {when}, the same as {before}"
        return f"{same}: there is nothing to explain."
    mostly = _mostly(explained, *said[0])
    parts[0] = parts[0].replace(" ", " is ", 1) + (f" (mostly {mostly})" if mostly else "")
    left = change - sum((amount for _, amount in said[:_IN_HEADLINE]), ZERO)
    parts += [f"{_signed(left)} the rest"] if _tells(left, report.causes) else []
    dollars = wording.dollars(Money(abs(change.units)))
    compared = f"{dollars} {_more(change)} {when} than {before}" if change.units else f"just as much {when} as {before}"
    return f"{who} spent {compared}: {', '.join(parts)}."


def _ranked(causes: Mapping[Cause, Money]) -> list[tuple[Cause, Money]]:
    """The causes that brought anything, what brought most first."""
    return sorted(((cause, one) for cause, one in causes.items() if one.units), key=lambda part: -abs(part[1].units))


def _tells(amount: Money, causes: Mapping[Cause, Money]) -> bool:
    return abs(amount.units) * _WORTH_SAYING >= sum(abs(one.units) for one in causes.values()) and amount.units != 0


def _mostly(explained: Explained, cause: Cause, amount: Money) -> str:
    """Who brought at least half of a cause, if it is one of several: "key ci-bot", "Team Beta"."""
    report = explained.report
    own = {
        row.name: explained.own[row.id].get(cause, ZERO).units
        for row in report.rows
        if row.id is not None and row.id in explained.own
    }
    name = max(own, key=lambda one: own[one] * amount.units, default=None)
    if name is None or len(report.rows) < 2 or 2 * own[name] * amount.units < amount.units**2:
        return ""
    return name if report.by in (Dimension.TEAM, Dimension.MODEL, Dimension.USER) else f"{report.by} {name}"


def _signed(amount: Money) -> str:
    return f"{'−' if amount.units < 0 else ''}{wording.dollars(Money(abs(amount.units)))}"


def _facts(report: Report) -> tuple[Fact, ...]:
    now, before = report.total.billed_cost, report.previous.billed_cost
    listed = [Fact("Billed cost", Amount(now), report.period.label)]
    listed.append(Fact("Before", Amount(before), report.previous_period.label))
    if report.causes is not None:
        listed.append(Fact("Change", Amount(_change(report)), wording.delta(now, before)))
    return tuple(listed)


def _causes(explained: Explained) -> Table:
    """One line for each cause that brought anything."""
    report = explained.report
    lines = [
        (_WORDS[cause][amount.units < 0].capitalize(), Amount(amount), _mostly(explained, cause, amount))
        for cause, amount in _ranked(report.causes or {})
    ]
    columns = (Column("Cause", numeric=False), Column("Change"), Column("Mostly", numeric=False))
    total: tuple[Cell, ...] = ("In all", Amount(_change(report)), "")
    if not any(mostly for _, _, mostly in lines):
        return Table("By cause", columns[:2], tuple(line[:2] for line in lines), total[:2])
    return Table("By cause", columns, tuple(lines), total)


def drivers(title: str, report: Report, own: Mapping[str, Mapping[Cause, Money]]) -> Table:
    """Who moved it, with the cause that moved each of them most."""
    most = len(report.rows) if report.by in TIMES else MOST_DRIVERS
    shown, hidden = report.rows[:most], report.rows[most:]
    rows = (*shown, rest(hidden)) if hidden else shown
    lines = [(*_sides(row), mostly(own.get(row.id or "", {}))) for row in rows]
    total: tuple[Cell, ...] = (*_cells("In all", report.total, report.previous), "")
    columns = (*_columns(report.by), Column("Mostly", numeric=False))
    if not own:
        columns, lines, total = columns[:-1], [line[:-1] for line in lines], total[:-1]
    return Table(title, columns, tuple(lines), total, last_of=rows[-1].of if rows else 1)


def _aside(by: Dimension, rows: Sequence[Row]) -> Table:
    shown = rows if len(rows) <= SIDE_ROWS else (*rows[:SIDE_ROWS], rest(rows[SIDE_ROWS:]))
    return Table(title_of(by), _columns(by), tuple(map(_sides, shown)), last_of=shown[-1].of if shown else 1)


def _columns(by: Dimension) -> tuple[Column, ...]:
    name = Column(by.value.replace("-", " ").capitalize(), numeric=False)
    return (name, Column("Change"), Column("Before"), Column("Now"))


def _sides(row: Row) -> tuple[Cell, ...]:
    return _cells(row.name, row.figures, row.previous or Figures(ZERO, ZERO))


def _cells(name: str, now: Figures, before: Figures) -> tuple[Cell, ...]:
    change = moved(now.billed_cost, before.billed_cost)
    return (name, Amount(change), Amount(before.billed_cost), Amount(now.billed_cost))


def mostly(causes: Mapping[Cause, Money]) -> str:
    """The cause that brought most, in words; "" where there is none."""
    ranked = _ranked(causes)
    return _WORDS[ranked[0][0]][ranked[0][1].units < 0] if ranked else ""


def _course(explained: Explained) -> tuple[Chart, ...]:
    """By how much each hour or day differs from the one it is compared with; silent where a period is one of them."""
    steps = [
        (row, moved(row.figures.billed_cost, row.previous.billed_cost))
        for row in explained.steps
        if row.previous and None not in (row.figures.billed_cost, row.previous.billed_cost)
    ]
    if len(steps) < 2 or not any(by.units for _, by in steps):
        return ()
    largest = max(range(len(steps)), key=lambda at: abs(steps[at][1].units))
    first = max(0, min(largest - MOST_BARS // 2, len(steps) - MOST_BARS))
    shown = steps[first : first + MOST_BARS]
    top, by = steps[largest]
    step, on = ("hour", "at") if "T" in (top.id or "") else ("day", "on")
    span = f"{len(shown)} of {len(steps)} {step}s" if len(shown) < len(steps) else f"{len(shown)} {step}s"
    return (
        Chart(
            ChartKind.BAR,
            f"Change of each {step}, {span}",
            f"Largest {on} {top.name}: {wording.to_the_cent(Money(abs(by.units)))} {_more(by)} than the {step} beside "
            "it.",
            tuple(row.name for row, _ in shown),
            (Series("Change", tuple(change.dollars for _, change in shown)),),
        ),
    )


def _actions(report: Report) -> tuple[Action, ...]:
    """Cut the change another way, or see the figures themselves."""
    question = report.question
    about = question.named
    period, versus = question.period.words, f"vs {question.versus.words}" if question.versus else ""
    cuts = [by for by in (Dimension.MODEL, Dimension.KEY, Dimension.DAY) if by is not report.by]
    offered = [Action(f"Why, {title_of(by).lower()}", _said("why", about, period, f"by {by}", versus)) for by in cuts]
    return (*offered, Action("The figures", _said(about or Subject.SUMMARY.value, period, versus)))


def _said(*words: str) -> str:
    return " ".join(filter(None, words))
