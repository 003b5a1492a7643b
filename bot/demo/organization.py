"""A simulated Anthropic organisation: who is in it, what each key uses in any hour, and what Anthropic would bill.

Every number follows from the seed, the stream and the hour alone, so any hour can be asked for in any order.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.demo.simulation import cast, traffic
from bot.demo.simulation.bill import CostRow, bill
from bot.demo.simulation.cast import ApiKey, User, Workspace
from bot.demo.simulation.hours import hours, midnight
from bot.demo.simulation.traffic import Stream, UsageRow

__all__ = ["ApiKey", "CostRow", "Organization", "UsageRow", "User", "Workspace"]


@dataclass(frozen=True, slots=True)
class Organization:
    """The organisation as of `until`; its traffic begins at `since` and goes on after `until`."""

    id: str
    name: str
    since: datetime
    until: datetime
    workspaces: tuple[Workspace, ...]
    api_keys: tuple[ApiKey, ...]
    users: tuple[User, ...]
    seed: int
    discount: Decimal
    streams: tuple[Stream, ...] = field(repr=False)

    @classmethod
    def simulate(
        cls, *, seed: int = 7, days: int = 90, until: datetime, discount: Decimal = Decimal(0)
    ) -> "Organization":
        """An organisation with `days` of history; names and ids are the same for every seed, numbers are not.

        `discount` is the negotiated part taken off the list price, 0 to 1. Raises ValueError for a naive `until`.
        """
        if until.tzinfo is None:
            raise ValueError("until must be an aware datetime")
        if not 0 <= discount <= 1:
            raise ValueError("discount must lie between 0 and 1")
        until = until.astimezone(UTC)
        since = midnight(until) - timedelta(days=days)
        streams = traffic.streams(until)
        return cls(
            id=str(uuid.uuid5(uuid.NAMESPACE_DNS, "example.com")),
            name="Example Org",
            since=since,
            until=until,
            workspaces=tuple(cast.workspaces(since, until)),
            api_keys=tuple(cast.api_keys(since, {stream.key: stream.workspace for stream in streams if stream.key})),
            users=tuple(cast.users(since)),
            seed=seed,
            discount=discount,
            streams=streams,
        )

    def hour(self, start: datetime) -> tuple[UsageRow, ...]:
        """Usage of the hour that begins at `start`, an aware whole UTC hour; nothing before `since`."""
        if start.utcoffset() != timedelta(0) or start.minute or start.second or start.microsecond:
            raise ValueError("an hour begins at an aware whole UTC hour")
        if start < self.since:
            return ()
        growth = max(0.4, 1 + 0.002 * (start.date() - self.until.date()).days)
        rows = (stream.row(self.seed, start, growth) for stream in self.streams)
        return tuple(row for row in rows if row)

    def usage(self, start: datetime, end: datetime) -> Iterator[UsageRow]:
        """Usage of the whole hours from `start` to `end`."""
        for hour in hours(start, end):
            yield from self.hour(hour)

    def container_hours(self, start: datetime) -> int:
        """Billable code-execution container-hours of one hour, in one workspace only; nothing before `since`."""
        return traffic.container_hours(self.seed, start) if start >= self.since else 0

    def costs(self, start: datetime, end: datetime) -> tuple[CostRow, ...]:
        """What the whole hours from `start` to `end` cost, one row per workspace and description.

        Sum over a UTC day for Anthropic's daily bucket. The priority tier is paid by commitment and has no row.
        """
        containers = sum(map(self.container_hours, hours(start, end)))
        return bill(self.usage(start, end), containers, self.discount)
