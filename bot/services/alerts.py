"""Alerts: hold the ledger against the rules, open and resolve episodes, and owe each owner one message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.answers import alert as alert_answer
from bot.answers.answer import Answer
from bot.answers.pieces import Plan
from bot.core.alert_rule import (
    EACH_TEAM,
    WHOLE_ORGANISATION,
    Decision,
    Metric,
    Observation,
    Reason,
    Rule,
    State,
    Window,
    decide,
)
from bot.core.configuration import Configuration
from bot.core.directory import family
from bot.core.errors import NotFound, SettingsError
from bot.core.periods import Period, Unit, local_date
from bot.core.question import Dimension, Question, Subject
from bot.core.usage import Source
from bot.services.configuration import in_force
from bot.services.deliver import Deliverer, Message
from bot.services.figures.findings import gather
from bot.services.figures.names import Names
from bot.services.figures.view import Coverage, View
from bot.store import deliveries, episodes
from bot.store.database import Database
from bot.store.episodes import Episode
from bot.store.ledger import EVERYTHING, Selection
from bot.store.upsert import lock

LOOK_BACK = timedelta(days=1)
"""A window that ended within this is looked at once more: its last figures come after its end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one scope at an instant, why, and who is told."""

    rule: Rule
    scope: str
    """A team's id, or "all"."""
    state: State
    reason: Reason
    since: datetime
    value: int | None
    receivers: tuple[str, ...]
    sent: bool


class Alerts:
    """Evaluates rules and tells people. `zone` is theirs, unless the configuration says another."""

    def __init__(self, database: Database, deliverer: Deliverer | None, zone: str) -> None:
        self._database = database
        self._deliverer = deliverer
        self._zone = zone

    async def run(self, now: datetime) -> int:
        """Look at every rule, then send what is owed; returns how many messages went out."""
        if self._deliverer is None:
            raise SettingsError("There is no Slack to send alerts to: set SLACK_BOT_TOKEN.")
        await self._database.write(_look, now, self._zone)
        owed = await self._database.read(deliveries.due, now)
        keys = [key for key in owed if key.startswith("alert/")]
        return sum([await self._deliverer.send(key, self._message, now) for key in keys])

    async def evaluate(self, at: datetime) -> list[Verdict]:
        """Every rule as of `at`, without remembering or sending anything."""
        return await self._database.read(_verdicts, at, self._zone)

    async def preview(self, verdict: Verdict, at: datetime) -> Answer:
        """The message a firing verdict would send."""
        return await self._database.read(
            _notice, verdict.rule, verdict.scope, verdict.since, verdict.value or 0, at, self._zone
        )

    async def _message(self, key: str) -> Message:
        return await self._database.read(_message_for, key, self._zone)


def _verdicts(connection: Connection, at: datetime, zone: str) -> list[Verdict]:
    configuration = in_force(connection) or Configuration()
    zone = configuration.timezone or zone
    found = []
    for rule, scope in _scopes(configuration):
        episode = episodes.newest(connection, rule.id, scope)
        decision = _decision(connection, rule, scope, at, zone, episode)
        if decision is None or decision.state is None:
            continue
        receivers = _receivers(configuration, scope)
        firing = episode if episode and not episode.resolved_at else None
        found.append(
            Verdict(
                rule,
                scope,
                decision.state,
                decision.reason,
                firing.since if firing else decision.observation.window_start,
                decision.observation.value,
                receivers,
                firing is not None and _told(connection, firing.id, receivers),
            )
        )
    return found


def _look(connection: Connection, now: datetime, zone: str) -> None:
    """Open, extend and resolve episodes; a new one owes a message to each receiver, in the same transaction."""
    configuration = in_force(connection) or Configuration()
    zone = configuration.timezone or zone
    lock(connection, "alerts")
    for rule, scope in _scopes(configuration):
        episode = episodes.newest(connection, rule.id, scope)
        decision = _decision(connection, rule, scope, now, zone, episode)
        if decision is None:
            continue
        observation = decision.observation
        if decision.reason is Reason.ABOVE_LIMIT and observation.value is not None:
            id_ = episodes.fire(
                connection,
                rule.id,
                scope,
                window=observation.window_start,
                now=now,
                value=observation.value,
                limit=rule.limit,
            )
            for receiver in _receivers(configuration, scope):
                deliveries.owe(connection, f"alert/{id_}/{receiver}", now)
        elif episode and decision.reason is Reason.STILL_ABOVE and observation.value is not None:
            episodes.still_firing(connection, episode.id, window=observation.window_start, value=observation.value)
        elif episode and decision.state is State.RESOLVED:
            episodes.resolve(connection, episode.id, now)


