"""Receipts: what a figure rests on, written down when somebody asks for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection

from bot.answers import receipt as receipt_answer
from bot.answers.answer import Answer
from bot.answers.calls.unreported import LABEL
from bot.core.access import NOBODY, Asker
from bot.core.books.receipt import Asked, Chosen, Configured, Estimate, Line, PageRead, Reading, Receipt, Sums
from bot.core.books.receipt_json import directory_hash, document, id_of, text_hash
from bot.core.books.recompute import Grounds, recompute, splits_of
from bot.core.books.rows import closed_in, prices, total, used
from bot.core.configuration import Configuration
from bot.core.directory import Directory, Ownership
from bot.core.entries import Basis
from bot.core.errors import NotFound, WordsError
from bot.core.hours import Stretch
from bot.core.nearest import nearest
from bot.core.report import Report
from bot.core.usage import Source
from bot.core.utc import dates
from bot.services.asking import answering, compare
from bot.services.asking.asked import asked
from bot.services.books import held
from bot.services.books.verify import Verdict, verify
from bot.services.configuration import in_force
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.recognition import Recognition
from bot.services.figures.unreported import unreported
from bot.store import directory as directories
from bot.store import preferences
from bot.store.books import closes, receipts
from bot.store.database import Database
from bot.store.ledger import Selection
from bot.store.readings import pages, snapshots


@dataclass(frozen=True, slots=True)
class Made:
    """An answer, and the receipt for its figures."""

    answer: Answer
    receipt: Receipt
    id: str
    document: Mapping[str, Any]
    """The receipt as JSON values, with its id: every row, whoever's."""
    whole: bool = True
    """Whether the asker may see every row: none is of a person who is hidden from them."""

    @property
    def readable(self) -> Answer:
        """The receipt for people."""
        shown = receipt_answer.answer(self.receipt, self.id, rows=self.whole)
        newer = tuple(fact for fact in self.answer.facts if fact.label == LABEL)
        return replace(shown, facts=(*shown.facts, *newer))


class Receipts:
    """Makes receipts and checks them. `zone` is the people's own time zone, as for `Ask`."""

    def __init__(self, database: Database, zone: str, recognition: Recognition | None = None) -> None:
        self._database = database
        self._zone = zone
        self._recognition = recognition or Recognition()

    async def make(self, text: str, now: datetime, asker: Asker = NOBODY, *, said: datetime | None = None) -> Made:
        """The answer to a question with its receipt, which is kept. Raises WordsError where there are no figures.

        `said`: when the words were, if not now.
        """

        def gathered(connection: Connection, known: Asker) -> tuple[Answer, Receipt, bool]:
            return _gathered(connection, text, now, self._zone, known, said or now)

        answer, receipt, whole = await self._recognition.read(self._database.read, gathered, asker)
        found = document(receipt)
        id_ = id_of(found)
        hashes = [page.sha256 for _, page in receipt.pages]
        await self._database.write(receipts.keep, id_, found, hashes, now)
        return Made(answer, receipt, id_, {"id": id_, **found}, whole)

    async def answer(self, text: str, now: datetime, asker: Asker = NOBODY, *, said: datetime | None = None) -> Answer:
        """The receipt of a question's figures, for people."""
        return (await self.make(text, now, asker, said=said)).readable

    async def verify(self, receipt_id: str) -> Verdict:
        """Do the sum of a receipt again. Raises NotFound for an id that nobody has."""
        found = await self._database.read(_found, receipt_id)
        return await verify(self._database, {"id": receipt_id, **found})

    async def check(self, found: Mapping[str, Any]) -> Verdict:
        """Do the sum of a receipt again that came as a file, alone or beside its answer."""
        inner = found.get("receipt")
        return await verify(self._database, inner if isinstance(inner, dict) else found)


def _found(connection: Connection, receipt_id: str) -> dict[str, Any]:
    found = receipts.body(connection, receipt_id)
    if found is not None:
        return found
    close = nearest(receipt_id, receipts.ids(connection), 1, cutoff=0.5)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise NotFound(
        f"There is no receipt {receipt_id!r} and no file of that name.{meant} "
        'To make one: claude-usage ask "team NAME" --receipt.'
    )


def _gathered(
    connection: Connection, text: str, now: datetime, zone: str, asker: Asker, said: datetime
) -> tuple[Answer, Receipt, bool]:
    """The answer, what it rests on, and whether the asker may see each row; from one consistent state."""
    question = asked(connection, text, said=said, now=now, zone=zone)
    answer = answering.answer(Inquiry(connection, question, now, zone, asker))
    report = answer.report
    if report is None:
        raise WordsError(f"The answer to `{question.text}` has no figures, so it has no receipt. Try `team NAME`.")
    inquiry = Inquiry(connection, replace(question, share=False), now, zone, asker)  # it goes to the asker alone
    stretch = _stretch(report)
    since, until = stretch.touched
    chosen, closed = _chosen(compare.selection(inquiry)), closes.months(connection).keys()
    configuration = in_force(connection)
    organizations = directories.read_all(connection)
    everything, readings, grounds = [], [], []
    for directory in organizations:
        organization_id = directory.organization_id
        everything += held.lines(connection, organization_id, stretch)
        readings += _readings(connection, organization_id, stretch, closed)
        grounds.append(_grounds(connection, directory, configuration, stretch))
    days = dates(since, until)
    again = recompute(grounds, [day for day in days if not closed_in(closed, day)], stretch)
    everything.sort(key=lambda line: line.key)
    mine: list[Line] = []
    others: list[Line] = []
    for line in everything:
        inside = chosen.holds(line.attribution, line.organization_id) and line.hours == stretch.hours_on(line.day)
        (mine if inside else others).append(line)
    # An adjustment outside the figure is on no side of the sum; one inside it is booked, so it counts as reported.
    outside = [line for line in others if not _booked(line, closed)]
    elsewhere = total(outside)
    given = [line for line in mine if _booked(line, closed)]
    fixed = [line for line in (*mine, *outside) if closed_in(closed, line.day)]
    reported = again.reported + total(given) + total(fixed)
    named = _named(organizations, everything)
    receipt = Receipt(
        asked=_asked(report),
        chosen=chosen,
        figures=Sums.of(report.total),
        reported=reported,
        elsewhere=elsewhere,
        residual=reported - total(mine) - elsewhere,
        lines=tuple(mine),
        shares=splits_of(mine, again.splits),
        prices=prices(mine),
        readings=tuple(readings),
        closed=tuple(sorted({day.replace(day=1) for day in days if closed_in(closed, day)})),
        configuration=_configured(connection),
        directories=named,
        directory_sha256=directory_hash(named),
        estimate=_estimate(inquiry),
    )
    hidden = any(inquiry.sight.hides(line.attribution.actor_id, line.attribution.team_id) for line in mine)
    return answer, receipt, not hidden


