"""What people did with Claude Code: whose it is, what of it the asker may see, and the rows of the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from bot.answers import code as code_answer
from bot.answers.answer import Answer
from bot.answers.code import CUTS, Code, Line
from bot.answers.pieces import day_label
from bot.core import wording
from bot.core.access import Access, Group, together
from bot.core.coders import Coders
from bot.core.coding import Actor, ActorKind, CodeRecord, cost_per_developer, developers, total
from bot.core.directory import UNALLOCATED
from bot.core.errors import NotFound, Withheld, WordsError
from bot.core.nearest import closest, nearest
from bot.core.periods import Period, days, midnight
from bot.core.question import Dimension
from bot.core.typed import shown
from bot.core.usage import Source
from bot.core.words import ME
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Names
from bot.store.calls import code_counts
from bot.store.readings import coding, refusals, snapshots, syncs

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """One record, whose team it counts for, and the person's member id; an e-mail where nobody has one any more."""

    record: CodeRecord
    team_id: str
    person: str | None
    called: str
    hidden: bool
    """It is a person's whom the asker may not see."""


def answer(asked: Inquiry) -> Answer:
    """Raises Withheld for what the asker may not see, NotFound for a name nobody has, WordsError for another cut."""
    connection, question, names, access = asked.connection, asked.question, asked.names, asked.access
    if question.by not in (None, *CUTS):
        raise WordsError("Claude Code is reported by user, team and day. Try `/claude-usage code by team`.")
    refused = {one.organization_id: one.sentence for one in refusals.read(connection) if one.source is Source.CODE}
    readable = [one.organization_id for one in names.organizations if one.organization_id not in refused]
    reading = _Reading(connection, names, access, readable, asked.now)
    if refused and not readable and not reading.hears:
        return code_answer.refused(question, next(iter(refused.values())))
    period = reading.cut(question.period)
    before = reading.cut(question.versus) if question.versus else period.previous()
    seen, earlier, told = reading.seen(period), reading.seen(before), reading.told(period)
    who = None
    if question.name:
        actors = reading.find(question.name)
        who = min(actors).name
        if reading.hides(actors):
            raise Withheld(access.refusal)
        seen, earlier, told = (
            [one for one in some if one.record.actor in actors and not one.hidden] for some in (seen, earlier, told)
        )
    elif not _group(seen).is_open:
        raise Withheld(f"What was done with Claude Code in this time is a single person's. {access.refusal}")
    both = [*seen, *told]
    may_see = [one for one in both if one.person and not one.hidden]
    if question.by is Dimension.USER and not may_see and any(one.hidden for one in both):
        raise Withheld(access.refusal)
    everybody_hidden = not may_see and any(one.hidden for one in both)
    by = question.by or (Dimension.DAY if who else Dimension.TEAM if everybody_hidden else Dimension.USER)
    rows, as_one = _rows(seen, by, names)
    notes = [*reading.notes(period, refused)]
    open_ = who is not None or _group(told).is_open
    told_rows, told_as_one = _rows(told, by, names) if open_ else ([], True)
    if as_one or told_as_one or (everybody_hidden and question.by is None):
        notes.append(access.refusal)
    return code_answer.answer(
        Code(
            question=question,
            who=who,
            period=period,
            total=_line("", seen) if reading.held(period) else None,
            before=before,
            previous=_line("", earlier) if reading.whole(before) and (who or _group(earlier).is_open) else None,
            by=by,
            lines=_top(rows, question.top),
            told=_top(told_rows, question.top),
            told_total=_line("", told) if told and open_ else None,
            notes=notes,
        )
    )


