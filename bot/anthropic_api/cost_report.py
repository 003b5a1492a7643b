"""`GET /v1/organizations/cost_report`: billed amounts per day, workspace and description."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from bot.anthropic_api.buckets import Buckets, Chunk, read_days
from bot.anthropic_api.client import Reader
from bot.anthropic_api.shape import Shape
from bot.core.errors import MoneyError, PageMalformed
from bot.core.money import ZERO, Money
from bot.core.usage import CostRecord, DayTotal

PATH = "/v1/organizations/cost_report"


class _Result(Struct, gc=False):
    amount: str
    currency: str
    workspace_id: str | None
    description: str | None
    cost_type: str | None
    token_type: str | None
    model: str | None
    service_tier: str | None
    context_window: str | None
    inference_geo: str | None


_PAGE = Shape(Buckets[_Result])


async def read_cost(client: Reader, since: date, until: date) -> Chunk[CostRecord]:
    """Billed amounts of the UTC days `since` (inclusive) to `until` (exclusive), as finely as they are reported."""
    params = [("group_by[]", "workspace_id"), ("group_by[]", "description")]
    return await read_days(client, PATH, _PAGE, _record, since=since, until=until, params=params)


async def read_totals(client: Reader, since: date, until: date) -> Chunk[DayTotal]:
    """What the same days cost as Anthropic adds them up itself: the same report without grouping."""
    return one_a_day(await read_days(client, PATH, _PAGE, _record, since=since, until=until, params=()), PATH)


def one_a_day(chunk: Chunk[CostRecord], path: str) -> Chunk[DayTotal]:
    """The one row of each day that was read; a day without any cost nothing."""
    rows = {record.start: DayTotal(record.start, record.amount_cents, record.amount) for record in chunk.records}
    if len(rows) < len(chunk.records):
        raise PageMalformed(f"{path}: asked for ungrouped, a day has several rows.")
    totals = tuple(rows.get(start) or DayTotal(start, "0", ZERO) for start in chunk.starts)
    return Chunk(chunk.starts, totals, chunk.known_until)


def _record(start: datetime, result: _Result) -> CostRecord:
    if result.currency != "USD":
        raise MoneyError(f"an amount is in {result.currency!r}; this bot only knows USD.")
    amount = Money.from_cents(result.amount)
    if amount.units < 0:
        raise MoneyError(f"the amount {result.amount!r} is negative.")
    return CostRecord(
        start=start,
        workspace_id=result.workspace_id,
        cost_type=result.cost_type or "unspecified",
        token_type=result.token_type,
        model=result.model,
        service_tier=result.service_tier,
        inference_geo=result.inference_geo,
        context_window=result.context_window,
        description=result.description or "",
        amount_cents=result.amount,
        amount=amount,
    )
