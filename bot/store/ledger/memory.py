"""What was summed stays summed until the ledger changes: an organisation's month is asked for all day long."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select

from bot.store.ledger.sums import Sums
from bot.store.tables import LedgerVersion, table

MOST_ROWS = 100_000
"""About 50 MB; what was asked for longest ago makes room."""
_version = table(LedgerVersion)


def version(connection: Connection) -> str | None:
    """What the ledger is called until it changes; None where this transaction may be the one that changes it."""
    if connection.get_execution_options().get("bot_writes"):
        return None
    rows = connection.execute(select(_version.c.version).order_by(_version.c.organization_id))
    return "/".join(rows.scalars())


def remembered(connection: Connection, version: str | None, key: Hashable, summed: Callable[[], Sums]) -> Sums:
    """The sums of `key` in this version of the ledger, read with `summed` unless they are known."""
    if version is None:
        return summed()
    with _lock:
        memory = _memories.setdefault(connection.engine, _Memory())
        known = memory.get((version, key))
    if known is None:
        known = summed()
        with _lock:
            memory.put((version, key), known)
    return known


class _Memory:
    def __init__(self) -> None:
        self._sums: OrderedDict[Hashable, Sums] = OrderedDict()
        self._rows = 0

    def get(self, key: Hashable) -> Sums | None:
        if key in self._sums:
            self._sums.move_to_end(key)
        return self._sums.get(key)

    def put(self, key: Hashable, sums: Sums) -> None:
        if key in self._sums:
            return
        self._sums[key] = sums
        self._rows += _size(sums)
        while self._rows > MOST_ROWS:
            self._rows -= _size(self._sums.popitem(last=False)[1])


def _size(sums: Sums) -> int:
    return 1 + len(sums.rows)


_memories: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()
_lock = threading.Lock()
