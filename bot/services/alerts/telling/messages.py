"""An episode becomes a message: its figures, who drives them, and what was done, as its receiver may see it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.answers.alert import Drivers, Notice, answer, gathered
from bot.answers.answer import Answer
from bot.answers.pieces import Plan
from bot.core.access import NOBODY, Asker
from bot.core.alerts.budgets import BUDGET, FORECAST
from bot.core.alerts.episode import Episode, Event, Happened
from bot.core.alerts.rule import Kind, Target
from bot.core.directory import family
from bot.core.errors import NotFound, Withheld
from bot.core.hours import Stretch
from bot.core.outlook.budget import Budget, Span
from bot.core.outlook.forecast import Forecast
from bot.core.periods import Period, Unit, days, local_date, months_on
from bot.core.question import Dimension, Question, Subject
from bot.core.receivers import is_channel
from bot.services.alerts.judging.looking import Lookout, value_of
from bot.services.alerts.telling import owing
from bot.services.alerts.telling.about import about, gone
from bot.services.deliver import Message
from bot.services.figures import outlook
from bot.services.figures.findings import gather
from bot.services.figures.names import Names
from bot.services.figures.sight import Sight
from bot.services.figures.unreported import held, reported_until
from bot.services.figures.view import Coverage, View
from bot.store import calls
from bot.store.alerts import episodes, silences
from bot.store.messages import deliveries, together, told

_CUTS = {Dimension.KEY: "key", Dimension.MODEL: "model", Dimension.USER: "person"}
_WEEK = timedelta(days=7)


def owed(connection: Connection, key: str, zone: str) -> Message | None:
    """The message owed under a key; None where nothing of it is left. Raises NotFound where its rule is gone."""
    if not key.startswith(owing.TOGETHER):
        return _one(connection, key, zone)
    found = {}
    for name in together.carried(connection, key, deliveries.State.SENDING):
        with suppress(NotFound):
            found[name] = _one(connection, name, zone)
    if not found:
        return None
    said = gathered([message.answer for message in found.values()])
    first = next(iter(found.values()))
    return replace(first, answer=said, topic="", carries={name: message.topic for name, message in found.items()})


def _one(connection: Connection, key: str, zone: str) -> Message:
    _, episode_id, event_id, receiver = key.split("/", 3)
    found = episodes.event(connection, int(event_id))
    episode = episodes.read(connection, int(episode_id))
    names = Names.read(connection)
    if found is None or episode is None or gone(names.configuration, episode):
        raise NotFound("The rule of this alert is no longer configured.")
    _, event = found
    reader, shared = Asker.called(receiver), is_channel(receiver)
    notice = _notice(connection, names, episode, event, event.at, zone, reader, shared=shared)
    notice = replace(notice, unreachable=_unreachable(connection, episode, event, receiver))
    # The next ones are told because nobody answered: not somebody who has it already, under another name.
    topic = owing.prefix(episode) + ("" if event.what is Happened.ESCALATED else f"{event.id}/")
    said = answer(notice)
    if shared:
        return Message(said, channel=receiver, topic=topic)
    return Message(said, receiver=receiver, topic=topic)


def current(connection: Connection, episode_id: int, now: datetime, zone: str, reader: Asker = NOBODY) -> Answer:
    """The newest message of an episode, with its figures of then and what was done about it until now.

    Raises NotFound.
    """
    episode = episodes.read(connection, episode_id)
    if episode is None:
        raise NotFound("This alert is not in the books any more.")
    newest = [one for one in episodes.events(connection, episode_id) if one.what.tells][-1]
    notice = _notice(connection, Names.read(connection), episode, newest, newest.at, zone, reader, shared=True)
    return answer(replace(notice, silenced=_silenced(connection, episode, now)))


def preview(connection: Connection, episode: Episode, at: datetime, zone: str) -> Answer:
    """The message that a new episode would send."""
    if episode.id:
        return current(connection, episode.id, at, zone)
    event = Event(Happened.FIRED, at, episode.value, episode.limit, episode.mark, last_window=episode.last_window)
    return answer(_notice(connection, Names.read(connection), episode, event, at, zone, NOBODY, shared=True))


def _notice(
    connection: Connection,
    names: Names,
    episode: Episode,
    event: Event,
    at: datetime,
    zone: str,
    reader: Asker,
    *,
    shared: bool,
) -> Notice:
    """An episode at an event, with the figures of that moment."""
    configuration = names.configuration
    zone = configuration.timezone or zone
    lookout = Lookout(connection, names, Coverage.read(connection, at), zone)
    it = about(connection, configuration, episode)
    target = Target.of(episode.scope)
    if event.what.alarms and event.last_window is not None:  # it may have gone on: another day has another value
        episode = replace(episode, last_window=event.last_window)
    budget, span = _budget(lookout, episode)
    history = episodes.events(connection, episode.id) if episode.id else []
    notice = Notice(
        episode,
        event,
        it.rule,
        it.severity,
        who(names, target),
        zone,
        at,
        history=tuple(one for one in history if one.id != event.id),
        data_through=lookout.coverage.data_through,
        ends=span.end - timedelta(days=1) if span else None,
        silenced=_silenced(connection, episode, at),
    )
    if episode.kind is Kind.SOURCE:
        return notice
    period = _period(lookout, notice, span)
    notice = replace(notice, running=episode.kind is Kind.THRESHOLD and at < period.end)
    if episode.kind is Kind.FORECAST and budget and span:
        notice = replace(notice, runs_out=_runs_out(lookout, budget, span, target))
    if episode.kind is Kind.ANOMALY and event.what is Happened.RESOLVED:
        lasted = lookout.coverage.cut(lookout.period(episode.since, event.at))
        notice = replace(notice, total=value_of(notice.metric, lookout.figures(target, lasted)))
    if event.what.alarms and not (it.rule and it.rule.live):
        notice = replace(notice, drivers=_drivers(lookout, target, period, reader, shared=shared))
    if it.rule and it.rule.filled:
        notice = replace(notice, calls=_unreported(lookout, target, period))
    return notice


def _silenced(connection: Connection, episode: Episode, at: datetime) -> bool:
    return bool(owing.covering(silences.running(connection, at), episode, at))


def _unreported(lookout: Lookout, target: Target, period: Period) -> int:
    """How many calls of a window no report holds yet; of a key or a person nobody counts them."""
    wanted = target.kind in (None, "team", "model") and calls.any_held(lookout.connection)
    since = max(period.start, reported_until(lookout.connection, lookout.coverage)) if wanted else period.end
    if since >= period.end:
        return 0
    teams = family(target.id, lookout.configuration.teams) if target.kind == "team" else None
    models = {target.id} if target.kind == "model" else None
    return held(lookout.connection, lookout.names, Stretch(since, period.end), teams, models)[0]


def who(names: Names, target: Target) -> str:
    """What people call what an alert is about."""
    if target.kind is None:
        return names.organization
    if target.kind == "source":
        organization, _, source = target.id.partition("/")
        called = {one.organization_id: one.organization_name for one in names.organizations}
        return f"the {source} report of {called.get(organization, organization)}"
    if target.kind == "feature":
        return target.id
    dimension = {"team": Dimension.TEAM, "key": Dimension.KEY, "model": Dimension.MODEL, "user": Dimension.USER}
    return names.of(dimension.get(target.kind, Dimension.WORKSPACE), target.id)


def _budget(lookout: Lookout, episode: Episode) -> tuple[Budget | None, Span | None]:
    if episode.kind not in (Kind.BUDGET, Kind.FORECAST):
        return None, None
    id_ = episode.rule_id.removeprefix(BUDGET).removeprefix(FORECAST)
    budget = next((one for one in lookout.configuration.budgets if one.id == id_), None)
    return budget, budget.span(local_date(episode.since, lookout.zone)) if budget else None


def _period(lookout: Lookout, notice: Notice, span: Span | None) -> Period:
    """The time that was told of."""
    episode = notice.episode
    if span is not None:
        return outlook.period_of(span, lookout.zone, running=True)
    if episode.kind is Kind.THRESHOLD and notice.rule is not None:
        return notice.rule.window.period(notice.window, lookout.zone)
    return lookout.period(episode.since, max(episode.last_window, episode.since))


def _runs_out(lookout: Lookout, budget: Budget, span: Span, target: Target) -> date | None:
    try:
        selection = lookout.found(target).selection
    except NotFound:
        return None
    standing = outlook.standing(budget, span, View(lookout.connection, selection, lookout.coverage), lookout.zone)
    return standing.runs_out if isinstance(standing.forecast, Forecast) else None


def _drivers(lookout: Lookout, target: Target, period: Period, reader: Asker, *, shared: bool) -> tuple[Drivers, ...]:
    """What it is made of, as far as the reader may see single people's figures."""
    subject = Subject(target.kind) if target.kind else Subject.SUMMARY
    cut = lookout.coverage.cut(period)
    if cut.start == cut.end:
        return ()
    before = _before(cut)
    sight = Sight.of(lookout.connection, lookout.names, reader, shared=shared)
    found = []
    for dimension, what in _CUTS.items():
        if what == target.kind or (dimension is Dimension.USER and sight.blind):
            continue
        question = Question(subject, target.id or None, cut, dimension, None, before, share=False, text="")
        with suppress(Withheld, NotFound):
            found_ = sight.find(question, lookout.names)
            plan = Plan(dimension)
            view = View(lookout.connection, found_.selection, lookout.coverage)
            findings = gather(view, question, found_, lookout.names, plan, lookout.zone)
            rows = sight.shown(findings, found_, lookout.coverage).report.rows
            spent = tuple(row for row in rows if row.figures.billed_cost or row.figures.total_tokens)
            if len(spent) > 1 or (spent and dimension is Dimension.KEY):  # a team that fell silent has none
                found.append(Drivers(what, spent, before.label))
    return tuple(found)


def _before(cut: Period) -> Period:
    """What its parts are held against: the same weekdays a week before, or of more than a week the period before."""
    if len(days(cut)) <= _WEEK.days:
        return replace(cut, start=cut.start - _WEEK, end=cut.end - _WEEK, label="a week before", unit=Unit.RANGE)
    first = local_date(cut.start, cut.zone)
    within = first.day == 1 and local_date(cut.end - timedelta.resolution, cut.zone) < months_on(first, 1)
    return replace(cut, unit=Unit.MONTH if within else cut.unit).previous()


def _unreachable(connection: Connection, episode: Episode, event: Event, receiver: str) -> tuple[str, ...]:
    """Who was to be told of the same before, in vain."""
    before = []
    for key, state, _, _ in told.lines(connection, f"{owing.prefix(episode)}{event.id}/"):
        name = owing.receiver_of(key)
        if state is deliveries.State.FAILED and name != receiver:
            before.append(name)
    return tuple(before)
