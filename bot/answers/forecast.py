"""`forecast`: what a period will have cost when it ends, between what and what, and how often that was right before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Column, Fact, Percent, Table
from bot.core import wording
from bot.core.money import Money
from bot.core.outlook.budget import Span
from bot.core.outlook.forecast import Forecast, Past, Unsaid, forecast, track_record
from bot.core.periods import span as stretch
from bot.core.question import Question, Subject, parse

TEN_DAYS = 10
_MEANING = "An estimate: four times out of five the total comes to lie in the range."


@dataclass(frozen=True, slots=True)
class Outlook:
    """A forecast of one period, seen `elapsed` whole days into it, with those of the same kind of period before."""

    question: Question
    who: str
    span: Span
    spent: Money | None
    lately: Money | None
    forecast: Forecast | Unsaid
    record: tuple[Past, ...]
    elapsed: int
    data_through: datetime | None

    @property
    def seen(self) -> int:
        """How far into their periods the record's forecasts were made: as far as this one, or TEN_DAYS on a first."""
        return self.elapsed or TEN_DAYS


def answer(outlook: Outlook) -> Answer:
    """What is spent, what it is heading for, and the record."""
    question = outlook.question
    return Answer(
        title=f"Forecast: {outlook.who}, {named(outlook.span)}",
        headline=_headline(outlook),
        facts=_facts(outlook),
        tables=(_table(outlook.record),) if outlook.record else (),
        notes=tuple(note for note in (record_line(outlook.record, outlook.seen), _meaning(outlook)) if note),
        actions=(
            Action("The figures", f"{question.named or Subject.SUMMARY} {question.period.words}"),
            Action("Budget", f"budget {question.named}".strip()),
        ),
        data_through=outlook.data_through,
        question=question.text,
        share=question.share,
    )


def heading(said: Forecast) -> str:
    """ "$1,760 (between $1,640 and $1,910)"."""
    low, high = wording.dollars(said.low), wording.dollars(said.high)
    return f"{wording.dollars(said.total)} (between {low} and {high})"


def record_line(record: Sequence[Past], elapsed: int) -> str:
    """How such forecasts turned out; "" where there are none that could have been right or wrong."""
    errors = [past.error for past in record if past.error is not None]
    if not errors:
        return ""
    many = "the last period" if len(record) == 1 else f"each of the last {len(record)} periods"
    within = sum(past.within for past in record)
    days = "1 day" if elapsed == 1 else f"{elapsed} days"
    return (
        f"Track record, {days} into {many}: off by {wording.percent(sum(errors) / len(errors))} on average, "
        f"{within} of {len(record)} within the range."
    )


def _headline(outlook: Outlook) -> str:
    said, who, when = outlook.forecast, outlook.who, during(outlook.span)
    if outlook.spent is None:
        return f"Nothing is known yet of what {who} spent {when}."
    spent = wording.dollars(outlook.spent)
    if isinstance(said, Unsaid):
        return f"{who} spent {spent} so far {when}. There is no forecast: {said.value[0].lower()}{said.value[1:]}"
    if not said.reached:
        return f"{who} spent {spent} {when}, which is over."
    return f"{who} is heading for {heading(said)} {when}, after {spent} so far."


def _facts(outlook: Outlook) -> tuple[Fact, ...]:
    facts = [Fact("Spent so far", Amount(outlook.spent), f"{outlook.elapsed} of {outlook.span.days} days")]
    over = isinstance(outlook.forecast, Forecast) and not outlook.forecast.reached
    if outlook.lately is not None and not over:
        facts.append(Fact("A day lately", Amount(outlook.lately), "mean of the last 7 whole days"))
    if isinstance(outlook.forecast, Forecast) and outlook.forecast.reached:
        low, high = wording.dollars(outlook.forecast.low), wording.dollars(outlook.forecast.high)
        facts.append(Fact("At the end", Amount(outlook.forecast.total), f"{low} to {high}"))
    return tuple(facts)


