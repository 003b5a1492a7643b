"""`chart budget`, `chart forecast`: what is left of a budget day by day, and where a period is heading, as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from bot.answers import budget as budget_answer
from bot.answers import examples
from bot.answers import forecast as forecast_answer
from bot.answers.answer import Amount, Answer, Band, Cell, Chart, ChartKind, Column, Series, Stroke, Table
from bot.answers.budget import Budgeted
from bot.answers.chart import drawn
from bot.answers.forecast import Outlook, example_days, named
from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.money import ZERO, Money
from bot.core.outlook.budget import Budget, Scope, Span, Standing
from bot.core.outlook.forecast import Forecast, fan, forecast
from bot.core.question import parse

_NONE = "–"
_START = "start"
_MOST_ROWS = 35
"""Days in a table; of a longer period it shows each seventh, and the last."""
_MOST_BUDGETS = 20
Costs = list[Money | None]


@dataclass(frozen=True, slots=True)
class Heading:
    """A forecast with the days before it and its range at the end of each day to come."""

    outlook: Outlook
    days: tuple[Money | None, ...]
    """What was spent on each whole day of the period so far; None is a day that is not in yet."""
    fan: tuple[Forecast, ...]
    limit: Money | None
    """The budget of the same period, where there is one."""


def burn_down(budgeted: Budgeted) -> Answer:
    """What is left of one budget, day by day; of several, how much of each is used."""
    said = budget_answer.answer(budgeted)
    if len(budgeted.lines) == 1:
        name, standing = budgeted.lines[0]
        known = standing.days[:1] not in ((), (None,))
        return replace(said, charts=(_left(name, standing),), tables=(_left_table(standing),)) if known else said
    used = [(name, one.used) for name, one in budgeted.lines if one.used is not None][:_MOST_BUDGETS]
    return replace(said, charts=(_used(used, said.headline),)) if used else said


def heading(found: Heading) -> Answer:
    """What is spent by the end of each day, and between what and what that will come to lie."""
    said = forecast_answer.answer(found.outlook)
    if not found.fan or found.outlook.spent is None or found.days[:1] == (None,):
        return said
    return replace(said, charts=(_fan(found, said.headline),), tables=(_fan_table(found), *said.tables))


def _left(name: str, standing: Standing) -> Chart:
    """From the whole amount down; below nothing where more was spent."""
    limit, span = standing.limit, standing.span
    left = _taken(limit, _reached(standing.days))
    expected = _expected(standing)
    coming = _taken(limit, expected) if expected else []
    even = [Money(limit.units - limit.units * day // span.days) for day in range(span.days + 1)]
    lines = [
        Series("Left", _over(span, left), note=wording.dollars(standing.left)),
        Series("Even pace", drawn(even), Stroke.GUIDE),
    ]
    if coming and len(left) <= span.days:
        heads = wording.dollars(coming[-1])
        lines.insert(1, Series("Expected", _over(span, coming, at=len(left) - 1), Stroke.EXPECTED, note=heads))
    return Chart(
        ChartKind.LINE,
        f"Left of {wording.dollars(limit)}, {named(span)}",
        budget_answer.sentence(name, standing),
        _days(span),
        tuple(lines),
    )


def _left_table(standing: Standing) -> Table:
    columns = (Column("Day", numeric=False), Column("Spent"), Column("Left"))
    left = _taken(standing.limit, _reached(standing.days))
    rows: list[tuple[Cell, ...]] = [
        (day_label(standing.span.start + timedelta(days=at)), Amount(cost), Amount(left[at + 1]))
        for at, cost in enumerate(standing.days)
    ]
    for at, cost in enumerate(_expected(standing)[1:], len(standing.days)):
        expected = Amount(standing.limit - cost) if cost else Amount(None)
        rows.append((f"{day_label(standing.span.start + timedelta(days=at))}, expected", _NONE, expected))
    return Table("Day by day", columns, _thinned(rows))


def _used(lines: Sequence[tuple[str, float]], finding: str) -> Chart:
    parts = tuple(Decimal(round(used * 1000)) / 10 for _, used in lines)
    return Chart(
        ChartKind.BAR, "Used of each budget", finding, tuple(name for name, _ in lines), (Series("Used", parts),), "%"
    )


def _fan(found: Heading, finding: str) -> Chart:
    outlook, span = found.outlook, found.outlook.span
    spent, end = _reached(found.days), found.fan[-1]
    at = len(spent) - 1
    joint: Costs = [found.fan[0].spent if spent[-1] is None else spent[-1]]
    low, high = ([*joint, *(getattr(one, side) for one in found.fan)] for side in ("low", "high"))
    lines = [
        Series("Spent", _over(span, spent), note=wording.dollars(outlook.spent)),
        Series(
            "Expected",
            _over(span, [*joint, *(one.total for one in found.fan)], at=at),
            Stroke.EXPECTED,
            note=wording.dollars(end.total),
        ),
    ]
    if found.limit:
        constant = drawn([found.limit] * (span.days + 1))
        lines.append(Series("Budget", constant, Stroke.GUIDE, note=wording.dollars(found.limit)))
    between = f"{wording.dollars(end.low)} to {wording.dollars(end.high)}"
    return Chart(
        ChartKind.LINE,
        f"Spent and expected, {named(span)}",
        finding,
        _days(span),
        tuple(lines),
        band=Band("4 times in 5", _over(span, low, at=at), _over(span, high, at=at), note=between),
    )


def _fan_table(found: Heading) -> Table:
    columns = (Column("By the end of", numeric=False), Column("In all"), Column("At least"), Column("At most"))
    first, spent = found.outlook.span.start, _reached(found.days)[1:]
    rows: list[tuple[Cell, ...]] = [
        (day_label(first + timedelta(days=at)), Amount(cost), _NONE, _NONE) for at, cost in enumerate(spent)
    ]
    for at, one in enumerate(found.fan, len(spent)):
        day = f"{day_label(first + timedelta(days=at))}, expected"
        rows.append((day, Amount(one.total), Amount(one.low), Amount(one.high)))
    return Table("Day by day", columns, _thinned(rows))


def _expected(standing: Standing) -> Costs:
    """What is spent by now and by the end of each day to come; nothing where there is no forecast."""
    said = standing.forecast
    if not isinstance(said, Forecast) or not said.reached:
        return []
    return [_reached(standing.days)[-1], *said.reached]


def _reached(days: Sequence[Money | None]) -> Costs:
    """What was spent by the start and by the end of each day; not known any more after a day that is not in."""
    reached: Costs = [ZERO]
    for cost in days:
        before = reached[-1]
        reached.append(None if before is None or cost is None else before + cost)
    return reached


def _taken(limit: Money, costs: Sequence[Money | None]) -> Costs:
    return [None if cost is None else limit - cost for cost in costs]


def _over(span: Span, costs: Sequence[Money | None], *, at: int = 0) -> tuple[Decimal | None, ...]:
    """The values over the whole period, from the start or from the day they begin with."""
    around = [None] * at, [None] * (span.days + 1 - at - len(costs))
    return (*around[0], *drawn(costs), *around[1])[: span.days + 1]


def _days(span: Span) -> tuple[str, ...]:
    return (_START, *(day_label(span.start + timedelta(days=n)) for n in range(span.days)))


def _thinned(rows: Sequence[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    if len(rows) <= _MOST_ROWS:
        return tuple(rows)
    return tuple(row for at, row in enumerate(rows) if at % 7 == 6 or at == len(rows) - 1)


_NOVEMBER = Span(date(2026, 11, 1), date(2026, 12, 1))


def _budget_example(text: str, who: str, *lines: tuple[str, str, int]) -> Answer:
    """Budgets by name and amount, each over the example's days at a level."""
    standings = []
    for name, amount, level in lines:
        days, span = example_days(level=level), _NOVEMBER
        said = forecast(days, date(2026, 11, 21) - timedelta(days=len(days)), span.start, span.end)
        spent = sum((day for day in days[-20:] if day), ZERO)
        budget = Budget(name, Scope("team", name), Money.from_dollars(amount))
        standings.append((name, Standing(budget, span, spent, 20, None, said, tuple(days[-20:]))))
    question = parse(text, now=examples.NOW, zone="UTC")
    return burn_down(Budgeted(question, who, tuple(standings), None, 0, examples.THROUGH))


