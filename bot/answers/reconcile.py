"""The reconciliation: day by day what Anthropic reports, what the ledger holds, usage × list price, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Cell, Column, Fact, Table, Tone
from bot.answers.pieces import day_label
from bot.core.books.reconciliation import Cause, Fault, Reconciliation, Stage
from bot.core.money import ZERO, Money

MOST_DAYS_NAMED = 3
_SENTENCES: Mapping[Fault, str] = MappingProxyType(
    {
        Fault.ROWS_LOST: "Anthropic's own sum is higher than the ledger: rows or a page of the cost report were lost.",
        Fault.DEFAULT_WORKSPACE_LOST: "Anthropic's own sum is higher than the ledger, and the default workspace has "
        "usage but no cost: its rows, whose workspace is null, were lost.",
        Fault.ROWS_DOUBLED: "Anthropic's own sum is lower than the ledger: rows or a page of the cost report came "
        "twice.",
        Fault.CENTS_AS_DOLLARS: "Amounts are a hundred times too high: cents were taken for dollars.",
        Fault.ONE_HOUR_AS_FIVE_MINUTES: "1-hour cache writes are priced as 5-minute ones in usage × list price.",
        Fault.USAGE_LOST: "Tokens were billed of which no usage was reported: rows or a page of the usage report were "
        "lost.",
        Fault.ABOVE_LIST: "More was billed than the list price, long prompts and fast mode included.",
        Fault.LOCAL_DAY: "The day's tokens are those of 24 other hours: a local day was taken for a UTC day.",
    }
)


@dataclass(frozen=True, slots=True)
class Held:
    """One day of one organisation, by the organisation's name."""

    organization: str
    found: Reconciliation


def answer(days: Sequence[Held], period: str) -> Answer:
    """`period` is how people call the days; empty for a message about what does not add up, which nobody asked for."""
    wrong = [held for held in days if not held.found.explained]
    several = len({held.organization for held in days}) > 1
    return Answer(
        title=f"Reconciliation, {period}" if period else "The figures do not add up",
        headline=verdict(days),
        facts=_facts(days) if days else (),
        tables=_tables(days, several=several) if days else (),
        paragraphs=tuple(_paragraphs(wrong)),
        notes=tuple(_notes(days)),
        actions=() if period else (Action("Status", "status"),),
        tone=Tone.WARNING if wrong else Tone.PLAIN,
    )


def verdict(days: Sequence[Held]) -> str:
    """The whole in one sentence."""
    if not days:
        return "Nothing of these days has been read yet."
    wrong = sorted({held.found.day for held in days if not held.found.explained})
    count = len({held.found.day for held in days})
    if wrong:
        among = f"{len(wrong)} of {count} days: " if count > 1 else ""
        return f"Nothing explains a difference on {among}{_said_days(wrong)}."
    unread = {held.found.day for held in days if held.found.reported is None}
    if unread:
        return f"Every difference is explained; Anthropic's own sum is not in yet for {_said_days(sorted(unread))}."
    half = {held.found.day for held in days if held.found.stage is Stage.UNREAD}
    if half:
        return f"Every difference is explained; usage or cost is not in yet for {_said_days(sorted(half))}."
    return f"All {count} days add up." if count > 1 else f"{day_label(days[0].found.day)} adds up."


def _facts(days: Sequence[Held]) -> tuple[Fact, ...]:
    reported = [held.found.reported for held in days]
    known = [amount for amount in reported if amount is not None]
    return (
        Fact("Anthropic reports", Amount(sum(known, ZERO) if len(known) == len(reported) else None)),
        Fact("The ledger holds", Amount(sum((held.found.ledger for held in days), ZERO))),
        Fact("Usage × list price", Amount(sum((held.found.list_cost for held in days), ZERO))),
    )


def _tables(days: Sequence[Held], *, several: bool) -> tuple[Table, ...]:
    who = (Column("Organisation", numeric=False),) if several else ()
    columns = (Column("Day", numeric=False), *who)
    amounts = (Column("Anthropic"), Column("Ledger"), Column("Usage × list"), Column("State", numeric=False))
    rows = tuple((*_place(held, several), *_amounts(held.found), _state(held.found)) for held in days)
    lines = tuple((*_place(held, several), *line) for held in days for line in _lines(held.found))
    tables = [Table("By day", (*columns, *amounts), rows)]
    if lines:
        what = (Column("Line", numeric=False), Column("Amount"))
        tables.append(Table("From usage × list to the ledger to Anthropic", (*columns, *what), lines))
    return tuple(tables)


def _place(held: Held, several: bool) -> tuple[Cell, ...]:
    day = f"{held.found.day:%a} {day_label(held.found.day)}"
    return (day, held.organization) if several else (day,)


