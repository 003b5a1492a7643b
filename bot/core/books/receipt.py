"""A receipt: everything that a figure rests on, as it was when somebody asked, so that anybody can do the sum again.

It stands for itself: the rows, the pages with their hashes, the prices, the splits, who owned what, and what was left
over. Its id is made from its content, so that the same figure on the same grounds has the same receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from bot.core.directory import Directory
from bot.core.entries import Attribution, Basis
from bot.core.errors import MoneyError
from bot.core.hours import IN_A_DAY, Stretch
from bot.core.money import Money
from bot.core.prices import ListPrice
from bot.core.report import Figures
from bot.core.sharing import Rule
from bot.core.usage import Source
from bot.core.utc import dates

WHOLE_DAY = (0, IN_A_DAY)


def _money(value: object) -> Money:
    try:
        return value if isinstance(value, Money) else Money.from_dollars(str(value))
    except MoneyError as error:
        raise ValueError(str(error)) from None


def _place_of(value: object) -> Attribution:
    try:
        return value if isinstance(value, Attribution) else Attribution(**value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError("is not what a row belongs to") from None


Place = Annotated[Attribution, PlainValidator(_place_of), PlainSerializer(Attribution._asdict, return_type=dict)]
"""In JSON by its names."""
Dollars = Annotated[Money, PlainValidator(_money), PlainSerializer(str, return_type=str)]
"""In JSON the exact decimal text."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, in the words that ask it again, and what period that was."""

    text: str
    name: str | None
    start: datetime
    end: datetime
    timezone: str

    @property
    def stretch(self) -> Stretch:
        """Its whole UTC days, and the hours before and after them."""
        return Stretch(self.start, self.end)

    @property
    def days(self) -> list[date]:
        """The UTC days that the period touches."""
        since, until = self.stretch.touched
        return dates(since, until)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which part of the ledger was asked about; None: all of it."""

    teams: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    workspaces: tuple[str, ...] | None = None
    keys: tuple[str, ...] | None = None
    actors: tuple[str, ...] | None = None

    def holds(self, attribution: Attribution, organization_id: str) -> bool:
        wanted = (
            (self.teams, attribution.team_id),
            (self.models, attribution.model),
            (self.workspaces, attribution.workspace_id),
            (self.keys, attribution.api_key_id),
            (self.actors, attribution.actor_id),
        )
        return all(ids is None or id_ in ids or f"{organization_id}/{id_}" in ids for ids, id_ in wanted)

    @property
    def shared_at(self) -> frozenset[Basis]:
        """Which rows are shared out at the depth that was asked about; above teams all is reported."""
        if self.keys is not None or self.actors is not None:
            return frozenset({Basis.BY_KEY, Basis.BY_TEAM})
        return frozenset({Basis.BY_TEAM}) if self.teams is not None else frozenset()


@dataclass(frozen=True, slots=True)
class Sums:
    """The figures; None is "not known", never zero."""

    billed_cost: Dollars | None
    list_cost: Dollars | None
    shared_out: Dollars
    quantities: Mapping[str, int] | None

    @classmethod
    def of(cls, figures: Figures) -> Sums:
        quantities = None if figures.quantities is None else dict(sorted(figures.quantities.items()))
        return cls(figures.billed_cost, figures.list_cost, figures.shared_out, quantities)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the ledger."""

    organization_id: str
    day: date
    attribution: Place
    charge: str
    basis: Basis
    quantity: int
    list_cost: Dollars | None
    billed_cost: Dollars | None
    hours: tuple[int, int] = WHOLE_DAY
    """Which hours of the day: all of them, but where the period begins or ends within it."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes a row one row."""
        one = self.attribution
        return (
            *(self.organization_id, self.day, self.hours, one.team_id, one.workspace_id, one.api_key_id, one.model),
            *(one.service_tier, one.inference_geo, one.actor_id, one.product, self.charge, self.basis),
        )


@dataclass(frozen=True, slots=True)
class SharePart:
    """A part of an amount, and the weight that decided it."""

    attribution: Place
    """Without a team where keys share, before anybody asks whose they are."""
    weight: int
    amount: Dollars


@dataclass(frozen=True, slots=True)
class Share:
    """One amount of one day that was split, and what by."""

    organization_id: str
    day: date
    charge: str
    amount: Dollars
    rule: Rule
    parts: tuple[SharePart, ...]


@dataclass(frozen=True, slots=True)
class PriceUsed:
    """The list price of a model from one day to before another, in dollars per million tokens; None: unpriced."""

    model: str
    since: date
    until: date
    price: ListPrice | None


@dataclass(frozen=True, slots=True)
class PageRead:
    """One page: what was asked, the hash of the answer's body, and when that body first came."""

    request: str
    sha256: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """The pages, in order, that these days of a source were read from; none where they were not kept."""

    organization_id: str
    source: Source
    since: date
    until: date
    """What was asked for in one go, which may be more days than the figure is about."""
    pages: tuple[PageRead, ...]
    days: tuple[date, ...]
    whole: tuple[date, ...]
    """The days of `days` that were read after they were over."""


@dataclass(frozen=True, slots=True)
class Configured:
    """The configuration that said who owns what: its number in the history, and the hash of its text."""

    id: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """Live calls of the hours that Anthropic had not reported by then, at list price: shown beside the figure, and part
    of no sum here."""

    since: datetime
    until: datetime
    calls: int
    list_cost: Dollars | None
    """None where none of them has a price."""


@dataclass(frozen=True, slots=True)
class Receipt:
    asked: Asked
    chosen: Chosen
    figures: Sums
    reported: Dollars
    """What Anthropic reported for the whole of these days, in all organisations; of closed months, what they were
    closed with; and what adjustments the figure holds."""
    elsewhere: Dollars
    """What the ledger holds of these days outside the figure."""
    residual: Dollars
    """`reported` minus the figure's rows minus `elsewhere`: nothing, unless a row was lost."""
    lines: tuple[Line, ...]
    shares: tuple[Share, ...]
    prices: tuple[PriceUsed, ...]
    readings: tuple[Reading, ...]
    closed: tuple[date, ...]
    """The closed months the figure reaches into, by their first days: their rows are their own record, not their
    pages', because a restatement changes the pages and not the month."""
    configuration: Configured | None
    directories: tuple[Directory, ...]
    """The names that decided who owns what, as far as these days name them."""
    directory_sha256: str
    estimate: Estimate | None = None

    def holds(self, line: Line) -> bool:
        """Whether a row of these days is part of the figure."""
        inside = line.hours == self.asked.stretch.hours_on(line.day)
        return inside and self.chosen.holds(line.attribution, line.organization_id)

    @property
    def pages(self) -> tuple[tuple[Reading, PageRead], ...]:
        """Every page once, with a reading it belongs to."""
        found = {
            (reading.organization_id, page.sha256): (reading, page)
            for reading in self.readings
            for page in reading.pages
        }
        return tuple(found.values())
