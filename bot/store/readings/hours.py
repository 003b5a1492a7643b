"""Which days are known by the hour, and how many tokens each hour has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, select

from bot.core.hours import IN_A_DAY
from bot.core.usage import TOKEN_TYPES, Source
from bot.core.utc import midnight
from bot.store.readings import snapshots
from bot.store.tables import BucketRow, HourSnapshot, table

_hour = table(HourSnapshot)
_bucket = table(BucketRow)


def tokens(connection: Connection, organization_id: str, since: date, until: date) -> dict[date, list[int]]:
    """All tokens of each of the 24 hours, by UTC day, of the days that were read by the hour after they were over."""
    fetched = snapshots.fetched(connection, organization_id, Source.HOURS, since, until)
    found = {day: [0] * IN_A_DAY for day, at in fetched.items() if snapshots.whole(day, at)}
    query = (
        select(_hour.c.start, func.sum(sum(_hour.c[token_type] for token_type in TOKEN_TYPES)))
        .where(_hour.c.organization_id == organization_id, *_on(since, until))
        .group_by(_hour.c.start)
    )
    for start, count in connection.execute(query):
        if start.date() in found:
            found[start.date()][start.hour] = int(count)
    return found


def known(connection: Connection, organizations: Sequence[str], since: date, until: date) -> frozenset[date]:
    """The UTC days that every one of these organisations has by the hour."""
    query = (
        select(_bucket.c.start)
        .where(
            _bucket.c.organization_id.in_(organizations),
            _bucket.c.source == Source.HOURS,
            _bucket.c.start >= midnight(since),
            _bucket.c.start < midnight(until),
        )
        .group_by(_bucket.c.start)
        .having(func.count() == len(organizations))
    )
    return frozenset(start.date() for start in connection.execute(query).scalars())


def _on(since: date, until: date) -> list[ColumnElement[bool]]:
    return [_hour.c.start >= midnight(since), _hour.c.start < midnight(until)]
