"""`GET /v1/organizations/usage_report/claude_code`: what people do with Claude Code, day by day.

Money here is a JSON number of cents, where every other report writes text; it arrives as an int or a Decimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, Strict, StrictBool

from bot.anthropic_api.buckets import Chunk
from bot.anthropic_api.client import Reader, validated
from bot.core.coding import Actor, ActorKind, CodeRecord, Work, by_actor_and_day
from bot.core.errors import MoneyError, PageMalformed
from bot.core.money import ZERO, Money

PATH = "/v1/organizations/usage_report/claude_code"
RECORDS_A_PAGE = 1000
SHOWN_AFTER = timedelta(hours=1)
"""Only what is older than this is in the report, so a day is whole an hour after its end."""

Count = Annotated[int, Strict(), Field(ge=0, le=10**12)]


class _Person(BaseModel):
    type: Literal["user_actor"]
    email_address: str


class _Key(BaseModel):
    type: Literal["api_actor"]
    api_key_name: str


class _Other(BaseModel):
    type: str


class _Lines(BaseModel):
    added: Count
    removed: Count


class _Core(BaseModel):
    num_sessions: Count
    lines_of_code: _Lines
    commits_by_claude_code: Count
    pull_requests_by_claude_code: Count


class _Decisions(BaseModel):
    accepted: Count
    rejected: Count


class _Tokens(BaseModel):
    input: Count
    output: Count
    cache_read: Count
    cache_creation: Count


class _Cost(BaseModel):
    amount: Annotated[int, Strict()] | Annotated[Decimal, Strict()]
    currency: str


class _ByModel(BaseModel):
    model: str
    tokens: _Tokens
    estimated_cost: _Cost


class _Record(BaseModel):
    date: AwareDatetime
    actor: _Person | _Key | _Other
    customer_type: str
    core_metrics: _Core
    tool_actions: Mapping[str, _Decisions] | None = None
    model_breakdown: list[_ByModel] | None = None


class _Page(BaseModel):
    data: list[_Record]
    has_more: StrictBool


async def read_code(client: Reader, day: date) -> Chunk[CodeRecord]:
    """What everybody did on one UTC day, one record for each actor and customer type."""
    params = [("starting_at", day.isoformat()), ("limit", str(RECORDS_A_PAGE))]
    records: list[CodeRecord] = []
    before: list[Any] = []
    async for body in client.pages(PATH, params):
        page = validated(_Page, body, PATH)
        # Two records may be alike, since keys may share a name; a whole page may not.
        if page.data and page.data in before:
            raise PageMalformed(f"{PATH}, {day}: a page came twice.")
        before.append(page.data)
        records += (_record(day, record) for record in page.data)
    return Chunk((datetime.combine(day, time(), UTC),), tuple(by_actor_and_day(records)))


def _record(day: date, record: _Record) -> CodeRecord:
    if record.date.astimezone(UTC).date() != day:
        raise PageMalformed(f"{PATH}: a record is for {record.date.isoformat()}, which was not asked for.")
    core, decisions = record.core_metrics, (record.tool_actions or {}).values()
    models = record.model_breakdown or []
    work = Work(
        sessions=core.num_sessions,
        lines_added=core.lines_of_code.added,
        lines_removed=core.lines_of_code.removed,
        commits=core.commits_by_claude_code,
        pull_requests=core.pull_requests_by_claude_code,
        accepted=sum(tool.accepted for tool in decisions),
        rejected=sum(tool.rejected for tool in decisions),
        tokens=sum(sum(model.tokens.model_dump().values()) for model in models),
        estimated=sum((_estimate(day, model.estimated_cost) for model in models), ZERO),
    )
    return CodeRecord(day, _actor(record.actor), record.customer_type, work)


def _actor(actor: _Person | _Key | _Other) -> Actor:
    match actor:
        case _Person(email_address=email):
            return Actor(ActorKind.PERSON, email.strip().lower())
        case _Key(api_key_name=name):
            return Actor(ActorKind.KEY, name)
        case _Other(type=("user_actor" | "api_actor") as kind):
            raise PageMalformed(f"{PATH}: a {kind} has no name.")
        case _Other(type=kind):
            return Actor(ActorKind.OTHER, kind)


def _estimate(day: date, cost: _Cost) -> Money:
    if cost.currency != "USD":
        raise PageMalformed(f"{PATH}, {day}: an amount is in {cost.currency!r}; this bot only knows USD.")
    try:
        amount = Money.from_number_of_cents(cost.amount)
    except MoneyError as error:
        raise PageMalformed(f"{PATH}, {day}: {error}") from error
    if amount.units < 0:
        raise PageMalformed(f"{PATH}, {day}: the amount {cost.amount} is negative.")
    return amount
