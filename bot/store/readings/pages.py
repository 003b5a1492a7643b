"""Anthropic's answers as they came, compressed, and which of them each bucket was read from."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, exists, insert, select

from bot.core.books.page import RawPage
from bot.core.usage import Source
from bot.core.utc import midnight
from bot.store.tables import BucketPageRow, PageRow, ReceiptPageRow, table
from bot.store.upsert import insert_new

_page = table(PageRow)
_bucket_page = table(BucketPageRow)
_receipt_page = table(ReceiptPageRow)
_LEVEL = 4
"""Three fifths of the time of zlib's own choice, for pages that are a tenth larger."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as it is remembered: what was asked, what the answer's hash was, and when it first came."""

    request: str
    sha256: str
    fetched_at: datetime


def keep(
    connection: Connection,
    organization_id: str,
    source: Source,
    starts: Sequence[datetime],
    pages: Sequence[RawPage],
    fetched_at: datetime,
) -> None:
    """Keep the pages of one reading, as what the buckets that begin at `starts` come from now."""
    hashes = [page.sha256 for page in pages]
    bodies = [
        {
            "sha256": sha256,
            "organization_id": organization_id,
            "fetched_at": fetched_at,
            "body": zlib.compress(page.body, _LEVEL),
        }
        for sha256, page in zip(hashes, pages, strict=True)
    ]
    insert_new(connection, _page, bodies)
    connection.execute(
        delete(_bucket_page).where(
            _bucket_page.c.organization_id == organization_id,
            _bucket_page.c.source == source,
            _bucket_page.c.start.in_(starts),
        )
    )
    rows = [
        {
            "organization_id": organization_id,
            "source": source,
            "start": start,
            "position": position,
            "request": page.request,
            "sha256": sha256,
        }
        for start in starts
        for position, (page, sha256) in enumerate(zip(pages, hashes, strict=True))
    ]
    if rows:
        connection.execute(insert(_bucket_page), rows)


def of_days(
    connection: Connection, organization_id: str, source: Source, since: date, until: date
) -> dict[date, tuple[Kept, ...]]:
    """The pages that each UTC day from `since` to before `until` was read from, in order."""
    query = (
        select(_bucket_page.c.start, _bucket_page.c.request, _bucket_page.c.sha256, _page.c.fetched_at)
        .join(
            _page,
            (_page.c.sha256 == _bucket_page.c.sha256) & (_page.c.organization_id == _bucket_page.c.organization_id),
        )
        .where(
            _bucket_page.c.organization_id == organization_id,
            _bucket_page.c.source == source,
            _bucket_page.c.start >= midnight(since),
            _bucket_page.c.start < midnight(until),
        )
        .order_by(_bucket_page.c.start, _bucket_page.c.position)
    )
    days: dict[date, list[Kept]] = defaultdict(list)
    for row in connection.execute(query):
        days[row.start.date()].append(Kept(row.request, row.sha256, row.fetched_at))
    return {day: tuple(kept) for day, kept in days.items()}


def body(connection: Connection, organization_id: str, sha256: str) -> bytes | None:
    """The body kept under a hash, whatever it holds now (b"" for one that can't be unpacked); None: not kept."""
    packed = connection.execute(
        select(_page.c.body).where(_page.c.organization_id == organization_id, _page.c.sha256 == sha256)
    ).scalar()
    if packed is None:
        return None
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return b""


def prune(connection: Connection, organization_id: str, before: datetime) -> int:
    """Forget pages that first came before an instant, unless a bucket or a receipt still points to them."""
    in_a_bucket = exists().where(
        _bucket_page.c.organization_id == _page.c.organization_id, _bucket_page.c.sha256 == _page.c.sha256
    )
    in_a_receipt = exists().where(_receipt_page.c.sha256 == _page.c.sha256)
    old = delete(_page).where(
        _page.c.organization_id == organization_id, _page.c.fetched_at < before, ~in_a_bucket, ~in_a_receipt
    )
    return connection.execute(old).rowcount
