"""Gathers what advice is found in: who used what in the last weeks, by day, and by the hour where that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Row

from bot.answers import advice as advice_answer
from bot.answers.advice import Advised, Given
from bot.answers.answer import Answer
from bot.core.access import FEWEST, Group
from bot.core.advice import FOR_SO_LONG, Course, Finding, Piece, Use, Window, idle, least, pieces
from bot.core.advice.use import Counts, added
from bot.core.directory import is_person
from bot.core.hours import Stretch, on_the_hour
from bot.core.money import Money
from bot.core.periods import Period
from bot.core.question import Dimension
from bot.core.usage import CONSOLE, NOT_BY_KEY, REQUESTS, SERVICE_ACCOUNT, TOKEN_TYPES, Source
from bot.core.utc import dates, midnight
from bot.services.asking.plans import whole_days
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Names
from bot.services.figures.sight import Sight
from bot.services.figures.view import Coverage
from bot.store import memory
from bot.store.ledger import Selection, people, uses
from bot.store.ledger.uses import Series
from bot.store.readings import snapshots

_BEFORE = timedelta(days=28)
"""How far back before the window it is looked how things usually are."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Known:
    """One use with its series, as they may be shown."""

    course: Course
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Advice:
    """What is advised of a window to all who may see the same people; `closed`: something of it is kept from them."""

    floor: Money
    pieces: tuple[Piece, ...]
    unused: tuple[tuple[str, date], ...]
    closed: bool

    def __len__(self) -> int:
        """The days and hours that it keeps."""
        courses = [one.course for piece in self.pieces for one in piece.findings]
        return len(self.unused) + sum(1 + len(course.days) + len(course.hours) for course in courses)


def answer(asked: Inquiry) -> Answer:
    """What would cost less, from what the asker may see. Raises Withheld where the whole is a hidden person's."""
    found, names, coverage, sight = asked.found, asked.names, asked.coverage, asked.sight
    period = whole_days(coverage.cut(asked.question.period), coverage)
    sight.allow(found, period, coverage)
    window = _window(asked.connection, period, coverage)
    looked = partial(_look, asked.connection, found.selection, names, window, sight)
    seen = None if sight.blind else sight.access
    advice = memory.remembered(asked.connection, ("advice", found.selection, window, seen), looked)
    advised = Advised(
        asked.question,
        found.name,
        window,
        advice.floor,
        tuple(_given(piece, names) for piece in advice.pieces),
        advice.unused,
        coverage.data_through,
        (f"Use that is a single person's is left out. {sight.access.refusal}",) if advice.closed else (),
    )
    return advice_answer.answer(advised)


def _look(connection: Connection, selection: Selection, names: Names, window: Window, sight: Sight) -> _Advice:
    """Through every use; closely where it is dear enough."""
    known, closed = _uses(connection, selection, window, sight)
    floor = least((one.course.billed for one in known), window)
    dear = [one for one in known if 30 * one.course.billed >= floor.units * window.known]
    courses = _closely(connection, window, dear) if window.known else {}
    told = pieces([courses.get(one.course.use, one.course) for one in known], window, floor)
    unused, also_closed = _idle(connection, selection, names, window, sight)
    return _Advice(floor, tuple(told), unused, closed or also_closed)


def _window(connection: Connection, period: Period, coverage: Coverage) -> Window:
    """The whole UTC days of a period; those of them, and before them, whose usage and cost are known."""
    since, until = Stretch(on_the_hour(period.start), on_the_hour(period.end)).days
    begin = min(since, until - FOR_SO_LONG) - _BEFORE
    asked = replace(period, start=midnight(begin), end=midnight(until), zone="UTC")
    missing = {day for source in (Source.USAGE, Source.COST) for day in coverage.missing(connection, source, asked)}
    read = frozenset(dates(begin, until)) - missing
    hourly = coverage.by_the_hour(connection, since, until)
    return Window(since, until, period.zone, read, hourly & read)


def _uses(connection: Connection, selection: Selection, window: Window, sight: Sight) -> tuple[list[_Known], bool]:
    """Every use that cost anything in the window; without those that are one hidden person's, and whether any is."""
    behind: dict[Use, dict[int, Series]] = defaultdict(dict)
    for one in uses.series(connection, selection):
        behind[_use(one)][one.id] = one
    sums: dict[int, list[Row[tuple[object, ...]]]] = defaultdict(list)
    for row in uses.sums(connection, window.since, window.until, selection):
        sums[row.series_id].append(row)
    uncounted = bool(snapshots.uncounted(connection, window.since, window.until))
    known, closed = [], False
    for use, series in behind.items():
        used = [one for id_, one in series.items() if id_ in sums]
        rows = [row for one in used for row in sums[one.id]]
        course = _course(use, used, rows, counted=not uncounted) if rows else None
        if course is None:
            continue
        if _is_open(used, sight):
            known.append(_Known(course, tuple(one.id for one in used)))
        else:
            closed = True
    return known, closed


