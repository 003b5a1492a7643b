"""What was read stays read until anything of it changes: an organisation's month is asked for all day long.

Whoever changes what is remembered renews its version in the same transaction: the ledger, the directory, the readings
of the reports, the configuration, the closed months, the first call. So every process asks one small table whether it
is still right.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sized
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, RootTransaction, select

from bot.store.tables import VersionRow, table
from bot.store.upsert import upsert

T = TypeVar("T")

MOST_ROWS = 100_000
"""About 130 MB (1,270 bytes each); what was asked for longest ago makes room."""
_version = table(VersionRow)
_NEWEST = select(_version.c.version).order_by(_version.c.about)
_NOTHING = object()


def renew(connection: Connection, about: str) -> None:
    """What is remembered holds no longer, because this has changed: "ledger/org_1"."""
    # At random: a count would come to the same again after a transaction that was undone.
    upsert(connection, _version, [{"about": about, "version": secrets.token_hex(8)}])


def version(connection: Connection) -> str | None:
    """What all that is remembered is called until it changes; None where this transaction may be what changes it."""
    if connection.get_execution_options().get("bot_writes"):
        return None
    with _lock:
        known = _versions.get(begun) if (begun := connection.get_transaction()) else None
    if known is None:
        known = "/".join(connection.execute(_NEWEST).scalars())
        if begun := connection.get_transaction():
            with _lock:
                _versions[begun] = known
    return known


def remembered(connection: Connection, key: Hashable, read: Callable[[], T]) -> T:
    """What stands under `key` in this version, from `read` unless it is known. Nobody may change it."""
    now = version(connection)
    if now is None:
        return read()
    with _lock:
        memory = _memories.setdefault(connection.engine, _Memory())
        known: T = memory.get(now, key)
    if known is _NOTHING:
        known = read()
        with _lock:
            memory.put(now, key, known)
    return known


class _Memory:
    """Of one version: of those before, nobody asks any more."""

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
        return self._known.get(key, _NOTHING)

    def put(self, version: str, key: Hashable, found: object) -> None:
        if version != self._version or key in self._known or _size(found) > MOST_ROWS:
            return
        self._known[key] = found
        self._rows += _size(found)
        while self._rows > MOST_ROWS:
            self._rows -= _size(self._known.popitem(last=False)[1])


def _size(found: object) -> int:
    return 1 + len(found) if isinstance(found, Sized) else 1


_memories: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()
_versions: WeakKeyDictionary[RootTransaction, str] = WeakKeyDictionary()
"""A transaction that reads sees one state of the database, so it asks once."""
_lock = threading.Lock()
