"""`code`: what people did with Claude Code, what came of it, and what Anthropic estimates that at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.answers import examples
from bot.answers.answer import Action, Amount, Answer, Cell, Column, Fact, Percent, Table, Tokens, Tone
from bot.answers.pieces import during, title_of
from bot.core import wording
from bot.core.coding import Work
from bot.core.money import ZERO, Money
from bot.core.periods import Period, Unit
from bot.core.question import Dimension, Question, parse
from bot.core.typed import quote

CUTS = (Dimension.USER, Dimension.TEAM, Dimension.DAY)
"""What the rows can be; the report knows neither keys nor workspaces, and models only in its estimates."""
ESTIMATED = (
    "Estimated cost is what Anthropic reckons this use at, not billing: it is part of no other figure here, and people "
    "on a subscription are not charged it."
)
TOLD = (
    "What Claude Code itself reports stands beside all other figures and is part of none: people on a plan were not "
    "charged it, and what was done with an API key is in the bill already."
)
MISSING = "People who sign in with a subscription are often missing from Anthropic's report."
_FIGURES = (
    Column("Sessions"),
    Column("Lines +"),
    Column("Lines −"),
    Column("Commits"),
    Column("PRs"),
    Column("Accepted"),
    Column("Est. cost"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a person, a team or a day. `per_developer` is None where no person worked."""

    name: str
    work: Work
    developers: int
    per_developer: Money | None
    of: int = 1
    """How many rows it is the sum of, as "and 12 more" is of 12."""


@dataclass(frozen=True, slots=True)
class Code:
    """Everything the answer says. `total` is None where nothing was read, `previous` likewise for the period before."""

    question: Question
    who: str | None
    """The one person or program asked about."""
    period: Period
    total: Line | None
    before: Period
    previous: Line | None
    by: Dimension
    lines: Sequence[Line]
    told: Sequence[Line] = ()
    """The same, as Claude Code itself reports it by OpenTelemetry."""
    told_total: Line | None = None
    notes: Sequence[str] = ()


def answer(code: Code) -> Answer:
    silent = code.total is not None and code.total.work == Work() and code.told_total is not None
    total = None if silent else code.total  # who says that nobody used it is told otherwise below
    return Answer(
        title=f"Claude Code: {code.who}, {code.period.label}" if code.who else f"Claude Code, {code.period.label}",
        headline=_headline(code, total),
        facts=_facts(total, code.previous, code.before.label, one=code.who is not None) if total else (),
        tables=tuple(_tables(code)),
        notes=(*code.notes, *((ESTIMATED, MISSING) if code.total else ()), *((TOLD,) if code.told_total else ())),
        actions=_actions(code),
        question=code.question.text,
        share=code.question.share,
    )


def refused(question: Question, sentence: str) -> Answer:
    """There is no such report for this organisation's key, or not for this reader."""
    return Answer(title="Claude Code", headline=sentence, tone=Tone.SORRY, question=question.text)


def _headline(code: Code, total: Line | None) -> str:
    when = during(code.period)
    if total is None and code.told_total:
        heads, cost = code.told_total.developers, wording.dollars(code.told_total.work.estimated)
        return f"{code.who or _people(heads)} used Claude Code {when} for {cost} at API prices, as it reports itself."
    if total is None:
        return f"Nothing has been read about Claude Code {when}. To see how far the data goes, ask for status."
    who = code.who or _people(total.developers)
    work = total.work
    if not work.sessions and work == Work():
        return f"{code.who or 'Nobody'} {'did not use' if code.who else 'used'} Claude Code {when}."
    done = f"{wording.counted(work.sessions, 'session')}, {wording.count(work.lines_added)} lines added"
    done += f", {wording.counted(work.pull_requests, 'pull request')}"
    return f"{who} used Claude Code {when}: {done}, at an estimated {wording.dollars(work.estimated)}."


def _facts(total: Line, previous: Line | None, before: str, *, one: bool) -> tuple[Fact, ...]:
    work, was = total.work, previous.work if previous else None

    def count(label: str, name: str) -> Fact:
        return Fact(label, Tokens(getattr(work, name)), f"{before}: {wording.count(getattr(was, name, None))}")

    heads = previous.developers if previous else None
    people = (
        Fact("Developers", Tokens(total.developers), f"{before}: {wording.count(heads)}"),
        Fact("Cost per developer", Amount(total.per_developer or ZERO), "estimated, without programs"),
    )
    decided = work.accepted + work.rejected
    return (
        Fact(
            "Estimated cost", Amount(work.estimated), f"{before}: {wording.to_the_cent(was.estimated if was else None)}"
        ),
        *(() if one or not total.developers else people),
        count("Sessions", "sessions"),
        count("Lines added", "lines_added"),
        count("Lines removed", "lines_removed"),
        count("Commits", "commits"),
        count("Pull requests", "pull_requests"),
        Fact("Accepted", Percent(work.acceptance), f"of {wording.counted(decided, 'edit')} it proposed"),
        count("Tokens", "tokens"),
    )


def _tables(code: Code) -> Iterator[Table]:
    if code.lines:
        yield _table(code, code.lines, title_of(code.by), _FIGURES)
    if code.told:
        at_api_prices = (*_FIGURES[:-1], Column("At API prices"))
        yield _table(code, code.told, "As Claude Code itself reports", at_api_prices)


