"""What the reports show of the organisation at one moment."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from bot.demo.anthropic.instants import DAY, HOUR, floor
from bot.demo.organization import Counts, Organization, Use


class Books:
    """Usage by hour and day as of a moment; what has settled is kept whatever the moment."""

    def __init__(self, organization: Organization, clock: Callable[[], datetime]) -> None:
        self.organization = organization
        self._clock = clock

    def clock(self) -> datetime:
        """The clock on the wall, in UTC."""
        return self._clock().astimezone(UTC)

    def now(self) -> datetime:
        """The clock, back to the hour: reports change hourly."""
        return floor(self.clock(), HOUR)

    def used(self, start: datetime, end: datetime, seen: datetime) -> Mapping[Use, Counts]:
        """Usage of one whole hour or UTC day as it shows at `seen`, a whole hour."""
        if seen <= start:
            return {}
        settled = seen >= self.organization.settled(start, end)
        return self.organization.used(start, end, None if settled else seen)

    def over(self, start: datetime, end: datetime, seen: datetime) -> Iterator[tuple[Use, Counts]]:
        """Usage of the hours from `start` to `end`, in whole days where there are any; a use may come several times."""
        while start < end and start < seen:
            whole = start == floor(start, DAY) and start + DAY <= end
            upto = start + (DAY if whole else HOUR)
            yield from self.used(start, upto, seen).items()
            start = upto
