"""Lines from label to label: what is known, what is expected, what to hold both against."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.answers.answer import Band, Chart, Series, Stroke
from bot.render.png.card import COLOURS, GREY, Card
from bot.render.png.frame import BODY, Entry, Frame
from bot.render.png.letters import legible

_THICK = {Stroke.KNOWN: 3.2, Stroke.EXPECTED: 2.6, Stroke.GUIDE: 1.4}
_DASHES = {Stroke.KNOWN: (), Stroke.EXPECTED: (2.2, 1.6), Stroke.GUIDE: (5.0, 3.0)}
_SHADE = 0.22


def drawn(chart: Chart) -> bytes:
    """What is not known leaves a gap; what is expected has the colour of what it goes on from."""
    card = Card.of(chart, BODY)
    band = chart.band
    values = [value for series in chart.series for value in series.values if value is not None]
    values += [value for side in (band.low, band.high) for value in side if value is not None] if band else []
    colours = _colours(chart.series)
    legend = [
        Entry(
            legible(series.name, f"no. {at} in the table"),
            legible(series.note),
            colour,
            _THICK[series.stroke],
            _DASHES[series.stroke],
        )
        for at, (series, colour) in enumerate(zip(chart.series, colours, strict=True), 1)
    ]
    if band:
        legend.append(Entry(legible(band.name, "range"), legible(band.note), COLOURS[0], see_through=_SHADE))
    frame = Frame.on(card, values, chart.unit, legend if len(legend) > 1 else [])
    step = (frame.right - frame.left) / max(1, len(chart.labels) - 1)
    places = [frame.left + step * at for at in range(len(chart.labels))]
    if band:
        _shade(card, frame, places, band)
    for series, colour in reversed(list(zip(chart.series, colours, strict=True))):
        for points in _runs(places, series.values):
            xs, ys = [x for x, _ in points], [frame.scale.at(value) for _, value in points]
            card.line(xs, ys, colour, _THICK[series.stroke], _DASHES[series.stroke])
            if series.stroke is Stroke.KNOWN:
                card.dot(xs[-1], ys[-1], colour)
    frame.labels(card, chart.labels, places)
    return card.bytes()


def _colours(series: Sequence[Series]) -> list[str]:
    """Guides are grey."""
    own = iter(COLOURS)
    found: list[str] = []
    for one in series:
        if one.stroke is Stroke.GUIDE:
            found.append(GREY)
        else:
            found.append(found[-1] if one.stroke is Stroke.EXPECTED and found else next(own))
    return found


def _shade(card: Card, frame: Frame, places: Sequence[float], band: Band) -> None:
    sides = zip(places, band.low, band.high, strict=True)
    known = [(x, low, high) for x, low, high in sides if low is not None and high is not None]
    edge = [(x, frame.scale.at(low)) for x, low, _ in known] + [(x, frame.scale.at(high)) for x, _, high in known[::-1]]
    card.area(edge, COLOURS[0], _SHADE)


def _runs(places: Sequence[float], values: Sequence[Decimal | None]) -> list[list[tuple[float, Decimal]]]:
    """The stretches of a line that are known without a break."""
    found: list[list[tuple[float, Decimal]]] = [[]]
    for x, value in zip(places, values, strict=True):
        if value is not None:
            found[-1].append((x, value))
        elif found[-1]:
            found.append([])
    return [points for points in found if points]
