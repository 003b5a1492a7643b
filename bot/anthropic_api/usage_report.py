"""`GET /v1/organizations/usage_report/messages`: tokens per day or hour and five dimensions."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from bot.anthropic_api.buckets import Buckets, Chunk, Width, read_days
from bot.anthropic_api.client import Reader
from bot.anthropic_api.shape import Count, Searches, Shape
from bot.core.usage import UsageRecord

PATH = "/v1/organizations/usage_report/messages"
GROUP_BY = ("workspace_id", "api_key_id", "model", "service_tier", "inference_geo")
"""Five is the most one request may name."""


class _CacheCreation(Struct, gc=False):
    ephemeral_5m_input_tokens: Count
    ephemeral_1h_input_tokens: Count


class _ServerToolUse(Struct, gc=False):
    web_search_requests: Searches


class _Result(Struct, gc=False):
    workspace_id: str | None
    api_key_id: str | None
    model: str
    service_tier: str
    inference_geo: str | None
    uncached_input_tokens: Count
    cache_creation: _CacheCreation
    cache_read_input_tokens: Count
    output_tokens: Count
    server_tool_use: _ServerToolUse


_PAGE = Shape(Buckets[_Result])


async def read_usage(client: Reader, since: date, until: date) -> Chunk[UsageRecord]:
    """Tokens of the UTC days `since` (inclusive) to `until` (exclusive), per key, workspace, model, tier and geo."""
    return await _read(client, since, until, Width.DAY)


async def read_hours(client: Reader, since: date, until: date) -> Chunk[UsageRecord]:
    """The same by the hour: a record's `start` is its hour's."""
    return await _read(client, since, until, Width.HOUR)


async def _read(client: Reader, since: date, until: date, width: Width) -> Chunk[UsageRecord]:
    params = [("group_by[]", dimension) for dimension in GROUP_BY]
    return await read_days(client, PATH, _PAGE, _record, since=since, until=until, params=params, width=width)


def _record(start: datetime, result: _Result) -> UsageRecord:
    return UsageRecord(
        start=start,
        workspace_id=result.workspace_id,
        api_key_id=result.api_key_id,
        model=result.model,
        service_tier=result.service_tier,
        inference_geo=result.inference_geo or "not_available",
        uncached_input=result.uncached_input_tokens,
        cache_write_5m=result.cache_creation.ephemeral_5m_input_tokens,
        cache_write_1h=result.cache_creation.ephemeral_1h_input_tokens,
        cache_read=result.cache_read_input_tokens,
        output=result.output_tokens,
        web_search=result.server_tool_use.web_search_requests,
    )