def _fan_example(
    text: str, who: str, level: int, span: Span = _NOVEMBER, *, limit: str = "", count: int = 204
) -> Answer:
    stop, start, end = date(2026, 11, 21), span.start, span.end
    days = example_days(count=count, level=level)
    first, elapsed = stop - timedelta(days=len(days)), (stop - start).days
    outlook = Outlook(
        parse(text, now=examples.NOW, zone="UTC"),
        who,
        span,
        sum((day for day in days[-elapsed:] if day), ZERO),
        None,
        forecast(days, first, start, end),
        (),
        elapsed,
        examples.THROUGH,
    )
    cap = Money.from_dollars(limit) if limit else None
    return heading(Heading(outlook, tuple(days[-elapsed:]), fan(days, first, start, end), cap))


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "burn-down": _budget_example("chart budget alpha", "Team Alpha", ("Team Alpha", "1150.00", 48)),
        "burn-down below nothing": _budget_example("chart budget beta", "Team Beta", ("Team Beta", "1150.00", 90)),
        "several budgets": _budget_example(
            "chart budget",
            examples.ORGANISATION,
            ("Team Alpha", "1150.00", 48),
            ("Team Beta", "4500.00", 90),
            ("Team Gamma", "500.00", 48),
        ),
        "no budget": _budget_example("chart budget delta", "Team Delta"),
        "fan": _fan_example("chart forecast alpha", "Team Alpha", 48, limit="1500.00"),
        "fan of a quarter": _fan_example(
            "chart forecast this quarter", examples.ORGANISATION, 900, Span(date(2026, 10, 1), date(2027, 1, 1))
        ),
        "too little history": _fan_example("chart forecast gamma", "Team Gamma", 48, count=4),
        "hostile names": _budget_example("chart budget", examples.HOSTILE, (examples.HOSTILE, "0.01", 1)),
    }
)
