"""How much list cost can be at most, where the report it comes from can't tell a model's dearer calls apart.

A day is exact where its cost report said the list price too (the newer analytics do). Elsewhere list cost is tokens ×
the lowest price, and exact only if that is what was billed, to a millionth: then no call was dearer. A discount makes
the two differ as well, so from there on nothing is claimed but the range.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from fractions import Fraction
from functools import partial

from bot.core import wording
from bot.core.money import ZERO, Money
from bot.core.periods import Period, each_day
from bot.core.prices import Dearer, dearest, display_name, extras
from bot.core.question import Dimension
from bot.core.report import Figures, Findings, Row
from bot.core.utc import midnight
from bot.core.words import CHRONOLOGICAL
from bot.services.figures.steps import span_start
from bot.services.figures.view import View
from bot.store import ledger, memory
from bot.store.ledger import Listed
from bot.store.readings import snapshots

_ALIKE = 10**6
_NAMED = 3
_WHY = {
    Dearer.LONG_PROMPT: "the length of a prompt",
    Dearer.FAST_MODE: "fast mode",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked about, and which of its models may have dearer calls. It is read with all of its models, as the
    figures are, so that nothing is read twice."""

    view: View
    models: frozenset[str]


@dataclass(frozen=True, slots=True)
class Above:
    """What list cost may be higher by, in units: of each row, and of each model."""

    rows: Mapping[str, int]
    models: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.models.values())


def ranged(view: View, findings: Findings) -> Findings:
    """The findings with the upper end of every list cost that is not exact, and a note on each reason."""
    report = findings.report
    periods = (report.period, report.previous_period)
    asked = _dearer(view, periods)
    found, before = _above(asked, report.period, report.by), _above(asked, report.previous_period)
    rows = [found.rows.get(row.id or "", 0) for row in report.rows]
    return replace(
        findings,
        report=replace(
            report,
            total=_raised(report.total, found.total),
            previous=_raised(report.previous, before.total),
            rows=tuple(_raised_row(row, above) for row, above in zip(report.rows, rows, strict=True)),
            notes=(*report.notes, *_notes(asked.view, report.period, found.models)),
        ),
    )


def figures(view: View, period: Period, *dimensions: Dimension) -> list[dict[str, Figures]]:
    """The figures by each of the dimensions, with the upper end of list cost where it is not exact."""
    dear = _dearer(view, (period,))
    view.read(period, *dimensions)
    found = []
    for by in dimensions:
        above = _above(dear, period, by).rows
        found.append({name: _raised(part, above.get(name, 0)) for name, part in view.by(by, period).items()})
    return found


def _dearer(view: View, periods: Sequence[Period]) -> _Asked:
    """What is asked about, and which of its models may have dearer calls in one of the periods."""
    models = view.selection.models
    if models is None:
        seen = partial(ledger.names, view.connection, Dimension.MODEL)
        models = frozenset(memory.remembered(view.connection, "models", seen))
    ends = [_days(period) for period in periods]
    dear = frozenset(model for model in models if any(_factor(model, first, last) > 1 for first, last in ends))
    return _Asked(view, dear)


def _above(asked: _Asked, period: Period, by: Dimension | None = None) -> Above:
    """By model first, which the small sums know; only what turns out dearer is cut any further."""
    rows: dict[str, int] = defaultdict(int)
    models: dict[str, int] = defaultdict(int)
    for run in _inexact(asked.view, period) if asked.models else ():
        whole = [part for part in asked.view.read(run, Dimension.MODEL).listed() if part.model in asked.models]
        settled = _settled(whole)
        factors = {part.model: _factor(part.model, *_days(run)) - 1 for part in whole}
        for part in whole:
            if part.billed is None or part.model not in settled:
                models[part.model] += int(part.listed * factors[part.model])
        dear = frozenset(model for model, above in models.items() if above)
        if by is None or not dear:
            continue
        for part in _cut(asked.view, run, by, dear):
            if part.billed is None or part.model not in settled:
                rows[part.name] += int(part.listed * factors.get(part.model, 0))
    return Above(rows, models)


