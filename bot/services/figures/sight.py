"""What of an answer its asker may see, and the rows that must be shown as one because of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection

from bot.core.access import FEWEST, Access, Asker, Group, access, together
from bot.core.directory import is_person
from bot.core.errors import NotFound, Withheld
from bot.core.hours import Stretch
from bot.core.periods import Period
from bot.core.question import Dimension, Question, Subject
from bot.core.report import Findings, Row, rest
from bot.core.words import ME, TIMES
from bot.services.figures.names import Found, Names
from bot.services.figures.view import NOTHING, Coverage, View
from bot.store import memory
from bot.store.ledger import Selection, people

_WHOLE = frozenset({*TIMES, Dimension.TOKEN_TYPE})
"""Rows of these are about everybody in the whole: they carry no name."""


def any_named(connection: Connection) -> bool:
    """Whether any report has ever named a person."""
    return memory.remembered(connection, "people named", partial(people.any_named, connection))


@dataclass(frozen=True, slots=True)
class Sight:
    """One asker's view of one database. `blind`: there is nobody to hide."""

    connection: Connection
    access: Access
    blind: bool

    @classmethod
    def of(cls, connection: Connection, names: Names, asker: Asker, *, shared: bool) -> Sight:
        allowed = access(names.configuration, asker, names.organizations, shared=shared)
        return cls(connection, allowed, allowed.everything or not any_named(connection))

    def find(self, question: Question, names: Names) -> Found:
        """What the question names, and as much of a person as the asker may see.

        Raises Withheld for a person they may not see, NotFound for a name nobody has.
        """
        found = self._me(names) if _is_me(question) else names.find(self.connection, question)
        return self._within(found) if question.thing is Subject.USER and not self.blind else found

    def allow(self, found: Found, period: Period, coverage: Coverage) -> None:
        """Raises Withheld where the figure asked for would be one forbidden person's."""
        if not self.blind and not self._is_open(View(self.connection, found.selection, coverage), period):
            raise Withheld(f"What {found.name} spent in this time is a single person's. {self.access.refusal}")

    def allow_rows(self, found: Found, period: Period, coverage: Coverage, cuts: Sequence[Dimension]) -> None:
        """Raises Withheld where a row, which is of one id of each of these cuts, would be one forbidden person's."""
        if self.blind:
            return
        view = View(self.connection, found.selection, coverage)
        when = view.stretch(period)
        hidden: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for one in self._present(when, view.selection, cuts):
            if self.hides(one.actor_id, one.team_id):
                hidden[one.ids].add(one.actor_id)
        alone = {ids for ids, some in hidden.items() if len(some) < FEWEST}
        if alone and alone - people.others_together(self.connection, when, view.selection, cuts):
            raise Withheld(f"Rows of this file would be a single person's. {self.access.refusal}")

    def shown(self, findings: Findings, found: Found, coverage: Coverage) -> Findings:
        """The findings with every row that alone would be closed added to others, and the notes that say so.

        Raises Withheld where nothing is left that was asked for.
        """
        report = findings.report
        view = View(self.connection, found.selection, coverage)
        notes = list(_unnamed(findings, view))
        if self.blind:
            return replace(findings, report=replace(report, notes=(*report.notes, *notes)))
        if found.selection.teams is not None and report.question.thing is Subject.USER:
            notes.append(f"This is what {found.name} spent within your teams.")
        earlier = self._is_open(view, report.previous_period)
        named = [by for by in dict.fromkeys((report.by, *findings.breakdowns)) if by not in _WHOLE]
        now = self._groups(view, report.period, named)
        then = self._groups(view, report.previous_period, [by for by in named[:1] if by is report.by and earlier])
        if report.by is Dimension.USER and not _anybody(report.rows, now[report.by]):
            raise Withheld(self.access.refusal)
        main = [groups[report.by] for groups in (now, then) if report.by in groups]
        rows, hidden = _shown(report.by, report.rows, main)
        beside, elsewhere = {}, 0
        for by, parts in findings.breakdowns.items():
            beside[by], some = _shown(by, parts, [now[by]] if by in now else [])
            elsewhere += some
        if hidden or elsewhere:
            notes.append(f"Rows that would be one person's are shown as one. {self.access.refusal}")
        report = replace(
            report,
            rows=rows if earlier else tuple(replace(row, previous=None) for row in rows),
            previous=report.previous if earlier else NOTHING,
            notes=(*report.notes, *notes),
        )
        return replace(findings, report=report, breakdowns=beside)

    def hides(self, actor_id: str, team_id: str) -> bool:
        return not self.blind and is_person(actor_id) and not self.access.sees(actor_id, team_id)

    def _present(
        self, when: Stretch | None, selection: Selection, by: Sequence[Dimension] = ()
    ) -> Sequence[people.Presence]:
        """Everybody there is, the same for every asker; `hides` says whom this one may not see."""
        read = partial(people.present, self.connection, when, selection, by)
        return memory.remembered(self.connection, ("present", when, selection, tuple(by)), read)

    def _others(
        self,
        when: Stretch,
        selection: Selection,
        by: Dimension | None = None,
        ids: Collection[str] | None = None,
    ) -> AbstractSet[str]:
        read = partial(people.others, self.connection, when, selection, by, ids)
        wanted = None if ids is None else frozenset(ids)
        return memory.remembered(self.connection, ("others", when, selection, by, wanted), read)

    def _me(self, names: Names) -> Found:
        mine = self.access.me
        if self.access.shared:
            raise Withheld(self.access.refusal)
        if not mine:
            raise NotFound(
                "I don't know who you are in Anthropic's organisation: nobody there has your e-mail address. "
                "Ask for a name: “users” lists whom you may see."
            )
        first = min(mine)
        return Found(names.selection(actors=mine), first, names.of(Dimension.USER, first))

    def _within(self, found: Found) -> Found:
        """A person as far as the asker's teams go; whole where they may see all of them."""
        wanted = found.selection.actors or frozenset()
        if all(not is_person(id_) or id_ in self.access.me for id_ in wanted):
            return found
        there = self._present(None, found.selection)
        teams = {one.team_id for one in there}
        if not teams & self.access.teams:
            raise Withheld(self.access.refusal)
        if teams <= self.access.teams:
            return found
        return replace(found, selection=replace(found.selection, teams=self.access.teams))

    def _is_open(self, view: View, period: Period) -> bool:
        """Whether the whole of a period gives no hidden person's figure away; what is nobody's is found fastest."""
        when = view.stretch(period)
        if self._others(when, view.selection):
            return True
        there = self._present(when, view.selection)
        return Group(frozenset(one.actor_id for one in there if self.hides(one.actor_id, one.team_id))).is_open

    def _groups(self, view: View, period: Period, cuts: Sequence[Dimension]) -> dict[Dimension, Mapping[str, Group]]:
        """The group behind each row of each cut; an empty one for what nobody used. Whether others share a row is asked
        only where it matters: where a single forbidden person is in it."""
        if not cuts:
            return {}
        when = view.stretch(period)
        hidden: dict[Dimension, dict[str, set[str]]] = {by: defaultdict(set) for by in cuts}
        for one in self._present(when, view.selection, cuts):
            if self.hides(one.actor_id, one.team_id):
                for by, id_ in zip(cuts, one.ids, strict=True):
                    hidden[by][id_].add(one.actor_id)
        groups: dict[Dimension, Mapping[str, Group]] = {}
        for by, behind in hidden.items():
            alone = {id_ for id_, some in behind.items() if len(some) < FEWEST}
            mixed = self._others(when, view.selection, by, alone) if alone else set()
            if mixed != alone:
                mixed = self._others(when, view.selection, by)
            of_row = {id_: Group(frozenset(behind.get(id_, ())), id_ in mixed) for id_ in behind.keys() | mixed}
            groups[by] = defaultdict(Group, of_row)
        return groups