class _Reading:
    """The records behind one answer, read as UTC days: the report knows no others."""

    def __init__(
        self, connection: Connection, names: Names, access: Access, organizations: Sequence[str], now: datetime
    ) -> None:
        self._connection = connection
        self._names = names
        self._access = access
        self._organizations = organizations
        self._tomorrow = now.astimezone(UTC).date() + _DAY
        self._coders = {one.organization_id: Coders(one, names.configuration.teams) for one in names.organizations}

    def cut(self, period: Period) -> Period:
        """The UTC days that are called like the period's own; a running one ends with what was read, or with today."""
        wanted = days(period)
        if not wanted:
            return period
        start, end = midnight(wanted[0], "UTC"), midnight(wanted[-1] + _DAY, "UTC")
        held = [
            one.held_until for one in syncs.statuses(self._connection) if one.source is Source.CODE and one.held_until
        ]
        today = midnight(self._tomorrow, "UTC")
        return replace(period, start=start, end=end, zone="UTC").until(min(today, max(held, default=today)))

    def seen(self, period: Period) -> list[Seen]:
        return self._read(period.start.date(), period.end.date())

    @property
    def hears(self) -> bool:
        """Whether Claude Code itself has ever reported anything."""
        return bool(code_counts.actors(self._connection))

    def told(self, period: Period) -> list[Seen]:
        """What Claude Code itself reports: beside the report, and never added to it."""
        return self._told(period.start.date(), period.end.date())

    def _told(self, since: date, until: date, actor: Actor | None = None) -> list[Seen]:
        found = []
        for record in code_counts.read(self._connection, since, until, actor):
            coders = next((one for one in self._coders.values() if one.names(record.actor)), None)
            person = record.actor.name if record.actor.kind is ActorKind.PERSON else None
            person = coders.person(record.actor) if coders else person
            team = coders.team(record) if coders else UNALLOCATED
            hidden = person is not None and not self._access.sees(person, team)
            found.append(Seen(record, team, person, record.actor.name, hidden))
        return found

    def _read(self, since: date, until: date, actor: Actor | None = None) -> list[Seen]:
        found = []
        for held in coding.read(self._connection, since, until, actor):
            coders = self._coders.get(held.organization_id)
            record = held.record
            team = coders.team(record) if coders else UNALLOCATED
            person = coders.person(record.actor) if coders else None
            hidden = person is not None and not self._access.sees(person, team)
            found.append(Seen(record, team, person, self._called(held.organization_id, record.actor), hidden))
        return found

    def find(self, name: str) -> frozenset[Actor]:
        """Who is called so, as e-mail, name, id or key. Raises NotFound, with the nearest for who may see them all."""
        wanted = " ".join(name.split()).casefold()
        known = {*coding.actors(self._connection), *code_counts.actors(self._connection)}
        called = {actor: self._aliases(actor) for actor in known}
        if wanted == ME:
            mine = frozenset(actor for actor in known if self._ids(actor) & self._access.me)
            if mine:
                return mine
            if self._access.shared:
                raise Withheld(self._access.refusal)
            raise NotFound("Nobody with your e-mail address was seen in Claude Code. Try `/claude-usage code`.")
        found = frozenset(actor for actor, aliases in called.items() if wanted in aliases)
        people = [actor for actor in found if actor.kind is ActorKind.PERSON]
        if found and len(people) <= 1:
            return found
        if people:
            raise NotFound(f"{len(people)} people have this name. Ask by e-mail.")
        candidates = [actor.name for actor in known if self._access.everything or actor.kind is not ActorKind.PERSON]
        near = [shown(one) for one in nearest(wanted, candidates, cutoff=0.0)]
        listed = f" {closest(near)}" if near else ""
        raise NotFound(f"Nobody called “{shown(name)}” was seen in Claude Code.{listed}")

    def hides(self, actors: Iterable[Actor]) -> bool:
        """Whether one of them is somebody of whom the asker may see nothing, whenever it was."""
        always = date.min, date.max
        return any(
            all(one.hidden for one in (*self._read(*always, actor), *self._told(*always, actor))) for actor in actors
        )

    def held(self, period: Period) -> bool:
        """Whether any day of the period was read."""
        return any(self._fetched(period.start.date(), period.end.date()))

    def whole(self, period: Period) -> bool:
        """Whether every day of the period was read: a part of it is nothing to compare with."""
        wanted, held = days(period), self._fetched(period.start.date(), period.end.date())
        return bool(wanted) and all(day in one for one in held for day in wanted)

    def notes(self, period: Period, refused: Mapping[str, str]) -> Iterator[str]:
        """What a reader must know of the days."""
        zone = self._names.configuration.timezone
        if zone and zone != "UTC":
            yield f"Days are UTC days, not days of {zone}: this report knows no others."
        wanted, held = days(period), self._fetched(period.start.date(), period.end.date())
        missing = [day for day in wanted if not all(day in one for one in held)]
        if missing and any(held):
            yield f"Not in yet for {len(missing)} of {len(wanted)} days."
        partial = [day for day in wanted if any(day in one and not snapshots.whole(day, one[day]) for one in held)]
        if partial:
            named = [*map(day_label, partial[:3]), *["others"] * (len(partial) > 3)]
            yield f"{wording.listed(named)} {'are' if len(named) > 1 else 'is'} not complete yet."
        for organization_id, sentence in refused.items():
            called = next(one for one in self._names.organizations if one.organization_id == organization_id)
            yield f"Without {called.organization_name}: {sentence}"

    def _fetched(self, since: date, until: date) -> list[dict[date, datetime]]:
        return [
            snapshots.fetched(self._connection, one, Source.CODE, since, until) if since < until else {}
            for one in self._organizations
        ]

    def _ids(self, actor: Actor) -> set[str]:
        if not self._coders and actor.kind is ActorKind.PERSON:
            return {actor.name}
        return {id_ for coders in self._coders.values() if (id_ := coders.person(actor))}

    def _aliases(self, actor: Actor) -> set[str]:
        names = {name.casefold() for coders in self._coders.values() for name in coders.names(actor)}
        return {actor.name.casefold(), *self._ids(actor), *names}

    def _called(self, organization_id: str, actor: Actor) -> str:
        """A key's name is only one organisation's."""
        if actor.kind is ActorKind.PERSON or len(self._names.organizations) < 2:
            return actor.name
        called = next(
            (one.organization_name for one in self._names.organizations if one.organization_id == organization_id),
            organization_id,
        )
        return f"{actor.name} ({called})"


