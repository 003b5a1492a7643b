"""`GET /v1/organizations/analytics/{usage,cost}`: the newer reports, which name key, actor and product.

They come as flat rows, largest first, without rows for idle days, and call the default workspace by its real id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Generic, TypeVar

from msgspec import Raw, Struct

from bot.anthropic_api.buckets import Chunk, Width
from bot.anthropic_api.client import ANALYTICS, Page, Params, Reader
from bot.anthropic_api.cost_report import one_a_day
from bot.anthropic_api.priority import set_apart
from bot.anthropic_api.shape import Count, Instant, Shape
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
_PRIORITY = (("service_tiers[]", PRIORITY_TIER),)


class _Actor(Struct, gc=False):
    type: str
    user_id: str | None = None
    service_account_id: str | None = None

    @property
    def id(self) -> str | None:
        """None for the key itself, a federated identity, or a kind nobody has documented yet: no person behind it."""
        return {"user_actor": self.user_id, "service_account_actor": self.service_account_id}.get(self.type)


class _Group(Struct, gc=False):
    api_key_id: str | None
    actor: Raw
    workspace_id: str | None
    product: str | None
    model: str | None
    cost_type: str | None = None
    token_type: str | None = None


class _CacheCreation(Struct, gc=False):
    ephemeral_5m_input_tokens: Count
    ephemeral_1h_input_tokens: Count


class _ServerToolUse(Struct, gc=False):
    web_search_requests: Count


class _Usage(Struct, gc=False):
    uncached_input_tokens: Count
    cache_creation: _CacheCreation
    cache_read_input_tokens: Count
    output_tokens: Count
    server_tool_use: _ServerToolUse
    requests: Count | None = None


class _Cost(Struct, gc=False):
    amount: str
    list_amount: str
    currency: str


class _UsageRow(Struct, gc=False):
    starting_at: Instant
    group: _Group
    usage: _Usage


class _CostRow(Struct, gc=False):
    starting_at: Instant
    group: _Group
    cost: _Cost


R = TypeVar("R", _UsageRow, _CostRow)
T = TypeVar("T")


class _Page(Page, Generic[R], kw_only=True, gc=False):
    data: list[R]
    data_refreshed_at: Instant | None = None


_USAGE_PAGE, _COST_PAGE = Shape(_Page[_UsageRow]), Shape(_Page[_CostRow])
_ACTOR = Shape(_Actor)


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
        asked = _Asked(USAGE, since, until, width)
        records, refreshed = await _read(client, asked, _USAGE_PAGE, self._usage_record)
        priority_record = partial(self._usage_record, tier=PRIORITY_TIER)
        priority, _ = await _read(client, asked, _USAGE_PAGE, priority_record, more=_PRIORITY)
        days = asked.told(records, refreshed)
        return Chunk(days, tuple(set_apart(records, priority, USAGE)), known_until=refreshed)

    async def read_cost(self, client: Reader, since: date, until: date) -> Chunk[CostRecord]:
        """Billed and list amounts per key, actor, workspace, product, model and token type."""
        asked = _Asked(COST, since, until)
        split = [("group_by[]", "cost_type"), ("group_by[]", "token_type")]
        records, refreshed = await _read(client, asked, _COST_PAGE, self._cost_record, more=split)
        return Chunk(asked.told(records, refreshed), tuple(records), known_until=refreshed)

    async def read_totals(self, client: Reader, since: date, until: date) -> Chunk[DayTotal]:
        """What the same days cost as Anthropic adds them up itself: the same report without grouping."""
        asked = _Asked(COST, since, until)
        records, refreshed = await _read(client, asked, _COST_PAGE, self._cost_record, group_by=())
        return one_a_day(Chunk(asked.told(records, refreshed), tuple(records), known_until=refreshed), COST)

    def _usage_record(
        self, start: datetime, actor_id: str | None, row: _UsageRow, tier: str | None = None
    ) -> UsageRecord:
        group, usage = row.group, row.usage
        return UsageRecord(
            start=start,
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
            actor_id=actor_id,
            product=group.product,
            requests=usage.requests,
        )

    def _cost_record(self, start: datetime, actor_id: str | None, row: _CostRow) -> CostRecord:
        group, cost = row.group, row.cost
        if cost.currency != "USD":
            raise PageMalformed(f"{_of(start)}: an amount is in {cost.currency!r}; this bot only knows USD.")
        try:
            amount, listed = Money.from_cents(cost.amount), Money.from_cents(cost.list_amount)
        except MoneyError as error:
            raise PageMalformed(f"{_of(start)}: {error}") from error
        if amount.units < 0:
            raise PageMalformed(f"{_of(start)}: the amount {cost.amount!r} is negative.")
        if listed.units < 0:
            raise PageMalformed(f"{_of(start)}: the list amount {cost.list_amount!r} is negative.")
        return CostRecord(
            start=start,
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
            actor_id=actor_id,
            product=group.product,
            list_cents=cost.list_amount,
        )

    def _workspace(self, workspace_id: str | None) -> str | None:
        return None if workspace_id == self._default else workspace_id


def _of(start: datetime) -> str:
    return f"{COST}, {start:%Y-%m-%d}"


class _Asked:
    """What is asked for: days of a report."""

    def __init__(self, path: str, since: date, until: date, width: Width = Width.DAY) -> None:
        self.path = path
        self.since = since
        self.until = until
        self.width = width

    @property
    def days(self) -> tuple[datetime, ...]:
        days = range((self.until - self.since).days)
        return tuple(datetime.combine(self.since + timedelta(days=n), time(), UTC) for n in days)

    def told(self, records: Sequence[UsageRecord | CostRecord], refreshed: datetime | None) -> tuple[datetime, ...]:
        """The days that the answer is about: one without rows was idle, unless the report ends before it begins."""
        days = self.days
        if refreshed is None or refreshed > days[-1]:
            return days
        with_rows = {record.start.date() for record in records}
        return tuple(day for day in days if day < refreshed or day.date() in with_rows)

    def start(self, said: datetime) -> datetime:
        """A row's instant in UTC. Raises PageMalformed for one of another day."""
        utc = said.astimezone(UTC)
        if not self.width.begins(utc) or not self.since <= utc.date() < self.until:
            raise PageMalformed(f"{self.path}: a row is for {utc.isoformat()}, which was not asked for.")
        return utc


