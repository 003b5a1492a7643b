"""The ledger's entries as the rows of a receipt: their splits, prices and names, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.core.books.receipt import WHOLE_DAY, Chosen, Line, PriceUsed, Share, SharePart, Sums
from bot.core.directory import Directory
from bot.core.entries import Attribution, Basis, Entry
from bot.core.hours import IN_A_DAY, within
from bot.core.money import Money
from bot.core.prices import list_price
from bot.core.sharing import Sharing
from bot.core.usage import REQUESTS, TOKEN_TYPES


def lines_of_hours(
    organization_id: str, day: date, hours: Sequence[tuple[int, Entry]], inside: tuple[int, int]
) -> list[Line]:
    """A day's entries as rows of a receipt, cut where its period begins or ends: those inside, and those around it."""
    since, until = inside
    return [
        line
        for part in ((0, since), inside, (until, IN_A_DAY))
        for line in lines(organization_id, day, within(hours, *part), part)
    ]


def lines(organization_id: str, day: date, entries: Iterable[Entry], hours: tuple[int, int] = WHOLE_DAY) -> list[Line]:
    """A day's entries as rows of a receipt; counts of calls are no part of any sum."""
    return [
        Line(
            organization_id,
            day,
            entry.attribution,
            entry.charge,
            entry.basis,
            entry.quantity,
            None if entry.list_cost is None else Money(entry.list_cost),
            None if entry.billed_cost is None else Money(entry.billed_cost),
            hours,
        )
        for entry in entries
        if entry.charge != REQUESTS
    ]


def shares(organization_id: str, day: date, sharings: Iterable[Sharing], mine: Iterable[Line]) -> list[Share]:
    """The splits of a day that one of its rows, `mine`, has a part in."""
    places = {_place(line.attribution, line.charge) for line in mine}
    found = []
    for sharing in sharings:
        parts = tuple(SharePart(part.attribution, part.weight, Money(part.amount)) for part in sharing.parts)
        if any(_place(part.attribution, sharing.charge) in places for part in parts):
            found.append(Share(organization_id, day, sharing.charge, Money(sharing.amount), sharing.rule, parts))
    return found


def _place(attribution: Attribution, charge: str) -> tuple[Attribution, str]:
    return attribution._replace(team_id=""), charge


def prices(mine: Iterable[Line]) -> tuple[PriceUsed, ...]:
    """The list price of every model whose tokens these rows hold, by stretches of days in which it was the same."""
    days = sorted({(line.attribution.model, line.day) for line in mine if line.charge in TOKEN_TYPES})
    found: list[PriceUsed] = []
    for model, day in days:
        price, next_day = list_price(model, day), day + timedelta(days=1)
        last = found[-1] if found else None
        if last and (last.model, last.price) == (model, price):
            found[-1] = replace(last, until=next_day)
        else:
            found.append(PriceUsed(model, day, next_day, price))
    return tuple(found)


def sums(mine: Iterable[Line], chosen: Chosen, *, usage_read: bool, cost_read: bool) -> Sums:
    """What the rows come to. `usage_read`, `cost_read`: whether that was read for any of the days at all."""
    held = list(mine)
    quantities: dict[str, int] = {}
    for line in held:
        quantities[line.charge] = quantities.get(line.charge, 0) + line.quantity
    listed = [line.list_cost.units for line in held if line.list_cost is not None]
    billed = [line.billed_cost.units for line in held if line.billed_cost is not None]
    billed_known = any(line.basis not in (Basis.UNKNOWN, Basis.NOT_BILLED) for line in held)
    unbilled = any(line.basis is Basis.UNKNOWN for line in held) or (not held and not cost_read)
    unlisted = any(line.list_cost is None for line in held)
    shared = sum(
        line.billed_cost.units for line in held if line.basis in chosen.shared_at and line.billed_cost is not None
    )
    return Sums(
        Money(sum(billed)) if billed_known or not unbilled else None,
        Money(sum(listed)) if usage_read and (any(listed) or not unlisted) else None,
        Money(shared),
        dict(sorted(quantities.items())) if usage_read else None,
    )


def closed_in(months: Iterable[date], day: date) -> bool:
    """Whether a day lies in one of these closed months."""
    return day.replace(day=1) in months


def total(mine: Iterable[Line]) -> Money:
    """The billed cost of the rows, as far as it is known."""
    return Money(sum(line.billed_cost.units for line in mine if line.billed_cost is not None))


def used(directory: Directory, lines: Iterable[Attribution]) -> Directory:
    """The directory with no more than the ids that these rows name."""
    named = list(lines)
    workspaces, keys = {one.workspace_id for one in named}, {one.api_key_id for one in named}
    actors = {one.actor_id for one in named}
    return replace(
        directory,
        workspaces={id_: one for id_, one in sorted(directory.workspaces.items()) if id_ in workspaces},
        api_keys={id_: one for id_, one in sorted(directory.api_keys.items()) if id_ in keys},
        members={id_: one for id_, one in sorted(directory.members.items()) if id_ in actors},
        service_accounts={id_: one for id_, one in sorted(directory.service_accounts.items()) if id_ in actors},
    )
