"""A receipt held against its pages: unpacked, read by the same readers, allocated anew, compared to the last digit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any

from bot.anthropic_api.client import ANALYTICS
from bot.anthropic_api.reports import reader
from bot.anthropic_api.tape import Replay
from bot.core.books.page import RawPage
from bot.core.books.receipt import Line, Reading, Receipt
from bot.core.books.receipt_json import id_of, read, text_hash
from bot.core.books.recompute import NOT_KNOWN, Difference, Grounds, differences, line_differences, recompute
from bot.core.books.rows import closed_in, total
from bot.core.configuration import Configuration
from bot.core.configuration.file import parse
from bot.core.directory import Ownership
from bot.core.entries import Basis
from bot.core.errors import AnthropicError
from bot.core.money import Money
from bot.core.usage import CostRecord, Source, UsageRecord
from bot.core.wording import and_more
from bot.services.books.held import Held
from bot.store.database import Database

DAYS_NAMED = 5


class Outcome(StrEnum):
    EQUAL = "equal"
    DIFFERENT = "not equal"
    UNPROVEN = "not provable"
    """What it would have to be held against is not there any more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it; `remarks` say what is missing, or what happened since that changes nothing."""

    receipt_id: str
    receipt: Receipt
    outcome: Outcome
    differences: tuple[Difference, ...] = ()
    remarks: tuple[str, ...] = ()


async def verify(database: Database, found: Mapping[str, Any]) -> Verdict:
    """Raises ReceiptUnreadable for what is no receipt."""
    receipt, id_ = read(found), id_of(found)
    said = str(found.get("id", id_))
    if said != id_:
        changed = Difference("the receipt's own id", said, id_)
        return Verdict(said, receipt, Outcome.DIFFERENT, (changed,), ("The receipt was changed after it was made.",))
    held = await database.read(Held.read, receipt)
    missing = tuple(_missing(receipt, held))
    changed_pages = tuple(_changed(receipt, held))
    if changed_pages:
        return Verdict(id_, receipt, Outcome.DIFFERENT, changed_pages, missing)
    if missing:
        return Verdict(id_, receipt, Outcome.UNPROVEN, (), missing)
    try:
        grounds = await _grounds(receipt, held)
    except AnthropicError as error:  # the pages are whole, so this version reads them differently
        return Verdict(id_, receipt, Outcome.UNPROVEN, (), (str(error),))
    open_days = [day for day in receipt.asked.days if not closed_in(receipt.closed, day)]
    fixed = [line for line in held.ledger if closed_in(receipt.closed, line.day)]
    found_differences = differences(receipt, recompute(grounds, open_days, receipt.asked.stretch), fixed)
    remarks = tuple(_since(receipt, held))
    estimated, found_differences = _estimated(receipt, held, found_differences)
    if not found_differences and not remarks:
        # Nothing happened since that could explain it, so the ledger must still hold these very rows.
        found_differences = [
            Difference(f"{one.what}, in the ledger now", one.receipt, one.recomputed)
            for one in line_differences(_reported(receipt.lines), _reported(_mine(receipt, held)))
        ]
    outcome = Outcome.DIFFERENT if found_differences else Outcome.EQUAL
    return Verdict(id_, receipt, outcome, tuple(found_differences), (*remarks, *estimated))


def _estimated(receipt: Receipt, held: Held, found: list[Difference]) -> tuple[tuple[str, ...], list[Difference]]:
    """What to say of the estimate beside the figure. Calls may come in later, but none goes away."""
    estimate = receipt.estimate
    if estimate is None or held.live is None:
        return (), found
    said, now = _of_calls(estimate.calls, estimate.list_cost), _of_calls(*held.live)
    hours = f"{estimate.since:%Y-%m-%d %H:%M} to {estimate.until:%H:%M} UTC"
    told = f"An estimate, and part of no sum: live calls of {hours}, {said}, were not reported by then."
    if said == now or held.configured_since:
        return (told,), found
    if held.live[0] <= estimate.calls:
        return (told,), [*found, Difference(f"live calls of {hours}", said, now)]
    return (told, f"More of those calls came in since: they are {now} by now."), found


def _of_calls(calls: int, listed: Money | None) -> str:
    return f"{calls:,} call{'' if calls == 1 else 's'} at {NOT_KNOWN if listed is None else f'${listed}'}"


def _missing(receipt: Receipt, held: Held) -> Iterable[str]:
    """What is not there to hold the receipt against, in sentences."""
    if receipt.configuration and held.configuration is None:
        yield f"The configuration it was made under (number {receipt.configuration.id}) is not in this database."
    unkept = sorted({day for reading in receipt.readings if not reading.pages for day in reading.days})
    if unkept:
        yield f"The pages of {_listed(unkept)} were never kept: those days were read before pages were."
    for reading, page in receipt.pages:
        if held.bodies[reading.organization_id, page.sha256] is None:
            yield f"The page {page.sha256[:12]} of {reading.source} ({_span(reading)}) is not kept here."


def _changed(receipt: Receipt, held: Held) -> Iterable[Difference]:
    """What is there but is not what it was."""
    named = receipt.configuration
    if named and held.configuration is not None and text_hash(held.configuration) != named.sha256:
        yield Difference(f"the text of configuration {named.id}", named.sha256, text_hash(held.configuration))
    for reading, page in receipt.pages:
        body = held.bodies[reading.organization_id, page.sha256]
        if body is not None and sha256(body).hexdigest() != page.sha256:
            what = f"the page of {reading.source}, {_span(reading)} ({page.request})"
            yield Difference(what, page.sha256, sha256(body).hexdigest())


async def _grounds(receipt: Receipt, held: Held) -> list[Grounds]:
    """What the pages say, under the names and the configuration of the receipt."""
    teams = parse(held.configuration, name="configuration").teams if held.configuration else Configuration().teams
    found = []
    for directory in receipt.directories:
        usage: dict[date, list[UsageRecord]] = {}
        costs: dict[date, list[CostRecord]] = {}
        hours: dict[date, list[UsageRecord]] = {}
        whole: set[date] = set()
        hours_over: set[date] = set()
        for reading in receipt.readings:
            if reading.organization_id != directory.organization_id:
                continue
            records = await _records(reading, held, directory.default_workspace_id)
            for day in reading.days:
                if reading.source is Source.COST:
                    costs[day] = [record for record in records[day] if isinstance(record, CostRecord)]
                else:
                    used = hours if reading.source is Source.HOURS else usage
                    used[day] = [record for record in records[day] if isinstance(record, UsageRecord)]
            if reading.source is not Source.USAGE:
                over = hours_over if reading.source is Source.HOURS else whole
                over |= set(reading.whole)
        found.append(Grounds(Ownership(directory, teams), usage, costs, whole, hours, hours_over))
    return found


async def _records(
    reading: Reading, held: Held, default_workspace: str | None
) -> Mapping[date, Sequence[UsageRecord | CostRecord]]:
    """The records of a reading by day, from its pages alone."""
    kept = [RawPage(page.request, held.bodies[reading.organization_id, page.sha256] or b"") for page in reading.pages]
    newer = reading.pages[0].request.startswith(ANALYTICS)
    read_again = reader(reading.source, default_workspace, newer=newer)
    chunk = await read_again(Replay(kept), reading.since, reading.until)
    days: dict[date, list[UsageRecord | CostRecord]] = defaultdict(list)
    for record in chunk.records:
        days[record.start.date()].append(record)
    return days


def _since(receipt: Receipt, held: Held) -> Iterable[str]:
    """What happened since, none of which changes the receipt."""
    if held.restated:
        yield f"Read again since, with other answers: {_listed(held.restated)}. This is from the receipt's own pages."
    if held.configured_since:
        yield "The configuration was changed since. This is with the one that the receipt names."
    if held.renamed_since:
        yield "Workspaces or keys were renamed since. This is with the names in the receipt."
    happened = held.restated or held.configured_since or held.renamed_since
    now = total(_mine(receipt, held))
    if happened and now != total(receipt.lines):
        yield f"The ledger now says ${now} where the receipt says ${total(receipt.lines)}."


def _mine(receipt: Receipt, held: Held) -> list[Line]:
    return [line for line in held.ledger if receipt.holds(line)]


def _reported(some: Iterable[Line]) -> list[Line]:
    """Without adjustments: those may be booked on a day at any time, and change no row that was there."""
    return [line for line in some if line.basis is not Basis.ADJUSTMENT]


def _span(reading: Reading) -> str:
    return f"{reading.since} to before {reading.until}"


def _listed(days: Sequence[date]) -> str:
    named = ", ".join(map(str, days[:DAYS_NAMED]))
    return named if len(days) <= DAYS_NAMED else f"{named} {and_more(len(days) - DAYS_NAMED, 'day')}"
