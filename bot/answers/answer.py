"""An answer as people will read it, before it has a medium: Slack, terminal, JSON and CSV all start here.

Text in here is plain: names stand as people typed them, and the renderer of each medium escapes, cuts and aligns.
Only in `paragraphs` do backticks hold `code`, which a medium that can shows as such.
Renderers do no arithmetic; every figure is finished when it arrives in a cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.core.calls.sums import Sums
from bot.core.money import Money
from bot.core.question import Dimension, Question
from bot.core.report import Report


@dataclass(frozen=True, slots=True)
class Percent:
    """A part of a whole, 0 to 1; None where the whole is unknown or nothing."""

    part: float | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """A number of tokens or searches, shown short (4.56M) to people and in full to programs."""

    count: int | None


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money; None is "not in yet" or unpriced, never zero."""

    money: Money | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a limit, shown as a bar with its percentage; above 1 it is over, None where it is not known."""

    part: float | None


Cell = str | Amount | Tokens | Percent | Bar


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled figure: "Billed cost" — $1,284 — "12 % more than 1–21 Oct"."""

    label: str
    value: Cell
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells as wide as `columns`; `total` is the last line, if there is one."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    last_of: int = 1
    """How many rows the last one is the sum of, as "and 12 more" is of 12."""

    def left_out(self, shown: int) -> int:
        """How many rows are not among the first `shown`."""
        return len(self.rows) - shown + self.last_of - 1 if shown < len(self.rows) else 0


class ChartKind(StrEnum):
    BAR = "bar"
    LINE = "line"
    PIE = "pie"
    STACK = "stack"
    """Bars whose series stand on each other: the parts of a whole."""


class Stroke(StrEnum):
    """How sure the values of a line are."""

    KNOWN = "known"
    EXPECTED = "expected"
    GUIDE = "guide"
    """Not a figure but what to hold the others against: a limit, an even pace."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line or set of bars: a value for each of the chart's labels, None where there is none to draw."""

    name: str
    values: tuple[Decimal | None, ...]
    stroke: Stroke = Stroke.KNOWN
    note: str = ""
    """What the legend says beside the name: its sum, or its newest value."""


@dataclass(frozen=True, slots=True)
class Band:
    """What a line is expected to lie between, for each of the chart's labels."""

    name: str
    low: tuple[Decimal | None, ...]
    high: tuple[Decimal | None, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of figures; `finding` says in words what it shows, for those who can't see it.

    At most 6 series. Slack draws up to 20 labels itself, if every series has a value for each; what it does not draw is
    a picture, or bars of letters.
    """

    kind: ChartKind
    title: str
    finding: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = "USD"
    band: Band | None = None
    rest: bool = False
    """The last part (of a stack the series, else the label) stands for all that are not shown."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button that asks a further question: `question` is what one would type after /claude-usage."""

    label: str
    question: str
    receipt: bool = False
    """What it answers with is the receipt of that question."""


@dataclass(frozen=True, slots=True)
class Control:
    """Something to press that does something: `act` says what, `value` about what. Only Slack has these.

    With `options`, each (value, label), it is a menu and sends the chosen value; a `date` sends the day chosen, and
    then what it is about must be part of `act`.
    """

    label: str
    act: str
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    date: bool = False
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list, with what can be pressed beside it."""

    words: str
    control: Control


class Tone(StrEnum):
    """What an answer brings: figures, a warning, or an apology."""

    PLAIN = "plain"
    WARNING = "warning"
    SORRY = "sorry"


@dataclass(frozen=True, slots=True)
class File:
    """A file that comes with an answer, to whoever asked and nobody else."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LiveRow:
    """Live calls of one endpoint, feature, team, day, …; `id` None: of several that are shown as one."""

    name: str
    sums: Sums
    id: str | None = None
    of: int = 1
    """How many rows it is the sum of, as "and 12 more" is of 12."""


@dataclass(frozen=True, slots=True)
class Live:
    """What an answer about live calls says to programs, which give it beside the tables."""

    question: Question
    by: Dimension
    total: Sums
    rows: tuple[LiveRow, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer, read from top to bottom; `headline` is the one sentence a busy person needs."""

    title: str
    headline: str
    facts: tuple[Fact, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    paragraphs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    data_through: datetime | None = None
    tone: Tone = Tone.PLAIN
    report: Report | None = None
    """The exact figures, where the answer has any: what JSON and CSV give."""
    live: Live | None = None
    question: str = ""
    """The canonical words that ask this again; empty for messages nobody asked for."""
    share: bool = False
    """Asked for in front of everyone, with the word `share`."""
    file: File | None = None
    episode: int | None = None
    """The alert this is about, while somebody can do something about it."""
    acknowledged: bool = False
    """Somebody has that alert in hand, or it is over: nobody need acknowledge it."""
    items: tuple[Item, ...] = ()
    controls: tuple[Control, ...] = ()
    """What can be done about it, above what can be asked of it."""
    parts: tuple[Answer, ...] = ()
    """Of a message about several things: each in a few lines, with its own buttons. They have no parts themselves."""