_Row = tuple[str, list[Seen]]


def _rows(seen: Sequence[Seen], by: Dimension, names: Names) -> tuple[list[_Row], bool]:
    """What to show by its name, and whether some of it is shown as one because each would be one person's."""
    rows: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        rows[_key(one, by)].append(one)
    if by is Dimension.DAY:  # as everywhere, a row that carries no name hides nobody
        return [(_day_name(date.fromisoformat(day)), rows[day]) for day in sorted(rows)], False
    ranked = sorted(rows, key=lambda id_: (-total(one.record for one in rows[id_]).estimated.units, id_))
    as_one = together({id_: [_group(rows[id_])] for id_ in reversed(ranked)})
    found = [
        (names.of(by, id_) if by is Dimension.TEAM else rows[id_][0].called, rows[id_])
        for id_ in ranked
        if id_ not in as_one
    ]
    if as_one:
        people = by is Dimension.USER and all(one.person for id_ in as_one for one in rows[id_])
        name = f"{len(as_one)} {'people' if people else 'together'}"
        found.append((name, [one for id_ in ranked if id_ in as_one for one in rows[id_]]))
    return found, bool(as_one)


def _key(one: Seen, by: Dimension) -> str:
    match by:
        case Dimension.DAY:
            return one.record.day.isoformat()
        case Dimension.TEAM:
            return one.team_id
        case _:
            return f"{one.record.actor.kind}/{one.called}"


def _group(seen: Iterable[Seen]) -> Group:
    """Programs beside a hidden person do not hide anything: only people write lines and decide on edits."""
    return Group(frozenset(one.person for one in seen if one.person and one.hidden))


def _line(name: str, seen: Iterable[Seen]) -> Line:
    records = [one.record for one in seen]
    return Line(name, total(records), developers(records), cost_per_developer(records))


def _day_name(day: date) -> str:
    return f"{day:%a} {day_label(day)}"


def _top(rows: list[_Row], top: int | None) -> list[Line]:
    """The first `top` rows, and one for the rest, so that they still add up."""
    lines = [_line(*row) for row in rows[:top]]
    if hidden := rows[len(lines) :]:
        rest = _line(wording.and_more(len(hidden)), (one for _, seen in hidden for one in seen))
        lines.append(replace(rest, of=len(hidden)))
    return lines
