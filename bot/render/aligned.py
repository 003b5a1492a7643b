"""Tables and bars in letters of one width: for the terminal, and for Slack where a native block is not possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from rich.cells import cell_len, set_cell_size

from bot.answers.answer import Chart, ChartKind, Series, Stroke, Table
from bot.core import wording
from bot.core.money import UNITS_PER_DOLLAR, Money
from bot.render.plain import ELLIPSIS, cut, one_line, said

GAP = "  "
RULE = "─"
_NARROWEST = 10
_WORTH_A_LINE = 3
"""Letters."""
_EIGHTHS = " ▏▎▍▌▋▊▉"
_SHADES = "█▓▒░▚·"
_LONGEST_BAR = 40
_LONGEST_LABEL = 24


@dataclass(frozen=True, slots=True)
class _Column:
    """The lines of its title, and its texts: the rows, and the total if there is one."""

    title: tuple[str, ...]
    texts: tuple[str, ...]
    numeric: bool

    def folded(self) -> _Column:
        """With a title of two lines, where that leaves much room for names, which say more than its words do."""
        words = self.title[0].split(" ")
        folds = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
        narrowest = min(folds, key=lambda lines: max(map(cell_len, lines)), default=self.title)
        less = replace(self, title=narrowest)
        return less if self.widest - less.widest >= _WORTH_A_LINE else self

    @property
    def widest(self) -> int:
        return max(cell_len(text) for text in (*self.title, *self.texts))

    @property
    def narrowest(self) -> int:
        """Names may be cut, figures never."""
        return self.widest if self.numeric else min(self.widest, _NARROWEST)


def table(shown: Table, width: int) -> list[str]:
    """A table as lines of at most `width` letters, without its title.

    Columns that do not fit beside each other follow below, with the first one repeated.
    """
    lines = [tuple(said(cell) for cell in row) for row in shown.rows]
    if shown.total is not None:
        lines.append(tuple(said(cell) for cell in shown.total))
    columns = [
        _Column((one_line(about.title),), tuple(line[at] for line in lines), about.numeric)
        for at, about in enumerate(shown.columns)
    ]
    if _across([column.widest for column in columns]) > width:
        columns = [column.folded() for column in columns]
    drawn: list[str] = []
    for group in _groups(columns, width):
        drawn += [""] if drawn else []
        drawn += _drawn(group, _widths(group, width), with_total=shown.total is not None)
    return drawn


def bars(chart: Chart, width: int) -> list[str]:
    """A chart as one horizontal bar for each value, series below series, without its title; guides are left out.

    The parts of a whole stand behind each other in one bar, each in a shade of its own.
    """
    if chart.kind is ChartKind.STACK and len(chart.series) > 1:
        return _stacked(chart, width)
    drawn: list[str] = []
    shown = [series for series in chart.series if series.stroke is not Stroke.GUIDE]
    values = [[(label, value) for label, value in _points(chart, series) if value is not None] for series in shown]
    column = _Bars.of([pair for pairs in values for pair in pairs], chart.unit, width)
    for series, pairs in zip(shown, values, strict=True):
        drawn += [cut(one_line(series.name), _LONGEST_BAR)] if len(shown) > 1 else []
        drawn += [column.line(label, value, [(value, "")]) for label, value in pairs]
    return drawn


def _stacked(chart: Chart, width: int) -> list[str]:
    """First what each shade is, then a bar for each label, as long as the sum of its parts."""
    parts = [
        [value or Decimal(0) for value in values] for values in zip(*(s.values for s in chart.series), strict=True)
    ]
    labels = [one_line(label) for label in chart.labels]
    column = _Bars.of(
        [(label, sum(part, Decimal(0))) for label, part in zip(labels, parts, strict=True)], chart.unit, width
    )
    names = [cut(one_line(series.name), _LONGEST_LABEL) for series in chart.series]
    drawn = [f"{shade} {name}" for shade, name in zip(_SHADES, names, strict=False)]
    for label, part in zip(labels, parts, strict=True):
        drawn.append(column.line(label, sum(part, Decimal(0)), list(zip(part, _SHADES, strict=False))))
    return drawn


def _points(chart: Chart, series: Series) -> Iterator[tuple[str, Decimal | None]]:
    return zip(map(one_line, chart.labels), series.values, strict=True)


@dataclass(frozen=True, slots=True)
class _Bars:
    """How labels, figures and bars stand below each other."""

    label: int
    figure: int
    room: int
    highest: Decimal
    unit: str

    @classmethod
    def of(cls, values: Sequence[tuple[str, Decimal]], unit: str, width: int) -> _Bars:
        label = min(max((cell_len(label) for label, _ in values), default=0), _LONGEST_LABEL)
        wide = max((cell_len(figure(value, unit)) for _, value in values), default=0)
        room = max(1, min(_LONGEST_BAR, width - label - wide - 2 * len(GAP)))
        return cls(label, wide, room, max((value for _, value in values), default=Decimal(0)), unit)

    def line(self, label: str, value: Decimal, parts: Sequence[tuple[Decimal, str]]) -> str:
        """One value with its bar; a part without a shade is drawn to the eighth of a letter."""
        bar = ""
        done = Decimal(0)
        for part, shade in parts:
            done += part
            whole = done / self.highest if self.highest > 0 else Decimal(0)
            length = int((whole * self.room).to_integral_value()) - len(bar)
            bar += shade * length if shade else _bar(whole, self.room)
        return (
            f"{pad(label, self.label)}{GAP}{pad(figure(value, self.unit), self.figure, right=True)}{GAP}{bar}".rstrip()
        )


def figure(value: Decimal, unit: str) -> str:
    """One value of a chart as people read it."""
    if unit == "USD":
        return wording.dollars(Money(int((value * UNITS_PER_DOLLAR).to_integral_value(ROUND_HALF_EVEN))))
    if unit == "%":
        return wording.percent(float(value) / 100)
    return wording.count(int(value)) if value == value.to_integral_value() else f"{value:,.2f}"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Text filled up to a width in terminal cells, and cut there with … if it is wider."""
    missing = width - cell_len(text)
    if missing < 0:
        return pad(set_cell_size(text, max(0, width - 1)).rstrip() + ELLIPSIS, width)
    return " " * missing + text if right else text + " " * missing