def _amounts(found: Reconciliation) -> tuple[Cell, ...]:
    """What was never read is not in yet, rather than nothing."""
    unread = found.stage is Stage.UNREAD
    return (
        Amount(found.reported),
        Amount(None if unread and not found.ledger.units else found.ledger),
        Amount(None if unread and not found.list_cost.units else found.list_cost),
    )


def _lines(found: Reconciliation) -> Iterator[tuple[Cell, ...]]:
    for cause, amount in found.causes.items():
        yield cause.value, Amount(amount)
    if found.apart and found.difference is not None:
        yield f"Anthropic's own sum: {found.apart.value}", Amount(found.difference)


def _state(found: Reconciliation) -> str:
    if not found.explained:
        return "not explained"
    if found.stage in (Stage.UNREAD, Stage.RUNNING):
        return "running" if found.stage is Stage.RUNNING else "not in yet"
    if found.reported is None:
        return "no sum yet"
    return found.apart.value if found.apart is Cause.RESTATED else "adds up"


def _paragraphs(wrong: Sequence[Held]) -> Iterator[str]:
    """One for each kind of fault, then what to do."""
    for fault in Fault:
        days = sorted({held.found.day for held in wrong if fault in held.found.faults})
        if days:
            yield f"{_said_days(days)}: {_SENTENCES[fault]}"
    if wrong:
        first, last = min(held.found.day for held in wrong), max(held.found.day for held in wrong)
        until = last + timedelta(days=1)
        yield (
            f"Read them again with `claude-usage sync --since {first} --until {until}`. What is still not explained "
            "then is a mistake in the bot or in a report: don't defend these figures before it is found."
        )


def _notes(days: Sequence[Held]) -> Iterator[str]:
    restated = sorted({held.found.day for held in days if held.found.apart is Cause.RESTATED})
    if restated:
        yield f"Restated since the rows were read: {_said_days(restated)}."
    if any(held.found.stage is Stage.SETTLING for held in days):
        yield "Days of the last four days may still be restated in one report before the other."


def _said_days(days: Sequence[date]) -> str:
    if len(days) <= MOST_DAYS_NAMED:
        return ", ".join(map(day_label, days))
    return f"{len(days)} days from {day_label(days[0])} to {day_label(days[-1])}"


def _example(
    day: int,
    reported: str | None,
    ledger: str,
    listed: str,
    *faults: Fault,
    apart: Cause | None = None,
    stage: Stage = Stage.SETTLED,
    **causes: str,
) -> Held:
    """A day of November in dollars."""
    money = Money.from_dollars
    amounts = {Cause[name]: money(amount) for name, amount in causes.items()}
    said = money(reported) if reported is not None else None
    found = Reconciliation(
        date(2026, 11, day), said, money(ledger), money(listed), amounts, apart, tuple(faults), stage
    )
    return Held(examples.ORGANISATION, found)


_WELL = (
    _example(16, "226.12", "226.12", "251.2444", DISCOUNT="-25.1244"),
    _example(17, "231.04", "231.04", "262.7611", PRIORITY="-6.20", DISCOUNT="-25.6711", NOT_TOKENS="0.15"),
    _example(18, "240.40", "239.02", "264.42", apart=Cause.RESTATED, DISCOUNT="-25.40"),
    _example(22, None, "0", "12.10", stage=Stage.UNREAD, NOT_IN_YET="-12.10"),
)
_HALF = _example(19, "226.12", "226.12", "251.2444", stage=Stage.UNREAD, NOT_IN_YET="-25.1244")
_WRONG = (
    _example(19, "226.12", "213.80", "237.5555", Fault.ROWS_LOST, apart=Cause.UNEXPLAINED, DISCOUNT="-23.7555"),
    _example(20, "230.00", "230.00", "212.50", Fault.ONE_HOUR_AS_FIVE_MINUTES, DISCOUNT="-20", UNEXPLAINED="37.50"),
    _example(21, "2.31", "231", "2.31", Fault.CENTS_AS_DOLLARS, apart=Cause.UNEXPLAINED, UNEXPLAINED="228.69"),
)
_HOSTILE = Held(examples.HOSTILE, _WELL[0].found)
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "well": answer(_WELL, "16–22 Nov"),
        "not explained": answer((*_WELL[:-1], *_WRONG, _WELL[-1]), "16–22 Nov"),
        "page": answer(_WRONG[:1], ""),
        "usage not in yet": answer((*_WELL[:3], _HALF), "16–19 Nov"),
        "nothing read": answer((), "October 2026"),
        "hostile names": answer((_HOSTILE, *_WELL), "this month"),
    }
)
