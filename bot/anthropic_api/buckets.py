"""What the classic reports share: whole UTC days asked for, buckets in order, faults named by their place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Generic, TypeVar

from msgspec import Struct

from bot.anthropic_api.client import Page, Params, Reader
from bot.anthropic_api.shape import Instant, Shape
from bot.core.books.page import RawPage
from bot.core.errors import MoneyError, PageMalformed
from bot.core.utc import stamp

M = TypeVar("M")
R = TypeVar("R")
LONGEST_PAGE_DAYS = 31


class Width(Enum):
    """How long a bucket is: as the reports write it, and the most of them a page may hold.

    The default of 7 days a page would cost four times the requests.
    """

    DAY = ("1d", timedelta(days=1), LONGEST_PAGE_DAYS)
    HOUR = ("1h", timedelta(hours=1), 168)

    def __init__(self, written: str, step: timedelta, most: int) -> None:
        self.written, self.step, self.most = written, step, most

    def begins(self, start: datetime) -> bool:
        """Whether a bucket of this width can begin at this UTC instant."""
        return (start - datetime.combine(start.date(), time(), UTC)) % self.step == timedelta()


@dataclass(frozen=True, slots=True)
class Chunk(Generic[R]):
    """Days read to their last page. A day in `starts` without records was truly empty; other days are not known."""

    starts: tuple[datetime, ...]
    """Midnights, of hourly reports too."""
    records: tuple[R, ...]
    known_until: datetime | None = None
    """The source says it is complete up to here; None where it does not say."""
    pages: tuple[RawPage, ...] = ()
    """The answers it was read from, in order, where a tape was running."""


class Bucket(Struct, Generic[M], gc=False):
    """One interval of a report, as it comes."""

    starting_at: Instant
    ending_at: Instant
    results: list[M]


class Buckets(Page, Generic[M], kw_only=True, gc=False):
    """A page of a classic report."""

    data: list[Bucket[M]]


async def read_days(
    client: Reader,
    path: str,
    shape: Shape[Buckets[M]],
    record: Callable[[datetime, M], R],
    *,
    since: date,
    until: date,
    params: Params,
    width: Width = Width.DAY,
) -> Chunk[R]:
    """All buckets of the UTC days `since` (inclusive) to `until` (exclusive)."""
    query = [
        ("starting_at", stamp(since)),
        ("ending_at", stamp(until)),
        ("bucket_width", width.written),
        ("limit", str(width.most)),
        *params,
    ]
    starts: list[datetime] = []
    records: list[R] = []
    async for bucket in _buckets(client, path, shape, query):
        start = bucket.starting_at.astimezone(UTC)
        _refuse_disorder(starts, start, path, width)
        if not since <= start.date() < until:
            raise PageMalformed(f"{path}: the day {start:%Y-%m-%d} was not asked for.")
        starts.append(start)
        for result in bucket.results:
            try:
                records.append(record(start, result))
            except MoneyError as error:
                raise PageMalformed(f"{path}, {start:%Y-%m-%d}: {error}") from error
    return Chunk(tuple(start for start in starts if start.time() == time()), tuple(records))


async def _buckets(client: Reader, path: str, shape: Shape[Buckets[M]], query: Params) -> AsyncIterator[Bucket[M]]:
    async for page in client.shaped(path, query, shape):
        for bucket in page.data:
            yield bucket


def _refuse_disorder(starts: list[datetime], start: datetime, path: str, width: Width) -> None:
    """A page that was doubled or dropped shows as a bucket that comes twice or is jumped over."""
    daily = width is Width.DAY
    if not width.begins(start):
        bucket = (
            "daily bucket that does not start at midnight UTC" if daily else "bucket that does not start on the hour"
        )
        raise PageMalformed(f"{path} returned a {bucket}: {start.isoformat()}.")
    if starts and start != starts[-1] + width.step:
        fault = "comes twice or out of order" if start <= starts[-1] else "follows a gap"
        when = f"day {start:%Y-%m-%d}" if daily else f"hour {start:%Y-%m-%dT%H}:00Z"
        raise PageMalformed(f"{path}: the {when} {fault}; a page was lost or doubled.")
