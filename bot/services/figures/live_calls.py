"""Live calls as one asker may see them: whose they are, by what name they are found, and how they are cut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import Connection

from bot.answers.answer import LiveRow
from bot.answers.calls.words import UNNAMED
from bot.core.access import Access, Asker, Group, together
from bot.core.calls.owners import CallOwners, Said
from bot.core.calls.sums import Sums, added
from bot.core.directory import family
from bot.core.errors import NotFound, Withheld
from bot.core.nearest import closest, nearest
from bot.core.periods import midnight
from bot.core.prices import display_name
from bot.core.question import Dimension, Question, Subject, written
from bot.core.typed import shown
from bot.core.words import ME, TIMES
from bot.services.figures.names import Names
from bot.services.figures.steps import hour_id, span_name, span_start
from bot.store import calls
from bot.store.calls import Held, Series


@dataclass(frozen=True, slots=True)
class Seen:
    """The calls of one series in a time, whose team they count for, and whose they are if anybody's."""

    held: Held
    team_id: str
    person: str
    """A member's id, or what the program calls its user; "" for nobody."""
    hidden: bool
    """It is a person's whom the asker may not see."""


class LiveCalls:
    """The calls behind one answer."""

    def __init__(self, connection: Connection, names: Names, access: Access, asker: Asker) -> None:
        self._connection = connection
        self._names = names
        self._access = access
        self._asker = asker
        self._owners = CallOwners(names.configuration.teams, names.organizations)
        self._zone = names.zone("UTC")

    def seen(self, since: datetime, until: datetime) -> list[Seen]:
        """Cut where a match begins or ends to count, so that the past stays whose it was."""
        turns = [midnight(day, "UTC") for day in self._owners.turns()]
        edges = [since, *(turn for turn in turns if since < turn < until), until]
        return [
            self._owned(held, start.date())
            for start, end in pairwise(edges)
            for held in calls.by_series(self._connection, start, end)
        ]

    def _owned(self, held: Held, on: date) -> Seen:
        said = held.series
        team = self._owners.team(Said(said.bound_team, said.team, said.api_key, said.caller), on)
        person = self._owners.person(said.caller) if said.caller else ""
        mine = self._asker.is_one_of((said.caller,)) if said.caller else True
        return Seen(held, team, person, bool(person) and not mine and not self._access.sees(person, team))

    def find(self, question: Question, seen: Sequence[Seen]) -> tuple[list[Seen], str]:
        """The calls of what the question names, and how that is called."""
        subject, name = question.thing, " ".join((question.name or "").split()).casefold()
        if subject is Subject.USER and name == ME:
            mine = [
                one for one in seen if one.person in self._access.me or self._asker.is_one_of((one.held.series.caller,))
            ]
            if not mine:
                raise NotFound("No program named you as the user of a call in this time. Try `/claude-usage calls`.")
            return mine, "you"
        dimension = Dimension(subject.value)
        called: dict[str, tuple[str, str]] = {}
        for one in seen:
            id_ = self._id(one, dimension)
            for alias in self._aliases(id_, dimension):
                called.setdefault(alias.casefold(), (id_, self._name(id_, dimension)))
        if dimension is Dimension.TEAM:
            for team in self._names.configuration.teams:
                called |= dict.fromkeys((team.id.casefold(), team.name.casefold()), (team.id, team.name))
        if name not in called:
            raise NotFound(self._no_such(subject, question.name or "", seen, called))
        id_, name = called[name]
        wanted = family(id_, self._names.configuration.teams) if dimension is Dimension.TEAM else {id_}
        chosen = [one for one in seen if self._id(one, dimension) in wanted]
        if dimension is Dimension.USER:
            chosen = [one for one in chosen if not one.hidden]
            if not chosen:
                raise Withheld(self._access.refusal)
        return chosen, name

    def rows(self, seen: Sequence[Seen], by: Dimension, since: datetime, until: datetime) -> tuple[list[LiveRow], bool]:
        """What to show by its name, what costs most first, and whether some of it is shown as one."""
        if by in TIMES:
            return self._times(seen, by, since, until), False
        lines, as_one = cut(seen, lambda one: self._id(one, by), lambda id_: self._name(id_, by))
        if by is Dimension.USER:
            lines = [replace(line, name=line.name.replace("together", "people")) for line in lines]
        return lines, as_one

    def days(self, seen: Sequence[Seen], since: datetime, until: datetime, zone: str) -> list[tuple[date, Sums]]:
        """The course by local days."""
        ids = {one.held.series_id for one in seen}
        return sorted(calls.by_day(self._connection, since, until, zone, ids).items())

    def _times(self, seen: Sequence[Seen], by: Dimension, since: datetime, until: datetime) -> list[LiveRow]:
        columns: dict[str, Sums] = {}
        ids = {one.held.series_id for one in seen}
        if by is Dimension.HOUR:
            hours = sorted(calls.timed_by_hour(self._connection, since, until, ids).items())
            return [LiveRow(span_name(hour_id(at), by, self._zone), sums, hour_id(at)) for at, sums in hours]
        days = calls.timed_by_day(self._connection, since, until, self._zone, ids)
        for day, sums in sorted(days.items()):
            columns.setdefault(span_start(day, by).isoformat(), Sums()).merge(sums)
        return [LiveRow(span_name(id_, by), sums, id_) for id_, sums in columns.items()]

    def _id(self, one: Seen, by: Dimension) -> str:
        series = one.held.series
        match by:
            case Dimension.TEAM:
                return one.team_id
            case Dimension.USER:
                return one.person
            case _:
                return _FIELD[by](series)

    def _name(self, id_: str, by: Dimension) -> str:
        if not id_:
            return UNNAMED
        match by:
            case Dimension.MODEL:
                return display_name(id_)
            case Dimension.TEAM:
                return self._names.of(by, id_)
            case Dimension.USER:
                return self._names.of(by, id_)
            case _:
                return id_

    def _aliases(self, id_: str, by: Dimension) -> tuple[str, ...]:
        emails = (
            [name for one in self._names.organizations for name in one.actor_names(id_)] if by is Dimension.USER else []
        )
        return (id_, self._name(id_, by), *emails)

    def _no_such(self, subject: Subject, name: str, seen: Sequence[Seen], called: Mapping[str, tuple[str, str]]) -> str:
        """With the nearest, but no person's name for whom the asker may not see."""
        hidden = {one.person for one in seen if one.hidden} if subject is Subject.USER else set()
        known = {alias: name for alias, (id_, name) in called.items() if id_ and id_ not in hidden}
        if not known:
            return f"No program reported a call of any {subject} in this time."
        near = list(dict.fromkeys(known[alias] for alias in nearest(name.casefold(), known, 9, cutoff=0.0)))[:3]
        example = f"{subject} {shown(written(subject, near[0]))}"
        return (
            f"No program reported a call of the {subject} “{shown(name)}” in this time. "
            f"{closest([shown(one) for one in near])} Try `/claude-usage calls {example}`."
        )


