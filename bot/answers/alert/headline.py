"""The title and the headline of an alert: what happened, by its kind, and what it is held against."""

from __future__ import annotations

from bot.answers.alert import words
from bot.answers.alert.notice import Notice
from bot.core import wording
from bot.core.alerts.episode import Happened
from bot.core.alerts.reason import Reason
from bot.core.alerts.rule import Kind, Metric, Target
from bot.core.money import Money
from bot.core.periods import local_date
from bot.core.usage import CONSOLE

_MOST = 0.5
"""Above this share, one driver is most of it."""


def told(notice: Notice) -> tuple[str, str]:
    """Title and headline: what happened, and what most of it is."""
    title, happened = _happened(notice)
    return title, " ".join(filter(None, (happened, _mostly(notice))))


def _happened(notice: Notice) -> tuple[str, str]:
    episode, event, who = notice.episode, notice.event, notice.who
    if event.what is Happened.RESTATED:
        return f"Correction: {who}", _restated(notice)
    if event.what is Happened.RESOLVED:
        called = who[:1].upper() + who[1:] if episode.kind is Kind.SOURCE else who
        return f"{called} is back to normal", _back(notice)
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
    for one in notice.drivers if notice.event.what.alarms else ():
        top = one.rows[0]
        if top.share is not None and top.share > _MOST and len(one.rows) > 1:
            keyless = (top.id or "").rpartition("/")[2] == CONSOLE
            most = "came without an API key" if keyless else f"is {one.what} {top.name}"
            return f"Most of it {most}: {wording.to_the_cent(top.figures.billed_cost)}."
    return ""


def _threshold(notice: Notice) -> tuple[str, str]:
    rule, who, value = notice.rule, notice.who, notice.event.value
    if rule is None:
        return f"{who} is over its limit", f"{who} reached {notice.said(value)}."
    limit = words.limit_of(rule)
    period = words.when(rule.window, notice.window, notice.zone, running=notice.running)
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
    over = left.units < 0
    rest = f"{wording.to_the_cent(Money(-left.units))} too much" if over else f"{wording.to_the_cent(left)} is left"
    share = spent * 100 // whole if whole else mark
    return (
        f"{who} has spent {share} % of its budget",
        f"{who} has spent {notice.said(spent)} of {notice.said(whole)}: {rest}{_days_left(notice, over=over)}.",
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


def _days_left(notice: Notice, *, over: bool) -> str:
    """How long it has to last, or goes on being over."""
    if notice.ends is None:
        return ""
    days = (notice.ends - local_date(notice.now, notice.zone)).days
    if days < 0:  # its last figures come later
        return f", and its period ended on {words.spoken_day(notice.ends)}"
    if days == 0:
        return ", on the last day"
    return f", with {wording.exactly(days, 'day')} to go" if over else f" for {wording.exactly(days, 'more day')}"