def _table(code: Code, lines: Sequence[Line], title: str, figures: tuple[Column, ...]) -> Table:
    people = code.by is not Dimension.USER and code.who is None
    name = "Developer" if code.by is Dimension.USER else code.by.value.capitalize()
    columns = (Column(name, numeric=False), *((Column("Developers"),) if people else ()), *figures)
    rows = tuple(_row(line, people=people) for line in lines)
    return Table(title, (*columns, *((Column("Per developer"),) if people else ())), rows, last_of=lines[-1].of)


def _row(line: Line, *, people: bool) -> tuple[Cell, ...]:
    work = line.work
    figures: tuple[Cell, ...] = (
        Tokens(work.sessions),
        Tokens(work.lines_added),
        Tokens(work.lines_removed),
        Tokens(work.commits),
        Tokens(work.pull_requests),
        Percent(work.acceptance),
        Amount(work.estimated),
    )
    if not people:
        return (line.name, *figures)
    by_head: Cell = Amount(line.per_developer) if line.per_developer is not None else "–"
    return (line.name, Tokens(line.developers), *figures, by_head)


def _actions(code: Code) -> tuple[Action, ...]:
    question, period = code.question, code.question.period.words
    about = question.named or "code"
    cuts = (Dimension.DAY,) if code.who else (Dimension.TEAM, Dimension.DAY)
    offered = [Action(title_of(by), f"{about} {period} by {by}") for by in cuts if by is not code.by]
    if question.period.unit is Unit.MONTH and question.period.running:
        offered.append(Action("Last month", f"{about} last month"))
    if code.who:
        offered.append(Action("Everybody", f"code {period}"))
    return tuple(offered)


def _people(number: int) -> str:
    return wording.counted(number, "developer") if number else "Programs"


def _example(
    text: str,
    lines: Sequence[Line],
    *,
    who: str | None = None,
    by: Dimension = Dimension.USER,
    notes: tuple[str, ...] = (),
    read: bool = True,
    told: Sequence[Line] = (),
) -> Answer:
    question = parse(text, now=examples.NOW, zone="UTC")
    period = question.period.until(examples.THROUGH)
    work, heads = sum((line.work for line in lines), Work()), sum(line.developers for line in lines)
    people = sum((line.work.estimated for line in lines if line.developers), ZERO)
    total = Line("", work, heads, Money(people.units // heads) if heads else None) if read else None
    heard = Line("", sum((line.work for line in told), Work()), len(told), None) if told else None
    before = period.previous()
    return answer(Code(question, who, period, total, before, _BEFORE, by, lines, told, heard, notes))


def _line(name: str, developers: int, work: Work, *, dollars: str) -> Line:
    estimated = Money.from_dollars(dollars)
    return Line(
        name,
        replace(work, estimated=estimated),
        developers,
        Money(estimated.units // developers) if developers else None,
    )


_BEFORE = _line("", 3, Work(101, 9_120, 2_890, 38, 9, 410, 61, 98_000_000), dollars="140.10")
_PEOPLE = (
    _line("mira@example.com", 1, Work(61, 8_012, 3_044, 41, 12, 512, 60, 78_400_300), dollars="184.22"),
    _line("ben@example.com", 1, Work(33, 3_511, 1_207, 19, 4, 201, 44, 31_020_400), dollars="71.05"),
    _line("ci-review-bot", 0, Work(220, 0, 0, 0, 0, 0, 0, 4_410_000), dollars="9.10"),
)
_TEAMS = (
    _line("Team Alpha", 4, Work(120, 14_100, 5_010, 71, 20, 790, 101, 140_000_000), dollars="301.50"),
    _line("unallocated", 0, Work(12, 0, 0, 0, 0, 0, 0, 900_000), dollars="1.20"),
)
EXAMPLES: Mapping[str, Answer] = MappingProxyType(
    {
        "developers": _example("code", _PEOPLE),
        "teams": _example(
            "code last week",
            _TEAMS,
            by=Dimension.TEAM,
            notes=("Rows per person are not shown to you.",),
        ),
        "one developer": _example(
            "code mira@example.com 2026-11-18..2026-11-19 by day",
            (
                _line("Wed 18 Nov", 1, Work(6, 812, 304, 4, 1, 38, 5, 8_638_440), dollars="6.21"),
                _line("Thu 19 Nov", 1, Work(2, 90, 12, 0, 0, 7, 0, 1_020_000), dollars="0.9001"),
            ),
            who="mira@example.com",
            by=Dimension.DAY,
        ),
        "nobody": _example("code yesterday", ()),
        "nothing read": _example("code today", (), read=False),
        "with what Claude Code itself reports": _example(
            "code last week", _PEOPLE[:1], told=(_PEOPLE[0], _line("no name given", 0, Work(3, 12), dollars="0.51"))
        ),
        "by Claude Code alone": _example("code last week", (), read=False, told=_PEOPLE[:2]),
        "not in the report": _example("code today", (), told=_PEOPLE[:2]),
        "not permitted": refused(
            parse("code", now=examples.NOW, zone="UTC"),
            "Anthropic does not let this organisation's key read the Claude Code report.",
        ),
        "hostile names": _example(
            f"code {quote(examples.HOSTILE[:200])}",
            (
                _line(
                    examples.HOSTILE,
                    1,
                    Work(10**12, 10**12, 10**12, 10**12, 10**12, 10**12, 10**12),
                    dollars="10000000",
                ),
            ),
            who=examples.HOSTILE,
            notes=(examples.HOSTILE,),
        ),
    }
)
