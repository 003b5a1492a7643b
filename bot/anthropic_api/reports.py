"""Which of Anthropic's reports say the same: each source as the newer endpoints tell it, and as the classic ones do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

from bot.anthropic_api.analytics import Analytics
from bot.anthropic_api.buckets import Chunk
from bot.anthropic_api.client import Reader
from bot.anthropic_api.cost_report import read_cost
from bot.anthropic_api.usage_report import read_hours, read_usage
from bot.core.usage import CostRecord, Source, UsageRecord

Said = Chunk[UsageRecord] | Chunk[CostRecord]
Read = Callable[[Reader, date, date], Awaitable[Said]]
_CLASSIC: Mapping[Source, Read] = {Source.USAGE: read_usage, Source.COST: read_cost, Source.HOURS: read_hours}


def reader(source: Source, default_workspace: str | None, *, newer: bool) -> Read:
    """Whoever reads this source; `default_workspace` as for `Analytics`."""
    if not newer:
        return _CLASSIC[source]
    analytics = Analytics(default_workspace)
    match source:
        case Source.COST:
            return analytics.read_cost
        case Source.HOURS:
            return analytics.read_hours
        case _:
            return analytics.read_usage
