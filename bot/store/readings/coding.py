"""What people did with Claude Code, day by day: replaced a day at a time, as it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select

from bot.core.coding import Actor, ActorKind, CodeRecord, Work
from bot.core.money import Money
from bot.core.usage import Source
from bot.core.utc import midnight
from bot.store.memory import remembered, renew
from bot.store.tables import BucketRow, CodeRow, table
from bot.store.upsert import upsert

_code = table(CodeRow)
_bucket = table(BucketRow)
_COUNTS = (
    *("sessions", "lines_added", "lines_removed", "commits", "pull_requests"),
    *("accepted", "rejected", "tokens"),
)


@dataclass(frozen=True, slots=True)
class Held:
    """One record, and whose organisation it is of."""

    organization_id: str
    record: CodeRecord


def replace_day(
    connection: Connection, organization_id: str, day: date, records: Sequence[CodeRecord], fetched_at: datetime
) -> None:
    """Put what was just read in the place of what stood for this UTC day; records of another day are refused."""
    if any(record.day != day for record in records):
        raise ValueError("a record of another day")
    connection.execute(delete(_code).where(_code.c.organization_id == organization_id, _code.c.day == day))
    rows = [
        {
            "organization_id": organization_id,
            "day": day,
            "kind": record.actor.kind.value,
            "actor": record.actor.name,
            "customer": record.customer,
            **{name: getattr(record.work, name) for name in _COUNTS},
            "estimated": record.work.estimated.units,
        }
        for record in records
    ]
    if rows:
        connection.execute(insert(_code), rows)
    start = midnight(day)
    bucket = {"organization_id": organization_id, "source": Source.CODE, "start": start, "fetched_at": fetched_at}
    upsert(connection, _bucket, [bucket])
    renew(connection, f"coding/{organization_id}")


def read(connection: Connection, since: date, until: date, actor: Actor | None = None) -> list[Held]:
    """The records of the UTC days `since` (inclusive) to `until` (exclusive), of everybody or of one actor."""
    query = select(_code).where(_code.c.day >= since, _code.c.day < until)
    if actor:
        query = query.where(_code.c.kind == actor.kind.value, _code.c.actor == actor.name)
    order = _code.c.day, _code.c.organization_id, _code.c.kind, _code.c.actor, _code.c.customer
    return [
        Held(
            row.organization_id,
            CodeRecord(
                row.day,
                Actor(ActorKind(row.kind), row.actor),
                row.customer,
                Work(**{name: getattr(row, name) for name in _COUNTS}, estimated=Money(row.estimated)),
            ),
        )
        for row in connection.execute(query.order_by(*order))
    ]


def any_person(connection: Connection) -> bool:
    """Whether the report has ever named a person."""

    def named() -> bool:
        person = select(_code.c.actor).where(_code.c.kind == ActorKind.PERSON.value).limit(1)
        return connection.execute(person).first() is not None

    return remembered(connection, "people coding", named)


def actors(connection: Connection) -> list[Actor]:
    """Everybody who was ever seen, people first."""
    found = connection.execute(select(_code.c.kind, _code.c.actor).distinct())
    return sorted(
        (Actor(ActorKind(kind), name) for kind, name in found),
        key=lambda actor: (actor.kind is not ActorKind.PERSON, actor.name),
    )
