"""The series behind anomaly rules: fed from the ledger's hours where it has them, else from its days.

A series is what the past says of it, so a replay reads the past once and decides the same; after that only what is new
is fed. What is kept in a table is for the next process alone, and dropped as soon as the past is not what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from bot.core.alerts import unusual
from bot.core.alerts.rule import Metric, Rule, Target
from bot.core.anomaly import Finding, Kind, Limits, Series
from bot.core.anomaly.keeping import dumped, loaded
from bot.core.money import UNITS_PER_DOLLAR
from bot.services.alerts.judging.course import AGAIN_DAYS, FIRST, PRICED_DAYS, Course, until
from bot.services.alerts.judging.judged import Judged
from bot.services.alerts.judging.looking import Lookout
from bot.services.alerts.judging.memory import Memory
from bot.store.alerts import anomaly_series
from bot.store.ledger import courses


@dataclass(slots=True)
class _Known:
    """The series of one rule as of the last look; `grounds` is what they rest on."""

    grounds: str
    series: dict[Target, Series] = field(default_factory=dict)
    found: dict[Target, tuple[Finding, ...]] = field(default_factory=dict)
    """What they gave to say and no look has judged yet."""
    read: tuple[datetime | None, datetime] | None = None
    """Up to which reading of the reports, and in which hour, they were fed; the same again brings nothing new."""
    fresh: bool = False
    kept: dict[Target, int] = field(default_factory=dict)
    """The day of each series that is kept in the store."""


class Unusual:
    """Holds the series of one process. `takes_up`: those that another one has kept, which know all that was read."""

    def __init__(self, *, takes_up: bool = True) -> None:
        self._known: dict[str, _Known] = {}
        self._takes_up = takes_up

    def copy(self) -> Unusual:
        """The same, to be fed without this one knowing."""
        other = Unusual(takes_up=self._takes_up)
        other._known = {
            id_: replace(known, series=dict(known.series), found=dict(known.found), kept=dict(known.kept))
            for id_, known in self._known.items()
        }
        return other

    def only(self, rules: Iterable[str]) -> None:
        """Let go of the series of every other rule: one that was taken out of the configuration asks no more."""
        self._known = {id_: self._known[id_] for id_ in rules if id_ in self._known}

    def feed(self, rule: Rule, lookout: Lookout) -> None:
        """Read what is new of a rule's targets; of a rule that is new the past, which takes its time."""
        grounds, known = _grounds(rule, lookout), self._known.get(rule.id)
        if known is None or known.grounds != grounds:
            known = _kept(rule, lookout, grounds) if self._takes_up else _Known(grounds)
        read = (courses.newest_reading(lookout.connection), lookout.now.replace(minute=0, second=0, microsecond=0))
        if known.read == read:
            return
        targets = lookout.targets(rule)
        if _past_is_another(known, targets, lookout):
            known = _Known(grounds)
        self._known[rule.id] = known
        limits = _limits(rule, lookout)
        course = Course(rule, lookout, known.read[0] if known.read else None)
        young = course.young
        for target in targets:
            before = known.series.get(target, Series())
            fed = unusual.feed(before, course.buckets(target, before), limits)
            known.series[target] = fed.series
            found = [one for one in fed.findings if not (young and one.kind is Kind.NEW_SPENDER)]
            if found:
                known.found[target] = (*known.found.get(target, ()), *found)
        known.read, known.fresh = read, course.fresh

    def keep(self, connection: Connection) -> None:
        """Write down each series that has come to another day, for the process that comes after this one.

        The hours since then are read again by whoever takes it up.
        """
        for rule_id, known in self._known.items():
            days = {target: series.today.number for target, series in known.series.items() if series.today}
            new = [target for target, day in days.items() if known.kept.get(target) != day]
            if new and known.read:
                states = {str(target): dumped(known.series[target]) for target in new}
                anomaly_series.keep(connection, rule_id, known.grounds, states, known.read[0])
                known.kept = days

    def __call__(self, rule: Rule, lookout: Lookout, memory: Memory) -> Iterator[Judged]:
        """An anomaly rule for each of its targets."""
        self.feed(rule, lookout)
        known, notice_id = self._known[rule.id], f"{unusual.NOTICE}{rule.id}"
        for target in lookout.targets(rule):
            fed = unusual.Fed(known.series.get(target, Series()), known.found.pop(target, ()))
            scope = str(target)
            if fed.findings:
                noticed = memory.episode(notice_id, scope)
                said = unusual.notices(fed, rule.metric, rule.id, target, noticed, lookout.now)
                yield Judged(notice_id, target, tuple(said))
            episode = memory.episode(rule.id, scope)
            steps = unusual.steps(fed, rule.metric, rule.id, target, episode, lookout.now, known=known.fresh)
            yield Judged(rule.id, target, tuple(steps))


def _grounds(rule: Rule, lookout: Lookout) -> str:
    """What the series of a rule rest on, apart from the ledger."""
    said = repr((rule.metric, rule.min_impact, rule.scope, lookout.configuration.teams))
    return sha256(said.encode()).hexdigest()


def _kept(rule: Rule, lookout: Lookout, grounds: str) -> _Known:
    """What another process has kept of the series; nothing where its engine was another one."""
    states, read_at = anomaly_series.kept(lookout.connection, rule.id, grounds)
    known, series = _Known(grounds), {Target.of(scope): loaded(state) for scope, state in states.items()}
    if read_at is None or read_at > lookout.now or None in series.values():
        return known
    known.series = {target: one for target, one in series.items() if one is not None}
    known.kept = {target: one.today.number for target, one in known.series.items() if one.today}
    known.read = (read_at, datetime.min.replace(tzinfo=UTC))
    return known


def _past_is_another(known: _Known, targets: Iterable[Target], lookout: Lookout) -> bool:
    """Whether days before those that are read again have changed since, or are missing in a series."""
    if known.read is None or known.read[0] is None:
        return False
    first = until(lookout) - timedelta(days=AGAIN_DAYS)
    newest = [series.today.number for one in targets if (series := known.series.get(one)) and series.today]
    gap = min(newest, default=first.toordinal()) < first.toordinal() - FIRST
    return gap or anomaly_series.read_since(lookout.connection, known.read[0], first)


def _limits(rule: Rule, lookout: Lookout) -> Limits:
    """What is worth a message: dollars, or as many tokens as they buy here."""
    impact = Limits().min_impact if rule.min_impact is None else float(rule.min_impact)
    if rule.metric is Metric.COST:
        return Limits(min_impact=impact)
    since = lookout.now.date() - timedelta(days=PRICED_DAYS)
    points = courses.days(lookout.connection, None, since, lookout.now.date())
    spent, tokens = sum(one.billed + one.unbilled for one in points), sum(one.tokens for one in points)
    return Limits(min_impact=impact * UNITS_PER_DOLLAR * tokens / spent if spent > 0 and tokens else 1e6)
