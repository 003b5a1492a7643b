"""What an alert's message is made from: one episode at one event, as one receiver may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.answers.alert import words
from bot.core.alerts.episode import Episode, Event, Happened
from bot.core.alerts.rule import Metric, Rule, Severity
from bot.core.report import Row


@dataclass(frozen=True, slots=True)
class Drivers:
    """What an alert's spend is made of, cut one way; `previous` of a row is the same stretch `before`."""

    what: str
    """Key, model, person."""
    rows: tuple[Row, ...]
    before: str = "a week before"


@dataclass(frozen=True, slots=True)
class Notice:
    """One episode at one event, as one receiver may see it."""

    episode: Episode
    event: Event
    rule: Rule | None
    """None for a budget, a source, and a rule that is gone."""
    severity: Severity
    who: str
    zone: str
    now: datetime
    running: bool = False
    """Its window is not over: the value may still grow."""
    drivers: tuple[Drivers, ...] = ()
    history: tuple[Event, ...] = ()
    unreachable: tuple[str, ...] = ()
    """Who should have been told before the reader, and can't be reached."""
    runs_out: date | None = None
    ends: date | None = None
    """The last day of a budget's period."""
    data_through: datetime | None = None
    silenced: bool = False
    """Nobody is told of it for now."""
    calls: int = 0
    """How many live calls its value holds, because Anthropic has not reported them yet."""
    total: int | None = None
    """What it came to in all, from its beginning until it was over."""

    @property
    def window(self) -> datetime:
        """The start of the window that the event's value is of: the first one, where others came after it."""
        first = self.event.what is Happened.FIRED and self.event.value != self.episode.value
        return self.episode.since if first else self.episode.last_window

    @property
    def metric(self) -> Metric:
        return self.rule.metric if self.rule else Metric.COST

    def said(self, value: int | None) -> str:
        return words.said(self.metric, value)
