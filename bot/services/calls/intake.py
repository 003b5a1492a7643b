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

from bot.core.calls.batch import Batch
from bot.core.calls.client import Client, fingerprint
from bot.core.errors import IntakeFull, TokenRefused
from bot.core.otlp.metrics import Count
from bot.core.utc import microseconds
from bot.services import tracing
from bot.services.calls import metering
from bot.store import calls as store
from bot.store.calls import KnownSeries, Posted, Sent, code_counts, tokens
from bot.store.database import Database

log = structlog.get_logger()

MOST_UNDER_WAY = 16
"""Requests of one client at a time; more are asked to come back. It bounds what one client can make us hold."""
PER_TURN = 8
"""Requests of one client that go into one transaction: a flood from one leaves the others their turn."""
_USED_AGAIN = timedelta(minutes=1)
"""How exactly people are told when a token was used last."""
_LOOKED_AGAIN = timedelta(minutes=1)
"""How often it is asked which calls have been let go."""
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
    sent: Sent
    stored: asyncio.Future[Posted]


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
        self._known: KnownSeries = {}
        self._used: dict[str, datetime] = {}
        self._horizon: datetime | None = None
        self._looked: datetime | None = None
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

    async def take(self, said: Batch, client: Client) -> Taken:
        """Store what can be stored; returns when it is. Call it within `turn`."""
        rejected = dict(said.refused)
        since, reason = await self._known_since(self._clock())
        if said and min(said.at) < (oldest := microseconds(since)):
            # Its id is forgotten by then: sent once more, it would count twice.
            rejected |= {place: reason for place, at in zip(said.positions, said.at, strict=True) if at < oldest}
            said = said.only([position for position, at in enumerate(said.at) if at >= oldest])
        posted = await self._stored(said, client) if said else Posted(0, 0, [])
        rejected |= dict.fromkeys(posted.taken, store.TAKEN)
        if posted.accepted and self.arrived:
            self.arrived()
        metering.taken(accepted=posted.accepted, duplicates=posted.duplicates, rejected=len(rejected))
        return Taken(posted.accepted, posted.duplicates, dict(sorted(rejected.items())))

    async def _known_since(self, now: datetime) -> tuple[datetime, str]:
        """Since when every call is known by its id, and what to say of an older one."""
        if self._looked is None or now - self._looked >= _LOOKED_AGAIN:
            self._horizon, self._looked = await self._database.read(store.horizon), now
        kept = now - self._retain
        if self._horizon is None or self._horizon <= kept:
            return kept, f"timestamp is more than {self._retain.days} days ago: read older calls with `import`."
        # RETAIN_CALLS_DAYS was shorter once, or is so for another replica.
        return (
            self._horizon,
            f"timestamp is before {self._horizon:%Y-%m-%d %H:%M} UTC: single calls of then were let go.",
        )

    async def count(self, counts: Sequence[Count], client: Client, mark: str) -> None:
        """Store what Claude Code counted. `mark` is its request's: the same one again counts nothing twice."""
        marked = f"{client.name}/{mark}"
        await self._database.write(code_counts.add, counts, client.team or "", marked, self._clock())

    async def _stored(self, batch: Batch, client: Client) -> Posted:
        request = _Request(Sent(batch, client), asyncio.get_running_loop().create_future())
        self._clients.setdefault(client.name, _Client()).waiting.append(request)
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())
        with metering.WAITING.track_inprogress():
            return await asyncio.shield(request.stored)

    async def _store(self) -> None:
        """Until nobody waits: a few requests of each client in one transaction, since each one has its price."""
        while requests := self._next():
            try:
                with tracing.span("intake", requests=len(requests), calls=sum(len(one.sent.batch) for one in requests)):
                    posted = await self._database.write(self._post, [one.sent for one in requests], self._clock())
            except Exception as error:
                self._known = {}
                for request in requests:
                    if not request.stored.cancelled():
                        request.stored.set_exception(error)
                continue
            for request, one in zip(requests, posted, strict=True):
                if not request.stored.cancelled():
                    request.stored.set_result(one)

    def _next(self) -> list[_Request]:
        return [
            client.waiting.popleft()
            for client in list(self._clients.values())
            for _ in range(min(PER_TURN, len(client.waiting)))
        ]

    def _post(self, connection: Connection, sent: Sequence[Sent], now: datetime) -> list[Posted]:
        if len(self._known) > _MOST_SERIES:
            self._known = {}
        for name in {one.sender.name for one in sent}:
            if name not in self._used or now - self._used[name] >= _USED_AGAIN:
                tokens.used(connection, name, now)
                self._used[name] = now
        return store.post(connection, sent, now, self._known)