async def _read(
    client: Reader,
    asked: _Asked,
    shape: Shape[_Page[R]],
    record: Callable[[datetime, str | None, R], T],
    *,
    group_by: Sequence[str] = GROUP_BY,
    more: Params = (),
) -> tuple[list[T], datetime | None]:
    """Every row as a record, and up to when the report is complete."""
    query = [
        ("starting_at", stamp(asked.since)),
        ("ending_at", stamp(asked.until)),
        ("time_bucket_width", asked.width.written),
        ("limit", str(ROWS_A_PAGE)),
        *(("group_by[]", dimension) for dimension in group_by),
        *more,
    ]
    records: list[T] = []
    seen = _Seen(asked)
    refreshed: datetime | None = None
    async for page in client.shaped(asked.path, query, shape):
        records += [record(*seen.start_and_actor(row, at), row) for at, row in enumerate(page.data)]
        refreshed = min(filter(None, (refreshed, page.data_refreshed_at)), default=None)
    return records, refreshed


class _Seen:
    """The rows that came so far, and what many of them share."""

    def __init__(self, asked: _Asked) -> None:
        self._asked = asked
        self._keys: set[tuple[object, ...]] = set()
        self._starts: dict[datetime, datetime] = {}
        self._actors: dict[bytes, tuple[str | None, str | bytes]] = {b"null": (None, b"null")}

    def start_and_actor(self, row: _UsageRow | _CostRow, at: int) -> tuple[datetime, str | None]:
        """Of a row that was asked for and did not come before: that would be a page that was doubled.

        Rows of one instant share it as one object, for which the store looks.
        """
        group, said = row.group, row.starting_at
        start = self._starts.get(said) or self._starts.setdefault(said, self._asked.start(said))
        written = bytes(group.actor)
        actor_id, actor = self._actors.get(written) or self._actors.setdefault(written, self._actor(written, at))
        named = (start, actor, group.api_key_id, group.workspace_id, group.product, group.model)
        key = (*named, group.cost_type, group.token_type)
        if key in self._keys:
            raise PageMalformed(f"{self._asked.path}: a row of {start:%Y-%m-%d} comes twice; a page was doubled.")
        self._keys.add(key)
        return start, actor_id

    def _actor(self, written: bytes, at: int) -> tuple[str | None, str | bytes]:
        """Its id, and what tells it from others: an actor without an id by all that is said of it."""
        actor_id = _ACTOR(written, self._asked.path, f"data.{at}.group.actor").id
        return actor_id, actor_id or written
