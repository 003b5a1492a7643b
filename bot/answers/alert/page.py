"""The message: one headline, what it is held against, what drives it, what was done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.answers.alert import words
from bot.answers.answer import Action, Amount, Answer, Column, Control, Fact, Percent, Table, Tokens, Tone
from bot.core import wording
from bot.core.alerts.episode import Episode, Event, Happened
from bot.core.alerts.reason import Reason
from bot.core.alerts.rule import Kind, Metric, Rule, Severity, Target
from bot.core.alerts.unusual import NOTICE
from bot.core.money import Money
from bot.core.periods import local_date
from bot.core.question import Subject, written
from bot.core.report import Row

END_SILENCE = "end_silence"
"""What the button of an alert that is silenced does."""
SHOWN = 3
_OF_CALLS = (Kind.NEW, Kind.RUNAWAY)
"""Of live calls, which Anthropic has not reported yet: there is no bill of them to show."""
MOST = 0.5


@dataclass(frozen=True, slots=True)
class Drivers:
    """What an alert's spend is made of, cut one way; a row's `previous` is the same stretch of a week before."""

    what: str
    """Key, model, person."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One episode at one event, as one receiver may see it."""

    episode: Episode
    event: Event
    rule: Rule | None
    """None for a budget, a source, and a rule that is gone."""
    severity: Severity
    who: str
    zone: str
    now: datetime
    running: bool = False
    """Its window is not over: the value may still grow."""
    drivers: tuple[Drivers, ...] = ()
    history: tuple[Event, ...] = ()
    unreachable: tuple[str, ...] = ()
    """Who should have been told before the reader, and can't be reached."""
    runs_out: date | None = None
    ends: date | None = None
    """The last day of a budget's period."""
    data_through: datetime | None = None
    silenced: bool = False
    """Nobody is told of it for now."""
    total: int | None = None
    """What it came to in all, from its beginning until it was over."""

    @property
    def metric(self) -> Metric:
        return self.rule.metric if self.rule else Metric.COST

    def said(self, value: int | None) -> str:
        return words.said(self.metric, value)


def answer(notice: Notice) -> Answer:
    episode, event = notice.episode, notice.event
    over = not episode.open
    title, headline = _told(notice)
    headline = " ".join(filter(None, (headline, _mostly(notice))))
    return Answer(
        title=title,
        headline=headline,
        facts=_facts(notice),
        tables=tuple(_table(one) for one in notice.drivers if one.rows),
        paragraphs=_paragraphs(notice),
        notes=_notes(notice),
        actions=_actions(notice),
        data_through=None if episode.kind in _OF_CALLS else notice.data_through,
        tone=Tone.PLAIN if over or event.what in (Happened.RESOLVED, Happened.RESTATED) else Tone.WARNING,
        episode=episode.id or None,
        acknowledged=over or episode.acknowledged_at is not None,
        controls=(Control("End the silence", END_SILENCE, str(episode.id)),) if notice.silenced and episode.id else (),
    )


def _told(notice: Notice) -> tuple[str, str]:
    """Title and headline of what happened."""
    episode, event, who = notice.episode, notice.event, notice.who
    if event.what is Happened.RESTATED:
        return f"Correction: {who}", _restated(notice)
    if event.what is Happened.RESOLVED:
        return f"{who} is back to normal", _back(notice)
    match episode.kind:
        case Kind.BUDGET:
            return _budget(notice)
        case Kind.FORECAST:
            return _forecast(notice)
        case Kind.SOURCE:
            return _source(notice)
        case Kind.ANOMALY:
            return _anomaly(notice)
        case Kind.NEW:
            return _new(notice)
        case Kind.RUNAWAY:
            return _runaway(notice)
    return _threshold(notice)


def _mostly(notice: Notice) -> str:
    """What most of it is, where one thing is most of it."""
    for one in notice.drivers if notice.event.what in (Happened.FIRED, Happened.WORSENED, Happened.ESCALATED) else ():
        top = one.rows[0]
        if top.share is not None and top.share >= MOST and len(one.rows) > 1:
            return f"Most of it is {one.what} {top.name}: {wording.to_the_cent(top.figures.billed_cost)}."
    return ""


