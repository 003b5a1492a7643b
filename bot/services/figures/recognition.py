"""Finds out who asks: the other names of an asker, looked up only where an answer may depend on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from bot.core.access import Asker
from bot.services.configuration import in_force
from bot.services.figures.sight import any_named
from bot.store.readings import coding

T = TypeVar("T")


class Lookup(Protocol):
    """Whoever knows the names that somebody has in Slack."""

    async def names(self, name: str) -> frozenset[str]:
        """The Slack user id and e-mail address of whoever has this name; empty where that can't be found out."""
        ...

    def known(self, name: str) -> frozenset[str] | None:
        """The same without asking anybody; None where somebody would have to be asked."""
        ...


class Run(Protocol):
    """Whatever runs a function in a transaction that reads."""

    def __call__(self, function: Callable[[Connection], T], /) -> Awaitable[T]: ...


class _Matters:
    """In place of an answer: it depends on who asks, and they are known by one name only."""


class Recognition:
    """Finds out who an asker is, where an answer may depend on it. Without a lookup only the given name counts."""

    def __init__(self, lookup: Lookup | None = None) -> None:
        self._lookup = lookup

    async def read(
        self, run: Run, function: Callable[[Connection, Asker], T], asker: Asker, *, always: bool = False
    ) -> T:
        """What the function finds for the asker under every name they have, where its figures depend on who asks;
        `always`: even where they do not, because what the asker may change does.

        One transaction, unless the names have to be asked for: nobody waits for that with a connection in hand.
        """
        known = await self.by_every_name(asker) if always else self._at_hand(asker)
        if known is None:
            found = await run(lambda connection: _unless_it_matters(connection, function, asker))
            if not isinstance(found, _Matters):
                return found
            known = await self.by_every_name(asker)
        return await run(lambda connection: function(connection, known))

    async def by_every_name(self, asker: Asker) -> Asker:
        """Owners and admins may be configured by any name they have."""
        if self._lookup is None:
            return asker
        return asker.also(*[await self._lookup.names(name) for name in sorted(asker.names)])

    def _at_hand(self, asker: Asker) -> Asker | None:
        """The asker under every name, where nobody has to be asked for them; else None."""
        if self._lookup is None:
            return asker
        found = [self._lookup.known(name) for name in sorted(asker.names)]
        known = [names for names in found if names is not None]
        return asker.also(*known) if len(known) == len(found) else None


def _unless_it_matters(
    connection: Connection, function: Callable[[Connection, Asker], T], asker: Asker
) -> T | _Matters:
    return _Matters() if _matters(connection, asker) else function(connection, asker)


def _matters(connection: Connection, asker: Asker) -> bool:
    """Whether it makes a difference who asks: not for an admin, nor where no report names people."""
    configuration = in_force(connection)
    if asker.is_one_of(configuration.admins):
        return False
    return any_named(connection) or coding.any_person(connection)
