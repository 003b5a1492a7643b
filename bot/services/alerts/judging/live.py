"""Rules about what calls and when: the first call of a name, and calls at an hour that hardly ever has any."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.core.alerts import newcomer, runaway
from bot.core.alerts.rule import Rule, Target
from bot.core.alerts.unusual import NOTICE
from bot.core.calls.owners import CallOwners, Said
from bot.core.directory import UNALLOCATED, family
from bot.core.hours import on_the_hour
from bot.services.alerts.judging.judged import Judged
from bot.services.alerts.judging.looking import Lookout
from bot.services.alerts.judging.memory import Memory
from bot.store.calls import REST, names
from bot.store.calls.names import Begun

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_WEEKEND = 5


def newcomers(rule: Rule, lookout: Lookout, memory: Memory) -> Iterator[Judged]:
    """Whatever of a kind called for the first time lately, and was not told."""
    kind, now = rule.each or "", lookout.now
    first = names.first_calls(lookout.connection, kind, now)
    oldest = min(first.values(), default=now)
    news = {name: at for name, at in first.items() if newcomer.is_news(at, oldest, now)}
    if not news:
        return
    ids: dict[str, list[int]] = defaultdict(list)
    for series_id, (series, _) in names.series(lookout.connection).items():
        ids[names.name(series, kind)].append(series_id)
    for name, at in sorted(news.items()):
        target = Target(kind, name)
        if name in ids and name != REST and memory.episode(f"{NOTICE}{rule.id}", str(target)) is None:
            calls = names.calls_since(lookout.connection, at, now, ids[name])
            step = newcomer.said(rule, target, at, calls, now)
            yield Judged(f"{NOTICE}{rule.id}", target, (step,), value=calls)


def runaways(rule: Rule, lookout: Lookout, memory: Memory) -> Iterator[Judged]:
    """Every team or feature that calls now, and every one that did when it was told of."""
    known = names.series(lookout.connection)
    groups = _groups(rule, lookout, known)
    end = lookout.now.replace(second=0, microsecond=0)
    start = end - runaway.WINDOW
    counted = names.by_minute(lookout.connection, start, end)
    busy = {target: ids for target, ids in groups.items() if any(id_ in counted for id_ in ids)}
    told = [episode for episode in memory.open() if episode.rule_id == rule.id]
    for target in {*busy, *(Target.of(episode.scope) for episode in told)}:
        ids = groups.get(target, frozenset())
        episode = memory.episode(rule.id, str(target))
        minutes = [
            sum(counted[id_][start + n * _MINUTE] for id_ in ids if id_ in counted) for n in range(runaway.MINUTES)
        ]
        usual: list[int] = []
        if (episode is not None and episode.open) or runaway.an_hour(minutes) > rule.limit:
            usual = _usual(lookout, ids, known)
        step = runaway.judged(rule, target, minutes, usual, episode, lookout.now)
        yield Judged(rule.id, target, (step,), value=runaway.an_hour(minutes))


def _groups(rule: Rule, lookout: Lookout, known: Mapping[int, Begun]) -> dict[Target, frozenset[int]]:
    """The series of each thing that the rule looks at."""
    found: dict[str, set[int]] = defaultdict(set)
    if rule.each == "feature":
        for id_, (series, _) in known.items():
            found[series.feature].add(id_)
        return {Target("feature", name): frozenset(ids) for name, ids in found.items() if name}
    configuration = lookout.configuration
    owners = CallOwners(configuration.teams, lookout.names.organizations)
    for id_, (series, _) in known.items():
        said = Said(series.bound_team, series.team, series.api_key, series.caller)
        found[owners.team(said, lookout.now.date())].add(id_)
    teams = [team.id for team in configuration.teams] if rule.each else [rule.scope]
    return {
        Target("team", team): frozenset(id_ for one in family(team, configuration.teams) for id_ in found.get(one, ()))
        for team in teams
        if team != UNALLOCATED
    }


def _usual(lookout: Lookout, ids: frozenset[int], known: Mapping[int, Begun]) -> list[int]:
    """The calls of the same hour of the days before, of those that are workdays, or not, like this one; none of days
    before the first call of all."""
    hour, zone = on_the_hour(lookout.now), ZoneInfo(lookout.configuration.timezone or lookout.zone)
    free = hour.astimezone(zone).weekday() >= _WEEKEND
    begun = min((one.since for one in known.values()), default=hour)
    hours = [
        before
        for n in range(1, runaway.HISTORY_DAYS + 1)
        if (before := hour - n * _DAY) >= begun and (before.astimezone(zone).weekday() >= _WEEKEND) is free
    ]
    held = names.in_hours(lookout.connection, hours, ids)
    return [Counter.total(held[one]) for one in hours]