def _cut(view: View, run: Period, by: Dimension, models: frozenset[str]) -> Iterator[Listed]:
    """The list cost of some models by one dimension; by day it is read day by day."""
    some = View(view.connection, replace(view.selection, models=models), view.coverage)
    if by is Dimension.HOUR:
        for id_, _, sums in some.hours(run, Dimension.MODEL):
            yield from (replace(part, name=id_) for part in sums.listed())
        return
    if by not in CHRONOLOGICAL:
        yield from some.read(run, *dict.fromkeys((by, Dimension.MODEL))).listed(by)
        return
    for day, alone in each_day(run):
        name = span_start(day, by).isoformat()
        yield from (replace(part, name=name) for part in some.read(alone, Dimension.MODEL).listed())


def _inexact(view: View, period: Period) -> Iterator[Period]:
    """The stretches of a period without Anthropic's own list price; what is not complete yet stands alone."""
    first, last = _days(period)
    stop = last + timedelta(days=1)
    read = partial(snapshots.listed, view.connection, first, stop)
    exact = memory.remembered(view.connection, ("listed", first, stop), read)
    through = view.coverage.data_through
    runs: list[list[date]] = []
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        if day in exact:
            continue
        begins = through is not None and midnight(day) == through
        if not runs or runs[-1][-1] != day - timedelta(days=1) or begins:
            runs.append([])
        runs[-1].append(day)
    for run in runs:
        start, end = max(period.start, midnight(run[0])), min(period.end, midnight(run[-1] + timedelta(days=1)))
        if start < end:
            yield replace(period, start=start, end=end)


def _settled(parts: Iterable[Listed]) -> frozenset[str]:
    """The models that were billed exactly what their tokens cost at the lowest price."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for part in parts:
        if part.billed is not None:
            sums[part.model][0] += part.listed
            sums[part.model][1] += part.billed
    return frozenset(model for model, (listed, billed) in sums.items() if abs(listed - billed) * _ALIKE <= listed)


def _notes(view: View, period: Period, above: Mapping[str, int]) -> Iterator[str]:
    """One sentence for each reason, with the models it holds for."""
    first, last = _days(period)
    inexact = sorted((model for model, units in above.items() if units), key=lambda model: -above[model])
    listed = view.by(Dimension.MODEL, period) if inexact else {}
    for why, reason in _WHY.items():
        here = [model for model in inexact if why in {*extras(model, first), *extras(model, last)}]
        if not here:
            continue
        low = sum((listed[model].list_cost or ZERO for model in here), ZERO)
        high = low + Money(sum(above[model] for model in here))
        names = list(dict.fromkeys(map(display_name, here)))
        shown = names if len(names) <= _NAMED else [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more models"]
        yield (
            f"List cost of {wording.listed(shown)} is between {wording.to_the_cent(low)} and "
            f"{wording.to_the_cent(high)}: {'its' if len(names) == 1 else 'their'} price depends on {reason}, which "
            "this report does not say."
        )


def _raised(figures: Figures, above: int) -> Figures:
    if figures.list_cost is None or above <= 0:
        return figures
    return replace(figures, list_cost_high=figures.list_cost + Money(above))


def _raised_row(row: Row, above: int) -> Row:
    return replace(row, figures=_raised(row.figures, above)) if above else row


def _factor(model: str, first: date, last: date) -> Fraction:
    """The highest factor of the two ends: a dearer price that begins or ends in between counts throughout."""
    return max(dearest(model, first), dearest(model, last))


def _days(period: Period) -> tuple[date, date]:
    """The first and the last UTC day that a period touches."""
    first = period.start.astimezone(UTC).date()
    return first, max(first, (period.end - timedelta.resolution).astimezone(UTC).date())
