"""The card a chart stands on: its size, colours, title and finding, and the letters on it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Transform

from bot.answers.answer import Chart
from bot.render.png.letters import POINT, SHARPNESS, fitted, legible, properties, wrapped

WIDTH = 560
"""Pixels of the drawing; about what Slack shows of a picture without a click."""
MARGIN = 22
TITLE, FINDING, LABEL = 16.0, 12.0, 11.5
LINE_HEIGHT = 1.4

PAPER, INK, GREY, RULE = "#ffffff", "#1d1c1d", "#5c6168", "#dfe3e8"
COLOURS = ("#1f5fa8", "#d95f02", "#00806a", "#a64d9c", "#a97b0c", "#4a3f8f")
"""Told apart by eyes that confuse red and green, at least 3 : 1 against the paper."""
REST = "#858d97"
_EDGE = "#d0d5db"

Side = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Card:
    """A canvas counted in pixels from its top left corner, and where its chart begins."""

    figure: Figure
    pixels: Transform
    height: float
    top: float

    @classmethod
    def of(cls, chart: Chart, body: float) -> Card:
        """A card with the chart's title and finding, and a body of this height below them."""
        title = fitted(legible(chart.title), WIDTH - 2 * MARGIN, TITLE, bold=True)
        finding = wrapped(legible(chart.finding), WIDTH - 2 * MARGIN, FINDING, 2)
        top = MARGIN + TITLE * LINE_HEIGHT + len(finding) * FINDING * LINE_HEIGHT + 12
        height = top + body + MARGIN
        figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=100 * SHARPNESS)
        FigureCanvasAgg(figure)
        figure.patch.set_alpha(0)  # outside of the round corners
        pixels = Affine2D().scale(1 / WIDTH, -1 / height).translate(0, 1) + figure.transFigure
        card = cls(figure, pixels, height, top)
        card._paper()
        card.write(MARGIN, MARGIN + TITLE * 0.6, title, TITLE, bold=True)
        for at, line in enumerate(finding):
            y = MARGIN + TITLE * LINE_HEIGHT + (at + 0.6) * FINDING * LINE_HEIGHT
            card.write(MARGIN, y, line, FINDING, GREY)
        return card

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: float = LABEL,
        colour: str = INK,
        *,
        side: Side = "left",
        bold: bool = False,
    ) -> None:
        """A line of text around the height `y`. Never as mathematics: two dollar signs are two amounts."""
        self._add(
            Text(
                x,
                y,
                text,
                color=colour,
                fontproperties=properties(size, bold=bold),
                horizontalalignment=side,
                verticalalignment="center_baseline",
                parse_math=False,
            )
        )

    def box(self, x: float, y: float, width: float, height: float, colour: str, *, see_through: float = 1) -> None:
        """A filled rectangle whose top left corner is at x, y."""
        self._add(Rectangle((x, y), width, height, facecolor=colour, edgecolor="none", alpha=see_through))

    def line(self, xs: list[float], ys: list[float], colour: str, thick: float, dashes: tuple[float, ...] = ()) -> None:
        """A line through these points."""
        style: Any = (0, dashes) if dashes else "-"
        self._add(Line2D(xs, ys, color=colour, linewidth=thick * POINT, linestyle=style, solid_capstyle="round"))

    def dot(self, x: float, y: float, colour: str) -> None:
        """Where a line has come to."""
        self._add(Line2D([x], [y], marker="o", color=colour, markersize=6, markeredgecolor=PAPER))

    def area(self, corners: list[tuple[float, float]], colour: str, see_through: float) -> None:
        """What lies between two lines."""
        self._add(Polygon(corners, facecolor=colour, edgecolor="none", alpha=see_through))

    def bytes(self) -> bytes:
        """The PNG file; without the date and program that would make each one different."""
        file = BytesIO()
        self.figure.savefig(file, format="png", dpi=100 * SHARPNESS, metadata={"Software": None})
        self._let_go()
        return file.getvalue()

    def _let_go(self) -> None:
        """The pixels, 3 MB of them: what is drawn stands in circles, which are not looked for until thousands of
        objects later, and the pixels would stay as long."""
        FigureCanvasAgg(self.figure)
        written: Any = self.figure.findobj(Text)
        for text in written:
            text._renderer = None

    def _paper(self) -> None:
        shape = (1, 1), WIDTH - 2, self.height - 2
        rounded = "round,pad=0,rounding_size=10"
        self._add(FancyBboxPatch(*shape, boxstyle=rounded, facecolor=PAPER, edgecolor=_EDGE, linewidth=POINT))

    def _add(self, artist: Artist) -> None:
        """On top of what is there: matplotlib would put every line over every box."""
        artist.set_zorder(1)
        artist.set_transform(self.pixels)
        self.figure.add_artist(artist)
