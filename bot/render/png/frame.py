"""What columns and lines share: the scale with its rules, the labels below, the legend beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.render.png.card import GREY, INK, LABEL, MARGIN, RULE, WIDTH, Card
from bot.render.png.letters import fitted, legible, width
from bot.render.png.scale import Scale, short

BODY = 236.0
_BELOW = 24.0
_GAP = 8.0
_APART = 16.0
_WIDEST_LEGEND = 150.0
_SWATCH = 16.0
_STEPS = (1, 2, 3, 5, 7, 10, 14, 21, 28, 30, 60, 90, 180, 365)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend: a name with its note below it, and how its colour is shown."""

    name: str
    note: str
    colour: str
    thick: float = _SWATCH
    dashes: tuple[float, ...] = ()
    see_through: float = 1


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the chart is drawn, and the scale it is drawn to."""

    left: float
    right: float
    scale: Scale

    @classmethod
    def on(cls, card: Card, values: Iterable[Decimal], unit: str, legend: Sequence[Entry]) -> Frame:
        """Rules and round figures from the left edge to the legend."""
        bottom = card.top + BODY - _BELOW
        scale = Scale.over(values, bottom, card.top + LABEL / 2)
        texts = [short(value, unit) for value in scale.ticks()]
        left = MARGIN + max(width(text, LABEL) for text in texts) + _GAP
        right = WIDTH - MARGIN - (_legend_room(legend) + _APART if legend else 0)
        for value, text in zip(scale.ticks(), texts, strict=True):
            y = scale.at(value)
            zero = value == 0
            card.line([left, right], [y, y], GREY if zero else RULE, 1.0)
            card.write(left - _GAP, y, text, colour=GREY, side="right")
        _write_legend(card, right + _APART, legend)
        return cls(left, right, scale)

    def labels(self, card: Card, labels: Sequence[str], places: Sequence[float]) -> None:
        """As many of the labels as can be read, the first among them."""
        texts = [legible(label, f"no. {at}") for at, label in enumerate(labels, 1)]
        room = (self.right - self.left) / max(1, len(texts))
        texts = [fitted(text, max(60.0, room - _GAP), LABEL) for text in texts]
        widest = max((width(text, LABEL) for text in texts), default=0) + _GAP
        every = next((step for step in _STEPS if step * room >= widest), len(texts))
        y = card.top + BODY - LABEL * 0.7
        for text, x in list(zip(texts, places, strict=True))[::every]:
            half = width(text, LABEL) / 2
            card.write(min(max(x, self.left + half - _GAP), WIDTH - MARGIN - half), y, text, colour=GREY, side="center")


def _legend_room(legend: Sequence[Entry]) -> float:
    texts = [text for entry in legend for text in (entry.name, entry.note)]
    return min(_WIDEST_LEGEND, _SWATCH + _GAP + max(width(text, LABEL) for text in texts))


def _write_legend(card: Card, x: float, legend: Sequence[Entry]) -> None:
    y = card.top + LABEL / 2
    room = _WIDEST_LEGEND - _SWATCH - _GAP
    for entry in legend:
        if entry.dashes or entry.thick < _SWATCH / 2:
            card.line([x, x + _SWATCH], [y, y], entry.colour, entry.thick, entry.dashes)
        else:
            card.box(x + 2, y - 6, 12, 12, entry.colour, see_through=entry.see_through)
        card.write(x + _SWATCH + _GAP, y, fitted(entry.name, room, LABEL), colour=INK)
        if entry.note:
            y += LABEL * 1.3
            card.write(x + _SWATCH + _GAP, y, fitted(entry.note, room, LABEL), colour=GREY)
        y += LABEL * 1.9