def _threshold(notice: Notice) -> tuple[str, str]:
    rule, who, value = notice.rule, notice.who, notice.event.value
    if rule is None:
        return f"{who} is over its limit", f"{who} reached {notice.said(value)}."
    limit = words.limit_of(rule)
    period = words.when(rule.window, notice.episode.last_window, notice.zone, running=notice.running)
    if rule.per_call:
        return (
            f"{who} made a call of more than {notice.said(rule.limit)}",
            f"One call of {who} came to {notice.said(value)} {period}, with a limit of {limit}.",
        )
    if not rule.metric.counts:
        side = "below" if rule.below is not None else "above"
        return (
            f"{who}: {words.name(rule.metric)} {side} {notice.said(rule.limit)}",
            f"The {words.name(rule.metric)} of {who} was {notice.said(value)} {period}, with a limit of {limit}.",
        )
    verb = "spent" if rule.metric is Metric.COST else "used"
    if rule.below is not None:
        less = f"{who} {verb} only {notice.said(value)} {period}, below its limit of {limit}."
        return f"{who} is below its limit of {limit}", less
    over = notice.said((value or 0) - rule.limit)
    return (
        f"{who} is over its limit of {limit}",
        f"{who} {verb} {notice.said(value)} {period}, {over} over its limit of {limit}.",
    )


def _budget(notice: Notice) -> tuple[str, str]:
    mark, spent, who = notice.event.mark or 0, notice.event.value or 0, notice.who
    whole = (notice.event.limit or 0) * 100 // mark if mark else 0
    left = Money(whole - spent)
    rest = (
        f"{wording.to_the_cent(left)} is left"
        if left.units >= 0
        else f"{wording.to_the_cent(Money(-left.units))} too much"
    )
    return (
        f"{who} has spent {mark} % of its budget",
        f"{who} has spent {notice.said(spent)} of {notice.said(whole)}: {rest}{_days_left(notice)}.",
    )


def _forecast(notice: Notice) -> tuple[str, str]:
    total, limit, who = notice.event.value, notice.event.limit, notice.who
    out = f" and runs out on {words.spoken_day(notice.runs_out)}" if notice.runs_out else ""
    return (
        f"{who} is heading over its budget",
        f"{who} is heading for {wording.dollars(Money(total or 0))} of {wording.dollars(Money(limit or 0))}{out}.",
    )


def _source(notice: Notice) -> tuple[str, str]:
    since = words.moment(notice.episode.since, notice.zone)
    return (
        f"No news from {notice.who}",
        f"{notice.who[:1].upper()}{notice.who[1:]} ends at {since}, {notice.event.value or 0} hours ago, which is "
        f"more than the {notice.event.limit or 0} that are usual at most. Until it goes on, alerts about newer figures "
        "neither fire nor resolve.",
    )


def _anomaly(notice: Notice) -> tuple[str, str]:
    event, who = notice.event, notice.who
    value, expected = notice.said(event.value), notice.said(event.limit)
    stretch = words.lasting(notice.episode.last_window - notice.episode.since)
    if event.what is Happened.WORSENED:
        return f"{who}: more unusual spend", f"{who} went on: {value} where about {expected} is usual."
    match event.reason:
        case Reason.NEW_SPENDER:
            return f"{who} has begun to spend", f"{who} is new: {value} in its first {stretch}."
        case Reason.DROPPED:
            return f"{who} uses much less", f"{who}: only {value} in {stretch} where about {expected} is usual."
        case Reason.DRIFTED:
            return f"{who} has grown slowly", f"{who}: about {value} a day, where it was about {expected} before."
    verb = "spent" if notice.metric is Metric.COST else "used"
    return (
        f"Unusual spend: {who}" if notice.metric is Metric.COST else f"Unusual use: {who}",
        f"{who} {verb} {value} in {stretch} where about {expected} is usual.",
    )


def _new(notice: Notice) -> tuple[str, str]:
    what, who = Target.of(notice.episode.scope).kind, notice.who
    since = words.moment(notice.episode.since, notice.zone)
    return (
        f"A new {what}: {who}",
        f"The {what} {who} made its first call on {since}: {notice.said(notice.event.value)} by now.",
    )


