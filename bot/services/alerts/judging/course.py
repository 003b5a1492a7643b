"""What the ledger holds of the targets of an anomaly rule, as buckets for the engine: by the hour, or by the day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from bot.core.alerts.rule import EACH, Metric, Rule, Target
from bot.core.anomaly import Observation, Series
from bot.core.directory import Team, family
from bot.core.money import UNITS_PER_DOLLAR
from bot.core.usage import Source
from bot.core.utc import dates, midnight
from bot.services.alerts.judging.looking import BY, Lookout
from bot.services.figures.view import View
from bot.store.ledger import courses
from bot.store.ledger.courses import Point
from bot.store.readings import hours, snapshots, syncs

HISTORY_DAYS = 100
"""Read once, of a series that is new here: what the engine remembers, and some to begin with."""
AGAIN_DAYS = 4
"""The newest days, of which those are read again that Anthropic has restated, or that are not over."""
HOURS_OF_HISTORY = {500: 35, 100_000: 3}
"""Of so many series at most, so many days of history are fed by the hour."""
USAGE_LAG, DAY_LAG = timedelta(hours=2), timedelta(hours=6)
"""After its end, an hour or day of the past is taken to have become known."""
ALIKE = 0.05
"""A correction by less than this part teaches nothing; most come when a day is billed that was priced from the list."""
PRICED_DAYS = 28
YOUNG = timedelta(days=30)
"""After the first day that was read, nobody is called a new spender for so long."""
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


class Course:
    """What the ledger holds of a rule's targets over some days, and what of it is new to a series."""

    def __init__(self, rule: Rule, lookout: Lookout, known_at: datetime | None) -> None:
        """`known_at`: the newest reading that every series knows already; None where they begin."""
        self._rule, self._lookout = rule, lookout
        self._teams: tuple[Team, ...] = lookout.configuration.teams
        self._kind = EACH.get(rule.scope) or Target.of(rule.scope).kind
        self._until = until(lookout)
        days = HISTORY_DAYS if known_at is None else AGAIN_DAYS
        self._days = dates(self._until - timedelta(days=days), self._until)
        self._settled = _settled(rule, lookout, self._days)
        self._by_hour = self._hours_through(days)
        if known_at is not None:
            self._days = self._news(known_at)
        self._billed = _billed_part(lookout) if rule.metric is Metric.COST else 1.0
        self._of_days: dict[str, dict[date, float]] = {}
        self._of_hours: dict[str, dict[date, dict[int, float]]] = {}
        self._read()

    @property
    def fresh(self) -> bool:
        """Yesterday, or some of today, is known: that nothing is found means something."""
        newest = self._lookout.now.date() - _DAY
        return newest in self._settled or any(day >= newest for day in self._by_hour)

    @property
    def young(self) -> bool:
        """The ledger itself has only begun: everybody in it is new."""
        firsts = [one.first for one in syncs.statuses(self._lookout.connection) if one.first is not None]
        return not firsts or self._lookout.now - min(firsts) < YOUNG

    def buckets(self, target: Target, series: Series) -> Iterator[Observation]:
        """What is new to the series, in its order."""
        ids = family(target.id, self._teams) if target.kind == "team" else (target.id,)
        of_days = [self._of_days[one] for one in ids if one in self._of_days]
        of_hours = [self._of_hours[one] for one in ids if one in self._of_hours]
        if not of_days and not of_hours and series.today is None:
            return
        for day in self._days:
            value = sum(one.get(day, 0.0) for one in of_days)
            until = self._by_hour.get(day)
            closed = series.today is not None and day.toordinal() - FIRST < series.today.number
            if until is not None and not closed:
                for hour in range(until):
                    start = midnight(day) + hour * _HOUR
                    part = sum(one[day].get(hour, 0.0) for one in of_hours if day in one)
                    if not _alike(_held_hour(series, day, hour), part):
                        yield Observation(self._at(start + _HOUR, USAGE_LAG), start, 1, part)
            elif day in self._settled and not _alike(_held_day(series, day), value):
                yield Observation(self._at(midnight(day) + _DAY, DAY_LAG), midnight(day), 24, value)

    def _at(self, end: datetime, lag: timedelta) -> datetime:
        return min(self._lookout.now, end + lag)

    def _hours_through(self, days: int) -> dict[date, int]:
        """How many of its hours are known, by day, of those whose hours are fed at all."""
        lookout, first = self._lookout, self._days[0] if self._days else self._until
        if days == HISTORY_DAYS:
            many = len(lookout.targets(self._rule))
            first = self._until - timedelta(days=next(n for most, n in HOURS_OF_HISTORY.items() if many <= most))
        organizations = lookout.coverage.organizations
        read = [snapshots.fetched(lookout.connection, one, Source.HOURS, first, self._until) for one in organizations]
        found = {}
        for day in sorted(hours.known(lookout.connection, organizations, first, self._until)):
            upto = min(lookout.now, *(days[day] for days in read))
            found[day] = max(0, min(24, (upto - midnight(day)) // _HOUR))
        return found

    def _news(self, known_at: datetime) -> list[date]:
        """Of the days that are read again those that are other than they were known, and those that are not over."""
        if not self._days:
            return []
        changed = snapshots.changed(self._lookout.connection, self._days[0], self._until, known_at)
        return [day for day in self._days if day in changed or day not in self._settled]

    def _read(self) -> None:
        if not self._days:
            return
        connection, apart = self._lookout.connection, len(self._lookout.coverage.organizations) > 1
        by = BY[self._kind] if self._kind else None
        for point in courses.days(connection, by, self._days[0], self._until, apart=apart):
            self._of_days.setdefault(point.id, {})[point.day] = self._value(point)
        for day in self._by_hour.keys() & self._days:
            for point in courses.hours(connection, by, day, apart=apart):
                self._of_hours.setdefault(point.id, {}).setdefault(day, {})[point.hour] = self._value(point)

    def _value(self, point: Point) -> float:
        """What the engine counts: dollars, the list price standing in for what is not billed yet, or tokens."""
        if self._rule.metric is Metric.TOTAL_TOKENS:
            return float(point.tokens)
        return (point.billed + point.unbilled * self._billed) / UNITS_PER_DOLLAR


FIRST = date(1970, 1, 1).toordinal()
"""The engine counts days from here."""


def _held_hour(series: Series, day: date, hour: int) -> float | None:
    today = series.today
    return today.hours[hour] if today is not None and today.number == day.toordinal() - FIRST else None


def _held_day(series: Series, day: date) -> float | None:
    """What the series has of a closed day, or of the one that runs where all of it is in."""
    number, today = day.toordinal() - FIRST, series.today
    if today is not None and today.number == number:
        return today.whole
    place = number - series.days[-1].number + len(series.days) - 1 if series.days else -1
    return series.days[place].value if 0 <= place < len(series.days) else None


def _alike(held: float | None, value: float) -> bool:
    return held is not None and abs(held - value) <= ALIKE * abs(held)


def _billed_part(lookout: Lookout) -> float:
    """What is billed of list cost lately."""
    since = lookout.now - timedelta(days=PRICED_DAYS)
    month = lookout.period(since, lookout.now)
    discount = View(lookout.connection, lookout.names.selection(), lookout.coverage).discount(month)
    return 1.0 if discount is None else 1.0 - discount


def until(lookout: Lookout) -> date:
    """The day up to which anything may be known."""
    today, held = lookout.now.date(), lookout.coverage.held_until
    return min(today + _DAY, held.date() if held else today)


def _settled(rule: Rule, lookout: Lookout, days: Iterable[date]) -> frozenset[date]:
    """The days that every organisation's reports have whole."""
    wanted = list(days)
    if not wanted:
        return frozenset()
    source = Source.COST if rule.metric is Metric.COST else Source.USAGE
    read: list[Mapping[date, datetime]] = [
        snapshots.fetched(lookout.connection, one, source, wanted[0], wanted[-1] + _DAY)
        for one in lookout.coverage.organizations
    ]
    return frozenset(
        day
        for day in wanted
        if read
        and midnight(day) + _DAY <= lookout.now
        and all(day in days and snapshots.whole(day, days[day]) for days in read)
    )
