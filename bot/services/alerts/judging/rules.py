"""One look: every rule and budget held against the figures, in the live alerts and in a replay alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.core.alerts import budgets, threshold
from bot.core.alerts.episode import Episode, step
from bot.core.alerts.reason import Decision, Reason
from bot.core.alerts.rule import Kind, Observation, Rule, Target
from bot.core.errors import NotFound
from bot.core.outlook.budget import Budget, Span, Standing
from bot.core.outlook.forecast import Unsaid
from bot.core.periods import local_date, midnight
from bot.services.alerts.judging.judged import Judged
from bot.services.alerts.judging.live import newcomers, runaways
from bot.services.alerts.judging.looking import Lookout
from bot.services.alerts.judging.memory import Memory
from bot.services.figures import outlook
from bot.services.figures.view import View

LOOKED_AT_AGAIN = timedelta(days=7)
"""How long the window that an alert was about is looked at again: Anthropic restates its last days."""


Unusual = Callable[[Rule, Lookout, Memory], Iterator[Judged]]
"""Whoever knows the series behind anomaly rules."""


def look(lookout: Lookout, memory: Memory, unusual: Unusual, *, live: bool = False) -> Iterator[Judged]:
    """Everything that is configured, judged as of the lookout's instant; `live`: only what calls are held against.

    The memory is not changed here.
    """
    if live:
        for rule in lookout.configuration.rules:
            if lookout.hears_calls(rule):
                yield from ruled(rule, lookout, memory, unusual)
        return
    for rule in lookout.configuration.rules:
        yield from ruled(rule, lookout, memory, unusual)
    for budget in lookout.configuration.budgets:
        yield from budgeted(budget, lookout, memory)
    yield from gone(lookout, memory)


def ruled(rule: Rule, lookout: Lookout, memory: Memory, unusual: Unusual) -> Iterator[Judged]:
    """One rule for each of its targets."""
    match rule.kind:
        case Kind.ANOMALY:
            return unusual(rule, lookout, memory)
        case Kind.NEW:
            return newcomers(rule, lookout, memory)
        case Kind.RUNAWAY:
            return runaways(rule, lookout, memory)
    return thresholds(rule, lookout, memory)


def thresholds(rule: Rule, lookout: Lookout, memory: Memory) -> Iterator[Judged]:
    """A threshold rule for each of its targets."""
    recent = rule.window.looked_at(lookout.now, lookout.zone)
    starts: dict[datetime, list[Target]] = {start: [] for start in recent}
    targets = lookout.targets(rule)
    for target in targets:
        for start in _starts(rule, recent, memory.episode(rule.id, str(target)), lookout.now):
            starts.setdefault(start, []).append(target)
    seen: dict[Target, list[Observation]] = defaultdict(list)
    for start in sorted(starts):
        for target, observation in lookout.observe(rule, starts[start], start).items():
            seen[target].append(observation)
    for target in targets:
        steps = threshold.walk(rule, target, memory.episode(rule.id, str(target)), seen[target], lookout.now)
        values = [one.value for one in seen[target] if one.value is not None]
        known = _known(rule, seen[target], lookout)
        yield Judged(rule.id, target, tuple(steps), known, values[-1] if values else None)


def budgeted(budget: Budget, lookout: Lookout, memory: Memory) -> Iterator[Judged]:
    """A budget's marks and forecast, in the period that runs and in those whose last figures may still come."""
    target = Target(budget.scope.kind, budget.scope.name)
    marks_id, ahead_id = f"{budgets.BUDGET}{budget.id}", f"{budgets.FORECAST}{budget.id}"
    for span in _spans(budget, lookout):
        start = midnight(span.start, lookout.zone)
        period = lookout.coverage.cut(outlook.period_of(span, lookout.zone, running=True))
        spent = lookout.figures(target, period).billed_cost
        episode = memory.episode(marks_id, str(target), start)
        decided = budgets.marks(budget, span, start, spent, memory.said[marks_id, start], episode)
        if _over(span, lookout) and decided.reason not in (Reason.CROSSED_MARK, Reason.RESTATED):
            decided = budgets.over(start)
        taken = step(episode, decided, marks_id, str(target), Kind.BUDGET, lookout.now)
        yield Judged(marks_id, target, (taken,), decided.observation.value is not None, decided.observation.value)
        if not budget.forecast:
            continue
        warned = memory.episode(ahead_id, str(target), start)
        decided = budgets.over(start)
        if not _over(span, lookout):
            decided = budgets.ahead(_standing(budget, span, target, lookout), start, warned)
        taken = step(warned, decided, ahead_id, str(target), Kind.FORECAST, lookout.now)
        yield Judged(ahead_id, target, (taken,), decided.observation.value is not None, decided.observation.value)


