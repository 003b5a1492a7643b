"""What a rule or budget would have sent, had it been on: the live decisions, taken one day after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.core.alerts import runaway, sense
from bot.core.alerts.budgets import BUDGET
from bot.core.alerts.episode import Episode, Event
from bot.core.alerts.rule import Kind, Metric, Rule, Target
from bot.core.configuration import Configuration
from bot.core.errors import NotFound
from bot.core.nearest import closest, nearest
from bot.core.outlook.budget import Budget
from bot.core.receivers import levels
from bot.core.utc import midnight
from bot.services.alerts.judging.judged import Judged
from bot.services.alerts.judging.looking import Calls, Lookout
from bot.services.alerts.judging.memory import Memory
from bot.services.alerts.judging.rules import budgeted, ruled
from bot.services.alerts.judging.unusual import Unusual
from bot.services.alerts.telling import messages
from bot.services.alerts.telling.about import about
from bot.services.figures.names import Names
from bot.services.figures.view import Coverage
from bot.store import directory

DAYS = 90
MORNING = timedelta(hours=7)
"""By then the day before is usually in."""
_DAY = timedelta(days=1)
_MOST_STEPS = 2500


@dataclass(frozen=True, slots=True)
class Sent:
    """One message it would have sent."""

    episode: Episode
    event: Event
    who: str
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """`days` is over how many it was tried, the one that runs included; `sense` what that says of the rule, one
    sentence each."""

    rule_id: str
    held_against: Rule | Budget
    since: datetime
    until: datetime
    sent: tuple[Sent, ...]
    sense: tuple[str, ...]
    zone: str

    @property
    def days(self) -> int:
        return -((self.since - self.until) // _DAY)

    @property
    def metric(self) -> Metric:
        return self.held_against.metric if isinstance(self.held_against, Rule) else Metric.COST


def replay(
    connection: Connection,
    configuration: Configuration,
    rule_id: str,
    since: datetime,
    now: datetime,
    zone: str,
    calls: Calls | None = None,
) -> Replayed:
    """What the rule or budget of this id would have sent from `since` on, as of the figures that are known now.

    Raises NotFound for an id that the configuration does not have.
    """
    one = _named(configuration, rule_id)
    names = Names(configuration, directory.read_all(connection))
    zone = configuration.timezone or zone
    known = Coverage.read(connection, now)
    since = max(since, _first(one, since, now))
    memory, unusual = Memory(), Unusual(takes_up=False)
    lookout = Lookout(connection, names, known, zone, calls)
    looked, broken, largest = Counter[str](), Counter[str](), None
    for at in _instants(one, since, now):
        lookout = lookout.at(_as_of(known, at) if at < now else known)
        whole = at < now or not looked  # the day that runs may break its limit, and is no day more
        for judged in _judged(one, lookout, memory, unusual):
            memory.take(judged.steps)
            if judged.value is not None and isinstance(one, Rule):
                largest, who = max(judged.value, largest or 0), messages.who(names, judged.target)
                looked[who] += whole
                broken[who] += whole and one.kind is Kind.THRESHOLD and one.breaks(judged.value)
    sent = tuple(_sent(lookout, episode, event) for episode, event in memory.events if event.what.tells)
    found: list[str] = []
    if isinstance(one, Rule):
        often = broken if one.window.unit in ("day", "hour", "minute") else Counter[str]()
        found = [*sense.conflicts(one, configuration.rules), *sense.judged(one, looked, often, largest, sent)]
    return Replayed(rule_id, one, since, now, sent, tuple(found), zone)


def _judged(one: Rule | Budget, lookout: Lookout, memory: Memory, unusual: Unusual) -> Iterator[Judged]:
    if isinstance(one, Budget):
        return budgeted(one, lookout, memory)
    return ruled(one, lookout, memory, unusual)


def _named(configuration: Configuration, rule_id: str) -> Rule | Budget:
    known: dict[str, Rule | Budget] = {f"{BUDGET}{budget.id}": budget for budget in configuration.budgets}
    known |= {budget.id: budget for budget in configuration.budgets}
    known |= {rule.id: rule for rule in configuration.rules}
    if rule_id in known:
        return known[rule_id]
    if not known:
        raise NotFound(
            "No rule and no budget is configured. Add one under `alerts:` and run `claude-usage config apply`."
        )
    raise NotFound(f"There is no rule “{rule_id}”. {closest(nearest(rule_id, known, cutoff=0.0))}")


def _instants(one: Rule | Budget, since: datetime, now: datetime) -> Iterator[datetime]:
    """When it is looked: each morning; where windows are shorter than a day, so often that none is missed."""
    step = _step(one)
    at = midnight(since.date()) + (MORNING if step == _DAY else timedelta())
    while at < now:
        if at > since:
            yield at
        at += step
    yield now


def _step(one: Rule | Budget) -> timedelta:
    if isinstance(one, Rule) and one.kind is Kind.RUNAWAY:
        return runaway.WINDOW / 3  # one that just fills a window must not fall between two looks
    if isinstance(one, Budget) or one.kind is not Kind.THRESHOLD or one.window.unit not in ("minute", "hour"):
        return _DAY
    start = midnight(date(2026, 1, 1))  # any day will do
    looked_at = one.window.looked_at(start, "UTC")
    return max(one.window.after(start, "UTC") - start, looked_at[-1] - looked_at[0])


def _first(one: Rule | Budget, since: datetime, now: datetime) -> datetime:
    """Minutes are not tried over months: nobody would wait for it."""
    return max(since, now - _MOST_STEPS * _step(one))


def _as_of(known: Coverage, at: datetime) -> Coverage:
    """As if it were then: of the figures as they are today, those of the days that were over."""
    day = midnight(at.date())
    if known.data_through is None or known.held_until is None:
        return replace(known, now=at)
    return replace(known, now=at, data_through=min(known.data_through, day), held_until=min(known.held_until, day))


def _sent(lookout: Lookout, episode: Episode, event: Event) -> Sent:
    it = about(lookout.connection, lookout.configuration, episode)
    to = levels(lookout.configuration, it.notify, it.teams)
    return Sent(episode, event, messages.who(lookout.names, Target.of(episode.scope)), to[0] if to else ())