def _anybody(rows: Iterable[Row], behind: Mapping[str, Group]) -> bool:
    """Whether the asker may see any of the people, or there are none to see."""
    named = [row.id for row in rows if row.id and is_person(row.id)]
    return not named or any(not behind[id_].hidden for id_ in named)


def _shown(by: Dimension, rows: Sequence[Row], behind: Sequence[Mapping[str, Group]]) -> tuple[tuple[Row, ...], int]:
    """The rows as they may be shown, and how many of them stand as one; `behind` has the groups of each period."""
    smallest_first = {row.id or "": [groups[row.id or ""] for groups in behind] for row in reversed(rows)}
    as_one = together(smallest_first)
    if not as_one:
        return tuple(rows), 0
    hidden = [row for row in rows if (row.id or "") in as_one]
    people_only = by is Dimension.USER and all(row.id and is_person(row.id) for row in hidden)
    name = f"{len(hidden)} people" if people_only else f"{len(hidden)} {by}s together"
    one = replace(rest(hidden), name=name)
    return (*(row for row in rows if (row.id or "") not in as_one), one), len(hidden)


def _is_me(question: Question) -> bool:
    return question.thing is Subject.USER and (question.name or "").casefold() == ME


def _unnamed(findings: Findings, view: View) -> Iterable[str]:
    """Where people were asked about and the source names none."""
    report = findings.report
    if Dimension.USER not in (report.by, *findings.breakdowns) and report.question.thing is not Subject.USER:
        return
    days = view.uncounted(report.period)
    if days:
        count = "1 day" if len(days) == 1 else f"{len(days)} days"
        yield f"For {count} of this time Anthropic's reports name no people: the classic ones never do."
