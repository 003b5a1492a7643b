"""Finds two or three things of one kind by their names, and gathers each for `compare`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import combinations

from bot.answers import compare as compare_answer
from bot.answers.answer import Answer
from bot.answers.compare import Compared
from bot.answers.pieces import Plan
from bot.answers.trend import plan, short_label
from bot.core import wording
from bot.core.errors import NotFound, WordsError
from bot.core.question import Dimension, Question, Subject, written
from bot.core.report import Report, Row, added
from bot.core.typed import shown
from bot.core.words import MANY, TOLD
from bot.services.asking.trend import steps
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Found, Names
from bot.services.figures.sight import Sight
from bot.services.figures.steps import span_name
from bot.services.figures.view import NOTHING
from bot.store.ledger import Selection

_KINDS = tuple(kind for kind in MANY if Dimension(kind.value) not in TOLD)


def selection(asked: Inquiry) -> Selection:
    """The part of the ledger that a question is about: of a comparison, all that is compared."""
    if asked.question.subject is not Subject.COMPARE:
        return asked.found.selection
    _, things = _things(asked.question, asked.names, asked.sight)
    chosen = {}
    for field in fields(Selection):
        sets = [ids for thing in things if isinstance(ids := getattr(thing.selection, field.name), frozenset)]
        if sets:
            chosen[field.name] = frozenset[str]().union(*sets)
    return asked.names.selection(**chosen)


def answer(asked: Inquiry) -> Answer:
    """What the asker may see of each. Raises WordsError where they are of several kinds or count the same twice,
    NotFound for a name nobody has, Withheld where one of them would tell of a single forbidden person."""
    question, coverage, sight = asked.question, asked.coverage, asked.sight
    kind, things = _things(question, asked.names, sight)
    period = coverage.cut(question.period)
    step = plan(question.by, period).by
    step = Dimension.DAY if step is Dimension.HOUR else step
    reports, courses, ids = [], [], []
    for name, found in zip(question.names, things, strict=True):
        sight.allow(found, period, coverage)
        alone = replace(question, subject=kind, name=name, about=None, names=(), by=None)
        reports.append(asked.findings(alone, Plan(Dimension.TOKEN_TYPE), found).report)
        course = steps(asked.view_of(found), reports[-1].period, step)
        ids = [id_ for id_, _ in course]
        courses.append(tuple(figures.billed_cost for _, figures in course))
    labels = tuple(short_label(span_name(id_, step), step) for id_ in ids)
    report = _together(question, kind, things, reports)
    return compare_answer.answer(Compared(report, kind, step, labels, tuple(courses)))


def _together(question: Question, kind: Subject, things: Sequence[Found], reports: Sequence[Report]) -> Report:
    """One report with a row for each; what stands under all of them is said once."""
    total = added(report.total for report in reports)
    known = all(report.previous.billed_cost is not None for report in reports)
    billed_all = all(report.total.billed_cost is not None for report in reports)
    whole = total.billed_cost.units if total.billed_cost and billed_all else 0
    rows = []
    for found, report in zip(things, reports, strict=True):
        billed = report.total.billed_cost
        share = billed.units / whole if whole and billed is not None else None
        rows.append(Row(found.id, found.name, report.total, share, report.previous))
    everywhere = [note for note in reports[0].notes if all(note in report.notes for report in reports)]
    own = [
        f"{found.name}: {note}"
        for found, report in zip(things, reports, strict=True)
        for note in report.notes
        if note not in everywhere
    ]
    return replace(
        reports[0],
        question=question,
        name=None,
        by=Dimension(kind.value),
        total=total,
        previous=added(report.previous for report in reports) if known else NOTHING,
        rows=tuple(rows),
        notes=(*everywhere, *own),
        discount=None,
    )


def _things(question: Question, names: Names, sight: Sight) -> tuple[Subject, tuple[Found, ...]]:
    """What the names are of, all of one kind, none of them part of another."""
    kind = question.about or _kind(question, names, sight)
    if kind not in _KINDS:
        raise WordsError(f"I put what is billed side by side, and no {kind} is. Try `/claude-usage {kind}s`.")
    things = tuple(_find(question, kind, name, names, sight) for name in question.names)
    if any(found.selection.teams is not None for found in things) and kind is Subject.USER:
        # Somebody's use within my teams beside somebody else's whole would compare nothing.
        things = tuple(replace(one, selection=replace(one.selection, teams=sight.access.teams)) for one in things)
    _refuse_twice(kind, things)
    return kind, things


def _find(question: Question, kind: Subject, name: str, names: Names, sight: Sight) -> Found:
    return sight.find(replace(question, subject=kind, name=name, about=None, names=()), names)


def _kind(question: Question, names: Names, sight: Sight) -> Subject:
    """The first kind that all the names are of. Raises WordsError where they are of several."""
    kinds: dict[str, list[Subject]] = defaultdict(list)
    for kind in _KINDS:
        for name in question.names:
            try:
                names.find(sight.connection, replace(question, subject=kind, name=name, about=None, names=()))
            except NotFound:
                continue
            kinds[name].append(kind)
        if all(kind in kinds[name] for name in question.names):
            return kind
    for name in question.names:
        if not kinds[name]:
            _find(question, Subject.TEAM, name, names, sight)  # raises NotFound, with the closest
    said = [f"“{shown(name)}” is a {kinds[name][0]}" for name in question.names]
    raise WordsError(
        f"{wording.listed(said)}: I put things of one kind side by side. Try `/claude-usage compare teams alpha beta`."
    )


def _refuse_twice(kind: Subject, things: Sequence[Found]) -> None:
    """Raises WordsError where the same would be counted in two columns."""
    for one, other in combinations(things, 2):
        if one.id == other.id:
            raise WordsError(f"Both names are {one.name}. What shall I put beside it?")
        if kind is Subject.TEAM and (one.selection.teams or frozenset()) & (other.selection.teams or frozenset()):
            outer, inner = (
                (one, other) if len(one.selection.teams or ()) > len(other.selection.teams or ()) else (other, one)
            )
            raise WordsError(
                f"{inner.name} is part of {outer.name}, so it would be counted twice. "
                f"Try `/claude-usage team {shown(written(Subject.TEAM, outer.id or ''))} by team`."
            )
