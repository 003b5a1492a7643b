"""A simulated Anthropic organisation: who is in it, what each key uses in any hour, and what Anthropic would bill.

Every number follows from the seed, the stream and the hour alone, so any hour can be asked for in any order.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from bot.demo.simulation import cast, lateness, traffic
from bot.demo.simulation.bill import CostRow, bill
from bot.demo.simulation.cast import CONTAINERS, ApiKey, Ids, ServiceAccount, User, Workspace
from bot.demo.simulation.hours import HOUR, hours, midnight
from bot.demo.simulation.traffic import Stream
from bot.demo.simulation.usage import Counts, UsageRow, Use, summed

__all__ = ["ApiKey", "CostRow", "Counts", "Organization", "ServiceAccount", "UsageRow", "Use", "User", "Workspace"]

NAME: Final = "Example Org"
_KEPT: Final = 1500  # sums of a month of hours and its days, twice: as used and as billed


@dataclass(frozen=True, slots=True)
class Organization:
    """The organisation as of `until`; its traffic begins at `since` and goes on after `until`.

    Where a method takes `seen`, it answers what a report shows at that moment; without it, what is finally true.
    """

    id: str
    name: str
    since: datetime
    until: datetime
    workspaces: tuple[Workspace, ...]
    api_keys: tuple[ApiKey, ...]
    users: tuple[User, ...]
    service_accounts: tuple[ServiceAccount, ...]
    seed: int
    discount: Decimal
    late: bool
    ids: Ids = field(repr=False)
    streams: tuple[Stream, ...] = field(repr=False)
    _used: Callable[..., Mapping[Use, Counts]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_used", lru_cache(_KEPT)(self._summed))

    @classmethod
    def simulate(
        cls,
        *,
        seed: int = 7,
        days: int = 90,
        until: datetime,
        discount: Decimal = Decimal(0),
        name: str = NAME,
        late: bool = False,
        haiku_bands: bool = False,
        fast_mode: bool = False,
        waste: bool = False,
    ) -> "Organization":
        """An organisation with `days` of history; ids follow from `name` and not from the seed, numbers the other way.

        `discount` is the negotiated part taken off the list price, 0 to 1. `late` lets reports come in incomplete and
        be restated, `haiku_bands` and `fast_mode` add use that the classic reports cannot price, `waste` what could
        cost less. Raises ValueError for a naive `until`.
        """
        if until.tzinfo is None:
            raise ValueError("until must be an aware datetime")
        if not 0 <= discount <= 1:
            raise ValueError("discount must lie between 0 and 1")
        until = until.astimezone(UTC)
        since = midnight(until) - timedelta(days=days)
        # The first organisation's ids are in people's configuration files: they carry no realm.
        usual = name == NAME
        ids = Ids() if usual else Ids(f"{name}/")
        streams = traffic.streams(until, haiku_bands=haiku_bands, fast_mode=fast_mode, waste=waste)
        homes = {stream.key: stream.workspace for stream in streams if stream.key}
        accounts = [stream.caller for stream in streams if stream.keyless and stream.caller]
        return cls(
            id=str(uuid.uuid5(uuid.NAMESPACE_DNS, "example.com" if usual else name)),
            name=name,
            since=since,
            until=until,
            workspaces=tuple(cast.workspaces(ids, since, until)),
            api_keys=tuple(cast.api_keys(ids, since, homes)),
            users=tuple(cast.users(ids, since)),
            service_accounts=tuple(cast.service_accounts(ids, since, accounts)),
            seed=seed,
            discount=discount,
            late=late,
            ids=ids,
            streams=streams,
        )

    def hour(self, start: datetime, seen: datetime | None = None) -> tuple[UsageRow, ...]:
        """Usage of the hour that begins at `start`, an aware whole UTC hour; nothing before `since`."""
        if start.utcoffset() != timedelta(0) or start.minute or start.second or start.microsecond:
            raise ValueError("an hour begins at an aware whole UTC hour")
        if start < self.since or (seen is not None and seen < start + HOUR):
            return ()
        growth = max(0.4, 1 + 0.002 * (start.date() - self.until.date()).days)
        rows = (stream.row(self.ids, self.seed, start, growth) for stream in self.streams)
        if seen is not None and seen < self.settled(start, start + HOUR):
            rows = (row and lateness.shown(row, self.seed, number, start, seen) for number, row in enumerate(rows))
        return tuple(row for row in rows if row)

    def usage(self, start: datetime, end: datetime, seen: datetime | None = None) -> Iterator[UsageRow]:
        """Usage of the whole hours from `start` to `end`."""
        for hour in hours(start, end):
            yield from self.hour(hour, seen)

    def container_hours(self, start: datetime, seen: datetime | None = None) -> int:
        """Billable code-execution container-hours of one hour, in one workspace only; nothing before `since`."""
        hidden = start < self.since or (seen is not None and seen < start + HOUR)
        return 0 if hidden else traffic.container_hours(self.seed, start)

    def used(self, start: datetime, end: datetime, seen: datetime | None = None) -> Mapping[Use, Counts]:
        """Usage of the whole hours from `start` to `end` by everything it can be told apart by.

        Summed once. Code execution is a use without a model whose requests are its container-hours.
        """
        return self._used(start, end, seen)

    def _summed(self, start: datetime, end: datetime, seen: datetime | None) -> Mapping[Use, Counts]:
        sums = summed(self.usage(start, end, seen))
        if containers := sum(self.container_hours(hour, seen) for hour in hours(start, end)):
            sums[Use(self.ids("wrkspc", CONTAINERS))] = (*[0] * 6, containers)
        return sums

    def costs(self, start: datetime, end: datetime, seen: datetime | None = None) -> tuple[CostRow, ...]:
        """What the whole hours from `start` to `end` cost, one row per workspace and description.

        Sum over a UTC day for Anthropic's daily bucket. The priority tier is paid by commitment and has no row.
        """
        return bill(self.used(start, end, seen and self.billed_at(seen)), self.discount)

    def billed_at(self, seen: datetime) -> datetime:
        """The moment whose usage the cost reports show at `seen`."""
        return seen - lateness.COST_LAG if self.late else seen

    def settled(self, start: datetime, end: datetime) -> datetime:
        """From when on the usage of these hours, at most a day, no longer changes."""
        return lateness.settled(start) if self.late else end
