"""Episodes as lists show them: those of a team or of everything, as far as the asker may see their figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.answers import alerts as alerts_answer
from bot.answers.alert import words
from bot.answers.alerts import DAYS, Alerted, AlertLine
from bot.answers.answer import Answer
from bot.core import wording
from bot.core.alerts.budgets import BUDGET, FORECAST
from bot.core.alerts.episode import Episode, State
from bot.core.alerts.feedback import Silence
from bot.core.alerts.rule import Kind, Metric, Rule, Severity, Target
from bot.core.directory import family
from bot.core.errors import NotFound, Withheld
from bot.core.money import Money
from bot.core.periods import Period, Unit, local_date
from bot.core.question import Question, Subject, written
from bot.services.alerts.judging.looking import Lookout
from bot.services.alerts.judging.rules import known
from bot.services.alerts.telling import messages
from bot.services.alerts.telling.about import gone, rule_of, teams_of
from bot.services.figures.inquiry import Inquiry
from bot.services.figures.names import Found, Names
from bot.store.alerts import episodes, silences


@dataclass(frozen=True, slots=True)
class Seen:
    """What one asker sees of some episodes, and how many are kept from them."""

    lines: tuple[AlertLine, ...]
    withheld: int


def answer(asked: Inquiry) -> Answer:
    """The answer to `alerts [TEAM]`. Raises NotFound for a team that is not there."""
    connection, names = asked.connection, asked.names
    found = names.find(connection, asked.question)
    teams = family(found.id, names.configuration.teams) if found.id else None
    lately = asked.now - timedelta(days=DAYS)
    every = [*episodes.firing(connection), *episodes.lately_resolved(connection, lately)]
    seen = _seen(asked, every, teams)
    through = asked.coverage.data_through
    return alerts_answer.answer(Alerted(asked.question, found.name, seen.lines, asked.here, seen.withheld, through))


def open_ones(asked: Inquiry, teams: frozenset[str], *, whole: bool = False) -> tuple[AlertLine, ...]:
    """What is open for some teams; `whole`: and what is about the whole organisation."""
    return _seen(asked, episodes.firing(asked.connection), teams, whole=whole).lines


def _seen(asked: Inquiry, every: Sequence[Episode], teams: frozenset[str] | None, *, whole: bool = False) -> Seen:
    connection, names, coverage, zone = asked.connection, asked.names, asked.coverage, asked.here
    running = silences.running(connection, coverage.now) if every else ()
    lookout = Lookout(connection, names, coverage, zone)
    lines, withheld = [], 0
    for episode in every:
        target = Target.of(episode.scope)
        if gone(names.configuration, episode) and episode.open:
            continue
        if teams is not None and not (whole and target.kind is None):
            of = teams_of(connection, names.configuration, target)
            if teams.isdisjoint(of[:1]):
                continue
        try:
            found = _found(connection, names, target, zone, coverage.now)
            if found is not None:
                asked.sight.allow(found, coverage.cut(_period(episode, coverage.now, zone)), coverage)
        except NotFound:  # its team is gone, and with it whom it would concern
            continue
        except Withheld:
            withheld += 1
            continue
        who = found.name if found else messages.who(names, target)
        lines.append(_line(names, episode, target, who, running, lookout))
    return Seen(tuple(lines), withheld)


def _found(connection: Connection, names: Names, target: Target, zone: str, now: datetime) -> Found | None:
    """A target's part of the ledger; None for a source of data, which has none."""
    if target.kind == "source":
        return None
    if target.kind is None:
        return Found(names.selection(), None, names.organization)
    question = Question(Subject(target.kind), target.id, _moment(now, zone), None, None, None, share=False, text="")
    return names.find(connection, question)


def _moment(now: datetime, zone: str) -> Period:
    return Period(now, now, zone, "", Unit.RANGE, running=True)


def _period(episode: Episode, now: datetime, zone: str) -> Period:
    """The days that its figures are about."""
    until = episode.resolved_at or now
    return Period(min(episode.since, until), until, zone, "", Unit.RANGE, running=episode.open)


def _line(
    names: Names,
    episode: Episode,
    target: Target,
    who: str,
    running: Iterable[Silence],
    lookout: Lookout,
) -> AlertLine:
    rule, now, zone = rule_of(names.configuration, episode), lookout.now, lookout.zone
    metric = rule.metric if rule else Metric.COST
    silence = next((one for one in running if one.covers(episode.rule_id, episode.scope, now)), None)
    in_ = not episode.open or rule is None or known(rule, target, lookout)
    state = episode.state(silenced=silence is not None, known=in_)
    by, at = episode.acknowledged_by, episode.acknowledged_at
    if state is State.SILENCED and silence:
        by, at = silence.by, silence.until
    if state is State.RESOLVED:
        by, at = "", episode.resolved_at
    first = local_date(episode.since, zone)
    source = episode.kind is Kind.SOURCE
    return AlertLine(
        _named(episode),
        who,
        state,
        first,
        "no data" if source else words.said(metric, episode.value),
        "" if source else _limit(episode, rule, metric),
        rule.severity if rule else Severity.WARNING,
        by=by,
        at=at,
        question="" if source else f"{_about(target)} {_window(rule, episode, zone)}",
    )


def _about(target: Target) -> str:
    return f"{target.kind} {written(Subject(target.kind), target.id)}" if target.kind else "summary"


def _named(episode: Episode) -> str:
    """The id of its rule or budget; a notice's without what marks it as one."""
    name = episode.rule_id.removeprefix(BUDGET)
    if name.startswith(FORECAST):
        return f"{name.removeprefix(FORECAST)}, forecast"
    return name.rpartition(":")[2]


def _limit(episode: Episode, rule: Rule | None, metric: Metric) -> str:
    if episode.kind is Kind.THRESHOLD and rule:
        return words.limit_of(rule)
    if episode.kind in (Kind.BUDGET, Kind.FORECAST):
        mark = f", its {episode.mark} % mark" if episode.mark and episode.mark != 100 else ""
        return f"{wording.to_the_cent(Money(episode.limit))}{mark}"
    return f"{words.said(metric, episode.expected)} is usual" if episode.expected is not None else ""


def _window(rule: Rule | None, episode: Episode, zone: str) -> str:
    """Its days, as one asks for them."""
    first, last = local_date(episode.since, zone), local_date(max(episode.since, episode.last_window), zone)
    if episode.kind is Kind.THRESHOLD and rule and rule.window.unit == "month":
        return f"{first:%Y-%m}"
    return f"{first}..{last}" if last > first else str(first)