def _bar(part: Decimal, room: int) -> str:
    eighths = max(0, int((part * room * 8).to_integral_value()))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _groups(columns: Sequence[_Column], width: int) -> list[list[_Column]]:
    first, *others = columns
    groups = [[first]]
    for column in others:
        taken = sum(one.narrowest + len(GAP) for one in groups[-1])
        if taken + column.narrowest > width and len(groups[-1]) > 1:
            groups.append([first])
        groups[-1].append(column)
    return groups


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """Natural widths, the widest names first made narrower until the line fits."""
    widths = [column.widest for column in columns]
    while _across(widths) > width:
        spare = [at for at, column in enumerate(columns) if widths[at] > column.narrowest]
        if not spare:
            break
        widths[max(spare, key=lambda at: widths[at])] -= 1
    return widths


def _across(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _drawn(columns: Sequence[_Column], widths: Sequence[int], *, with_total: bool) -> list[str]:
    high = max(len(column.title) for column in columns)
    titles = (("",) * (high - len(column.title)) + column.title for column in columns)
    rows = zip(*(title + column.texts for title, column in zip(titles, columns, strict=True)), strict=True)
    drawn = [
        GAP.join(
            pad(text, width, right=column.numeric) for text, width, column in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in rows
    ]
    rule = RULE * _across(widths)
    drawn.insert(high, rule)
    if with_total:
        drawn.insert(len(drawn) - 1, rule)
    return drawn