def _estimate(inquiry: Inquiry) -> Estimate | None:
    """What the answer showed beside the figure."""
    newer = unreported(inquiry)
    return Estimate(newer.since, newer.until, newer.calls, newer.listed) if newer else None


def _booked(line: Line, closed: Collection[date]) -> bool:
    """Whether a row is an adjustment to a closed month, standing on a day that is still open."""
    return line.basis is Basis.ADJUSTMENT and not closed_in(closed, line.day)


def _configured(connection: Connection) -> Configured | None:
    """The configuration in force, by number and hash."""
    newest = preferences.newest(connection)
    return Configured(newest.id, text_hash(newest.body)) if newest else None


def _asked(report: Report) -> Asked:
    period = report.covered or report.period
    return Asked(report.question.text, report.name, period.start, period.end, period.zone)


def _stretch(report: Report) -> Stretch:
    period = report.covered or report.period
    return Stretch(period.start, period.end)


def _chosen(selection: Selection) -> Chosen:
    ids = (selection.teams, selection.models, selection.workspaces, selection.keys, selection.actors)
    return Chosen(*(None if one is None else tuple(sorted(one)) for one in ids))


def _named(organizations: Sequence[Directory], everything: Sequence[Line]) -> tuple[Directory, ...]:
    """Each directory as far as any row of these days, inside the figure or outside, names it."""
    return tuple(
        used(one, (line.attribution for line in everything if line.organization_id == one.organization_id))
        for one in organizations
    )


def _grounds(connection: Connection, directory: Directory, configuration: Configuration, stretch: Stretch) -> Grounds:
    """What the store holds of these days, as the ledger was made from it."""
    organization_id = directory.organization_id
    since, until = stretch.touched
    usage = snapshots.usage(connection, organization_id, since, until)
    costs = snapshots.costs(connection, organization_id, since, until)
    usage_fetched = snapshots.fetched(connection, organization_id, Source.USAGE, since, until)
    cost_fetched = snapshots.fetched(connection, organization_id, Source.COST, since, until)
    hourly = {}
    if stretch.parts:
        hourly = snapshots.usage(connection, organization_id, since, until, source=Source.HOURS)
    hours_fetched = snapshots.fetched(connection, organization_id, Source.HOURS, since, until)
    return Grounds(
        Ownership(directory, configuration.teams),
        {day: usage.get(day, []) for day in usage_fetched},
        {day: costs.get(day, []) for day in cost_fetched},
        frozenset(day for day, at in cost_fetched.items() if snapshots.whole(day, at)),
        {part.day: hourly.get(part.day, []) for part in stretch.parts},
        frozenset(day for day, at in hours_fetched.items() if snapshots.whole(day, at)),
    )


def _readings(
    connection: Connection, organization_id: str, stretch: Stretch, closed: Collection[date]
) -> list[Reading]:
    """Which open days were read together, from which pages; days whose pages were not kept: a reading without any.

    By the hour only those that the figure takes a part of.
    """
    found = []
    since, until = stretch.touched
    cut = {part.day for part in stretch.parts}
    for source in (Source.USAGE, Source.COST, Source.HOURS):
        fetched = snapshots.fetched(connection, organization_id, source, since, until)
        kept = pages.of_days(connection, organization_id, source, since, until)
        together: dict[tuple[pages.Kept, ...], list[date]] = {}
        wanted = cut if source is Source.HOURS else fetched.keys()
        for day in sorted(day for day in fetched.keys() & wanted if not closed_in(closed, day)):
            together.setdefault(kept.get(day, ()), []).append(day)
        for read, days in together.items():
            whole = tuple(day for day in days if snapshots.whole(day, fetched[day]))
            span = _span(read[0].request) if read else (days[0], days[-1] + timedelta(days=1))
            pages_read = tuple(PageRead(page.request, page.sha256, page.fetched_at) for page in read)
            found.append(Reading(organization_id, source, *span, pages_read, tuple(days), whole))
    return found


def _span(request: str) -> tuple[date, date]:
    """The days that a request of a report asks for."""
    query = parse_qs(urlsplit(request).query)
    since, until = (date.fromisoformat(query[name][0][:10]) for name in ("starting_at", "ending_at"))
    return since, until
