"""The page of advice: the sum, a line for each piece, and what shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.answers.advice.words import Words, said
from bot.answers.answer import Action, Amount, Answer, Cell, Column, Table
from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.advice import FEWEST_DAYS, FOR_SO_LONG, Leak, Piece, Retiring, Window
from bot.core.money import Money
from bot.core.plans import Between
from bot.core.prices import display_name
from bot.core.question import Question, written
from bot.core.typed import shown

_MOST_KEYS = 8


@dataclass(frozen=True, slots=True)
class Given:
    """A piece of advice with the names of who it is for, the dearest first."""

    piece: Piece
    callers: tuple[str, ...]
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advised:
    """Everything there is to say about one thing; `floor` is what a piece must save a month to be said."""

    question: Question
    who: str
    window: Window
    floor: Money
    given: tuple[Given, ...]
    unused: tuple[tuple[str, date], ...]
    """Keys that nobody uses any more, with their last day, the longest first."""
    data_through: datetime | None
    notes: tuple[str, ...] = ()


def answer(found: Advised) -> Answer:
    question = found.question
    return Answer(
        title=f"Advice for {found.who}",
        headline=" ".join(_headline(found)),
        tables=tuple(_tables(found)),
        paragraphs=tuple(_paragraphs(found)),
        notes=(*_notes(found), *found.notes),
        actions=_actions(question),
        data_through=found.data_through,
        question=question.text,
        share=question.share,
    )


def _headline(found: Advised) -> Iterator[str]:
    """The sum and the surest of it; what is about to be switched off; or that there is nothing to say."""
    if found.window.known < FEWEST_DAYS:
        yield (
            f"There is too little to go by about {found.who}: advice takes {FEWEST_DAYS} whole days (UTC), and this "
            f"has {found.window.known}."
        )
        return
    total = _total(found.given)
    if total.low.units:
        first = found.given[0]
        what = f"{_lower(_words(first, found).title)} ({_for(first)})"
        if len(found.given) == 1:
            yield f"{found.who} could save {_between(total)} a month: {what}."
        else:
            yield f"{found.who} could save {_between(total)} a month."
            yield f"The surest: {what}, {_between(first.piece.month)}."
    else:
        yield f"Nothing to change at {found.who} that would save {wording.dollars(found.floor)} a month or more."
    for one in found.given:
        if isinstance(one.piece.evidence, Retiring):
            yield f"{_model(one)} is switched off on {day_label(one.piece.evidence.on)}."
    if found.unused and not found.given:
        yield f"{_keys(len(found.unused))} could be archived."


def _tables(found: Advised) -> Iterator[Table]:
    if found.given:
        columns = (
            *(Column("Advice", numeric=False), Column("For", numeric=False)),
            *(Column("At least"), Column("Up to")),
        )
        rows: list[tuple[Cell, ...]] = [
            (_words(one, found).title, _for(one), *_cells(one.piece.month)) for one in found.given
        ]
        several = sum(one.piece.month.high.units > 0 for one in found.given) > 1
        yield Table(
            "What would cost less, dollars a month",
            columns,
            tuple(rows),
            ("Together", "", *_cells(_total(found.given))) if several else None,
        )
    if found.unused and found.window.known >= FEWEST_DAYS:
        keys = [(name, f"{day_label(last)} {last.year}") for name, last in found.unused[:_MOST_KEYS]]
        hidden = len(found.unused) - len(keys)
        rest = [(wording.and_more(hidden), "")] if hidden else []
        used = (Column("Key", numeric=False), Column("Last used"))
        yield Table("Keys that nobody uses", used, (*keys, *rest), last_of=hidden or 1)


def _paragraphs(found: Advised) -> Iterator[str]:
    """What to do, what shows it, and what the amount takes for granted: one paragraph each."""
    for number, one in enumerate(found.given, 1):
        words = _words(one, found)
        amount = f": {_between(one.piece.month)} a month" if one.piece.month.high.units else ""
        assumed = "" if one.piece.month.exact else words.assumed
        parts = [f"{number}. {words.title} ({_of(one)}){amount}.", words.figures, _by(one), words.do, assumed]
        yield " ".join(part for part in parts if part)
    if found.unused and found.window.known >= FEWEST_DAYS:
        yield (
            f"Archive what was not used for {FOR_SO_LONG.days} days: {_keys(len(found.unused))}. An idle key costs "
            "nothing, but one that is gone can't be stolen."
        )


def _notes(found: Advised) -> Iterator[str]:
    if found.window.known < FEWEST_DAYS:
        return
    leaks = any(isinstance(one.piece.evidence, Leak) for one in found.given)
    yield (
        f"A month is 30 days at the pace of the {found.window.known} whole days looked at"
        f"{', and of a leak since it began' if leaks else ''}. What would save less than "
        f"{wording.dollars(found.floor)} a month is left out."
    )
    if len(found.given) > 1:
        yield (
            "No dollar is counted twice: where a key's use of a model could be made cheaper in several ways, each "
            "counts what the ones before it leave of the cost, in this order: caching, fast mode, geography, batches, "
            "another model (one of them)."
        )


def _actions(question: Question) -> tuple[Action, ...]:
    period = question.period.words
    if question.name and question.about:
        about = f"{question.about} {written(question.about, question.name)}"
        return (Action("What it spent", f"{about} {period}"), Action("Whole organisation", f"advice {period}"))
    return (Action("Keys", f"keys {period}"), Action("Models", f"models {period}"))


def _words(one: Given, found: Advised) -> Words:
    return said(one.piece.evidence, found.window.zone)


def _for(one: Given) -> str:
    """Whose advice it is: the model and one key, or how many."""
    who = shown(one.callers[0]) if len(one.callers) == 1 else _keys(len(one.callers))
    return f"{_model(one)} by {who}"


def _model(one: Given) -> str:
    return shown(display_name(one.piece.findings[0].course.use.model))


def _of(one: Given) -> str:
    """The same with the team, where one key is one team's."""
    single = len(one.callers) == len(one.teams) == 1
    return f"{_for(one)}, {shown(one.teams[0])}" if single else _for(one)


def _by(one: Given) -> str:
    """The keys and teams, where there are several."""
    if len(one.callers) == 1 and len(one.teams) < 2:
        return ""
    return f"It is used by {_some(one.callers)} of {_some(one.teams)}."


def _some(names: Sequence[str]) -> str:
    shown_names = [shown(name) for name in names]
    return wording.listed(shown_names if len(names) <= 3 else [*shown_names[:3], f"{len(names) - 3} more"])


def _cells(month: Between) -> tuple[Cell, Cell]:
    if not month.high.units:
        return "–", "–"
    return Amount(month.low), Amount(month.high)


def _total(given: Iterable[Given]) -> Between:
    return sum((one.piece.month for one in given), Between())


def _between(month: Between) -> str:
    low, high = wording.dollars(month.low), wording.dollars(month.high)
    return low if low == high else f"{low} to {high}"


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
