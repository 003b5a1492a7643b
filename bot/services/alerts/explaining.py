"""Why an alert is what it is, and why there was none: from what the looks and the deliveries wrote down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection

from bot.answers import explained
from bot.answers.alert import words
from bot.answers.answer import Answer
from bot.answers.explained import Explained, Quiet, Told, WhyNot
from bot.core.access import Asker
from bot.core.alerts.budgets import BUDGET, FORECAST
from bot.core.alerts.episode import Episode
from bot.core.alerts.reason import Reason
from bot.core.alerts.rule import Kind, Metric, Rule, Target
from bot.core.alerts.unusual import NOTICE
from bot.core.errors import NotFound, Withheld
from bot.core.outlook.budget import Budget
from bot.core.periods import local_date, midnight
from bot.core.receivers import may_act
from bot.core.wording import to_the_cent
from bot.services.alerts.judging.judged import Judged
from bot.services.alerts.judging.looking import Lookout
from bot.services.alerts.telling import messages, owing
from bot.services.alerts.telling.about import about
from bot.services.figures.names import Names
from bot.services.figures.view import Coverage
from bot.store.alerts import episodes, silences
from bot.store.messages import told
from bot.store.messages.deliveries import State

_OUTCOMES = {
    State.WAITING: "waits until morning, or is tried again",
    State.SENDING: "is on its way",
    State.SENT: "sent",
    State.SKIPPED: "not needed",
    State.FAILED: "could not be told",
}


def explain(connection: Connection, episode_id: int, asker: Asker, now: datetime, zone: str) -> Answer:
    """Everything the books have of one episode. Raises NotFound, Withheld for a single person's."""
    episode = episodes.read(connection, episode_id)
    if episode is None:
        raise NotFound(f"There is no alert {episode_id}. `alerts` lists those that are open, with their numbers.")
    names = Names.read(connection)
    configuration = names.configuration
    it = about(connection, configuration, episode)
    if Target.of(episode.scope).kind == "user" and not may_act(configuration, asker, it.notify, it.teams):
        raise Withheld("This alert is about a single person. Ask an admin.")
    running = owing.covering(silences.running(connection, now), episode, now)
    why = episodes.settled_as(connection, episode_id)
    return explained.answer(
        Explained(
            episode,
            it.rule,
            held_against(it.rule, _budget(names, episode.rule_id)),
            messages.who(names, Target.of(episode.scope)),
            episode.state(silenced=bool(running)),
            [(event, why.get(event.id, "")) for event in episodes.events(connection, episode_id)],
            list(_told(connection, episode)),
            running,
            _until(episode, it.rule, _budget(names, episode.rule_id), configuration.timezone or zone),
            configuration.timezone or zone,
            Coverage.read(connection, now).data_through,
        )
    )


def _until(episode: Episode, rule: Rule | None, budget: Budget | None, zone: str) -> datetime:
    """When the newest window of an episode ends."""
    span = budget.span(local_date(episode.since, zone)) if budget else None
    if span:
        return midnight(span.end, zone)
    if episode.kind is Kind.THRESHOLD and rule:
        return rule.window.after(episode.last_window, zone)
    return episode.last_window


def why_not(lookout: Lookout, judged: Iterable[Judged], team: str) -> Answer:
    """What every rule and budget that watches a team sees of it. Raises NotFound for a team that is not there."""
    found = lookout.found(Target("team", team))
    target = Target("team", found.id or team)
    seen = [_quiet(lookout, one) for one in judged if one.target == target and not one.rule_id.startswith(NOTICE)]
    return explained.why_not(WhyNot(found.name, seen, lookout.coverage.data_through))


def held_against(rule: Rule | None, budget: Budget | None) -> str:
    """What a rule or budget holds figures against, in words."""
    if budget is not None:
        marks = ", ".join(map(str, budget.marks))
        return f"{marks} % of {to_the_cent(budget.amount)} a {budget.every}"
    if rule is None:
        return ""
    if rule.kind is Kind.NEW:
        return "the first call of all"
    if rule.kind is Kind.RUNAWAY:
        return f"more than {words.limit_of(rule)}, steadily and at an unusual hour"
    if rule.kind is Kind.ANOMALY:
        least = f" of at least ${rule.min_impact}" if rule.min_impact is not None else ""
        return f"unusual {words.name(rule.metric)}{least}"
    return f"{'more' if rule.below is None else 'less'} than {words.limit_of(rule)}"


def _quiet(lookout: Lookout, judged: Judged) -> Quiet:
    rule = next((one for one in lookout.configuration.rules if one.id == judged.rule_id), None)
    newest = judged.steps[-1].episode if judged.steps else None
    metric = rule.metric if rule else Metric.COST
    value = words.said(metric, judged.value) if judged.value is not None else ""
    reason = judged.reason if judged.steps else Reason.USUAL
    open_ = newest.id or 0 if newest is not None and newest.open else None
    return Quiet(
        judged.rule_id.replace(":", " "),
        held_against(rule, _budget(lookout.names, judged.rule_id)),
        value,
        explained.reason(reason),
        open_,
    )


def _budget(names: Names, rule_id: str) -> Budget | None:
    id_ = rule_id.removeprefix(BUDGET).removeprefix(FORECAST)
    return next((one for one in names.configuration.budgets if ":" in rule_id and one.id == id_), None)


def _told(connection: Connection, episode: Episode) -> Iterator[Told]:
    """Each message of an episode, in the order in which they were owed."""
    for key, state, at, error in told.lines(connection, owing.prefix(episode)):
        receiver = owing.receiver_of(key)
        outcome = _OUTCOMES[state] if state is State.SENT or not error else f"{_OUTCOMES[state]}: {error}"
        yield Told(receiver, at, outcome)