def _runaway(notice: Notice) -> tuple[str, str]:
    who, usual = notice.who, notice.said(notice.episode.expected)
    since = words.moment(notice.episode.since, notice.zone)
    return (
        f"{who} may be running in a loop",
        f"{who} has called minute after minute since {since}, {notice.said(notice.event.value)} an hour, where {usual} "
        "are the most that is usual at this hour.",
    )


def _back(notice: Notice) -> str:
    """How long it lasted and how much it came to."""
    episode, who = notice.episode, notice.who
    lasted = words.lasting((episode.resolved_at or notice.now) - episode.fired_at)
    if episode.kind is Kind.SOURCE:
        return f"{who[:1].upper()}{who[1:]} goes on again."
    if episode.kind is Kind.FORECAST:
        now = wording.dollars(Money(notice.event.value or 0))
        return f"{who} is heading for {now}, which is within its budget of {notice.said(notice.event.limit)} again."
    if notice.event.reason == Reason.NEW_NORMAL:
        return f"{who} has gone on like this for {lasted}: it is taken as the new normal from here on."
    if episode.kind is Kind.RUNAWAY:
        return f"{who} has calmed down after {lasted}: {notice.said(notice.event.value)} an hour now."
    if episode.kind is Kind.ANOMALY:
        verb, total = "spent" if notice.metric is Metric.COST else "used", notice.said(notice.total or episode.value)
        since = words.moment(episode.since, notice.zone)
        return f"{who} is as usual again after {lasted}. It {verb} {total} since {since}."
    limit = f" of {words.limit_of(notice.rule)}" if notice.rule else ""
    return f"{who} is within its limit{limit} again after {lasted}. It came to {notice.said(episode.value)}."


def _restated(notice: Notice) -> str:
    told = notice.said(notice.episode.value)
    now = notice.said(notice.event.value)
    day = words.spoken_day(local_date(notice.episode.since, notice.zone))
    return (
        f"The alert about {notice.who} does not hold: the figures since {day} were restated from {told} to {now}, "
        f"which is within {notice.said(notice.event.limit)}."
    )


def _days_left(notice: Notice) -> str:
    if notice.ends is None:
        return ""
    days = (notice.ends - local_date(notice.now, notice.zone)).days
    return f" for {days} more days" if days > 1 else " for one more day" if days == 1 else ", on the last day"


def _facts(notice: Notice) -> tuple[Fact, ...]:
    episode, event = notice.episode, notice.event
    since = words.moment(episode.since, notice.zone)
    if episode.kind is Kind.SOURCE:
        return (Fact("Silent", f"{event.value or 0} hours", f"since {since}"),)
    if episode.kind is Kind.NEW:
        calls = Fact("Requests", words.cell(notice.metric, event.value), f"since {since}")
        return (calls, Fact("Rule", episode.rule_id.removeprefix(NOTICE), notice.severity.value))
    label = words.name(notice.metric).capitalize()
    base = "Usual" if episode.kind is Kind.ANOMALY else f"{event.mark} % mark" if event.mark else "Limit"
    if episode.kind is Kind.FORECAST:
        label, base = "Heading for", "Budget"
    name = episode.rule_id.removeprefix(NOTICE).replace(":", " ")
    return (
        Fact(label, words.cell(notice.metric, event.value), f"since {since}"),
        Fact(base, words.cell(notice.metric, event.limit)),
        Fact("Rule", name, notice.severity.value),
    )


def _table(drivers: Drivers) -> Table:
    """The largest first, beside what they came to a week before."""
    compared = any(row.previous is not None for row in drivers.rows)
    before = (Column("A week before"),) if compared else ()
    return Table(
        f"Largest {drivers.what}s" if drivers.what != "person" else "Largest people",
        (
            Column(drivers.what.capitalize(), numeric=False),
            Column("Billed"),
            *before,
            Column("Share"),
            Column("Tokens"),
        ),
        tuple(_row(row, compared=compared) for row in drivers.rows[:SHOWN]),
    )


def _row(row: Row, *, compared: bool) -> tuple[str | Amount | Percent | Tokens, ...]:
    before = (Amount(row.previous.billed_cost if row.previous else None),) if compared else ()
    return (row.name, Amount(row.figures.billed_cost), *before, Percent(row.share), Tokens(row.figures.total_tokens))


