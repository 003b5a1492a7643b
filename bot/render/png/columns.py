"""Bars that stand: one for each label, its parts on each other or side by side."""

from __future__ import annotations

from decimal import Decimal

from bot.answers.answer import Chart, ChartKind
from bot.render.png.card import COLOURS, PAPER, REST, Card
from bot.render.png.frame import BODY, Entry, Frame
from bot.render.png.letters import legible

_FILLED = 0.76
_SEAM = 0.7


def drawn(chart: Chart) -> bytes:
    """What is not known leaves a gap."""
    stacked = chart.kind is ChartKind.STACK
    card = Card.of(chart, BODY)
    heights = [
        [value or Decimal(0) for value in values] for values in zip(*(s.values for s in chart.series), strict=True)
    ]
    if stacked:
        ends = [
            sum((value for value in values if value * sign > 0), Decimal(0)) for values in heights for sign in (1, -1)
        ]
    else:
        ends = [value for values in heights for value in values]
    colours = [*COLOURS[: len(chart.series) - 1], REST] if chart.rest else COLOURS
    legend = [
        Entry(legible(series.name, f"no. {at} in the table"), legible(series.note), colour)
        for at, (series, colour) in enumerate(zip(chart.series, colours, strict=False), 1)
    ]
    shown = (legend[::-1] if stacked else legend) if len(legend) > 1 else []
    frame = Frame.on(card, ends, chart.unit, shown)
    slot = (frame.right - frame.left) / max(1, len(heights))
    thick = slot * _FILLED if stacked else slot * _FILLED / len(chart.series)
    for at, values in enumerate(heights):
        begin = frame.left + slot * (at + (1 - _FILLED) / 2)
        reached = {True: Decimal(0), False: Decimal(0)}
        for part, (value, colour) in enumerate(zip(values, colours, strict=False)):
            base = reached[value > 0] if stacked else Decimal(0)
            top, bottom = sorted((frame.scale.at(base), frame.scale.at(base + value)))
            card.box(begin if stacked else begin + part * thick, top, thick, bottom - top, colour)
            if stacked and base and bottom - top > 3 * _SEAM:
                card.box(begin, bottom - _SEAM, thick, _SEAM, PAPER)
            reached[value > 0] = base + value
    frame.labels(card, chart.labels, [frame.left + slot * (at + 0.5) for at in range(len(heights))])
    return card.bytes()
