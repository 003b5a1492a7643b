"""What is read beside the ledger: Claude Code's days, and the limits. A key that may not read them is no failure.

What Anthropic refuses is remembered with its sentence, which `status` shows, and asked for again a day later, or at
once by a sync that names the source.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from bot.anthropic_api.buckets import Chunk
from bot.anthropic_api.claude_code import SHOWN_AFTER, read_code
from bot.anthropic_api.client import AnthropicClient
from bot.anthropic_api.limits import read_rate_limits, read_spend_limits, read_workspace_rate_limits
from bot.core.coding import CodeRecord
from bot.core.directory import Directory
from bot.core.errors import AnthropicRefused, NotPermitted
from bot.core.limits import Limits
from bot.core.usage import DEFAULT_WORKSPACE, Source
from bot.store.database import Database
from bot.store.readings import coding, limits, refusals
from bot.store.upsert import lock

log = structlog.get_logger()

T = TypeVar("T")
BESIDE = (Source.CODE, Source.LIMITS)
ASK_AGAIN = timedelta(days=1)
DAYS_AT_ONCE = 8
"""Days of Claude Code that are read at the same time; the client bounds the requests of all sources together."""
CODE = "Claude Code"
RATE_LIMITS = "Rate limits"
WORKSPACE_RATE_LIMITS = "Rate limits of workspaces"
SPEND_LIMITS = "Spend limits"
PARTS = {Source.CODE: (CODE,), Source.LIMITS: (RATE_LIMITS, WORKSPACE_RATE_LIMITS, SPEND_LIMITS)}
"""The parts of each source that may be refused on their own."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Reads one organisation as of `now`; `again` asks even for what was refused within the last day."""

    database: Database
    client: AnthropicClient
    directory: Directory
    now: datetime
    again: bool

    async def may_read_code(self) -> bool:
        """Whether there is a Claude Code report for this key: decided by today's, since an old day may be out of reach.

        Raises AnthropicError where that can't be found out.
        """
        today = self.now.astimezone(UTC).date()
        return await self._permitted(Source.CODE, CODE, lambda: read_code(self.client, today)) is not None

    async def read_code(self, days: Sequence[date], stored: Callable[[date, int], None]) -> None:
        """Read these UTC days and store them in their order; `stored` is told each day and how many records it has.

        Raises AnthropicError for the first day that can't be read; the ones before it stay.
        """
        organization_id = self.directory.organization_id
        for at in range(0, len(days), DAYS_AT_ONCE):
            some = days[at : at + DAYS_AT_ONCE]
            reads = await asyncio.gather(*(read_code(self.client, day) for day in some), return_exceptions=True)
            for day, chunk in zip(some, reads, strict=True):
                if isinstance(chunk, BaseException):
                    raise chunk
                await self.database.write(_store_day, organization_id, day, chunk, self.now - SHOWN_AFTER)
                stored(day, len(chunk.records))

    async def read_limits(self) -> int | None:
        """Read and store every limit the key may read; returns how many, None where it may read none."""
        spaces = [
            workspace.id
            for workspace in self.directory.workspaces.values()
            if workspace.id != DEFAULT_WORKSPACE and not workspace.archived  # the default one can't have its own
        ]
        default = self.directory.default_workspace_id
        rates = await self._permitted(Source.LIMITS, RATE_LIMITS, lambda: read_rate_limits(self.client))
        own = await self._permitted(
            Source.LIMITS, WORKSPACE_RATE_LIMITS, lambda: read_workspace_rate_limits(self.client, spaces)
        )
        spends = await self._permitted(Source.LIMITS, SPEND_LIMITS, lambda: read_spend_limits(self.client, default))
        if rates is None and own is None and spends is None:
            return None
        found = Limits([*(rates or ()), *(own or ())], spends or ())
        await self.database.write(limits.replace, self.directory.organization_id, found)
        return len(found.rates) + len(found.spends)

    async def _permitted(self, source: Source, part: str, reading: Callable[[], Awaitable[T]]) -> T | None:
        """What `reading` reads; None where the key may not, now or when it was last asked."""
        organization_id = self.directory.organization_id
        if not self.again and await self.database.read(_refused_since, organization_id, source, part, self._patience):
            return None
        try:
            found = await reading()
        except (AnthropicRefused, NotPermitted) as error:
            await self.database.write(refusals.remember, organization_id, source, part, self.now, str(error))
            log.info("The key may not read this.", action="not_permitted", source=source.value, part=part)
            return None
        await self.database.write(refusals.forget, organization_id, source, part)
        return found

    @property
    def _patience(self) -> datetime:
        return self.now - ASK_AGAIN


def _refused_since(connection: Connection, organization_id: str, source: Source, part: str, at: datetime) -> bool:
    return any(
        (one.organization_id, one.source, one.part) == (organization_id, source, part) and one.asked_at > at
        for one in refusals.read(connection)
    )


def _store_day(
    connection: Connection, organization_id: str, day: date, chunk: Chunk[CodeRecord], fetched_at: datetime
) -> None:
    lock(connection, organization_id)
    coding.replace_day(connection, organization_id, day, chunk.records, fetched_at)