_FIELD: Mapping[Dimension, Callable[[Series], str]] = {
    Dimension.ENDPOINT: lambda series: series.endpoint,
    Dimension.FEATURE: lambda series: series.feature,
    Dimension.MODEL: lambda series: series.model,
    Dimension.KEY: lambda series: series.api_key,
    Dimension.TIER: lambda series: series.service_tier,
    Dimension.GEO: lambda series: series.inference_geo,
}


def cut(seen: Iterable[Seen], key: Callable[[Seen], str], name: Callable[[str], str]) -> tuple[list[LiveRow], bool]:
    """What costs most first, then the most calls; and whether some rows are shown as one because each would be one
    forbidden person's."""
    groups: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        groups[key(one)].append(one)
    sums = {id_: added(one.held.sums for one in some) for id_, some in groups.items()}
    ranked = sorted(groups, key=lambda id_: (-max(sums[id_].list_cost, sums[id_].own_cost), -sums[id_].calls, id_))
    as_one = together({id_: [group(groups[id_])] for id_ in reversed(ranked)})
    lines = [LiveRow(name(id_), sums[id_], id_ or None) for id_ in ranked if id_ not in as_one]
    if as_one:
        lines.append(LiveRow(f"{len(as_one)} together", added(sums[id_] for id_ in as_one), of=len(as_one)))
    return lines, bool(as_one)


def group(seen: Iterable[Seen]) -> Group:
    """Who is behind some calls; a call that names no user is no person's."""
    some = list(seen)
    return Group(frozenset(one.person for one in some if one.hidden), any(not one.person for one in some))