def gone(lookout: Lookout, memory: Memory) -> Iterator[Judged]:
    """Open episodes of rules, budgets, teams and periods that are not there any more."""
    configuration = lookout.configuration
    rules = {rule.id: rule for rule in configuration.rules}
    alive = {
        **{f"{budgets.BUDGET}{one.id}": one for one in configuration.budgets},
        **{f"{budgets.FORECAST}{one.id}": one for one in configuration.budgets if one.forecast},
    }
    for episode in memory.open():
        target, reason = Target.of(episode.scope), None
        if episode.kind in (Kind.BUDGET, Kind.FORECAST):
            budget = alive.get(episode.rule_id)
            if budget is None or Target(budget.scope.kind, budget.scope.name) != target:
                reason = Reason.RULE_GONE
            elif episode.since not in {midnight(span.start, lookout.zone) for span in _spans(budget, lookout)}:
                reason = Reason.PERIOD_OVER
        elif episode.kind in (Kind.THRESHOLD, Kind.ANOMALY, Kind.RUNAWAY):
            rule = rules.get(episode.rule_id)
            if rule is None or rule.kind is not episode.kind or not _watched(rule, target, lookout):
                reason = Reason.RULE_GONE
        if reason is not None:
            seen = Observation(episode.last_window, None, complete=True)
            decided = Decision(reason, seen, episode.limit, episode.mark)
            taken = step(episode, decided, episode.rule_id, episode.scope, episode.kind, lookout.now)
            yield Judged(episode.rule_id, target, (taken,))


def known(rule: Rule, target: Target, lookout: Lookout) -> bool:
    """Whether what an open episode of a rule is about is in: of one that calls answer, always."""
    if rule.kind is not Kind.THRESHOLD or rule.live:
        return True
    recent = rule.window.looked_at(lookout.now, lookout.zone)
    return _known(rule, [lookout.observe(rule, [target], start)[target] for start in recent], lookout)


def _known(rule: Rule, seen: Sequence[Observation], lookout: Lookout) -> bool:
    """Whether the newest window that is over is in; of a rule whose first one runs, that one."""
    over = [one for one in seen if rule.window.after(one.window_start, lookout.zone) <= lookout.now]
    return not seen or (over or seen)[-1].value is not None


def _starts(rule: Rule, recent: Sequence[datetime], episode: Episode | None, now: datetime) -> list[datetime]:
    """The windows to look at: the newest, and the one that the newest alert was about."""
    if episode is None or episode.last_window in recent or now - episode.last_window > LOOKED_AT_AGAIN:
        return list(recent)
    if not episode.open and (episode.since != episode.last_window or not rule.metric.counts):
        return list(recent)
    return sorted({*recent, episode.last_window})


def _spans(budget: Budget, lookout: Lookout) -> list[Span]:
    """The period that runs, after the one before it while its figures are not all in."""
    today = local_date(lookout.now, lookout.zone)
    running = budget.span(today)
    late = next(iter(budget.before(running, 1)), None) if running else budget.dates
    if late and late.end <= today and lookout.now < midnight(late.end, lookout.zone) + budgets.LATE:
        return [late, running] if running else [late]
    return [running] if running else []


def _over(span: Span, lookout: Lookout) -> bool:
    return midnight(span.end, lookout.zone) <= lookout.now


def _standing(budget: Budget, span: Span, target: Target, lookout: Lookout) -> Standing:
    try:
        selection = lookout.found(target).selection
    except NotFound:
        return Standing(budget, span, None, 0, None, Unsaid.NO_HISTORY)
    return outlook.standing(budget, span, View(lookout.connection, selection, lookout.coverage), lookout.zone)


def _watched(rule: Rule, target: Target, lookout: Lookout) -> bool:
    """Whether the rule still looks at it."""
    if target.kind == "team" and lookout.configuration.team(target.id) is None:
        return False
    if rule.kind is Kind.RUNAWAY:
        return rule.each == target.kind or rule.scope == str(target)
    return target in lookout.targets(rule)
