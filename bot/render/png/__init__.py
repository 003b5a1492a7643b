"""A chart as a picture: PNG bytes, the same for the same chart wherever they are drawn.

matplotlib is loaded by the first picture: most processes never draw one. The letters are matplotlib's own,
nothing global of matplotlib is changed, and every picture has a canvas of its own: threads may draw at the same time.
"""

from __future__ import annotations

from bot.answers.answer import Chart, ChartKind

__all__ = ["picture"]

_LONG_LABEL = 10
"""Longer ones, which days never have, stand beside bars that lie."""


def picture(chart: Chart) -> bytes:
    """A card in a light colour of its own, so that it reads in light and in dark."""
    from bot.render.png import bars, columns, lines

    match chart.kind:
        case ChartKind.PIE:
            return bars.drawn(chart, shares=True)
        case ChartKind.LINE:
            return lines.drawn(chart)
        case ChartKind.BAR if len(chart.series) == 1 and (chart.unit == "%" or _long(chart.labels)):
            return bars.drawn(chart, shares=False)
        case _:
            return columns.drawn(chart)


def _long(labels: tuple[str, ...]) -> bool:
    return any(len(label) > _LONG_LABEL for label in labels)
