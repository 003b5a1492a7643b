"""Digests on fixed days, for the golden files and the demo page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Answer
from bot.answers.digest.page import Digested, OpenAlert, answer, details
from bot.answers.forecast import Outlook, example_days
from bot.answers.why import Explained
from bot.core.change import Cause
from bot.core.money import ZERO, Money
from bot.core.outlook.budget import Budget, Scope, Span, Standing
from bot.core.outlook.forecast import forecast, track_record
from bot.core.periods import Period, Unit, span
from bot.core.question import Dimension
from bot.core.report import Figures, Report, Row
from bot.core.schedule import Cadence, Digest, Occurrence, Skip

_WEEKENDS = Skip(frozenset({5, 6}))
_NOVEMBER = Span(date(2026, 11, 1), date(2026, 12, 1))
_MONTHS = ((date(2026, month, 1), date(2026, month + 1, 1)) for month in (10, 9, 8, 7, 6))


def _digested(
    digest: Digest,
    day: date,
    by: Dimension,
    rows: Sequence[Row],
    *,
    who: str = examples.ORGANISATION,
    versus: Period | None = None,
    beside: Mapping[Dimension, tuple[Row, ...]] = MappingProxyType({}),
    step: Dimension = Dimension.DAY,
) -> Digested:
    """One that is due at nine; without budgets, forecast and alerts."""
    occurrence = Occurrence(digest, day, datetime.combine(day, digest.at, UTC))
    text = "user me" if digest.own else f"team {digest.team}" if digest.team else "summary"
    found = examples.findings(text, by, rows, period=occurrence.period("UTC"), versus=versus, beside=beside)
    long = digest.cadence in (Cadence.MONTHLY, Cadence.QUARTERLY)
    month = None if long else examples.findings(text, Dimension.MODEL, examples.MODELS).report
    return Digested(occurrence, who, found, _explained(found.report.rows, found.report), _course(step), step, month)


def _explained(rows: Sequence[Row], report: Report) -> Explained | None:
    """Every row moved because of its use, but for the last, which found better caching."""
    by = {
        row.id: row.figures.billed_cost - row.previous.billed_cost
        for row in rows
        if row.figures.billed_cost is not None and row.previous and row.previous.billed_cost is not None
    }
    if not any(amount.units for amount in by.values()):
        return None
    cause = {id_: Cause.CACHE if id_ == rows[-1].id else Cause.VOLUME for id_ in by}
    causes = dict.fromkeys((Cause.VOLUME, Cause.CACHE), ZERO)
    for id_, amount in by.items():
        causes[cause[id_]] += amount
    moved = sorted(rows, key=lambda row: -abs(by.get(row.id, ZERO).units))
    own = {id_: {cause[id_]: amount} for id_, amount in by.items() if id_}
    return Explained(replace(report, rows=tuple(moved), causes=causes), {}, (), own)


def _course(step: Dimension) -> tuple[tuple[date, Figures], ...]:
    if step is Dimension.DAY:
        return examples.COURSE[-14:]
    monday = date(2026, 10, 26)
    starts = [monday - n * timedelta(days=7) for n in range(12, -1, -1)]
    if step is Dimension.MONTH:
        starts = [date(2025, 10 + n, 1) for n in range(3)] + [date(2026, 1 + n, 1) for n in range(9)]
    return tuple((start, Figures(Money.from_dollars(f"{900 + 37 * n}.25"), None)) for n, start in enumerate(starts))


def _ahead(digested: Digested) -> Digested:
    """With budgets, a forecast with its record, and open alerts."""
    stop, days = date(2026, 11, 21), example_days()
    first = stop - timedelta(days=len(days))
    said = forecast(days, first, _NOVEMBER.start, _NOVEMBER.end)
    spent = sum((day for day in days[-20:] if day), ZERO)
    record = track_record(days, first, _MONTHS, 20)
    report = digested.findings.report
    outlook = Outlook(report.question, digested.who, _NOVEMBER, spent, None, said, record, 20, examples.THROUGH)
    budgets = tuple(
        (
            name,
            Standing(Budget(name, Scope("team", name), Money.from_dollars(amount)), _NOVEMBER, spent, 20, None, said),
        )
        for name, amount in (("Team Beta", "4500.00"), ("Team Alpha", "1150.00"), ("Team Gamma", "500.00"))
    )
    alerts = (
        OpenAlert("day_cap", "Team Alpha", date(2026, 11, 20)),
        OpenAlert("anomaly", "Team Beta", date(2026, 11, 19), acknowledged=True),
    )
    return replace(digested, budgets=budgets, outlook=outlook, alerts=alerts)


def _days(first: date, last: date, unit: Unit, label: str) -> Period:
    start, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last + timedelta(days=1)))
    return Period(start, end, "UTC", label, unit, running=False)


def _digest(cadence: Cadence, **more: object) -> Digest:
    at = datetime(2026, 11, 1, 9, tzinfo=UTC).time()
    return replace(Digest("morning", "C0GENERAL", cadence, at, "UTC"), **more)  # type: ignore[arg-type]


_FRIDAY = _days(date(2026, 11, 13), date(2026, 11, 13), Unit.DAY, "Friday 13 November")
_DAILY = _ahead(
    _digested(
        _digest(Cadence.DAILY),
        date(2026, 11, 21),
        Dimension.TEAM,
        examples.DAY_TEAMS,
        versus=_FRIDAY,
        beside={Dimension.MODEL: examples.MODELS[2:], Dimension.KEY: examples.DAY_KEYS},
    )
)
_LONG_WEEKEND = _digested(
    _digest(Cadence.DAILY, skip=_WEEKENDS),
    date(2026, 11, 16),
    Dimension.TEAM,
    examples.DAY_TEAMS,
    versus=_days(date(2026, 11, 6), date(2026, 11, 8), Unit.RANGE, span(date(2026, 11, 6), date(2026, 11, 8))),
)
_WEEKLY = _digested(
    _digest(Cadence.WEEKLY, team="alpha"), date(2026, 11, 16), Dimension.KEY, examples.MODELS[2:], who="Team Alpha"
)
_MONTHLY = _digested(_digest(Cadence.MONTHLY), date(2026, 11, 1), Dimension.TEAM, examples.TEAMS, step=Dimension.WEEK)
_QUARTERLY = _digested(
    _digest(Cadence.QUARTERLY), date(2026, 10, 1), Dimension.TEAM, examples.TEAMS, step=Dimension.MONTH
)
_OWN = _digested(
    _digest(Cadence.WEEKLY, channel=None, to="ana@example.com", own=True),
    date(2026, 11, 16),
    Dimension.MODEL,
    examples.MODELS[2:],
    who="Ana Ribeiro",
)
_IDLE = _digested(_digest(Cadence.MONTHLY), date(2026, 11, 1), Dimension.TEAM, examples.IDLE_TEAMS)
_HOSTILE = _digested(
    _digest(Cadence.DAILY, team="alpha"),
    date(2026, 11, 21),
    Dimension.KEY,
    examples.HOSTILE_KEYS,
    who=examples.HOSTILE,
)
_UNDER_IT = {
    f"{name}, in its thread": said
    for name, digested in (("daily", _DAILY), ("hostile names", _HOSTILE))
    if (said := details(digested))
}

EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "daily": answer(_DAILY),
        "daily after a weekend": answer(_LONG_WEEKEND),
        "weekly of a team": answer(_WEEKLY),
        "monthly": answer(_MONTHLY),
        "quarterly": answer(_QUARTERLY),
        "own figures": answer(_OWN),
        "monthly without spend": answer(replace(_IDLE, course=())),
        "more budgets than are shown": answer(replace(_DAILY, budgets=_DAILY.budgets * 5)),
        "hostile names": answer(replace(_ahead(_HOSTILE), who=examples.HOSTILE)),
        **_UNDER_IT,
    }
)
