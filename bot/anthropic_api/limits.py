"""Rate limits of the organisation and its workspaces, and spend limits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, Field, Strict, StrictBool, StrictStr

from bot.anthropic_api.client import SPEND_LIMITS, Reader, validated
from bot.core.errors import MoneyError, PageMalformed
from bot.core.limits import ORGANISATION, RateLimit, SpendLimit
from bot.core.money import Money
from bot.core.usage import DEFAULT_WORKSPACE

RATE_LIMITS = "/v1/organizations/rate_limits"
ENTRIES_A_PAGE = 100
_PARAMS = (("limit", str(ENTRIES_A_PAGE)),)


class _Limit(BaseModel):
    type: str
    value: Annotated[int, Strict(), Field(ge=0, le=10**15)] | None
    """None where nothing limits it."""


class _Group(BaseModel):
    id: str
    type: str
    display_name: str


class _RateLimit(BaseModel):
    """Newer answers have a `group`, older ones only its type."""

    group: _Group | None = None
    group_type: str | None = None
    models: list[str] | None = None
    limits: list[_Limit]


class _Scope(BaseModel):
    type: str
    workspace_id: str | None = None
    user_id: str | None = None
    rbac_group_id: str | None = None
    seat_tier: str | None = None
    service: str | None = None


class _SpendLimit(BaseModel):
    id: str
    amount: StrictStr | None
    currency: str
    period: str
    is_enabled: StrictBool
    scope: _Scope


class _Page(BaseModel):
    has_more: StrictBool


class _RatePage(_Page):
    data: list[_RateLimit]


class _SpendPage(_Page):
    data: list[_SpendLimit]


async def read_rate_limits(client: Reader) -> list[RateLimit]:
    """What the organisation as a whole may use, group by group."""
    return await _rate_limits(client, RATE_LIMITS, ORGANISATION)


async def read_workspace_rate_limits(client: Reader, workspace_ids: Iterable[str]) -> list[RateLimit]:
    """What these workspaces were set apart from the organisation's limits; nothing for one that inherits them all."""
    try:
        async with asyncio.TaskGroup() as reading:
            reads = [
                reading.create_task(_rate_limits(client, f"/v1/organizations/workspaces/{id_}/rate_limits", id_))
                for id_ in workspace_ids
            ]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None  # the first is the cause; the others were cancelled for it
    return [limit for read in reads for limit in read.result()]


async def read_spend_limits(client: Reader, default_workspace_id: str | None) -> list[SpendLimit]:
    """Every spend limit, the disabled ones as no limit; the default workspace is called as the ledger calls it."""
    found: list[SpendLimit] = []
    async for body in client.pages(SPEND_LIMITS, _PARAMS):
        found += (_spend_limit(one, default_workspace_id) for one in validated(_SpendPage, body, SPEND_LIMITS).data)
    return found


async def _rate_limits(client: Reader, path: str, workspace_id: str) -> list[RateLimit]:
    found: list[RateLimit] = []
    async for body in client.pages(path, _PARAMS):
        for entry in validated(_RatePage, body, path).data:
            models = tuple(entry.models or ())
            group = entry.group or _named(entry.group_type or "", models)
            found += (
                RateLimit(workspace_id, group.id, group.type, group.display_name, models, limit.type, limit.value)
                for limit in entry.limits
                if limit.value is not None
            )
    return found


def _named(group_type: str, models: tuple[str, ...]) -> _Group:
    """A group that has no name of its own goes by its models, or by what it is."""
    return _Group(id=models[0] if models else group_type, type=group_type, display_name=", ".join(models) or group_type)


def _spend_limit(entry: _SpendLimit, default_workspace_id: str | None) -> SpendLimit:
    if entry.currency != "USD":
        raise PageMalformed(f"{SPEND_LIMITS}: a limit is in {entry.currency!r}; this bot only knows USD.")
    try:
        amount = Money.from_cents(entry.amount) if entry.amount is not None and entry.is_enabled else None
    except MoneyError as error:
        raise PageMalformed(f"{SPEND_LIMITS}: {error}") from error
    scope = entry.scope
    workspace_id = DEFAULT_WORKSPACE if scope.workspace_id == default_workspace_id else scope.workspace_id
    about = workspace_id if scope.workspace_id else scope.user_id or scope.rbac_group_id or scope.seat_tier
    return SpendLimit(entry.id, scope.type, about or scope.service, amount, entry.period)
