"""What the organisations' keys may not read, remembered so that they are not asked for it at every sync."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from bot.core.usage import Source
from bot.store.tables import RefusalRow, table
from bot.store.upsert import upsert

_refusal = table(RefusalRow)


@dataclass(frozen=True, slots=True)
class Refusal:
    """`part` says what of the source was refused, in words for a sentence; `sentence` is Anthropic's answer."""

    organization_id: str
    source: Source
    part: str
    asked_at: datetime
    sentence: str


def remember(
    connection: Connection, organization_id: str, source: Source, part: str, at: datetime, sentence: str
) -> None:
    row = {
        "organization_id": organization_id,
        "source": source,
        "part": part,
        "asked_at": at,
        "sentence": sentence,
    }
    upsert(connection, _refusal, [row])


def forget(connection: Connection, organization_id: str, source: Source, part: str) -> None:
    """It may be read after all."""
    connection.execute(
        delete(_refusal).where(
            _refusal.c.organization_id == organization_id, _refusal.c.source == source, _refusal.c.part == part
        )
    )


def read(connection: Connection) -> list[Refusal]:
    """Everything that is refused, in a stable order."""
    order = _refusal.c.organization_id, _refusal.c.source, _refusal.c.part
    return [
        Refusal(row.organization_id, Source(row.source), row.part, row.asked_at, row.sentence)
        for row in connection.execute(select(_refusal).order_by(*order))
    ]