def _use(series: Series) -> Use:
    account = series.actor_id if series.actor_id.startswith(SERVICE_ACCOUNT) else ""
    return Use(
        series.workspace_id,
        series.api_key_id,
        account,
        *(series.model, series.service_tier, series.inference_geo, series.product),
    )


def _course(
    use: Use, series: Sequence[Series], rows: Sequence[Row[tuple[object, ...]]], *, counted: bool
) -> Course | None:
    """The use in sums; None where it cost nothing. What is priced in part counts as unpriced."""
    tokens = [row for row in rows if row.charge in TOKEN_TYPES]
    billed = sum(int(row.billed or 0) for row in tokens)
    if billed <= 0:
        return None
    return Course(
        use,
        frozenset(one.team_id for one in series),
        added({row.charge: int(row.quantity)} for row in rows if counted or row.charge != REQUESTS),
        0 if any(row.unlisted for row in tokens) else sum(int(row.listed or 0) for row in tokens),
        billed,
        max(row.active for row in tokens),
        max(row.last for row in tokens),
    )


def _is_open(series: Iterable[Series], sight: Sight) -> bool:
    """Whether the sum of these tells no hidden person's figure."""
    hidden = frozenset(one.actor_id for one in series if sight.hides(one.actor_id, one.team_id))
    return Group(hidden, any(not is_person(one.actor_id) for one in series)).is_open


def _closely(connection: Connection, window: Window, dear: Sequence[_Known]) -> dict[Use, Course]:
    """The same uses by day, and by the hour."""
    of_series = {id_: one.course.use for one in dear for id_ in one.ids}
    ids = sorted(of_series)
    days: dict[Use, dict[date, list[Counts]]] = defaultdict(lambda: defaultdict(list))
    for row in uses.days(connection, min(window.read), window.until, ids):
        if row.day in window.read:
            days[of_series[row.series_id]][row.day].append({row.charge: int(row.quantity)})
    by_hour: dict[Use, dict[datetime, list[Counts]]] = defaultdict(lambda: defaultdict(list))
    for row in uses.hours(connection, window.since, window.until, ids):
        if row.day in window.hourly:
            counts = {charge: int(row._mapping[charge]) for charge in TOKEN_TYPES}
            by_hour[of_series[row.series_id]][midnight(row.day) + timedelta(hours=row.hour)].append(counts)
    return {
        use: replace(
            one.course,
            days={day: added(parts) for day, parts in days[use].items()},
            hours={at: added(parts) for at, parts in by_hour[use].items()},
        )
        for one in dear
        for use in (one.course.use,)
    }


def _idle(
    connection: Connection, selection: Selection, names: Names, window: Window, sight: Sight
) -> tuple[tuple[tuple[str, date], ...], bool]:
    """Active keys that were used and no longer are, by name; and whether one is left out that is a hidden person's."""
    lately = [window.until - n * _DAY for n in range(1, FOR_SO_LONG.days + 1)]
    if selection.models is not None or selection.actors is not None or not window.read.issuperset(lately):
        return (), False
    mine = uses.last_used(connection, selection)
    ever = mine if selection.teams is None else uses.last_used(connection, replace(selection, teams=None))
    active = {
        key.id
        for one in names.organizations
        for key in one.api_keys.values()
        if key.status == "active" and not _archived(names, key.workspace_id)
    }
    hidden: dict[str, set[str]] = defaultdict(set)
    for one in people.present(connection, None, selection, (Dimension.KEY,)):
        if sight.hides(one.actor_id, one.team_id):
            hidden[one.ids[0]].add(one.actor_id)
    unused = idle({key: ever[key] for key in mine.keys() & active}, window.until)
    shown = [(key, last) for key, last in unused if not 0 < len(hidden[key]) < FEWEST]
    return tuple((names.of(Dimension.KEY, key), last) for key, last in shown), len(shown) < len(unused)


def _archived(names: Names, workspace_id: str) -> bool:
    spaces = (one.workspaces.get(workspace_id) for one in names.organizations)
    return any(space.archived for space in spaces if space)


def _given(piece: Piece, names: Names) -> Given:
    """The piece with what its callers and teams are called, the dearest first."""
    teams = dict.fromkeys(team for one in piece.findings for team in sorted(one.course.teams))
    callers = dict.fromkeys(_caller(one, names) for one in piece.findings)
    return Given(piece, tuple(callers), tuple(names.of(Dimension.TEAM, team) for team in teams))


def _caller(finding: Finding, names: Names) -> str:
    use = finding.course.use
    if use.account_id:
        return names.of(Dimension.USER, use.account_id)
    key = names.of(Dimension.KEY, use.api_key_id)
    if use.api_key_id.rpartition("/")[2] in (CONSOLE, NOT_BY_KEY):
        return f"{key} in {names.of(Dimension.WORKSPACE, use.workspace_id)}"
    return key
