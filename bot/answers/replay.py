"""`replay RULE`: day by day what a rule would have sent, had it been on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.alert import words
from bot.answers.alert.samples import SAMPLE
from bot.answers.answer import Answer, Column, Table
from bot.core import wording
from bot.core.alerts.episode import Event, Happened
from bot.core.alerts.rule import Metric

_CAUTION = (
    "Tried on the figures as they are today, a day at a time: what was late or restated since shows as it is now, and "
    "within a day alerts come earlier than the morning after."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One message: when, about what, and whom it would have gone to."""

    event: Event
    who: str
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """`sense` is what the trial says of the rule, one sentence each."""

    rule_id: str
    held_against: str
    days: int
    lines: Sequence[Line]
    sense: Sequence[str]
    metric: Metric
    zone: str


def answer(tried: Tried) -> Answer:
    fired = sum(line.event.what is Happened.FIRED for line in tried.lines)
    count = len(tried.lines)
    messages = wording.exactly(count, "message") if count else "nothing"
    about = f", {fired} of them new alerts" if count > fired > 0 else ""
    return Answer(
        title=f"Replay of {tried.rule_id}",
        headline=f"{tried.rule_id} ({tried.held_against}) would have sent {messages} in {tried.days} days{about}.",
        tables=(_table(tried),) if tried.lines else (),
        paragraphs=tuple(tried.sense),
        notes=(_CAUTION,),
    )


def _table(tried: Tried) -> Table:
    columns = (
        *(Column("Day", numeric=False), Column("What", numeric=False), Column("About", numeric=False)),
        *(Column("Value"), Column("Held against"), Column("To", numeric=False)),
    )
    return Table(
        "What it would have sent",
        columns,
        tuple(
            (
                words.moment(line.event.at, tried.zone),
                line.event.what.value,
                line.who,
                words.said(tried.metric, line.event.value),
                words.said(tried.metric, line.event.limit),
                ", ".join(line.receivers) or "nobody",
            )
            for line in tried.lines
        ),
    )


def _lines(who: str) -> tuple[Line, ...]:
    over = Event(Happened.RESOLVED, examples.NOW + timedelta(days=1), 12 * 10**10, SAMPLE.event.limit)
    return tuple(Line(event, who, ("ana@example.com",)) for event in (SAMPLE.event, over))


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "some": answer(Tried("day_cap", "more than $200.00 a day", 90, _lines("Team Alpha"), (), Metric.COST, "UTC")),
        "nothing": answer(
            Tried(
                "day_cap",
                "more than $9,000.00 a day",
                90,
                (),
                ("It may never fire: nothing came to even half of its limit.",),
                Metric.COST,
                "UTC",
            )
        ),
        "hostile names": answer(
            Tried("day_cap", "more than $1.00 a day", 90, _lines(examples.HOSTILE), (), Metric.COST, "UTC")
        ),
    }
)