def _meaning(outlook: Outlook) -> str:
    return _MEANING if isinstance(outlook.forecast, Forecast) and outlook.forecast.reached else ""


def _table(record: Sequence[Past]) -> Table:
    columns = (
        Column("Period", numeric=False),
        Column("Forecast"),
        Column("Came to"),
        Column("Off by"),
        Column("In range", numeric=False),
    )
    rows = tuple(
        (
            named(Span(past.start, past.end)),
            Amount(past.forecast.total),
            Amount(past.cost),
            Percent(past.error),
            "yes" if past.within else "no",
        )
        for past in record
    )
    return Table("Forecasts before", columns, rows)


def named(span: Span) -> str:
    """November 2026, 2026, 16–22 Nov 2026, 22 Nov 2026."""
    first, last = span.start, span.end - timedelta(days=1)
    if (first.month, first.day, last.month, last.day, span.days // 365) == (1, 1, 12, 31, 1):
        return str(first.year)
    if first.day == 1 and (span.end.day, span.days // 32) == (1, 0):
        return f"{first:%B %Y}"
    return f"{stretch(first, last)} {last.year}"


def during(span: Span) -> str:
    """The period in a sentence: "in November 2026", "from 16 to 22 Nov 2026", "on 22 Nov 2026"."""
    name = named(span)
    if "–" in name:
        return f"from {name.replace(' – ', ' to ').replace('–', ' to ')}"
    return f"on {name}" if span.days == 1 else f"in {name}"


def example_days(*, count: int = 204, level: int = 48) -> list[Money | None]:
    """A team's days up to 20 November 2026: busy weeks, quiet weekends, a slow rise."""
    first = date(2026, 11, 21) - timedelta(days=count)
    days = (first + timedelta(days=n) for n in range(count))
    return [
        Money.from_dollars(
            f"{level * (1 + n / 800) * (0.35 if day.weekday() > 4 else 1) * (0.9 + n * 7919 % 21 / 100):.2f}"
        )
        for n, day in enumerate(days)
    ]


def _example(text: str, who: str, days: list[Money | None], span: Span | None = None, past: int = 6) -> Answer:
    span = span or Span(date(2026, 11, 1), date(2026, 12, 1))
    stop = date(2026, 11, 21)
    first = stop - timedelta(days=len(days))
    elapsed = max(0, min((stop - span.start).days, span.days))
    earlier = [
        (date(2026, 11 - n, 1), date(2026, 12 - n, 1)) for n in range(1, past + 1) if span.start == date(2026, 11, 1)
    ]
    known = [day for day in days[-elapsed:] if day is not None] if elapsed else []
    spent = Money(sum(day.units for day in known)) if days else None
    week = [day.units for day in days[-7:] if day is not None]
    return answer(
        Outlook(
            parse(text, now=examples.NOW, zone="UTC"),
            who,
            span,
            spent,
            Money(sum(week) // 7) if len(week) == 7 else None,
            forecast(days, first, span.start, span.end),
            track_record(days, first, earlier, elapsed),
            elapsed,
            examples.THROUGH,
        )
    )


EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "team": _example("forecast alpha", "Team Alpha", example_days()),
        "organisation, this quarter": _example(
            "forecast this quarter",
            examples.ORGANISATION,
            example_days(level=900),
            Span(date(2026, 10, 1), date(2027, 1, 1)),
        ),
        "too little history": _example("forecast gamma", "Team Gamma", example_days(count=4)),
        "nothing spent yet": _example("forecast delta", "Team Delta", [Money(0)] * 30),
        "nothing read": _example("forecast", examples.ORGANISATION, []),
        "over": _example(
            "forecast alpha last week",
            "Team Alpha",
            example_days(),
            Span(date(2026, 11, 9), date(2026, 11, 16)),
        ),
        "hostile names": _example("forecast", examples.HOSTILE, example_days(level=1)),
    }
)
