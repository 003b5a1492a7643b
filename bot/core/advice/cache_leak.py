"""A cache that stopped working: more of the cached input is written anew, less of it read, from some hour on.

Looked at are parts, not amounts, so that more use of the same kind is no leak.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from bot.core.advice.finding import Evidence, Finding
from bot.core.advice.use import Counts, Course, Window, added, money, prompt, ranked, read, written
from bot.core.hours import IN_A_DAY
from bot.core.money import Money
from bot.core.plans import DAYS_IN_A_MONTH, Between
from bot.core.usage import CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M
from bot.core.utc import midnight

FEWEST_BEFORE = 10
"""Days that show how it usually is: they hold a weekend, which may be unlike other days."""
FEWEST_AFTER = 2
_MOVED = Fraction(1, 10)
"""How much of all input must have moved from reads to writes."""
_OUTLIERS = Fraction(1, 10)
_SMALL = 10
"""A day with less than a tenth of the usual tokens tells nothing."""
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Leak(Evidence):
    """The parts of all input before and since; `cost` is what it has cost so far."""

    began: datetime
    by_hour: bool
    written_before: float
    written_since: float
    read_before: float
    read_since: float
    cost: Between


@dataclass(frozen=True, slots=True)
class _Point:
    at: datetime
    counts: Counts

    @property
    def cached(self) -> int:
        return written(self.counts) + read(self.counts)

    @property
    def share(self) -> Fraction:
        """The part of the cached input that had to be written."""
        return Fraction(written(self.counts), self.cached)


def leak(course: Course, window: Window) -> Finding | None:
    """The leak that goes on until the window's end, with what it costs against how it was before."""
    days = _telling([_Point(midnight(day), counts) for day, counts in sorted(course.days.items())])
    split = _split(days)
    if split is None:
        return None
    before, since = days[: split - 1], days[split:]  # the day between them may be half of each
    usual, now = added(one.counts for one in before), added(one.counts for one in since)
    if not _leaks(usual, now) or not _apart(before, since):
        return None
    hour = _hour(course, window, before, since)
    began = hour or since[0].at
    typical = Fraction(written(usual), written(usual) + read(usual))
    worst = max(typical, ranked(sorted(one.share for one in before), 1 - _OUTLIERS))
    days_since = [day for day in course.days if began.date() <= day < window.until]
    low, high = (sum(_extra(course, day, share) for day in days_since) for share in (worst, typical))
    most = sum(_extra(course, day, typical) for day in days_since if day >= window.since)
    long = Fraction((midnight(window.until) - began) // _HOUR, IN_A_DAY)
    if low <= 0 or not course.billed:
        return None
    written_parts, read_parts = ((_part(count, usual), _part(count, now)) for count in (written, read))
    evidence = Leak(began, hour is not None, *written_parts, *read_parts, Between(Money(low), Money(high)))
    month = Between(*(money(units * DAYS_IN_A_MONTH / long) for units in (low, high)))
    return Finding(course, evidence, month, min(Fraction(1), Fraction(most, course.billed)))


def _telling(points: Sequence[_Point]) -> list[_Point]:
    """Those with enough tokens to say anything."""
    sizes = sorted(one.cached for one in points if one.cached)
    least = sizes[len(sizes) // 2] // _SMALL if sizes else 0
    return [one for one in points if one.cached > least]


def _split(days: Sequence[_Point]) -> int | None:
    """Where the days fall into two groups that differ most; None where there are too few."""
    shares = [float(one.share) for one in days]
    cuts = range(FEWEST_BEFORE + 1, len(days) - FEWEST_AFTER + 1)

    def between(cut: int) -> float:
        one, other = sum(shares[:cut]) / cut, sum(shares[cut:]) / (len(shares) - cut)
        return cut * (len(shares) - cut) * (other - one) ** 2

    return max(cuts, key=between, default=None)


def _leaks(usual: Counts, now: Counts) -> bool:
    """Writes have risen while reads fell, both of them as parts of all input."""
    more = Fraction(written(now), prompt(now)) - Fraction(written(usual), prompt(usual))
    fewer = Fraction(read(usual), prompt(usual)) - Fraction(read(now), prompt(now))
    return more >= _MOVED and fewer >= _MOVED


def _apart(before: Sequence[_Point], since: Sequence[_Point]) -> bool:
    """Hardly a day since is as good as a bad day before: no drift, no weekend."""
    worst_before = ranked(sorted(one.share for one in before), 1 - _OUTLIERS)
    best_since = ranked(sorted(one.share for one in since), _OUTLIERS)
    return best_since > worst_before


def _part(count: Callable[[Counts], int], counts: Counts) -> float:
    return count(counts) / prompt(counts)


def _hour(course: Course, window: Window, before: Sequence[_Point], since: Sequence[_Point]) -> datetime | None:
    """The hour from which the hours around the first day are like those since; None where they are not known."""
    around = [since[0].at.date() + n * _DAY for n in (-1, 0, 1)]
    if not window.hourly.issuperset(around):
        return None
    hours = _telling(
        [_Point(at, counts) for at, counts in sorted(course.hours.items()) if around[0] <= at.date() <= around[-1]]
    )
    if not hours:
        return None
    then, now = (float(ranked(sorted(one.share for one in some), Fraction(1, 2))) for some in (before, since[1:]))
    misses = [
        sum((float(one.share) - (then if at < cut else now)) ** 2 for at, one in enumerate(hours))
        for cut in range(len(hours) + 1)
    ]
    cut = misses.index(min(misses))
    return hours[cut].at if cut < len(hours) else None


def _extra(course: Course, day: date, usual: Fraction) -> int:
    """Units that were paid on a day for writing what would have been read, had the part been the usual one."""
    counts = course.days[day]
    short, long = counts.get(CACHE_WRITE_5M, 0), counts.get(CACHE_WRITE_1H, 0)
    excess = short + long - int(usual * (short + long + read(counts)))
    if excess <= 0:
        return 0
    of_long = excess * long // (short + long)
    as_written = course.cost({CACHE_WRITE_5M: excess - of_long, CACHE_WRITE_1H: of_long}, day)
    as_read = course.cost({CACHE_READ: excess}, day)
    return as_written - as_read if as_written is not None and as_read is not None else 0
