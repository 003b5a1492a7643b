"""Hours of a day: its ledger entries spread over them, and the stretches of time that whole days and hours make up.

Cost is reported by the UTC day alone, so an hour's part of it follows from the hour's part of the tokens. The hours of
a day add up to the day to the last unit, and so do local days to the UTC days they are made of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.core.entries import Attribution, Basis, Entry
from bot.core.money import share_out
from bot.core.usage import CONSOLE, DEFAULT_WORKSPACE, NO_ACTOR, REQUESTS, TOKEN_TYPES, WEB_SEARCH, UsageRecord
from bot.core.utc import midnight

IN_A_DAY = 24
NOON = 12
"""Where an adjustment stands, which belongs to no hour: at noon UTC it is the same date nearly everywhere."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """Some hours of one UTC day: `since` inclusive, `until` exclusive."""

    day: date
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Half-open time between two whole UTC hours."""

    start: datetime
    end: datetime

    @property
    def days(self) -> tuple[date, date]:
        """The whole UTC days in it: from the first to before the last."""
        first = _midnight(self.start) + (_DAY if _midnight(self.start) < self.start else timedelta())
        return first.date(), max(first, _midnight(self.end)).date()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The hours before and after its whole days."""
        first, last = self.start.date(), self.end.date()
        if first == last:
            return (Part(first, self.start.hour, self.end.hour),) if self.start < self.end else ()
        head = (Part(first, self.start.hour, IN_A_DAY),) if self.start.hour else ()
        tail = (Part(last, 0, self.end.hour),) if self.end.hour else ()
        return (*head, *tail)

    @property
    def touched(self) -> tuple[date, date]:
        """The UTC days it touches: from the first to before the last."""
        if self.start == self.end:
            return self.start.date(), self.start.date()
        return self.start.date(), (self.end - timedelta.resolution).date() + _DAY

    def hours_on(self, day: date) -> tuple[int, int]:
        """Which hours of a day lie in it, from and until."""
        begin, end = midnight(day), midnight(day + _DAY)
        inside = (max(self.start, begin), min(self.end, end))
        since, until = (int((at - begin) / timedelta(hours=1)) for at in inside)
        return since, max(since, until)


def on_the_hour(at: datetime) -> datetime:
    """The whole UTC hour in which an instant lies."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def spread(entries: Iterable[Entry], usage: Sequence[UsageRecord], *, over: bool) -> list[tuple[int, Entry]]:
    """A day's entries, each with the hour it falls in; `usage` is the same day's, by the hour.

    The first of these that is known decides how an amount falls over the hours: the tokens of the very same key,
    person, product, model, tier and charge; those of the workspace's model and charge; nothing, then it falls evenly
    over the day. `over`: the hours were read after the day was over; if not, evenly is up to the last one used.
    """
    exact: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * IN_A_DAY)
    near: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * IN_A_DAY)
    for record in usage:
        hour, workspace = record.start.astimezone(UTC).hour, record.workspace_id or DEFAULT_WORKSPACE
        place = (
            *(workspace, record.api_key_id or CONSOLE, record.actor_id or NO_ACTOR, record.product or ""),
            *(record.model, record.service_tier, record.inference_geo),
        )
        for charge in (*TOKEN_TYPES, WEB_SEARCH, REQUESTS):
            quantity: int | None = getattr(record, charge)
            if quantity:
                exact[*place, charge][hour] += quantity
                near[workspace, record.model, charge][hour] += quantity
    begun = IN_A_DAY if over else 1 + max((record.start.astimezone(UTC).hour for record in usage), default=0)
    found: list[tuple[int, Entry]] = []
    together: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.basis is Basis.ADJUSTMENT:
            found.append((NOON, entry))
            continue
        at = entry.attribution
        place = (at.workspace_id, at.api_key_id, at.actor_id, at.product, at.model, at.service_tier, at.inference_geo)
        together[*place, entry.charge].append(entry)
    for same, some in together.items():
        weights = exact.get(same) or near.get((same[0], same[4], same[-1])) or [1] * begun
        found += _by_hour(sorted(some, key=lambda entry: (entry.attribution.team_id, entry.basis)), weights)
    return found


def _by_hour(entries: Sequence[Entry], weights: Sequence[int]) -> Iterable[tuple[int, Entry]]:
    """Entries of one line, which teams may share: in each hour they add up to the line's own part of it."""
    hours = [hour for hour, weight in enumerate(weights) if weight]
    used = [weights[hour] for hour in hours]
    quantities = _portions([entry.quantity for entry in entries], used)
    listed = _portions([entry.list_cost for entry in entries], used)
    billed = _portions([entry.billed_cost for entry in entries], used)
    for entry, *parts in zip(entries, quantities, listed, billed, strict=True):
        for hour, quantity, list_cost, billed_cost in zip(hours, *parts, strict=True):
            yield (
                hour,
                Entry(entry.attribution, entry.charge, quantity or 0, list_cost, billed_cost, entry.basis),
            )


def _portions(amounts: Sequence[int | None], weights: Sequence[int]) -> list[Sequence[int | None]]:
    """Each amount split by the weights, so that all of them together are their sum split by the weights."""
    left = share_out(sum(amount or 0 for amount in amounts), weights)
    found: list[Sequence[int | None]] = []
    for amount in amounts:
        if amount is None:
            found.append([None] * len(weights))
            continue
        part = share_out(amount, left if any(left) else weights)
        left = [whole - taken for whole, taken in zip(left, part, strict=True)]
        found.append(part)
    return found


def within(hours: Iterable[tuple[int, Entry]], since: int, until: int) -> list[Entry]:
    """The entries of the hours `since` (inclusive) to `until` (exclusive), added up."""
    found: dict[tuple[Attribution, str, Basis], Entry] = {}
    for hour, entry in hours:
        if since <= hour < until:
            key = (entry.attribution, entry.charge, entry.basis)
            known = found.get(key)
            found[key] = entry if known is None else _plus(known, entry)
    return list(found.values())


def _plus(one: Entry, other: Entry) -> Entry:
    """Two parts of the same entry together; what is unknown of an entry is unknown of all its hours."""
    return one._replace(
        quantity=one.quantity + other.quantity,
        list_cost=None if one.list_cost is None or other.list_cost is None else one.list_cost + other.list_cost,
        billed_cost=None
        if one.billed_cost is None or other.billed_cost is None
        else one.billed_cost + other.billed_cost,
    )


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
