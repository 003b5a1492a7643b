"""What a period will have cost when it ends, between what and what, and how such forecasts turned out before.

The border between money and estimates: what was spent comes in and goes out as exact money; only what is expected of
days to come goes through the floats of `daily_course`, and is rounded to whole units before it is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from bot.core.money import UNITS_PER_DOLLAR, ZERO, Money
from bot.core.outlook.daily_course import LEAST_DAYS, Ahead, ahead

_WEEK = 7


class Unsaid(StrEnum):
    """Why there is no forecast; the value is the sentence a person reads."""

    NO_HISTORY = "Nothing was spent yet, so there is nothing to forecast from."
    PART_UNREAD = "The period began before the first day that was read, so its total can't be known."
    TOO_SHORT = f"A forecast needs {LEAST_DAYS} days since the first spend."


@dataclass(frozen=True, slots=True)
class Forecast:
    """A period's total at its end, as expected, and from `low` to `high` four times out of five."""

    spent: Money
    total: Money
    low: Money
    high: Money
    since: date
    """The first day that is forecast."""
    reached: tuple[Money, ...]
    """The expected total at the end of each day from `since` on, exact for none of them."""

    def seen(self, spent: Money, day: date) -> Forecast:
        """The same where `spent` is known by now, some of it of days forecast here, of which `day` is the last.

        What they brought beyond their expectation comes on top of what is still to come; a day that runs may yet bring
        the rest of its own.
        """
        until_then = self.reached[: max(0, (day - self.since).days + 1)]
        expected = until_then[-1] if until_then else self.spent
        more = Money(max(0, spent.units - expected.units))
        reached = tuple(max(spent, one + more) for one in self.reached)
        total, low, high = (max(spent, one + more) for one in (self.total, self.low, self.high))
        return replace(self, spent=max(spent, self.spent), total=total, low=low, high=high, reached=reached)

    def runs_out(self, limit: Money) -> date | None:
        """The day on which the expected course passes `limit`; None where it stays within, or was passed before."""
        if self.spent > limit:
            return None
        return next((self.since + timedelta(days=n) for n, total in enumerate(self.reached) if total > limit), None)


def forecast(days: Sequence[Money | None], first: date, start: date, end: date) -> Forecast | Unsaid:
    """The total of `start` to before `end`, seen from the day after the last of `days`, which begin on `first`.

    None is a day that is not in yet: it counts as one like the same weekday beside it, and never as spent.
    A credit counts in what was spent, and as a day without spend in what is expected.
    """
    if not any(spent is not None and spent.units > 0 for spent in days):
        return Unsaid.NO_HISTORY
    unread = next(at for at, spent in enumerate(days) if spent is not None)
    days, first = days[unread:], first + timedelta(days=unread)
    if unread and start < first:
        return Unsaid.PART_UNREAD
    filled = _filled(days)
    since = max(start, first + timedelta(days=len(days)))
    skipped = (since - first).days - len(days)
    count = max(0, (end - since).days)
    coming = ahead(filled, first, skipped + count) if count else Ahead((), 1.0, 1.0)
    if coming is None:
        return Unsaid.TOO_SHORT
    inside = range(max(0, (start - first).days), max(0, min(len(days), (end - first).days)))
    spent = Money(sum(day.units for at in inside if (day := days[at]) is not None))
    missing = sum(filled[at] for at in inside if days[at] is None)
    expected = coming.days[skipped:]
    reached, sum_ = [], missing
    for dollars in expected:
        sum_ += dollars
        reached.append(spent + _money(sum_))
    return Forecast(
        spent,
        spent + _money(sum_),
        spent + _money(sum_ * coming.low),
        spent + _money(sum_ * coming.high),
        since,
        tuple(reached),
    )


def fan(days: Sequence[Money | None], first: date, start: date, end: date) -> tuple[Forecast, ...]:
    """The forecast of what is reached by the end of each day to come, the last of them that of the whole period."""
    whole = forecast(days, first, start, end)
    if not isinstance(whole, Forecast):
        return ()
    ends = (whole.since + timedelta(days=n + 1) for n in range(len(whole.reached)))
    found = (forecast(days, first, start, stop) for stop in ends)
    return tuple(one for one in found if isinstance(one, Forecast))


@dataclass(frozen=True, slots=True)
class Past:
    """A period that is over, and what was forecast of it when as much of it was over as now."""

    start: date
    end: date
    cost: Money
    forecast: Forecast

    @property
    def error(self) -> float | None:
        """How far off the forecast was, as a part of what it came to; None where it came to nothing."""
        if self.cost.units <= 0:
            return None
        return abs(self.forecast.total.units - self.cost.units) / self.cost.units

    @property
    def within(self) -> bool:
        """Whether it came to lie in the range that was given."""
        return self.forecast.low <= self.cost <= self.forecast.high


def track_record(
    days: Sequence[Money | None], first: date, periods: Iterable[tuple[date, date]], elapsed: int
) -> tuple[Past, ...]:
    """What forecasts `elapsed` days into each of the periods would have said from what is known of the days before.

    A period of which a day is not known, or that had no forecast then, has no place in it.
    """
    found = []
    for start, end in periods:
        begin, stop = (start - first).days, (end - first).days
        costs = [day for day in days[max(0, begin) : stop] if day is not None]
        if begin < 0 or stop > len(days) or len(costs) < stop - begin:
            continue
        then = forecast(days[: min(begin + elapsed, stop - 1)], first, start, end)
        if isinstance(then, Forecast):
            found.append(Past(start, end, sum(costs, ZERO), then))
    return tuple(found)


def _filled(days: Sequence[Money | None]) -> list[float]:
    """Dollars a day; one that is not in yet is like the nearest of its weekdays that is, the earlier first."""
    known: list[float | None] = [None if day is None else max(0, day.units) / UNITS_PER_DOLLAR for day in days]
    if None not in known:
        return [day for day in known if day is not None]
    return [_like(known, at) if day is None else day for at, day in enumerate(known)]


def _like(known: Sequence[float | None], at: int) -> float:
    weeks = range(_WEEK, len(known) + _WEEK, _WEEK)
    places = (place for back in weeks for place in (at - back, at + back) if 0 <= place < len(known))
    return next((day for place in places if (day := known[place]) is not None), 0.0)


def _money(expected: float) -> Money:
    return Money(round(expected * UNITS_PER_DOLLAR))
