"""Takes calls in: each client in its turn, many requests in one transaction, an answer when they are stored."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.core.calls.call import Call
from bot.core.calls.client import Client, fingerprint
from bot.core.calls.wire import Refusal
from bot.core.errors import IntakeFull, TokenRefused
from bot.core.otlp.metrics import Count
from bot.services import tracing
from bot.services.calls import metering
from bot.store import calls as store
from bot.store import code_counts, tokens
from bot.store.call_series import SeriesIds
from bot.store.calls import Arrival, Fate
from bot.store.database import Database

log = structlog.get_logger()

MOST_UNDER_WAY = 16
"""Requests of one client at a time; more are asked to come back. It bounds what one client can make us hold."""
PER_TURN = 8
"""Requests of one client that go into one transaction: a flood from one leaves the others their turn."""
_USED_AGAIN = timedelta(minutes=1)
"""How exactly people are told when a token was used last."""
_MOST_SERIES = 100_000
"""Ids kept in memory; beyond that they are looked up anew."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the calls of one request; `rejected` by their positions."""

    accepted: int
    duplicates: int
    rejected: dict[int, str]


@dataclass(slots=True)
class _Request:
    arrivals: list[Arrival]
    stored: asyncio.Future[list[Fate]]


@dataclass(slots=True)
class _Client:
    """What one client has under way."""

    requests: int = 0
    waiting: deque[_Request] = field(default_factory=deque)


class Intake:
    """Stores calls for whoever shows a token; `arrived` is called when new ones are."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, retain: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._retain = retain
        self._clients: dict[str, _Client] = {}
        self._storing: asyncio.Task[None] | None = None
        self._known: SeriesIds = {}
        self._used: dict[str, datetime] = {}
        self.arrived: Callable[[], None] | None = None

    async def client(self, authorization: str) -> Client:
        """Who sends this `Authorization` header; raises TokenRefused for a token that is not, or no longer, in force.

        It is asked anew for each request: a token that is revoked is revoked at once.
        """
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise TokenRefused("Send an intake token: Authorization: Bearer …. `claude-usage token create` makes one.")
        found = await self._database.read(tokens.find, fingerprint(token.strip()))
        if found is None:
            raise TokenRefused("This intake token is not known, or was revoked. `claude-usage token create` makes one.")
        return Client(found.name, found.team)

    @contextmanager
    def turn(self, client: Client) -> Iterator[None]:
        """A request of this client is under way; raises IntakeFull where too many are."""
        held = self._clients.setdefault(client.name, _Client())
        if held.requests >= MOST_UNDER_WAY:
            metering.SHED.inc()
            raise IntakeFull(f"{held.requests} requests with this token are under way. Send fewer at a time.")
        held.requests += 1
        try:
            yield
        finally:
            held.requests -= 1
            if not held.requests:
                self._clients.pop(client.name, None)

    async def take(self, said: Sequence[Call | Refusal], client: Client) -> Taken:
        """Store what can be stored; returns when it is. Call it within `turn`."""
        rejected: dict[int, str] = {}
        positions: list[int] = []
        arrivals: list[Arrival] = []
        oldest = self._clock() - self._retain
        for position, call in enumerate(said):
            if isinstance(call, Refusal):
                rejected[position] = call.reason
            elif call.at < oldest:
                # Its id is forgotten by then: sent once more, it would count twice.
                days = self._retain.days
                rejected[position] = f"timestamp is more than {days} days ago: read older calls with `import`."
            else:
                positions.append(position)
                arrivals.append(Arrival(call, client))
        fates = await self._stored(arrivals, client) if arrivals else []
        for position, fate in zip(positions, fates, strict=True):
            if fate is Fate.TAKEN:
                rejected[position] = "Its id belongs to another call, with another model or other token counts."
        accepted = fates.count(Fate.ACCEPTED)
        if accepted and self.arrived:
            self.arrived()
        taken = Taken(accepted, fates.count(Fate.DUPLICATE), dict(sorted(rejected.items())))
        metering.taken(accepted=accepted, duplicates=taken.duplicates, rejected=len(rejected))
        return taken

    async def count(self, counts: Sequence[Count], client: Client, mark: str) -> None:
        """Store what Claude Code counted. `mark` is its request's: the same one again counts nothing twice."""
        marked = f"{client.name}/{mark}"
        await self._database.write(code_counts.add, counts, client.team or "", marked, self._clock())

    async def _stored(self, arrivals: list[Arrival], client: Client) -> list[Fate]:
        request = _Request(arrivals, asyncio.get_running_loop().create_future())
        self._clients.setdefault(client.name, _Client()).waiting.append(request)
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())
        with metering.WAITING.track_inprogress():
            return await asyncio.shield(request.stored)

    async def _store(self) -> None:
        """Until nobody waits: a few requests of each client in one transaction, since each one has its price."""
        while batch := self._next():
            arrivals = [arrival for _, request in batch for arrival in request.arrivals]
            names = {name for name, _ in batch}
            try:
                with tracing.span("intake", requests=len(batch), calls=len(arrivals)):
                    fates = await self._database.write(self._post, arrivals, names, self._clock())
            except Exception as error:
                self._known = {}
                for _, request in batch:
                    if not request.stored.cancelled():
                        request.stored.set_exception(error)
                continue
            at = 0
            for _, request in batch:
                if not request.stored.cancelled():
                    request.stored.set_result(fates[at : at + len(request.arrivals)])
                at += len(request.arrivals)

    def _next(self) -> list[tuple[str, _Request]]:
        return [
            (name, client.waiting.popleft())
            for name, client in list(self._clients.items())
            for _ in range(min(PER_TURN, len(client.waiting)))
        ]

    def _post(
        self, connection: Connection, arrivals: Sequence[Arrival], clients: set[str], now: datetime
    ) -> list[Fate]:
        if len(self._known) > _MOST_SERIES:
            self._known = {}
        for name in clients:
            if name not in self._used or now - self._used[name] >= _USED_AGAIN:
                tokens.used(connection, name, now)
                self._used[name] = now
        return store.post(connection, arrivals, now, self._known)
