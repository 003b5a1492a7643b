"""What exports are made of: the ledger's charges, and the sheets of usage and of cost.

People and products are added up: an export names teams, workspaces and keys, never who called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from bot.core.directory import Directory
from bot.core.entries import Posted
from bot.core.money import Money
from bot.core.usage import REQUESTS, TOKEN_TYPES, WEB_SEARCH

Row = tuple[object, ...]

USAGE_COLUMNS = (
    *("day", "organization_id", "workspace_id", "workspace", "api_key_id", "api_key"),
    *("model", "service_tier", "inference_geo", "adjusts", *TOKEN_TYPES, "web_search_requests"),
)
COST_COLUMNS = (
    *("day", "organization_id", "team_id", "team", "workspace_id", "workspace", "api_key_id", "api_key"),
    *("model", "service_tier", "inference_geo", "charge", "quantity", "billed_cost", "list_cost", "basis", "adjusts"),
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What a charge belongs to; in this order the rows of every export stand."""

    day: date
    organization_id: str
    team_id: str
    workspace_id: str
    api_key_id: str
    model: str
    service_tier: str
    inference_geo: str
    charge: str
    basis: str
    adjusts: str
    """The closed day, as ISO text, that an adjustment is about; empty for everything else."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge of one day; costs in units of 10⁻¹⁰ dollars, None where unknown."""

    place: Place
    quantity: int
    list_cost: int | None
    billed_cost: int | None


@dataclass(frozen=True, slots=True)
class Called:
    """What people call the ids of an export; an id nobody knows is called by itself."""

    organizations: Mapping[str, Directory]
    teams: Mapping[str, str]

    def organization(self, id_: str) -> Directory:
        return self.organizations.get(id_) or Directory(id_, id_)

    def team(self, id_: str) -> str:
        return self.teams.get(id_, id_)


def charges(posted: Iterable[Posted]) -> list[Charge]:
    """Entries without people and products, in the order of an export, without counts of calls (no charge) and
    adjustments that come to nothing.

    A sum with an unknown part is unknown.
    """
    sums: dict[Place, tuple[int, int | None, int | None]] = {}
    for one in posted:
        entry, of = one.entry, one.entry.attribution
        if entry.charge == REQUESTS:
            continue
        adjusts = one.adjusts.isoformat() if one.adjusts else ""
        place = Place(
            *(one.day, one.organization_id, of.team_id, of.workspace_id, of.api_key_id, of.model),
            *(of.service_tier, of.inference_geo, entry.charge, entry.basis.value, adjusts),
        )
        quantity, listed, billed = sums.get(place, (0, 0, 0))
        sums[place] = (quantity + entry.quantity, _plus(listed, entry.list_cost), _plus(billed, entry.billed_cost))
    return [Charge(place, *sums[place]) for place in sorted(sums) if not place.adjusts or any(sums[place])]


def usage_rows(found: Iterable[Charge], called: Called) -> Iterator[Row]:
    """One row per day, workspace, key, model, tier and geo; nothing for cost that no usage explains."""
    counted = (one for one in found if one.quantity)
    for key, group in groupby(sorted(counted, key=_used), key=_used):
        quantities: dict[str, int] = {}
        for one in group:
            quantities[one.place.charge] = quantities.get(one.place.charge, 0) + one.quantity
        day, organization_id, workspace_id, api_key_id, model, tier, geo, adjusts = key
        directory = called.organization(organization_id)
        yield (
            *(day, organization_id, workspace_id, directory.workspace_name(workspace_id)),
            *(api_key_id, directory.key_name(api_key_id), model, tier, geo, adjusts or None),
            *(quantities.get(charge, 0) for charge in (*TOKEN_TYPES, WEB_SEARCH)),
        )


def cost_rows(found: Iterable[Charge], called: Called) -> Iterator[Row]:
    """One row per day, team, workspace, key, model, tier, geo, charge and how its billed cost is known."""
    for one in found:
        place = one.place
        directory = called.organization(place.organization_id)
        yield (
            *(place.day, place.organization_id, place.team_id, called.team(place.team_id)),
            *(place.workspace_id, directory.workspace_name(place.workspace_id)),
            *(place.api_key_id, directory.key_name(place.api_key_id)),
            *(place.model, place.service_tier, place.inference_geo, place.charge, one.quantity),
            *(money(one.billed_cost), money(one.list_cost), place.basis, place.adjusts or None),
        )


def money(units: int | None) -> Money | None:
    return None if units is None else Money(units)


def _used(one: Charge) -> tuple[date, str, str, str, str, str, str, str]:
    place = one.place
    return (
        *(place.day, place.organization_id, place.workspace_id, place.api_key_id),
        *(place.model, place.service_tier, place.inference_geo, place.adjusts),
    )


def _plus(known: int | None, part: int | None) -> int | None:
    return None if known is None or part is None else known + part
