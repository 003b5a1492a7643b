"""What was summed stays summed until the ledger changes: an organisation's month is asked for all day long."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sized
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select

from bot.store.tables import LedgerVersion, table

T = TypeVar("T", bound=Sized)

MOST_ROWS = 100_000
"""About 130 MB (1,270 bytes each); what was asked for longest ago makes room."""
_version = table(LedgerVersion)


def version(connection: Connection) -> str | None:
    """What the ledger is called until it changes; None where this transaction may be the one that changes it."""
    if connection.get_execution_options().get("bot_writes"):
        return None
    rows = connection.execute(select(_version.c.version).order_by(_version.c.organization_id))
    return "/".join(rows.scalars())


def remembered(connection: Connection, version: str | None, key: Hashable, read: Callable[[], T]) -> T:
    """What stands under `key` in this version of the ledger, from `read` unless it is known. Nobody may change it."""
    if version is None:
        return read()
    with _lock:
        memory = _memories.setdefault(connection.engine, _Memory())
        known: T | None = memory.get(version, key)
    if known is None:
        known = read()
        with _lock:
            memory.put(version, key, known)
    return known


class _Memory:
    """Of one version of the ledger: of those before, nobody asks any more."""

    def __init__(self) -> None:
        self._version = ""
        self._known: OrderedDict[Hashable, Any] = OrderedDict()
        self._rows = 0

    def get(self, version: str, key: Hashable) -> Any:
        if version != self._version:
            self._version, self._rows = version, 0
            self._known.clear()
        if key in self._known:
            self._known.move_to_end(key)
        return self._known.get(key)

    def put(self, version: str, key: Hashable, found: Sized) -> None:
        if version != self._version or key in self._known:
            return
        self._known[key] = found
        self._rows += _size(found)
        while self._rows > MOST_ROWS:
            self._rows -= _size(self._known.popitem(last=False)[1])


def _size(found: Sized) -> int:
    return 1 + len(found)


_memories: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()
_lock = threading.Lock()
