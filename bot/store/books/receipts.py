"""The receipts that were made, and the pages they keep from being forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.store.tables import ReceiptPageRow, ReceiptRow, table
from bot.store.upsert import insert_new

_receipt = table(ReceiptRow)
_page = table(ReceiptPageRow)


def keep(
    connection: Connection, receipt_id: str, found: Mapping[str, Any], pages: Iterable[str], now: datetime
) -> None:
    """Remember a receipt and hold on to its pages, which are named by hash; the same receipt is kept once."""
    insert_new(connection, _receipt, [{"id": receipt_id, "made_at": now, "body": json.dumps(found)}])
    rows = [{"sha256": sha256, "receipt_id": receipt_id} for sha256 in sorted(set(pages))]
    insert_new(connection, _page, rows)


def body(connection: Connection, receipt_id: str) -> dict[str, Any] | None:
    """What a receipt says, as JSON values; None for an id nobody has."""
    found = connection.execute(select(_receipt.c.body).where(_receipt.c.id == receipt_id)).scalar()
    return None if found is None else dict(json.loads(found))


def ids(connection: Connection, most: int = 1000) -> list[str]:
    """The newest receipts' ids, newest first."""
    query = select(_receipt.c.id).order_by(_receipt.c.made_at.desc(), _receipt.c.id).limit(most)
    return list(connection.execute(query).scalars())