def _paragraphs(notice: Notice) -> tuple[str, ...]:
    done = tuple(filter(None, (words.happened(one, notice.zone) for one in notice.history)))
    over, begins = notice.episode.resolved_at, notice.event.what in (Happened.FIRED, Happened.WORSENED)
    alarm = not notice.episode.rule_id.startswith(NOTICE)
    ended = (f"It was over on {words.moment(over, notice.zone)}.",) if over and begins and alarm else ()
    if notice.episode.kind is Kind.SOURCE:
        return (*done, *ended, "What the last sync said: `/claude-usage status`")
    return (*done, *ended, *_to_do(notice), f"To look closer: `/claude-usage {_question(notice)}`")


def _to_do(notice: Notice) -> tuple[str, ...]:
    """How to end it, where somebody should."""
    if not notice.episode.open or notice.event.what not in (Happened.FIRED, Happened.WORSENED, Happened.ESCALATED):
        return ()
    if notice.episode.kind is Kind.RUNAWAY:
        return (
            "If nobody expected this, look at what runs there; a key is stopped at once in the Console (API keys → "
            "Disable).",
        )
    if notice.episode.kind is Kind.ANOMALY and not notice.episode.rule_id.startswith(NOTICE):
        return (
            "If nobody expected this, look at what runs there; a key is stopped at once in the Console (API keys → "
            "Disable). If it is planned or expected, say so with a button, and it is not told again.",
        )
    return ()


def _notes(notice: Notice) -> tuple[str, ...]:
    notes = [f"{name} should have been told and can't be reached in Slack." for name in notice.unreachable]
    told = notice.event.what in (Happened.FIRED, Happened.WORSENED, Happened.ESCALATED)
    if told and notice.running:
        notes.append("These figures can still grow.")
    if told and notice.episode.open:
        notes.append(_again(notice))
    return tuple(notes)


def _again(notice: Notice) -> str:
    """When the reader hears of it again."""
    match notice.episode.kind:
        case Kind.BUDGET:
            return "You are told once of each mark, and nothing repeats within the period."
        case Kind.FORECAST:
            return "You are told once, and again if it is no longer so."
    return "You are told once, and again when it is over."


def _actions(notice: Notice) -> tuple[Action, ...]:
    if notice.episode.kind is Kind.SOURCE:
        return (Action("Status", "status"),)
    if notice.episode.kind in _OF_CALLS:
        return (Action("Its calls", _question(notice)), Action("All calls", "calls today by hour"))
    question, about = _question(notice), _about(notice)
    return (
        Action("Why?", f"why {question}"),
        Action("Receipt", question, receipt=True),
        Action("By key", f"{question} by key"),
        Action("By model", f"{question} by model"),
        Action("By day", f"{about} last 14 days by day"),
    )


def _about(notice: Notice) -> str:
    target = Target.of(notice.episode.scope)
    return f"{target.kind} {written(Subject(target.kind), target.id)}" if target.kind else "summary"


def _question(notice: Notice) -> str:
    """What was told, as a question: its days."""
    first, last = _days(notice)
    if notice.episode.kind in _OF_CALLS:
        target = Target.of(notice.episode.scope)
        if target.kind == "team":
            return f"calls {_about(notice)} {last}"
        return f"{_about(notice)} {last}" if target.kind == "feature" else f"calls {last} by {target.kind}"
    if notice.episode.kind is Kind.THRESHOLD and notice.rule and notice.rule.window.unit == "month":
        return f"{_about(notice)} {first:%Y-%m}"
    return f"{_about(notice)} {first}..{last}" if last > first else f"{_about(notice)} {first}"


def _days(notice: Notice) -> tuple[date, date]:
    """The first and last day of what was told."""
    episode, zone = notice.episode, notice.zone
    if episode.kind is Kind.THRESHOLD and notice.rule:
        period = notice.rule.window.period(episode.last_window, zone)
        return local_date(period.start, zone), local_date(period.end - timedelta.resolution, zone)
    first, today = local_date(episode.since, zone), local_date(notice.now, zone)
    last = notice.ends or local_date(episode.last_window - timedelta.resolution, zone)
    return first, max(first, min(last, today))
