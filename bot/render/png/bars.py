"""Bars that lie, each with its name before and its figure after it."""

from __future__ import annotations

from decimal import Decimal

from bot.answers.answer import Chart
from bot.core import wording
from bot.render.aligned import figure
from bot.render.png.card import COLOURS, GREY, LABEL, MARGIN, REST, RULE, WIDTH, Card
from bot.render.png.letters import fitted, legible, width

_ROW, _FILLED, _GAP = 28.0, 0.64, 10.0
_TALLEST = 420.0
_LONGEST_NAME = 190.0


def drawn(chart: Chart, *, shares: bool) -> bytes:
    """In the order given; with `shares` each also says what part of their sum it is. Per cents are of a limit."""
    values = [value or Decimal(0) for value in chart.series[0].values]
    names = [
        fitted(legible(label, f"no. {at} in the table"), _LONGEST_NAME, LABEL)
        for at, label in enumerate(chart.labels, 1)
    ]
    limit = Decimal(100 if chart.unit == "%" else 0)
    figures = [figure(value, chart.unit) for value in values]
    parts = [wording.percent(float(value / whole)) for value in values] if shares and (whole := sum(values)) else []
    row = min(_ROW, _TALLEST / max(1, len(values)))
    bar = row * _FILLED
    card = Card.of(chart, row * len(values))
    left = MARGIN + max((width(name, LABEL) for name in names), default=0) + _GAP
    part_room = max((width(part, LABEL) for part in parts), default=-_GAP) + _GAP
    figure_room = max((width(one, LABEL, bold=True) for one in figures), default=0) + _GAP
    room = WIDTH - MARGIN - left - figure_room - part_room
    least, most = min([*values, Decimal(0)]), max([*values, limit])
    unit = room / float(most - least) if most > least else 0.0
    zero = left - float(least) * unit
    for at, (name, value, words) in enumerate(zip(names, values, figures, strict=True)):
        middle = card.top + (at + 0.5) * row
        card.write(left - _GAP, middle, name, side="right")
        card.box(left, middle - bar / 2, room, bar, RULE, see_through=0.35)
        length = float(value) * unit
        colour = REST if chart.rest and at == len(values) - 1 else COLOURS[0]
        card.box(zero + min(0.0, length), middle - bar / 2, max(abs(length), 1.0 if value else 0.0), bar, colour)
        if limit and value > limit:
            over = float(limit) * unit
            card.box(zero + over, middle - bar / 2, length - over, bar, COLOURS[1])
        card.write(WIDTH - MARGIN - part_room, middle, words, side="right", bold=True)
        if parts:
            card.write(WIDTH - MARGIN, middle, parts[at], colour=GREY, side="right")
    if limit:
        x = zero + float(limit) * unit
        card.line([x, x], [card.top, card.top + row * len(values)], GREY, 1.4, (5.0, 3.0))
    return card.bytes()
