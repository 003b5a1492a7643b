"""Gathers what a team, a person or everybody spends, for a comparison with plans and usage tiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.answers import plan as plan_answer
from bot.answers.answer import Answer
from bot.answers.plan import Comparison
from bot.core.coders import Coders
from bot.core.coding import ActorKind, CodeRecord
from bot.core.directory import UNALLOCATED, is_person
from bot.core.money import ZERO, Money
from bot.core.periods import Period
from bot.core.plans import Between, Use, spending, told_by_claude_code, unsplit, use_of
from bot.core.question import Dimension
from bot.core.words import Subject
from bot.services.figures import list_range
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Names
from bot.services.figures.sight import Sight
from bot.services.figures.view import Coverage, View
from bot.store.calls import code_counts
from bot.store.ledger import people
from bot.store.readings import limits

CLAUDE_CODE = "claude code"
"""The workspace that Anthropic makes when the first person signs in to Claude Code."""
_USAGE_TIER = "usage_tier"
_DAY = timedelta(days=1)


def answer(asked: Inquiry) -> Answer:
    """What the thing asked about spent in the whole days of the period, by product and by person, and the cap on it.

    Where the split between people and programs would tell what one hidden person spent, it is left open.
    Raises Withheld where the whole would.
    """
    question, found, names, coverage, sight = asked.question, asked.found, asked.names, asked.coverage, asked.sight
    period = whole_days(coverage.cut(question.period), coverage)
    sight.allow(found, period, coverage)
    by_product, by_user = list_range.figures(asked.view, period, Dimension.PRODUCT, Dimension.USER)
    spaces = frozenset(
        id_
        for directory in names.organizations
        for id_, workspace in directory.workspaces.items()
        if workspace.name.casefold() == CLAUDE_CODE
    )
    there = replace(found.selection, workspaces=spaces & (found.selection.workspaces or spaces))
    within = View(asked.connection, there, coverage)
    certain = list_range.figures(within, period, Dimension.PRODUCT)[0].get("") if spaces else None
    number = max(1, round((period.end - period.start) / _DAY))
    spent = spending(by_product, certain, [part for actor, part in by_user.items() if is_person(actor)], number)
    told = _told(asked, period)
    only = told is not None and question.about is Subject.USER and not (spent.total and spent.total.high.units)
    if told is not None and only:
        spent = told_by_claude_code(told, number)
    closed = _tells_of_one(asked.view, period, sight)
    comparison = Comparison(
        question,
        found.name,
        period,
        unsplit(spent) if closed else spent,
        coverage.data_through,
        _cap(asked.connection, names) if question.about is None else None,
        (f"How much of it is by people would tell of a single one. {sight.access.refusal}",) if closed else (),
        Between(told, told).monthly(number).low if told is not None else None,
        only,
    )
    return plan_answer.answer(comparison)


def _told(asked: Inquiry, period: Period) -> Money | None:
    """What Claude Code itself reports of the person asked about, or of everybody; None where it reports nothing, or
    where what it reports would tell of one person whom the asker may not see."""
    names, about = asked.names, asked.question.about
    if about not in (None, Subject.USER):
        return None
    wanted = None
    if about is Subject.USER:
        ids = asked.found.selection.actors or frozenset()
        members = (member for one in names.organizations for member in one.members.values() if member.id in ids)
        wanted = {*ids, *(member.email.strip().lower() for member in members)}
    records = code_counts.read(asked.connection, period.start.date(), period.end.date())
    records = [one for one in records if wanted is None or one.actor.name in wanted]
    coders = [Coders(one, names.configuration.teams) for one in names.organizations]
    hidden = {one.actor.name for one in records if _hides(one, coders, asked.sight)}
    if not records or len(hidden) == 1 or (hidden and wanted is not None):
        return None
    return sum((one.work.estimated for one in records), ZERO)


def _hides(record: CodeRecord, coders: Sequence[Coders], sight: Sight) -> bool:
    if record.actor.kind is not ActorKind.PERSON:
        return False
    whose = next((one for one in coders if one.names(record.actor)), None)
    person = whose.person(record.actor) if whose else None
    return not sight.access.sees(person or record.actor.name, whose.team(record) if whose else UNALLOCATED)


def _tells_of_one(view: View, period: Period, sight: Sight) -> bool:
    """Whether one side of the split between people and programs is one hidden person's, and nobody else's."""
    if sight.blind:
        return False
    when = view.stretch(period)
    hidden: dict[Use, set[str]] = defaultdict(set)
    for one in people.present(view.connection, when, view.selection, (Dimension.PRODUCT,)):
        if sight.hides(one.actor_id, one.team_id):
            hidden[use_of(one.ids[0])].add(one.actor_id)
    if all(len(some) != 1 for some in hidden.values()):
        return False
    mixed = people.others(view.connection, when, view.selection, Dimension.PRODUCT)
    open_anyway = {use_of(product) for product in mixed}
    return any(len(some) == 1 and use not in open_anyway for use, some in hidden.items())


def whole_days(period: Period, coverage: Coverage) -> Period:
    """The period without the day that is still running, unless there is no other: half a day would slow the pace."""
    through = coverage.data_through
    if through is None or period.end <= through or through - period.start < _DAY:
        return period
    return replace(period, end=through)


def _cap(connection: Connection, names: Names) -> Money | None:
    """What Anthropic lets the organisation spend in a month; None where that can't be read, or there are several."""
    if len(names.organizations) != 1:
        return None
    read = limits.read(connection, names.organizations[0].organization_id)
    return next((limit.amount for limit in read.spends if limit.scope == _USAGE_TIER), None)
