"""The pictures of live calls: each endpoint's part, its tokens, the course of days, and how long calls took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from bot.answers.answer import Action, Answer, Chart, ChartKind, LiveRow, Series
from bot.answers.calls.found import Calls
from bot.answers.calls.words import duration
from bot.answers.pieces import MOST_BARS, day_label
from bot.core import wording
from bot.core.calls import sketch
from bot.core.calls.sums import Sums
from bot.core.question import Picture

MOST_PARTS = 6
_EDGES = (250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)


def charts(found: Calls) -> tuple[Chart, ...]:
    """All that show something."""
    drawn = (by_day(found.days), latency(found.total), share(found.endpoints), tokens(found.endpoints))
    return tuple(chart for chart in drawn if chart)


def picture(found: Calls, kind: Picture) -> Answer:
    """One of them as an answer of its own."""
    drawn = {
        Picture.CALLS: lambda: by_day(found.days),
        Picture.LATENCY: lambda: latency(found.total),
        Picture.ENDPOINTS: lambda: share(found.endpoints, fewest=1),
        Picture.ENDPOINT_TOKENS: lambda: tokens(found.endpoints, fewest=1),
    }[kind]()
    period = found.question.period
    whole = f"calls team {found.question.name}" if found.question.name else "calls"
    return Answer(
        title=f"Live calls of {found.who}, {period.label}",
        headline=drawn.finding if drawn else "The live calls of this time hold too little to draw.",
        charts=(drawn,) if drawn else (),
        notes=tuple(found.notes),
        actions=(Action("In figures", f"{whole} {period.words}"),) if not found.question.name else (),
        question=found.question.text,
        share=found.question.share,
    )


def by_day(days: Sequence[tuple[date, Sums]]) -> Chart | None:
    """Tokens per day."""
    shown = days[-MOST_BARS:]
    if len(shown) < 2:
        return None
    top_day, top = max(shown, key=lambda one: one[1].tokens)
    return Chart(
        ChartKind.BAR,
        "Tokens of live calls per day",
        f"Most on {day_label(top_day)}: {wording.count(top.tokens)} tokens in {wording.counted(top.calls, 'call')}.",
        tuple(day_label(day) for day, _ in shown),
        (Series("Tokens", tuple(Decimal(sums.tokens) for _, sums in shown)),),
        unit="tokens",
    )


def latency(total: Sums) -> Chart | None:
    """How many calls took how long."""
    if not total.timed:
        return None
    counts = sketch.counted(total.durations, _EDGES)
    labels = [f"≤ {_edge(edge)}" for edge in _EDGES] + [f"> {_edge(_EDGES[-1])}"]
    first = next(at for at, count in enumerate(counts) if count)
    last = max(at for at, count in enumerate(counts) if count)
    return Chart(
        ChartKind.BAR,
        "How long calls took",
        f"Half took {duration(total.latency_ms(0.5))} or less, 95 % {duration(total.latency_ms(0.95))} or less.",
        tuple(labels[first : last + 1]),
        (Series("Calls", tuple(Decimal(count) for count in counts[first : last + 1])),),
        unit="calls",
    )


def share(endpoints: Sequence[LiveRow], fewest: int = 2) -> Chart | None:
    """Each endpoint's part of the calls."""
    parts = _parts(endpoints, lambda sums: sums.calls)
    if len(parts) < fewest:
        return None
    name, most = parts[0]
    part = wording.percent(most / sum(value for _, value in parts))
    return Chart(
        ChartKind.PIE,
        "Calls by endpoint",
        f"{name} has {part} of them.",
        tuple(name for name, _ in parts),
        (Series("Calls", tuple(Decimal(value) for _, value in parts)),),
        unit="calls",
        rest=len(endpoints) > MOST_PARTS,
    )


def tokens(endpoints: Sequence[LiveRow], fewest: int = 2) -> Chart | None:
    parts = _parts(endpoints, lambda sums: sums.tokens)
    if len(parts) < fewest:
        return None
    name, most = parts[0]
    return Chart(
        ChartKind.BAR,
        "Tokens by endpoint",
        f"{name} used {wording.count(most)} tokens.",
        tuple(name for name, _ in parts),
        (Series("Tokens", tuple(Decimal(value) for _, value in parts)),),
        unit="tokens",
        rest=len(endpoints) > MOST_PARTS,
    )


def _parts(lines: Sequence[LiveRow], value: Callable[[Sums], int]) -> list[tuple[str, int]]:
    """The largest, and one for the others."""
    ranked = sorted(((line.name, value(line.sums)) for line in lines), key=lambda part: -part[1])
    ranked = [part for part in ranked if part[1]]
    if len(ranked) <= MOST_PARTS:
        return ranked
    head, rest = ranked[: MOST_PARTS - 1], ranked[MOST_PARTS - 1 :]
    return [*head, (wording.and_more(len(rest)), sum(value for _, value in rest))]


def _edge(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds // 1000} s"