def _decision(
    connection: Connection, rule: Rule, scope: str, at: datetime, zone: str, episode: Episode | None
) -> Decision | None:
    """The first window, oldest first, that says something new; else what the newest one says."""
    firing = episode is not None and episode.resolved_at is None
    coverage = Coverage.read(connection, at)
    decision = None
    for start in dict.fromkeys(rule.window.containing(one, zone) for one in (at - LOOK_BACK, at)):
        if episode and start <= episode.last_window and not (firing and start == episode.last_window):
            continue  # this episode has spoken for that window
        period = window_period(rule, start, zone)
        decision = decide(rule, _observe(connection, rule, scope, period, coverage), firing=firing)
        if decision.reason is Reason.ABOVE_LIMIT or decision.state is State.RESOLVED:
            return decision  # else the running window, which can't resolve anything, would have the last word
    return decision


def _observe(connection: Connection, rule: Rule, scope: str, period: Period, coverage: Coverage) -> Observation:
    view = View(connection, _selection(connection, scope), coverage)
    figures = view.total(coverage.cut(period))
    cost = figures.billed_cost.units if figures.billed_cost is not None else None
    value = cost if rule.metric is Metric.COST else figures.total_tokens
    source = Source.COST if rule.metric is Metric.COST else Source.USAGE
    whole = coverage.data_through is not None and coverage.data_through >= period.end
    return Observation(period.start, value, complete=whole and not coverage.missing(connection, source, period))


def _notice(
    connection: Connection, rule: Rule, scope: str, since: datetime, value: int, at: datetime, zone: str
) -> Answer:
    """The message of an episode that began with the window at `since`."""
    names = Names.read(connection)
    coverage = Coverage.read(connection, at)
    zone = names.configuration.timezone or zone
    period = window_period(rule, since, zone)
    team = None if scope == WHOLE_ORGANISATION else scope
    subject = Subject.TEAM if team else Subject.SUMMARY
    question = Question(subject, team, period, None, None, None, share=False, text="")
    found = names.find(connection, question)
    findings = gather(connection, question, found, names, Plan(Dimension.KEY), coverage, zone)
    return alert_answer.answer(
        alert_answer.Fired(
            rule,
            team or "",
            found.name,
            local_date(since, zone),
            at < period.end,
            value,
            findings.report.rows,
            coverage.data_through,
        )
    )


def _message_for(connection: Connection, key: str, zone: str) -> Message:
    _, id_, receiver = key.split("/", 2)
    episode = episodes.read(connection, int(id_))
    configuration = in_force(connection) or Configuration()
    rule = next((rule for rule in configuration.rules if episode and rule.id == episode.rule_id), None)
    if episode is None or rule is None:
        raise NotFound("The rule of this alert is no longer configured.")
    notice = _notice(connection, rule, episode.scope, episode.since, episode.value, episode.fired_at, zone)
    return Message(notice, receiver=receiver, topic=f"alert/{id_}/")


def _scopes(configuration: Configuration) -> Iterator[tuple[Rule, str]]:
    for rule in configuration.rules:
        if rule.scope == EACH_TEAM:
            yield from ((rule, team.id) for team in configuration.teams)
        else:
            yield rule, rule.scope


def _receivers(configuration: Configuration, scope: str) -> tuple[str, ...]:
    """The team's owners; where there are none, the admins, so that nobody being responsible is noticed."""
    team = configuration.team(scope)
    return team.owners if team and team.owners else configuration.admins


def _selection(connection: Connection, scope: str) -> Selection:
    if scope == WHOLE_ORGANISATION:
        return EVERYTHING
    configuration = in_force(connection) or Configuration()
    return Selection(teams=family(scope, configuration.teams))


def window_period(rule: Rule, start: datetime, zone: str) -> Period:
    """The window of a rule that begins at `start`."""
    unit, day = Unit.DAY if rule.window is Window.DAY else Unit.MONTH, local_date(start, zone)
    label = f"{day.day} {day:%B}" if unit is Unit.DAY else f"{day:%B %Y}"
    return Period(start, rule.window.after(start, zone), zone, label, unit, running=True)


def _told(connection: Connection, episode_id: int, receivers: tuple[str, ...]) -> bool:
    """Whether anybody has the message of this episode."""
    owed = (deliveries.find(connection, f"alert/{episode_id}/{receiver}") for receiver in receivers)
    return any(delivery is not None and delivery.state is deliveries.State.SENT for delivery in owed)
