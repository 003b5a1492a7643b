"""`GET /v1/organizations/analytics/{usage,cost}`: the newer reports, which name key, actor and product (reference §3b).

They come as flat rows, largest first, without rows for idle days, and call the default workspace by its real id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Strict, StrictBool, StrictStr

from bot.anthropic_api.buckets import Chunk, Width
from bot.anthropic_api.client import ANALYTICS, Params, Reader, validated
from bot.anthropic_api.cost_report import one_a_day
from bot.core.errors import AnthropicRefused, MoneyError, NotPermitted, PageMalformed
from bot.core.money import Money
from bot.core.usage import PRIORITY_TIER, CostRecord, DayTotal, UsageRecord
from bot.core.utc import stamp

USAGE = f"{ANALYTICS}/usage"
COST = f"{ANALYTICS}/cost"
GROUP_BY = ("api_key_id", "actor", "workspace_id", "product", "model")
"""Five is the most one request may name."""
FIRST_DAY = date(2026, 1, 1)
FURTHEST = timedelta(days=364)
ROWS_A_PAGE = 1000
_BATCH = "message_batches_api"
_TOKEN_FIELDS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "web_search")

Count = Annotated[int, Strict(), Field(ge=0, le=10**12)]


class _User(BaseModel):
    type: Literal["user_actor"]
    user_id: str


class _ServiceAccount(BaseModel):
    type: Literal["service_account_actor"]
    service_account_id: str


class _Other(BaseModel):
    """The key itself, a federated identity, or a kind nobody has documented yet: no person behind it.

    What else is said of it tells two of them apart: without it, the second would look like a row that came twice.
    """

    model_config = ConfigDict(extra="allow")

    type: str


class _Group(BaseModel):
    api_key_id: str | None
    actor: _User | _ServiceAccount | _Other | None
    workspace_id: str | None
    product: str | None
    model: str | None
    cost_type: str | None = None
    token_type: str | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """What makes a row another one than the next."""
        actor = f"{self.actor.type} {self.actor.model_extra}" if isinstance(self.actor, _Other) else self.actor_id
        named = self.api_key_id, actor, self.workspace_id, self.product, self.model
        return *named, self.cost_type, self.token_type

    @property
    def actor_id(self) -> str | None:
        match self.actor:
            case _User(user_id=id_) | _ServiceAccount(service_account_id=id_):
                return id_
        return None


class _CacheCreation(BaseModel):
    ephemeral_5m_input_tokens: Count
    ephemeral_1h_input_tokens: Count


class _ServerToolUse(BaseModel):
    web_search_requests: Count


class _Usage(BaseModel):
    uncached_input_tokens: Count
    cache_creation: _CacheCreation
    cache_read_input_tokens: Count
    output_tokens: Count
    server_tool_use: _ServerToolUse
    requests: Count | None = None


class _Cost(BaseModel):
    amount: StrictStr
    list_amount: StrictStr
    currency: str


class _Row(BaseModel):
    starting_at: AwareDatetime
    group: _Group


class _UsageRow(_Row):
    usage: _Usage


class _CostRow(_Row):
    cost: _Cost


R = TypeVar("R", bound=_Row)
T = TypeVar("T")
_Key = tuple[datetime, tuple[str | None, ...]]


class _Page(BaseModel, Generic[R]):
    data: list[R]
    has_more: StrictBool
    data_refreshed_at: AwareDatetime | None = None


async def may_read(client: Reader, now: datetime) -> bool:
    """One cheap question: whether this key and organisation may use the newer reports."""
    day = (now - timedelta(days=1)).astimezone(UTC).date()
    params = [("starting_at", stamp(day)), ("ending_at", stamp(day + timedelta(days=1))), ("limit", "1")]
    try:
        await client.get(USAGE, params)
    except (AnthropicRefused, NotPermitted):
        return False  # a key that is refused altogether says nothing about the reports
    return True


def reaches(day: date, now: datetime) -> bool:
    """Whether the newer reports go back as far as this day."""
    return day >= max(FIRST_DAY, now.astimezone(UTC).date() - FURTHEST)


class Analytics:
    """The newer reports of one organisation; `default_workspace` is the real id the classic ones call null."""

    def __init__(self, default_workspace: str | None) -> None:
        self._default = default_workspace

    async def read_usage(self, client: Reader, since: date, until: date) -> Chunk[UsageRecord]:
        """Tokens per key, actor, workspace, product and model.

        Five dimensions leave none for the tier, so the priority tier is asked for apart and taken out of the rest:
        its tokens have no cost and must take no share of any.
        """
        return await self._usage(client, since, until, Width.DAY)

    async def read_hours(self, client: Reader, since: date, until: date) -> Chunk[UsageRecord]:
        """The same by the hour: a record's `start` is its hour's."""
        return await self._usage(client, since, until, Width.HOUR)

    async def _usage(self, client: Reader, since: date, until: date, width: Width) -> Chunk[UsageRecord]:
        page, priority_record = _Page[_UsageRow], partial(self._usage_record, tier=PRIORITY_TIER)
        records, refreshed = await self._read(client, USAGE, page, self._usage_record, since, until, (), width=width)
        priority, _ = await self._read(client, USAGE, page, priority_record, since, until, _PRIORITY, width=width)
        return Chunk(_starts(since, until), tuple(_without(records, priority)), known_until=refreshed)

    async def read_cost(self, client: Reader, since: date, until: date) -> Chunk[CostRecord]:
        """Billed and list amounts per key, actor, workspace, product, model and token type."""
        split = [("group_by[]", "cost_type"), ("group_by[]", "token_type")]
        records, refreshed = await self._read(client, COST, _Page[_CostRow], self._cost_record, since, until, split)
        return Chunk(_starts(since, until), tuple(records), known_until=refreshed)

    async def read_totals(self, client: Reader, since: date, until: date) -> Chunk[DayTotal]:
        """What the same days cost as Anthropic adds them up itself: the same report without grouping."""
        page = _Page[_CostRow]
        records, refreshed = await self._read(client, COST, page, self._cost_record, since, until, (), group_by=())
        return one_a_day(Chunk(_starts(since, until), tuple(records), known_until=refreshed), COST)

    async def _read(
        self,
        client: Reader,
        path: str,
        page_model: type[_Page[R]],
        record: Callable[[R], T],
        since: date,
        until: date,
        more: Params,
        *,
        group_by: Sequence[str] = GROUP_BY,
        width: Width = Width.DAY,
    ) -> tuple[list[T], datetime | None]:
        query = [
            ("starting_at", stamp(since)),
            ("ending_at", stamp(until)),
            ("time_bucket_width", width.written),
            ("limit", str(ROWS_A_PAGE)),
            *(("group_by[]", dimension) for dimension in group_by),
            *more,
        ]
        records: list[T] = []
        seen: set[_Key] = set()
        refreshed: datetime | None = None
        async for body in client.pages(path, query):
            page = validated(page_model, body, path)
            _refuse_strange(page.data, seen, since, until, path, width)
            records += map(record, page.data)
            refreshed = min(filter(None, (refreshed, page.data_refreshed_at)), default=None)
        return records, refreshed

    def _usage_record(self, row: _UsageRow, tier: str | None = None) -> UsageRecord:
        group, usage = row.group, row.usage
        return UsageRecord(
            start=row.starting_at.astimezone(UTC),
            workspace_id=self._workspace(group.workspace_id),
            api_key_id=group.api_key_id,
            model=group.model or "",
            service_tier=tier or ("batch" if group.product == _BATCH else "standard"),
            inference_geo="not_available",
            uncached_input=usage.uncached_input_tokens,
            cache_write_5m=usage.cache_creation.ephemeral_5m_input_tokens,
            cache_write_1h=usage.cache_creation.ephemeral_1h_input_tokens,
            cache_read=usage.cache_read_input_tokens,
            output=usage.output_tokens,
            web_search=usage.server_tool_use.web_search_requests,
            actor_id=group.actor_id,
            product=group.product,
            requests=usage.requests,
        )

    def _cost_record(self, row: _CostRow) -> CostRecord:
        group, cost = row.group, row.cost
        if cost.currency != "USD":
            raise PageMalformed(f"{_of(row)}: an amount is in {cost.currency!r}; this bot only knows USD.")
        try:
            amount, _ = Money.from_cents(cost.amount), Money.from_cents(cost.list_amount)
        except MoneyError as error:
            raise PageMalformed(f"{_of(row)}: {error}") from error
        if amount.units < 0:
            raise PageMalformed(f"{_of(row)}: the amount {cost.amount!r} is negative.")
        return CostRecord(
            start=row.starting_at.astimezone(UTC),
            workspace_id=self._workspace(group.workspace_id),
            cost_type=group.cost_type or "unspecified",
            token_type=group.token_type,
            model=group.model,
            service_tier=None,
            inference_geo=None,
            context_window=None,
            description="",
            amount_cents=cost.amount,
            amount=amount,
            attributed=True,
            api_key_id=group.api_key_id,
            actor_id=group.actor_id,
            product=group.product,
            list_cents=cost.list_amount,
        )

    def _workspace(self, workspace_id: str | None) -> str | None:
        return None if workspace_id == self._default else workspace_id


_PRIORITY = (("service_tiers[]", PRIORITY_TIER),)


def _of(row: _CostRow) -> str:
    return f"{COST}, {row.starting_at:%Y-%m-%d}"


def _without(everything: Sequence[UsageRecord], part: list[UsageRecord]) -> list[UsageRecord]:
    """All of `everything`, with what `part` says of it taken out and standing apart."""
    taken: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0] * len(_TOKEN_FIELDS))
    calls: dict[tuple[object, ...], list[int | None]] = defaultdict(list)
    for record in part:
        calls[_place(record)].append(record.requests)
        for position, name in enumerate(_TOKEN_FIELDS):
            taken[_place(record)][position] += getattr(record, name)
    rest = []
    for record in _merged(everything):
        out = taken.pop(_place(record), None)
        if out is None:
            rest.append(record)
            continue
        left = {name: getattr(record, name) - less for name, less in zip(_TOKEN_FIELDS, out, strict=True)}
        if min(left.values()) < 0:
            raise PageMalformed(
                f"{USAGE}: the priority tier of {record.start:%Y-%m-%d} is more than all tiers together."
            )
        requests = _less(record.requests, calls[_place(record)])
        if any(left.values()) or requests:
            rest.append(record._replace(**left, requests=requests))
    if taken:
        raise PageMalformed(f"{USAGE}: the priority tier has rows that are missing among all tiers together.")
    return rest + part


def _merged(records: Sequence[UsageRecord]) -> Iterable[UsageRecord]:
    """One record a place: actors without an id, such as federated identities, are rows apart and nobody here."""
    places: dict[tuple[object, ...], UsageRecord] = {}
    for record in records:
        held = places.get(_place(record))
        if held is not None:
            sums = {name: getattr(held, name) + getattr(record, name) for name in _TOKEN_FIELDS}
            counted = None not in (held.requests, record.requests)
            requests = (held.requests or 0) + (record.requests or 0) if counted else None
            record = record._replace(**sums, requests=requests)
        places[_place(record)] = record
    return places.values()


def _less(whole: int | None, parts: Sequence[int | None]) -> int | None:
    """The requests that are left; None where any of them were not counted."""
    counted = [count for count in parts if count is not None]
    return None if whole is None or len(counted) < len(parts) else max(0, whole - sum(counted))


def _place(record: UsageRecord) -> tuple[object, ...]:
    apart = (*_TOKEN_FIELDS, "requests", "service_tier")
    return tuple(getattr(record, name) for name in record._fields if name not in apart)


def _starts(since: date, until: date) -> tuple[datetime, ...]:
    """Every day asked for: one without rows was idle."""
    return tuple(datetime.combine(since + timedelta(days=n), time(), UTC) for n in range((until - since).days))


def _refuse_strange(rows: Sequence[_Row], seen: set[_Key], since: date, until: date, path: str, width: Width) -> None:
    """A row that is among those `seen` is a page that was doubled; one of another day was not asked for."""
    for start in {row.starting_at for row in rows}:
        utc = start.astimezone(UTC)
        if not width.begins(utc) or not since <= utc.date() < until:
            raise PageMalformed(f"{path}: a row is for {utc.isoformat()}, which was not asked for.")
    for row in rows:
        key = (row.starting_at, row.group.key)
        if key in seen:
            raise PageMalformed(f"{path}: a row of {row.starting_at:%Y-%m-%d} comes twice; a page was doubled.")
        seen.add(key)
